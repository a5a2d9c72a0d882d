// Densities of queries from points, in the workers.
#pragma once

#include <vector>

#include <tine/job_sequence.hpp>
#include <tine/mining/density.hpp>
#include <tine/partition.hpp>

namespace tine::mining {

/// Part `index` of `count` of n things, all of the same size but that the first ones may have one more.
Range fold(std::size_t n, std::size_t count, std::size_t index);
/// In which of them i is.
std::size_t fold_of(std::size_t n, std::size_t count, std::size_t i);

/// @param bandwidth  of each dimension, as checked_bandwidth() gives it
/// @param folds      0, or: the queries are the points, and each is estimated from those of other folds
Densities densities(JobSequence& jobs, Pool& pool, Kde::Kernel kernel,
                    const std::vector<double>& bandwidth, const View<const double, 2>& points,
                    const View<const double, 2>& queries, std::size_t folds = 0);
/// How many slices that has.
std::size_t density_slices(std::size_t points, std::size_t queries);

}  // namespace tine::mining
