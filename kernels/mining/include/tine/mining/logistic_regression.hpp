/// @file
/// Logistic regression for two classes or more, in the workers of a pool.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <tine/mining/samples.hpp>

namespace tine::mining {

struct LogisticRegressionOptions {
  /// What half the squares of the coefficients count beside the log loss of all samples: 0 or more, up to
  /// 1e100; scikit-learn's C is 1 / ridge. For features as they are, not standardised; intercepts count nothing.
  double ridge = 1;
  /// Called after each iteration with their number, and how many there may be at most.
  std::function<void(std::uint64_t, std::uint64_t)> progress{};
};

/// Of two classes, the second has the probability 1 / (1 + exp(-z)), with z = intercept + sum of coefficient *
/// feature. Of more, each has a z of its own, and the probability exp(z) / sum of all exp(z).
///
/// @code
/// const auto model = tine::mining::LogisticRegression::fit(pool, samples);
/// const auto labels = model.predict(pool, others);
/// @endcode
///
/// The sum of the samples' log losses (and the penalty) is brought to its minimum by Newton's method with
/// backtracking, on standardised features, until it moves no more: all digits of coefficients but the last ones
/// are those of the minimum. Where there are more than 1500 coefficients in all, by L-BFGS (D. Liu, J. Nocedal,
/// On the limited memory BFGS method for large scale optimization, Math. Programming 45, 1989), to about 1e-7.
/// Same bits on any number of workers.
struct LogisticRegression {
  std::vector<Feature> features;
  Feature target;
  std::vector<std::string> classes;
  Type class_type = Type::text;
  std::vector<double> intercepts;    ///< one for each class; for two classes, one
  std::vector<double> coefficients;  ///< as many rows, of one for each feature
  double ridge = 0;

  std::uint64_t sample_count = 0;  ///< that it was learnt from
  double log_loss = 0;             ///< the mean of them: -log of the probability of what they are
  std::uint64_t iterations = 0;

  /// @throws SampleError      no sample, a single class, a number that is not finite; without a penalty, classes
  ///                          that can be separated, for which coefficients grow without end
  /// @throws InvalidArgument  samples without labels; a penalty that is out of range
  /// @throws what for_each_slice() throws
  /// For n samples of d features and k classes (1 for two of them), an iteration takes about n d^2 k^2 / 2
  /// operations; there are ten or so.
  static LogisticRegression fit(const PoolWith& on, const Samples& samples,
                                const LogisticRegressionOptions& options = {});

  /// Of each sample, which of `classes` is the most probable. @throws ModelError  other features
  Array<std::uint32_t> predict(const PoolWith& on, const Samples& samples) const;
  /// Samples x classes. @throws ModelError  other features
  Array<double, 2> probabilities(const PoolWith& on, const Samples& samples) const;

  std::string save() const;
  static LogisticRegression load(std::string_view text);
};

}  // namespace tine::mining
