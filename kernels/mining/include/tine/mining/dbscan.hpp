/// @file
/// Clusters of any shape, where samples are dense, and noise between them (M. Ester, H.-P. Kriegel, J. Sander, X. Xu,
/// A density-based algorithm for discovering clusters in large spatial databases with noise, KDD-96).
#pragma once

#include <cstdint>
#include <functional>

#include <tine/mining/error.hpp>
#include <tine/mining/samples.hpp>

namespace tine::mining {

struct DbscanOptions {
  double eps = 0.5;            ///< samples that are no farther from each other are neighbours
  std::size_t min_points = 5;  ///< neighbours that a core sample has, itself among them
  /// Called with what is done and all there is to do.
  std::function<void(std::uint64_t, std::uint64_t)> progress{};
};

struct Dbscan {
  static constexpr std::int32_t noise = -1;

  Array<std::int32_t> labels;  ///< of each sample: its cluster, or noise
  Array<std::uint8_t> core;    ///< of each sample: whether it is a core sample
  std::size_t clusters = 0;
};

/// Core samples that are neighbours are in the same cluster. Clusters are numbered in the order of their first core
/// sample. A sample that is none, but has neighbours that are, is in the first of their clusters: the labels are those
/// of scikit-learn. Distances are Euclidean, and computed as by nearest().
///
/// @throws SampleError      a number that is missing or infinite, no sample or more than 2^31 - 1 of them
/// @throws InvalidArgument  an eps that is not positive, no min_points
///
/// In few dimensions about n log n and what neighbourhoods hold that are not yet known to be in one cluster; in many
/// n^2 * d. Neighbours are looked for three times and never kept: takes about twice the room of the samples.
Dbscan dbscan(const PoolWith& on, const Samples& samples, const DbscanOptions& options = {});

}  // namespace tine::mining
