/// @file
/// Outliers: samples that are unlike the others.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tine/array.hpp>
#include <tine/mining/samples.hpp>
#include <tine/pool.hpp>

namespace tine::mining {

/// What a model says of each sample.
struct Outliers {
  Array<double> scores;          ///< the larger, the less it is like the others
  Array<std::uint8_t> outliers;  ///< 1 where the score is above the model's threshold
};

struct ZScoresOptions {
  /// By medians, which outliers do not move, in place of means.
  bool robust = false;
  /// Scores above it are outliers'. None: 3, and 3.5 for robust ones (B. Iglewicz, D. Hoaglin, How to detect
  /// and handle outliers, 1993).
  std::optional<double> threshold{};
  /// In place of a threshold, which part of the samples are outliers: above 0, at most 0.5. The threshold is
  /// that quantile of their scores, interpolated.
  std::optional<double> contamination{};
};

/// How many standard deviations each feature is away from its mean, or how many scaled median absolute
/// deviations from its median: the score of a sample is that of the feature that is farthest away.
///
/// Features are looked at one by one, so that the score says why a sample is an outlier. It does not see what
/// is unusual as a combination only; an IsolationForest does.
struct ZScores {
  std::vector<Feature> features;
  bool robust = false;
  std::vector<double> center;  ///< of each feature: its mean or median
  /// Of each feature: its standard deviation, with the number of samples as the divisor; or 1.4826 times the
  /// median absolute deviation from the median, which is the standard deviation of what is normally distributed.
  /// Where more than half of the samples have the median that is 0, and 1.2533 times their mean absolute
  /// deviation takes its place. 0 where all have the same value.
  std::vector<double> spread;
  double threshold = 3;

  /// O(samples x features), by means of selection for medians.
  /// @throws SampleError      values that are missing or infinite, or whose squares are; no sample
  /// @throws InvalidArgument  a threshold that is no number, a contamination that is not within its bounds
  static ZScores fit(const PoolWith& on, const Samples& samples,
                     const ZScoresOptions& options = {});

  struct Result : Outliers {
    Array<std::uint32_t> farthest;  ///< which feature it is; the first of several
  };
  /// Of a feature that had one value only, another value is infinitely far away. Where a feature is missing, the
  /// score is that of the others.
  /// @throws ModelError  samples with other numbers of features
  Result predict(const PoolWith& on, const Samples& samples) const;

  std::string save() const;
  /// @throws ModelError
  static ZScores load(std::string_view text);
};

struct IsolationForestOptions {
  std::size_t trees = 100;
  /// How many samples each tree is grown from; all where there are fewer.
  std::size_t sample_size = 256;
  std::uint64_t seed = 1;
  /// Scores above it are outliers'. None: 0.6, where the paper sees potential anomalies begin.
  std::optional<double> threshold{};
  /// As in ZScoresOptions.
  std::optional<double> contamination{};
  /// Called with the number of trees that are grown, and of all of them.
  std::function<void(std::uint64_t done, std::uint64_t all)> progress{};
};

/// Trees that cut the samples at random until each is alone: what is unlike the others is alone after few cuts
/// (F. T. Liu, K. M. Ting, Z.-H. Zhou, Isolation forest, ICDM 2008).
///
/// A tree is grown from samples drawn without repetition, up to a height of log2 of their number, rounded up. A
/// node is cut at one of its features that are not all the same, each as likely, at a point between their least
/// and greatest, each as likely. The score of a sample is 2^(-h/c): h is how many cuts it went through on
/// average, where a leaf of n samples counts for c(n) more cuts, and c is c(sample_size); c(n) is the average in
/// search trees of n keys. Scores are in (0, 1]: far below 0.5 for what is in the midst of others, close to 1 for
/// what is far from all.
struct IsolationForest {
  /// Nodes come in preorder: behind one that cuts, all for which its feature is not above `value`, then all others,
  /// which begin with the node number `right`.
  struct Node {
    double value = 0;  ///< where it is cut; of a leaf, how many samples came there
    std::uint32_t feature = 0;
    std::uint32_t right = 0;  ///< 0: a leaf
    friend bool operator==(const Node&, const Node&) = default;
  };

  std::vector<Feature> features;
  std::uint64_t sample_size = 0;
  std::vector<std::vector<Node>> trees;
  double threshold = 0.6;

  /// O(trees x sample_size x log2(sample_size)); with a contamination, as much as predict() besides.
  /// @throws SampleError      values that are missing or infinite; no sample
  /// @throws InvalidArgument  no trees, no samples for them, a contamination that is not within its bounds
  static IsolationForest fit(const PoolWith& on, const Samples& samples,
                             const IsolationForestOptions& options = {});

  /// O(samples x trees x log2(sample_size)).
  /// @throws ModelError  samples with another number of features
  Outliers predict(const PoolWith& on, const Samples& samples) const;

  std::string save() const;
  /// @throws ModelError
  static IsolationForest load(std::string_view text);
};

}  // namespace tine::mining
