/// @file
/// Gaussian mixtures, in the workers of a pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <tine/mining/samples.hpp>

namespace tine::mining {

struct MixtureOptions {
  enum class Covariance : std::uint8_t {
    full,      ///< ellipsoids that lie in any direction
    diagonal,  ///< features are independent within a component
  };

  std::size_t components = 2;
  Covariance covariance = Covariance::full;
  /// Added to variances, so that no component collapses onto a few samples: 0 or more, in units of the
  /// features' squares. As in scikit-learn.
  double regularisation = 1e-6;
  /// An iteration is the last one when the mean log likelihood of the samples has changed by less.
  double tolerance = 1e-3;
  std::size_t max_iterations = 100;
  /// Where it begins, instead of at the clusters that k-means finds: all three of them, or none. Covariances have
  /// components x features x features numbers, or components x features where they are diagonal.
  std::vector<double> weights{}, means{}, covariances{};
  std::uint64_t seed = 1;  ///< of k-means
  /// Called after each iteration, with how many there have been and how many there will be at most.
  std::function<void(std::uint64_t done, std::uint64_t all)> progress{};
};

/// A density: the sum of normal distributions, each with a weight. What they are is found by expectation and
/// maximisation (A. Dempster, N. Laird, D. Rubin, Maximum likelihood from incomplete data via the EM algorithm,
/// J. R. Stat. Soc. B 39, 1977).
///
/// @code
/// const auto model = tine::mining::Mixture::fit(pool, samples, {.components = 3});
/// const auto labels = model.predict(pool, samples);
/// @endcode
///
/// From the same start, as scikit-learn's GaussianMixture. Same bits on any number of workers.
struct Mixture {
  using Covariance = MixtureOptions::Covariance;

  std::vector<Feature> features;
  Covariance covariance = Covariance::full;
  std::vector<double> weights;      ///< of the components; they add up to 1
  std::vector<double> means;        ///< components x features
  std::vector<double> covariances;  ///< components x features x features, or x features if diagonal

  std::uint64_t sample_count = 0;  ///< that it was learnt from
  double log_likelihood = 0;       ///< of these samples, their mean
  std::uint64_t iterations = 0;
  bool converged = false;  ///< whether the last iteration changed less than the tolerance

  /// @throws SampleError      fewer different samples than components, a number that is not finite; a component
  ///                          whose covariance has no inverse, or is larger than numbers can be
  /// @throws InvalidArgument  options that are out of range or do not go together
  /// @throws what for_each_slice() throws
  /// An iteration is one pass: samples x components x features^2 operations, times 3, or for diagonal
  /// covariances x features, times 6.
  static Mixture fit(const PoolWith& on, const Samples& samples,
                     const MixtureOptions& options = {});

  std::size_t components() const { return weights.size(); }
  /// Of each sample, the component that it most probably belongs to. @throws ModelError  other features
  Array<std::uint32_t> predict(const PoolWith& on, const Samples& samples) const;
  /// How probably it belongs to each, samples x components. @throws ModelError  other features
  Array<double, 2> probabilities(const PoolWith& on, const Samples& samples) const;
  /// The logarithm of the density at each sample. @throws ModelError  other features
  Array<double> log_densities(const PoolWith& on, const Samples& samples) const;

  /// Numbers that the samples decide on.
  std::uint64_t parameters() const;
  /// Akaike's and the Bayesian information criterion for the samples: of several models, the one with the least is
  /// to be preferred.
  double aic() const;
  double bic() const;

  std::string save() const;
  static Mixture load(std::string_view text);
};

}  // namespace tine::mining
