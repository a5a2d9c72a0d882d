// Where centres begin.
#pragma once

#include <vector>

#include <tine/job_sequence.hpp>

#include "centres.hpp"
#include "random.hpp"

namespace tine::mining {

/// So many samples that are far from each other: KMeansOptions::Start::plus_plus. Throws SampleError where there
/// are fewer different ones.
std::vector<double> plus_plus_start(JobSequence& jobs, Pool& pool, const Array<double, 2>& x,
                                    std::size_t clusters, const Frame& frame, Random& random);

/// So many samples, none of which is drawn twice; there must be as many.
std::vector<double> random_start(const Array<double, 2>& x, std::size_t clusters, Random& random);

}  // namespace tine::mining
