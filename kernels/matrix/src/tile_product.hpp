// What is computed on one tile.
#pragma once

#include <complex>
#include <cstddef>

#include <tine/matrix/isa.hpp>

namespace tine::matrix {

/// A matrix in memory of which the rows, or else the columns, are adjacent elements.
template <class T>
struct Tile {
  const T* data;
  std::size_t rows, columns;
  std::size_t stride;  ///< elements from one row to the next, or from one column to the next
  bool row_major;
  bool conjugate = false;  ///< what is meant is the complex conjugate
};

/// Some of its rows, or of its columns.
template <class T>
[[gnu::always_inline]] inline Tile<T> rows_of(Tile<T> tile, std::size_t begin, std::size_t count) {
  tile.data += begin * (tile.row_major ? tile.stride : 1);
  tile.rows = count;
  return tile;
}
template <class T>
[[gnu::always_inline]] inline Tile<T> columns_of(Tile<T> tile, std::size_t begin,
                                                 std::size_t count) {
  tile.data += begin * (tile.row_major ? 1 : tile.stride);
  tile.columns = count;
  return tile;
}

/// c = alpha * a * b + beta * c, with c row-major, for one element type and instruction set. With `beta`
/// 0, what was in `c` is not read.
template <class T>
using TileProduct = void(const Tile<T>& a, const Tile<T>& b, T alpha, T beta, T* c,
                         std::size_t stride);

/// That for an instruction set that this machine has. Made for float, double and their complexes.
template <class T>
TileProduct<T>& tile_product(Isa isa);

}  // namespace tine::matrix
