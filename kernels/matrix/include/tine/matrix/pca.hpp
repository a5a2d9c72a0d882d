/// @file
/// Principal components, in the workers of a pool (K. Pearson, On lines and planes of closest fit to
/// systems of points in space, 1901; I. Jolliffe, Principal component analysis, 2nd ed., 2002).
#pragma once

#include <tine/matrix/svd.hpp>

namespace tine::matrix {

struct PcaOptions {
  /// Whether each column is divided by its standard deviation first: components of the correlation,
  /// for columns of different units. A column that is constant stays zero.
  bool scale = false;
  std::uint64_t seed = 1;  ///< of the random projection, where there is one
};

/// Of n observations of d variables, k components. In the arena of the pool that computed it.
template <class T>
struct Pca {
  Array<T> mean;            ///< of each of the d variables
  Array<T> scale;           ///< by which each was divided; ones, without PcaOptions::scale
  Array<T, 2> components;   ///< k x d: orthonormal rows, of the largest variance first
  Array<T> variance;        ///< of each component: explained, with n - 1 in the denominator
  Array<T> variance_ratio;  ///< the same as parts of the variance of all variables together
  Array<T, 2> scores;       ///< n x k: the observations' coordinates along the components
  Report report;            ///< what happened
};

namespace detail {

template <class T>
Pca<T> pca(const PoolWith& on, Operand<const T> x, std::size_t k, const PcaOptions& options);

}  // namespace detail

/// @code
/// const auto pca = tine::matrix::pca(pool, observations, 10);
/// @endcode
///
/// @param x  n x d: a row for each observation; at least two. It stays as it is.
/// @param k  how many components; no more than n and d
/// @throws InvalidArgument  fewer than two rows, too large a `k`; an element that is infinite or not a
///                          number, and which
/// @throws OutOfMemory      no room in the arena
/// @throws what for_each_slice() throws; a failed slice ends the call, OnFailure::quarantine or not
///
/// The shape alone decides how. Where both n and d are above 500 and k is at most a tenth of either, by
/// randomized_svd() of the centred observations, with four power iterations: an approximation, good
/// where variances fall, as they do in most data. Else, where n >= d, by the covariance's eigenvectors (eigh()),
/// whose variances are exact to epsilon times the largest one. Else by svd().
///
/// Of the largest elements by magnitude of a component, the first one is positive. Takes n * d elements of the
/// arena for the centred copy.
template <OperandLike X>
Pca<Scalar<X>> pca(const PoolWith& on, const X& x, std::size_t k, const PcaOptions& options = {}) {
  static_assert(std::is_floating_point_v<Scalar<X>>, "pca is for float or double");
  return detail::pca<Scalar<X>>(on, operand(x), k, options);
}

}  // namespace tine::matrix
