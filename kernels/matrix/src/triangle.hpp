// The lower triangle of a symmetric matrix, and the upper one made from it.
#pragma once

#include <tine/for_each_slice.hpp>

#include "tile_product.hpp"
#include "tiling.hpp"
#include "transpose_tile.hpp"

namespace tine::matrix {

/// The lower triangle of a square c = alpha * a * b + beta * c, of which nothing else is read or written:
/// halves of the triangle, down to squares so small that computing all of them costs little.
template <class T>
void multiply_lower(TileProduct<T>& product, const Tile<T>& a, const Tile<T>& b, T alpha, T beta,
                    const View<T, 2>& c) {
  constexpr std::size_t small = 64;
  const std::size_t n = c.extent(0);
  if (n > small) {
    const std::size_t top = (n / 2 + small - 1) / small * small, below = n - top;
    const Tile<T> lower = rows_of(a, top, below), left = columns_of(b, 0, top);
    const View<T, 2> c_below = c.part(0, top, below);
    multiply_lower(product, rows_of(a, 0, top), left, alpha, beta, c.part(0, 0, top));
    product(lower, left, alpha, beta, c_below.data(), c.stride(0));
    multiply_lower(product, lower, columns_of(b, top, below), alpha, beta,
                   c_below.part(1, top, below));
    return;
  }
  T square[small * small];
  product(a, b, alpha, T(0), square, n);
  for (std::size_t y = 0; y < n; ++y)
    for (std::size_t x = 0; x <= y; ++x)
      c(y, x) = square[y * n + x] + (beta == T(0) ? T(0) : beta * c(y, x));
}

/// Makes the tiles of `side` above the diagonal from those below it, which the job before this has written.
template <class T>
Report mirror(const PoolWith& on, const View<T, 2>& c, std::size_t side) {
  const std::size_t n = c.extent(0);
  // The tiles beside the diagonal are the diagonal of what is left without the first column of tiles
  // and the last row of tiles.
  const std::size_t rows = (n - 1) / side * side;
  if (rows == 0) return {};
  Partition above = tiles(rows, n - side, side, side);
  above.triangle = Partition::Triangle::upper;
  return for_each_slice(
      on, above,
      [side, below = View<const T, 2>(c)](const Slice& s, const View<T, 2>& to) {
        transpose_tile(&below(s.columns.begin + side, s.begin), below.stride(0), to.data(),
                       to.stride(0), to.extent(0), to.extent(1));
      },
      tine::out(c.part(0, 0, rows).part(1, side, n - side)));
}

}  // namespace tine::matrix
