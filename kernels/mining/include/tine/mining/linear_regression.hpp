/// @file
/// Linear regression by least squares, in the workers of a pool.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <tine/mining/samples.hpp>

namespace tine::mining {

struct LinearRegressionOptions {
  /// What the squares of the coefficients count beside those of the residuals: 0 or more, up to 1e100. As
  /// alpha of scikit-learn's Ridge, for features as they are, not standardised; the intercept counts nothing.
  double ridge = 0;
  /// Called with passes over the samples that are done, and all of them.
  std::function<void(std::uint64_t, std::uint64_t)> progress{};
};

/// y = intercept + sum of coefficient * feature, with the least sum of squared residuals (and of squared
/// coefficients, times `ridge`).
///
/// @code
/// const auto model = tine::mining::LinearRegression::fit(pool, samples);
/// const auto y = model.predict(pool, others);
/// @endcode
///
/// By orthogonal transformations of the centred features (tall and skinny QR), whose error grows with the
/// condition of the data and not with its square, and then corrected with residuals in twice the precision
/// (A. Bjorck, Numerical Methods for Least Squares Problems, 1996, section 2.9). Same bits on any number of
/// workers.
struct LinearRegression {
  std::vector<Feature> features;
  Feature target;
  double intercept = 0;
  std::vector<double> coefficients;  ///< of the features
  double ridge = 0;

  std::uint64_t sample_count = 0;  ///< that it was learnt from
  /// Features that are constant, or linear combinations of those before them, as far as doubles can tell. All
  /// coefficients that give the same predictions are as good then; these are the ones with the least sum of
  /// squares, as numpy's lstsq and scikit-learn give.
  std::vector<std::uint64_t> dependent;
  double r_squared = 0;  ///< 1 - residual sum of squares / total one; 1 where all y are equal
  /// The square root of the residual sum of squares by degrees of freedom; 0 where there are none.
  double residual_error = 0;
  /// Of the intercept, and then of the coefficients. Empty where they say nothing: with a ridge penalty,
  /// dependent features, or no degrees of freedom.
  std::vector<double> standard_errors;

  /// @throws SampleError      no sample, a number that is not finite, a coefficient that no double holds
  /// @throws InvalidArgument  samples without y; a penalty that is out of range
  /// @throws what for_each_slice() throws
  /// For n samples of d features, 2 n d^2 operations and two to five passes more; beside the samples, at most
  /// 64 MiB of the arena.
  static LinearRegression fit(const PoolWith& on, const Samples& samples,
                              const LinearRegressionOptions& options = {});

  /// Of each sample. @throws ModelError  other features than the model's
  Array<double> predict(const PoolWith& on, const Samples& samples) const;

  /// Samples less independent coefficients: how many residuals are free.
  std::uint64_t degrees_of_freedom() const;
  /// How many standard errors from 0 the intercept (0) or coefficient i - 1 is; infinite if the error is 0.
  double t_value(std::size_t i) const;
  /// How probable such a t, or one farther from 0, were if it were really 0 (Student's test, two-sided).
  double p_value(std::size_t i) const;

  std::string save() const;
  static LinearRegression load(std::string_view text);
};

}  // namespace tine::mining
