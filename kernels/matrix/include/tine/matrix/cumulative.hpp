/// @file
/// Running sums and products along rows or columns.
#pragma once

#include <type_traits>

#include <tine/matrix/operand.hpp>
#include <tine/matrix/per.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::matrix {

namespace detail {

template <class T>
Report cumulative_sum(const PoolWith& on, Operand<const T> a, Per per, Operand<T> result);
template <class T>
Report cumulative_product(const PoolWith& on, Operand<const T> a, Per per, Operand<T> result);

}  // namespace detail

/// result(i, j) = the sum of what `a` has in row i up to column j; per column, in column j down to row i.
///
/// @code
/// tine::matrix::cumulative_sum(pool, a, tine::matrix::Per::row, sums);
/// @endcode
///
/// @param result  as many rows and columns as `a`; its rows or its columns must be adjacent elements. It
///                must not overlap `a`. In another order than `a` has, `a` is copied first.
/// @throws InvalidArgument  shapes that do not fit, a `result` that cannot be written to
/// @throws OutOfMemory      no room in the arena for what must be copied
/// @throws what for_each_slice() throws
///
/// One number after another, in double precision. Where there are few rows (or columns) but long ones, they
/// are cut, by sizes alone, and the sums of the parts, which statistics.hpp takes, are added first: then
/// `a` is read twice. The same bits come out on any number of workers.
template <OperandLike A, OperandLike R>
Report cumulative_sum(const PoolWith& on, const A& a, Per per, R&& result) {
  static_assert(std::is_same_v<Scalar<A>, Scalar<R>> && std::is_floating_point_v<Scalar<A>>,
                "the matrix and the result have elements of one type: float or double");
  return detail::cumulative_sum<Scalar<A>>(on, operand(a), per, operand(result));
}

/// The same with products.
template <OperandLike A, OperandLike R>
Report cumulative_product(const PoolWith& on, const A& a, Per per, R&& result) {
  static_assert(std::is_same_v<Scalar<A>, Scalar<R>> && std::is_floating_point_v<Scalar<A>>,
                "the matrix and the result have elements of one type: float or double");
  return detail::cumulative_product<Scalar<A>>(on, operand(a), per, operand(result));
}

}  // namespace tine::matrix
