// Mini-batches.
#pragma once

#include <utility>
#include <vector>

#include <tine/job_sequence.hpp>
#include <tine/mining/kmeans.hpp>

#include "centres.hpp"
#include "random.hpp"

namespace tine::mining {

/// The centres after so many batches as there are to be iterations, and how many that were.
std::pair<std::vector<double>, std::uint64_t> iterate_batches(
    JobSequence& jobs, Pool& pool, const Array<double, 2>& x, std::vector<double> centres,
    const Frame& frame, const KMeansOptions& options, Random& random);

}  // namespace tine::mining
