/// @file
/// Kernel density estimation: how densely samples lie, anywhere (M. Rosenblatt, Remarks on some nonparametric
/// estimates of a density function, 1956; E. Parzen, On estimation of a probability density function and mode,
/// 1962).
///
/// All sums are direct ones over all samples, within 1e-12 of their size; a density has the same bits on any
/// number of workers, and whatever else is asked at the same time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tine/mining/model.hpp>
#include <tine/mining/samples.hpp>

namespace tine::mining {

/// What is estimated at some places.
struct Densities {
  Array<double> density;      ///< 0 where it is less than a double can be
  Array<double> log_density;  ///< natural logarithms, also of those; -infinity for none at all
};

struct KdeOptions {
  enum class Kernel : std::uint8_t {
    gaussian,  ///< normal distribution; the bandwidth is its standard deviation
    parzen     ///< hypercube around x: samples in it, its faces included; the bandwidth is its side
  };
  Kernel kernel = Kernel::gaussian;
  /// One for all features, or one for each. Empty: by Scott's rule.
  std::vector<double> bandwidth{};
};

/// The density at x is the mean over all samples s of K((x - s) / bandwidth) / volume, where the volume is the
/// product of the bandwidths of all features.
struct Kde {
  using Kernel = KdeOptions::Kernel;

  std::vector<Feature> features{};
  Kernel kernel = Kernel::gaussian;
  std::vector<double> bandwidth{};  ///< of each feature
  std::vector<double> points{};     ///< the samples, one after the other

  /// @throws SampleError      a value that is not finite; no sample; a rule without an answer
  /// @throws InvalidArgument  a bandwidth that is not positive, or not one and not one for each feature
  static Kde fit(const PoolWith& on, const Samples& samples, const KdeOptions& options = {});

  std::size_t size() const { return features.empty() ? 0 : points.size() / features.size(); }

  /// At each of the samples: NaN where a value is missing. Time is their number times the model's: half a
  /// nanosecond or so for each pair, with one or two features.
  /// @throws ModelError  other features
  Densities predict(const PoolWith& on, const Samples& samples) const;

  /// About 20 bytes for each number of the samples, all of which are in it.
  std::string save() const;
  /// @throws ModelError
  static Kde load(std::string_view text);
};

/// Evenly spaced values, the ends included, as numpy.linspace() has them.
struct GridAxis {
  double min = 0, max = 1;
  std::size_t count = 2;  ///< 1: the minimum alone
};
/// All points of a grid, an axis for each feature, the last one running fastest: to be predicted.
/// @throws InvalidArgument  no axis, an end that is not finite, a minimum above its maximum, no points
Samples grid_points(Pool& pool, std::span<const GridAxis> grid);

/// Rules for a bandwidth of each feature, from its standard deviation s (with n - 1) in n samples of d features:
/// the best ones where all is normally distributed, too wide where there are several heaps. For Parzen windows
/// they are made as much wider as goes with the same smoothness (J. Marron, D. Nolan, Canonical kernels for
/// density estimation, 1988).
enum class BandwidthRule : std::uint8_t {
  scott,     ///< s n^(-1 / (d + 4)) (D. Scott, Multivariate density estimation, 1992)
  silverman  ///< s (n (d + 2) / 4)^(-1 / (d + 4)) (B. Silverman, Density estimation, 1986)
};
/// @throws SampleError  as Kde::fit(), fewer than two samples, a feature that is the same in all of them
std::vector<double> rule_bandwidth(const PoolWith& on, const Samples& samples, BandwidthRule rule,
                                   Kde::Kernel kernel = Kde::Kernel::gaussian);

struct BandwidthSearch {
  Kde::Kernel kernel = Kde::Kernel::gaussian;
  /// To choose from, each as in KdeOptions.
  std::vector<std::vector<double>> candidates{};
  /// The samples are cut into so many parts of equal size, in their order (the first ones may have one more),
  /// and each is estimated from the others. 0: as many as there are samples (leave-one-out).
  std::size_t folds = 0;
  /// Called with slices of the work done and all of them, about ten times a second.
  std::function<void(std::uint64_t, std::uint64_t)> progress{};
};
struct BandwidthChoice {
  std::vector<double> bandwidth;       ///< the candidate that was chosen
  std::size_t index = 0;               ///< which one it is
  std::vector<double> log_likelihood;  ///< of each candidate
};
/// Chooses the candidate for which the samples are most likely, the first one of several: the sum over all
/// samples of the logarithm of the density that is estimated from those of other folds. It is the one that
/// scikit-learn's GridSearchCV with KernelDensity and KFold chooses. Takes as long as predicting all samples once
/// for each candidate.
/// @throws SampleError      as Kde::fit(); where all candidates are so narrow that some sample is impossible
/// @throws InvalidArgument  no candidates, one that is not positive, one fold, more folds than samples
BandwidthChoice choose_bandwidth(const PoolWith& on, const Samples& samples,
                                 const BandwidthSearch& search);

/// `count` multiples of a bandwidth, from `least` to `most` times as wide, in equal ratios.
std::vector<std::vector<double>> bandwidth_range(const std::vector<double>& bandwidth, double least,
                                                 double most, std::size_t count);

}  // namespace tine::mining
