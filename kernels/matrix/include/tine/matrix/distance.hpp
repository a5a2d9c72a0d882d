/// @file
/// Distances between points.
#pragma once

#include <cstdint>
#include <type_traits>

#include <tine/matrix/operand.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::matrix {

/// Of points x and y.
enum class Metric : std::uint8_t {
  euclidean,          ///< the root of the sum of (x(k) - y(k))^2
  squared_euclidean,  ///< the sum of (x(k) - y(k))^2
  cosine,             ///< 1 - x'y / (|x| |y|); NaN where one of them is 0
  cityblock,          ///< the sum of |x(k) - y(k)|
  chebyshev,          ///< the greatest |x(k) - y(k)|
};

namespace detail {

template <class T>
Report distances(const PoolWith& on, Operand<const T> x, Operand<const T> y, Operand<T> d,
                 Metric metric);
template <class T>
Report distances(const PoolWith& on, Operand<const T> x, Operand<T> d, Metric metric);

}  // namespace detail

/// d(i, j) = the distance between rows i of `x` and j of `y`
///
/// @code
/// tine::matrix::distances(pool, points, centres, d, tine::matrix::Metric::squared_euclidean);
/// @endcode
///
/// @param x  points x dimensions, of float or double
/// @param y  other points x dimensions
/// @param d  points x other points; its rows or its columns must be adjacent elements. It must not
///           overlap x or y.
/// @throws InvalidArgument  shapes that do not fit, a `d` that cannot be written to
/// @throws OutOfMemory      no room in the arena for what must be copied
/// @throws what for_each_slice() throws
///
/// Coordinates are subtracted first, for a block of pairs in registers, and never is
/// |x|^2 + |y|^2 - 2 x'y taken, which is a matrix product but has no digits left where points are near
/// each other and far from 0. With u = 2^-53 (2^-24 for float) and k dimensions, a distance is right to
/// (min(k, 256) + k / 256 + 4) u of itself, wherever the points are; of equal points it is 0. Half the
/// squared distance of x / |x| and y / |y| is the cosine distance: it is right to 2 (k + 4) u in absolute
/// terms, and below 1e-16 for parallel vectors, too. Squares of differences beyond the root of the
/// greatest number overflow. points * other points * dimensions subtractions.
template <OperandLike X, OperandLike Y, OperandLike D>
  requires(!std::is_same_v<std::remove_cvref_t<D>, Metric>)
Report distances(const PoolWith& on, const X& x, const Y& y, D&& d,
                 Metric metric = Metric::euclidean) {
  static_assert(std::is_same_v<Scalar<X>, Scalar<D>> && std::is_same_v<Scalar<Y>, Scalar<D>> &&
                    std::is_floating_point_v<Scalar<D>>,
                "points and distances have elements of one type: float or double");
  return detail::distances<Scalar<D>>(on, operand(x), operand(y), operand(d), metric);
}

/// d(i, j) = the distance between rows i and j of `x`: half the work, as the other half is the same.
template <OperandLike X, OperandLike D>
Report distances(const PoolWith& on, const X& x, D&& d, Metric metric = Metric::euclidean) {
  static_assert(std::is_same_v<Scalar<X>, Scalar<D>> && std::is_floating_point_v<Scalar<D>>,
                "points and distances have elements of one type: float or double");
  return detail::distances<Scalar<D>>(on, operand(x), operand(d), metric);
}

}  // namespace tine::matrix
