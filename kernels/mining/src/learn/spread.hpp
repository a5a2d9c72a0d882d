// Where the samples are, and how far apart.
#pragma once

#include <vector>

#include <tine/job_sequence.hpp>

namespace tine::mining {

struct Spread {
  std::vector<double> mean;  ///< of each feature
  double radius = 0;         ///< how far any value is from its feature's mean, at most
};

/// Throws SampleError when that is so far, or so near, that squared distances are no doubles.
Spread spread_of(JobSequence& jobs, Pool& pool, const Array<double, 2>& x);

/// The mean of the features' variances, as of a whole population.
double mean_variance(JobSequence& jobs, Pool& pool, const Array<double, 2>& x,
                     const std::vector<double>& mean);

}  // namespace tine::mining
