/// @file
/// k-means: samples in groups around centres.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <tine/mining/samples.hpp>

namespace tine::mining {

struct KMeansOptions {
  /// Where centres begin: at samples, which are drawn
  enum class Start : std::uint8_t {
    plus_plus,  ///< far from each other: each the best of 2 + ln(clusters) that are drawn with a probability
                ///< proportional to the squared distance to the nearest centre so far (D. Arthur,
                ///< S. Vassilvitskii, k-means++: the advantages of careful seeding, SODA 2007)
    random,  ///< all with the same probability
  };

  std::size_t clusters = 8;
  Start start = Start::plus_plus;
  /// Where they begin instead, clusters x features.
  std::vector<double> centres{};
  /// How often all is done, from other draws: the result with the least inertia is kept.
  std::size_t restarts = 1;
  std::size_t max_iterations = 300;
  /// An iteration is the last one when the squares of what the centres moved add up to no more than this, times
  /// the mean of the features' variances; 0: only when no sample changes its cluster. As in scikit-learn.
  double tolerance = 1e-4;
  /// 0: all samples move the centres in each iteration (S. Lloyd, Least squares quantization in PCM, IEEE Trans.
  /// Inf. Theory 28, 1982). Otherwise so many, which are drawn, and each centre is the mean of all that moved it
  /// (D. Sculley, Web-scale k-means clustering, WWW 2010): there are max_iterations such batches, whatever the
  /// tolerance is.
  std::size_t batch = 0;
  std::uint64_t seed = 1;
  /// Called after each iteration, with how many there have been and how many there will be at most.
  std::function<void(std::uint64_t done, std::uint64_t all)> progress{};
};

/// Centres, and what is nearest to each of them: a cluster. A distance is the square root of a sum of squared
/// differences, which is added up in doubles, feature by feature; what is as near to two centres belongs to the
/// first of them.
struct KMeans {
  std::vector<Feature> features;
  std::vector<double> centres;       ///< clusters x features
  std::vector<std::uint64_t> sizes;  ///< how many samples each cluster had
  double inertia = 0;                ///< the sum of the squared distances to the centres
  std::uint64_t iterations = 0;

  /// Finds the centres. A cluster that loses all its samples gets the one that is farthest from its own centre.
  ///
  /// The same bits on any number of workers. The time of an iteration is proportional to samples x clusters x
  /// features at first, and less later: samples are passed over whose nearest centre cannot have changed
  /// (G. Hamerly, Making k-means even faster, SDM 2010). Takes 12 bytes per sample.
  ///
  /// @throws InvalidArgument  no cluster, no iteration, centres of another number
  /// @throws SampleError      values that are not finite; fewer different samples than clusters; values so far
  ///                          apart, or so near, that their squared distances are no doubles
  static KMeans fit(const PoolWith& on, const Samples& samples, const KMeansOptions& options = {});

  std::size_t clusters() const { return sizes.size(); }
  /// Of each sample, the cluster. Of one with NaN, any.
  /// @throws ModelError  samples of other features
  Array<std::uint32_t> predict(const PoolWith& on, const Samples& samples) const;
  /// Of each sample, the distance to the centre of the cluster that predict() gave.
  Array<double> distances(const PoolWith& on, const Samples& samples,
                          const Array<std::uint32_t>& clusters) const;

  std::string save() const;
  /// @throws ModelError
  static KMeans load(std::string_view text);
};

}  // namespace tine::mining
