/// @file
/// Gaussian naive Bayes, in the workers of a pool.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tine/mining/samples.hpp>

namespace tine::mining {

struct NaiveBayesOptions {
  /// What is added to all variances, as a part of the largest variance that a feature has among all samples: so
  /// that a feature that is constant in a class does not exclude all else. Above 0. As in scikit-learn.
  double smoothing = 1e-9;
  /// How probable each class is before anything is seen: positive numbers that add up to 1. Empty: as the samples
  /// have it.
  std::vector<double> priors{};
};

/// A class is as probable as its prior, times the densities of normal distributions of its own, one for each
/// feature, which are taken to be independent.
///
/// @code
/// const auto model = tine::mining::NaiveBayes::fit(pool, samples);
/// const auto labels = model.predict(pool, others);
/// @endcode
///
/// Sums are in twice the precision. Same bits on any number of workers.
struct NaiveBayes {
  std::vector<Feature> features;
  Feature target;
  std::vector<std::string> classes;
  Type class_type = Type::text;
  std::vector<double> priors;         ///< of the classes
  std::vector<double> means;          ///< classes x features
  std::vector<double> variances;      ///< classes x features, smoothed; with n in the denominator
  double smoothed = 0;                ///< what was added to them
  std::vector<std::uint64_t> counts;  ///< samples that each class was learnt from

  /// @throws SampleError      no sample, a single class, a number that is not finite; features that are all
  ///                          constant, or whose squares no double holds
  /// @throws InvalidArgument  samples without labels; options that are out of range
  /// @throws what for_each_slice() throws
  /// One pass over the samples.
  static NaiveBayes fit(const PoolWith& on, const Samples& samples,
                        const NaiveBayesOptions& options = {});

  /// Of each sample, which of `classes` is the most probable. @throws ModelError  other features
  Array<std::uint32_t> predict(const PoolWith& on, const Samples& samples) const;
  /// Samples x classes. @throws ModelError  other features
  Array<double, 2> probabilities(const PoolWith& on, const Samples& samples) const;

  std::string save() const;
  static NaiveBayes load(std::string_view text);
};

}  // namespace tine::mining
