/// @file
/// Principal components: the directions along which samples differ most (K. Pearson, On lines and planes of
/// closest fit to systems of points in space, 1901; I. Jolliffe, Principal component analysis, 2nd ed., 2002).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tine/mining/error.hpp>
#include <tine/mining/samples.hpp>

namespace tine::mining {

struct PcaOptions {
  /// How many; 0: all there are, which is the smaller of the numbers of samples and features.
  std::size_t components = 0;
  /// Whether features are divided by their standard deviations first: for features of different units. One that is
  /// constant stays as it is.
  bool scale = false;
  std::uint64_t seed = 1;  ///< of the random projection, where there is one
};

/// A model that says where samples lie in the space of their principal components.
///
/// Components are those of scikit-learn's PCA but for their signs: of the elements of a component, the one that is
/// largest by magnitude is positive here.
struct Pca {
  std::vector<Feature> features;
  std::vector<double> mean;   ///< of each feature
  std::vector<double> scale;  ///< by which each is divided; ones, without PcaOptions::scale
  std::vector<double>
      components;                ///< k x features, row by row: orthonormal, largest variance first
  std::vector<double> variance;  ///< along each component, with samples - 1 in the denominator
  std::vector<double> ratio;     ///< the same as a part of the variance of all features

  /// How many components there are.
  std::size_t size() const { return variance.size(); }

  /// By the eigenvectors of the covariance, exact to rounding; but where there are more than 500 samples and 500
  /// features, and no more than a tenth as many components, by a random projection: an approximation, good where
  /// variances fall, as they do in most data. Takes room for a copy of the samples.
  /// @throws SampleError  fewer than two samples; more components than samples or features; a number that is
  ///                      missing or infinite
  static Pca fit(const PoolWith& on, const Samples& samples, const PcaOptions& options = {});

  /// Coordinates of samples along the components: samples x k. NaN where a number of a sample is missing.
  /// @throws ModelError  other features
  Array<double, 2> predict(const PoolWith& on, const Samples& samples) const;

  std::string save() const;
  /// @throws ModelError
  static Pca load(std::string_view text);
};

}  // namespace tine::mining
