/// @file
/// Singular values and vectors, in the workers of a pool: all of them, as LAPACK's gesdd has them, or the
/// largest ones of a large matrix, by random projection.
///
/// The sign of a pair of singular vectors is free. Here, of the largest elements by magnitude of a
/// column of u, the first one is positive.
#pragma once

#include <cstdint>

#include <tine/matrix/eigh.hpp>

namespace tine::matrix {

/// How randomized_svd() approximates.
struct RandomizedSvdOptions {
  std::size_t oversampling = 10;  ///< columns of the sketch beyond those that are wanted
  /// Products with a and its transpose that sharpen the sketch: where singular values fall slowly, more
  /// help, 0 to 2 are enough where they fall fast.
  std::size_t power_iterations = 2;
  std::uint64_t seed =
      1;  ///< of the random numbers: the same ones, and the same bits, for the same seed
};

namespace detail {

template <class T>
Report svd(const PoolWith& on, Operand<const T> a, Operand<T> u, Operand<T> values, Operand<T> v);
template <class T>
Report randomized_svd(const PoolWith& on, Operand<const T> a, Operand<T> u, Operand<T> values,
                      Operand<T> v, const RandomizedSvdOptions& options);

}  // namespace detail

/// a = u * diag(values) * v.transpose(), with orthonormal columns in u and v.
///
/// @code
/// tine::matrix::svd(pool, a, u, values, v);
/// @endcode
///
/// With r the lesser of rows and columns:
/// @param a       rows x columns, of float or double
/// @param u       rows x r, or rows x rows: then with a basis of what is left
/// @param values  r elements; descending, none negative
/// @param v       columns x r, or columns x columns. For V' pass the transpose of your matrix.
/// @throws InvalidArgument  shapes that do not fit; an element that is infinite or not a number, and
///                          which; outputs that cannot be written to
/// @throws OutOfMemory      no room in the arena
/// @throws what for_each_slice() throws; a failed slice ends the call, OnFailure::quarantine or not
///
/// A sequence of jobs, about 2 r + 300 of them. ||a - u S v'|| is a few r epsilon, of ||a||, and so
/// are u'u and v'v from I. Singular values are as exact as epsilon times the largest one.
///
/// Householder's reduction to bidiagonal form, after a QR factorization where `a` is half as long again as
/// wide, or more; then divide and conquer on the symmetric tridiagonal matrix of twice the size whose
/// eigenvectors hold both u and v (G. Golub, W. Kahan, Calculating the singular values and pseudo-inverse
/// of a matrix, SINUM 2, 1965). Where singular values are small, these are orthogonal together and not
/// each, so there they are made orthonormal once more, those of larger values first: what changes is no
/// more than a few epsilon of ||a||. About 25 r^3 operations beside the 4 rows columns r of the
/// reduction; 20 r^2 elements of the arena, and one or two matrices like `a`.
template <OperandLike A, OperandLike U, OperandLike Values, OperandLike V>
Report svd(const PoolWith& on, const A& a, U&& u, Values&& values, V&& v) {
  detail::check_spectral_types<Values, A>();
  detail::check_spectral_types<Values, U>();
  detail::check_spectral_types<Values, V>();
  return detail::svd<Scalar<Values>>(on, operand(a), operand(u), operand(values), operand(v));
}

/// Singular values only.
template <OperandLike A, OperandLike Values>
Report svd(const PoolWith& on, const A& a, Values&& values) {
  detail::check_spectral_types<Values, A>();
  return detail::svd<Scalar<Values>>(on, operand(a), {}, operand(values), {});
}

/// The k largest singular values and their vectors, approximately: k is the number of `values`.
///
/// @param a       rows x columns
/// @param u       rows x k
/// @param values  k elements; descending
/// @param v       columns x k
/// @throws        as svd()
///
/// `a` is multiplied by a random matrix of k + oversampling columns, which is orthonormalised; what `a`
/// is in that space is small, and svd() does it (N. Halko, P. Martinsson, J. Tropp, Finding structure
/// with randomness, SIAM Review 53, 2011, algorithms 4.4 and 5.1). The expected error is near the
/// (k + 1)-th singular value. 4 (power_iterations + 1) * rows * columns * (k + oversampling) operations.
/// Where the sketch would be as wide as `a`, svd() does all.
template <OperandLike A, OperandLike U, OperandLike Values, OperandLike V>
Report randomized_svd(const PoolWith& on, const A& a, U&& u, Values&& values, V&& v,
                      const RandomizedSvdOptions& options = {}) {
  detail::check_spectral_types<Values, A>();
  detail::check_spectral_types<Values, U>();
  detail::check_spectral_types<Values, V>();
  return detail::randomized_svd<Scalar<Values>>(on, operand(a), operand(u), operand(values),
                                                operand(v), options);
}

}  // namespace tine::matrix
