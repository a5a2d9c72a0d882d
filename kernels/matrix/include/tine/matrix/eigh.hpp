/// @file
/// Eigenvalues and eigenvectors of symmetric matrices, in the workers of a pool: what LAPACK's syevd
/// computes.
#pragma once

#include <tine/matrix/product.hpp>

namespace tine::matrix {

namespace detail {

/// Without `vectors.data`, eigenvalues only.
template <class T>
Report eigh(const PoolWith& on, Operand<const T> a, Operand<T> values, Operand<T> vectors,
            Part part);

template <class Values, class A>
constexpr void check_spectral_types() {
  static_assert(
      std::is_floating_point_v<Scalar<Values>> && std::is_same_v<Scalar<A>, Scalar<Values>>,
      "matrices and values have elements of one type: float or double");
}

}  // namespace detail

/// a = vectors * diag(values) * vectors.transpose(), with orthonormal columns.
///
/// @code
/// tine::matrix::eigh(pool, a, values, vectors);
/// @endcode
///
/// @param a        n x n, of float or double; symmetric: only `part` of it is read
/// @param values   n elements; ascending
/// @param vectors  n x n; column i belongs to values[i]. Its rows or its columns must be adjacent
///                 elements. It may be `a` itself.
/// @param part     Part::lower or Part::upper, the diagonal included
/// @throws InvalidArgument  shapes that do not fit; an element that is infinite or not a number, and
///                          which; Part::whole; outputs that cannot be written to
/// @throws OutOfMemory      no room in the arena
/// @throws what for_each_slice() throws; a failed slice ends the call, OnFailure::quarantine or not
///
/// A sequence of jobs, about n + 200 of them: the bits are the same on any number of workers, and when one dies,
/// a slice is computed again. ||a V - V L|| and ||V'V - I|| are a few n epsilon, of ||a||.
///
/// Householder's reduction to tridiagonal form, then divide and conquer (J. Dongarra, D. Sorensen, A
/// fully parallel algorithm for the symmetric eigenvalue problem, SISSC 8, 1987). About 14/3 n^3 operations,
/// 2/3 n^3 of them bound by memory; 7 n^2 elements of the arena. Below n = 65, Eigen in one slice.
template <OperandLike A, OperandLike Values, OperandLike Vectors>
Report eigh(const PoolWith& on, const A& a, Values&& values, Vectors&& vectors,
            Part part = Part::lower) {
  detail::check_spectral_types<Values, A>();
  detail::check_spectral_types<Values, Vectors>();
  return detail::eigh<Scalar<Values>>(on, operand(a), operand(values), operand(vectors), part);
}

/// Eigenvalues only: 4/3 n^3 operations.
template <OperandLike A, OperandLike Values>
Report eigh(const PoolWith& on, const A& a, Values&& values, Part part = Part::lower) {
  detail::check_spectral_types<Values, A>();
  return detail::eigh<Scalar<Values>>(on, operand(a), operand(values), {}, part);
}

}  // namespace tine::matrix
