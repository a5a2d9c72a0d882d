/// @file
/// What level 1 of the BLAS does with two vectors (C. Lawson et al., Basic linear algebra subprograms for
/// Fortran usage, TOMS 5, 1979); for norms see norm.hpp.
///
/// Vectors are arrays of one dimension and whatever has one row or one column, with any step, of float,
/// double and their complexes.
#pragma once

#include <complex>
#include <type_traits>

#include <tine/matrix/operand.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::matrix {

namespace detail {

template <class T>
Report axpy(const PoolWith& on, T alpha, Operand<const T> x, Operand<T> y);
template <class T>
T dot(const PoolWith& on, Operand<const T> x, Operand<const T> y);

}  // namespace detail

/// y = alpha * x + y
///
/// @code
/// tine::matrix::axpy(pool, 2.0, x, y);
/// @endcode
///
/// @param x  as many elements as `y`; it must not overlap it
/// @throws InvalidArgument  vectors that do not fit
/// @throws OutOfMemory      no room in the arena for what must be copied
/// @throws what for_each_slice() throws
///
/// Bound by memory: every slice of `y` is saved before it is changed.
template <OperandLike X, OperandLike Y>
Report axpy(const PoolWith& on, std::type_identity_t<Scalar<Y>> alpha, const X& x, Y&& y) {
  static_assert(std::is_same_v<Scalar<X>, Scalar<Y>>, "both have elements of one type");
  return detail::axpy<Scalar<Y>>(on, alpha, operand(x), operand(y));
}

/// The sum of x(i) * y(i), in double precision and in pairs as in statistics.hpp: the same bits on any
/// number of workers.
///
/// @throws as axpy()
template <OperandLike X, OperandLike Y>
Scalar<X> dot(const PoolWith& on, const X& x, const Y& y) {
  static_assert(std::is_same_v<Scalar<X>, Scalar<Y>>, "both have elements of one type");
  return detail::dot<Scalar<X>>(on, operand(x), operand(y));
}

/// The sum of the conjugate of x(i) times y(i); of real numbers it is dot().
template <OperandLike X, OperandLike Y>
Scalar<X> dotc(const PoolWith& on, const X& x, const Y& y) {
  static_assert(std::is_same_v<Scalar<X>, Scalar<Y>>, "both have elements of one type");
  auto conjugated = operand(x);
  conjugated.conjugate = !conjugated.conjugate;
  return detail::dot<Scalar<X>>(on, conjugated, operand(y));
}

}  // namespace tine::matrix
