/// @file
/// Covariances and correlations of the columns of a matrix: columns are variables, rows are observations.
#pragma once

#include <cstddef>
#include <type_traits>

#include <tine/matrix/operand.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::matrix {

namespace detail {

template <class T>
Report covariance(const PoolWith& on, Operand<const T> a, Operand<T> c, std::size_t ddof,
                  bool correlation);

template <class A, class C>
constexpr void check_covariance_types() {
  static_assert(std::is_same_v<Scalar<A>, Scalar<C>> && std::is_floating_point_v<Scalar<A>>,
                "the matrix and the result have elements of one type: float or double");
}

}  // namespace detail

/// c(i, j) = the sum over all rows of (a(k, i) - mean of column i) * (a(k, j) - mean of column j), over
/// the number of rows less `ddof`.
///
/// @code
/// tine::matrix::covariance(pool, observations, c);
/// @endcode
///
/// @param a     observations x variables
/// @param c     variables x variables, symmetric; its rows or its columns must be adjacent elements. It
///              must not overlap `a`.
/// @param ddof  1 for a sample of a population, 0 for all of it; where no more rows than that are there,
///              all is NaN
/// @throws InvalidArgument  shapes that do not fit, a `c` that cannot be written to
/// @throws OutOfMemory      no room in the arena for what must be copied
/// @throws what for_each_slice() throws
///
/// Means are taken first, as variance() takes them; then tiles of the product of centred columns, half of
/// them, for the others are the same. Columns are centred block by block in the workers' own memory, of
/// which each takes some MiB: there is no copy of `a`. variables^2 * observations operations.
template <OperandLike A, OperandLike C>
Report covariance(const PoolWith& on, const A& a, C&& c, std::size_t ddof = 1) {
  detail::check_covariance_types<A, C>();
  return detail::covariance<Scalar<C>>(on, operand(a), operand(c), ddof, false);
}

/// c(i, j) = the correlation coefficient (K. Pearson, 1895) of columns i and j, between -1 and 1: their
/// covariance over the product of their standard deviations. NaN where a column is constant. Otherwise as
/// covariance().
template <OperandLike A, OperandLike C>
Report correlation(const PoolWith& on, const A& a, C&& c) {
  detail::check_covariance_types<A, C>();
  return detail::covariance<Scalar<C>>(on, operand(a), operand(c), 0, true);
}

}  // namespace tine::matrix
