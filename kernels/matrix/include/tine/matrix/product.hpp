/// @file
/// Products of matrices in the workers of a pool: what level 2 and 3 of the BLAS call gemm, gemv and
/// syrk (J. Dongarra et al., A set of level 3 basic linear algebra subprograms, TOMS 16, 1990).
///
/// All take arrays, views, and Eigen's matrices, maps, blocks, transposes and adjoints of float,
/// double and their complexes. What lies in the pool's arena is used in place, in row-major or
/// column-major order and with any distance between rows; anything else is copied first.
///
/// Slices are tiles of the result, cut by its size alone: the same bits come out on any number of
/// workers, whatever happens to them. NaN and infinity spread as in plain loops.
#pragma once

#include <complex>
#include <cstdint>
#include <type_traits>

#include <tine/matrix/operand.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::matrix {

/// Which part of a symmetric matrix is written.
enum class Part : std::uint8_t { lower, upper, whole };

namespace detail {

template <class Result, class... Factors>
constexpr void check_types() {
  static_assert((std::is_same_v<Scalar<Factors>, Scalar<Result>> && ...),
                "factors and result have elements of one type: float, double, or complex of them");
}

template <class T>
Report gemm(const PoolWith& on, Operand<const T> a, Operand<const T> b, Operand<T> c, T alpha,
            T beta);
template <class T>
Report gemv(const PoolWith& on, Operand<const T> a, Operand<const T> x, Operand<T> y, T alpha,
            T beta);
template <class T>
Report syrk(const PoolWith& on, Operand<const T> a, Operand<T> c, Part part, T alpha, T beta);

}  // namespace detail

/// c = alpha * a * b + beta * c
///
/// @code
/// tine::matrix::gemm(pool, a, b, c);
/// tine::matrix::gemm(pool, map.transpose(), map, c, 2.0, 1.0);
/// @endcode
///
/// @param a      rows x k
/// @param b      k x columns
/// @param c      rows x columns; its rows or its columns must be adjacent elements. With beta 0 it is
///               only written. It must not overlap a or b.
/// @throws InvalidArgument  shapes that do not fit, a `c` that cannot be written to
/// @throws OutOfMemory      no room in the arena for what must be copied
/// @throws what for_each_slice() throws
///
/// 2 * rows * columns * k operations. Where `c` is small and k is long, k is cut too, and the parts
/// of the sum, which take up to 32 MiB, are added in order.
template <OperandLike A, OperandLike B, OperandLike C>
Report gemm(const PoolWith& on, const A& a, const B& b, C&& c, Scalar<C> alpha = 1,
            Scalar<C> beta = 0) {
  detail::check_types<C, A, B>();
  return detail::gemm<Scalar<C>>(on, operand(a), operand(b), operand(c), alpha, beta);
}

/// y = alpha * a * x + beta * y
///
/// @param a  rows x columns
/// @param x  as many elements as `a` has columns: an array of one dimension or a vector of Eigen
/// @param y  as many elements as `a` has rows
/// @throws   as gemm()
///
/// Bound by memory: every element of `a` is read once.
template <OperandLike A, OperandLike X, OperandLike Y>
Report gemv(const PoolWith& on, const A& a, const X& x, Y&& y, Scalar<Y> alpha = 1,
            Scalar<Y> beta = 0) {
  detail::check_types<Y, A, X>();
  return detail::gemv<Scalar<Y>>(on, operand(a), operand(x), operand(y), alpha, beta);
}

/// c = alpha * a * a.transpose() + beta * c, for real numbers: half the work of gemm().
///
/// @param a     n x k
/// @param c     n x n; only `part` of it is read and written, the diagonal included. With Part::whole
///              the lower part is computed, and then mirrored.
/// @throws      as gemm()
template <OperandLike A, OperandLike C>
Report syrk(const PoolWith& on, const A& a, C&& c, Part part = Part::lower, Scalar<C> alpha = 1,
            Scalar<C> beta = 0) {
  detail::check_types<C, A>();
  static_assert(std::is_floating_point_v<Scalar<C>>, "syrk is for real numbers");
  return detail::syrk<Scalar<C>>(on, operand(a), operand(c), part, alpha, beta);
}

}  // namespace tine::matrix
