/// @file
/// Stencils of 5 points on grids of two dimensions, and of 7 points on grids of three.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tine/matrix/operand.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::matrix {

/// What the cells beyond the edges of a grid hold.
enum class Boundary : std::uint8_t {
  zero,       ///< zero (Dirichlet)
  periodic,   ///< the cells of the opposite edge
  replicate,  ///< the cell at the edge itself (Neumann: no difference across it)
};

/// A matrix that has a row for each cell of a grid, and in each row the same coefficients for the cell
/// and its nearest neighbours: they need not be stored. T is float or double, N is 2 or 3.
///
/// @code
/// const auto a = tine::matrix::Stencil<double, 2>::laplacian({1000, 2000});
/// tine::matrix::apply(pool, a, x, y);
/// @endcode
template <class T, std::size_t N>
struct Stencil {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "stencils are of float or double");
  static_assert(N == 2 || N == 3, "a grid has two or three dimensions");
  using element_type = T;

  std::array<std::size_t, N> extents{};  ///< cells along each dimension; the last one is contiguous
  T centre{};                            ///< the coefficient of the cell itself
  std::array<T, N> before{};             ///< of the neighbour before it along each dimension
  std::array<T, N> after{};              ///< of the one after it
  Boundary boundary = Boundary::zero;

  /// 2 * N at the cell and -1 at its neighbours.
  static Stencil laplacian(const std::array<std::size_t, N>& extents,
                           Boundary boundary = Boundary::zero) {
    Stencil s{.extents = extents, .centre = T(2 * N), .boundary = boundary};
    s.before.fill(T(-1));
    s.after.fill(T(-1));
    return s;
  }
  /// Number of cells: rows and columns of the matrix.
  constexpr std::size_t size() const noexcept {
    std::size_t n = 1;
    for (const std::size_t e : extents) n *= e;
    return n;
  }
};

namespace detail {

/// The cells of a grid as a column: arrays and views of any dimension, contiguous, and what operand()
/// takes. The order is row-major.
template <class T, std::size_t N>
auto cells(const View<T, N>& v) {
  return v.contiguous() ? Operand<T>{v.data(), v.size(), 1, 1, 1} : Operand<T>{nullptr, 0, 0, 0, 0};
}
template <class T, std::size_t N>
Operand<T> cells(Array<T, N>& a) {
  return {a.peek().data(), a.size(), 1, 1, 1};
}
template <class T, std::size_t N>
Operand<const T> cells(const Array<T, N>& a) {
  return {a.peek().data(), a.size(), 1, 1, 1};
}
template <OperandLike X>
auto cells(X&& x) {
  const auto o = operand(x);
  using O = std::remove_const_t<decltype(o)>;
  if (o.columns == 1 || o.rows == 1) return o.columns == 1 ? o : o.transposed();
  return o.column_stride == 1 && o.row_stride == o.columns && !o.conjugate
             ? O{o.data, o.rows * o.columns, 1, 1, 1}
             : O{};
}

template <class X>
using CellOf = std::remove_const_t<typename decltype(cells(std::declval<X&>()))::element_type>;

template <class T, std::size_t N>
Report apply(const PoolWith& on, const Stencil<T, N>& a, Operand<const T> x, Operand<T> y);
template <class T, std::size_t N>
Report jacobi_sweeps(const PoolWith& on, const Stencil<T, N>& a, Operand<const T> b, Operand<T> x,
                     std::size_t sweeps);

}  // namespace detail

/// y = a * x
///
/// @param x, y  grids: arrays or views of N dimensions, or vectors of Eigen, of `a.size()` cells that
///              are adjacent in memory, row-major; they must not overlap
/// @throws InvalidArgument  another number of cells
/// @throws OutOfMemory      no room in the arena for what must be copied: what does not lie in it
/// @throws what for_each_slice() throws
///
/// Bound by memory: every cell is read and written once.
template <class T, std::size_t N, class X, class Y>
Report apply(const PoolWith& on, const Stencil<T, N>& a, const X& x, Y&& y) {
  static_assert(std::is_same_v<detail::CellOf<const X>, T> && std::is_same_v<detail::CellOf<Y>, T>,
                "stencil and grids are of one type");
  return detail::apply<T, N>(on, a, detail::cells(x), detail::cells(y));
}

/// So many times x = x + (b - a * x) / a.centre: sweeps of Jacobi's iteration for a * x = b, as smoothers
/// are made of. jacobi() is what iterates until x is good enough.
///
/// @param b  right-hand side, a grid as for apply()
/// @param x  first and last iterate
/// @throws InvalidArgument  another number of cells, a centre that is zero
/// @throws OutOfMemory      no room for a second x
/// @throws what for_each_slice() throws
///
/// Several sweeps are made in one pass over memory, as many as have their rows in the cache: each follows
/// the one before it at a distance of one row (or plane). The rows next to a seam between slices are
/// computed by both (M. Wolfe, More iteration space tiling, Supercomputing 1989).
template <class T, std::size_t N, class B, class X>
Report jacobi_sweeps(const PoolWith& on, const Stencil<T, N>& a, const B& b, X&& x,
                     std::size_t sweeps) {
  static_assert(std::is_same_v<detail::CellOf<const B>, T> && std::is_same_v<detail::CellOf<X>, T>,
                "stencil and grids are of one type");
  return detail::jacobi_sweeps<T, N>(on, a, detail::cells(b), detail::cells(x), sweeps);
}

}  // namespace tine::matrix
