// The transpose of a tile.
#pragma once

#include <algorithm>
#include <cstddef>

namespace tine::matrix {

/// to(y, x) = from(x, y) for `rows` rows and `columns` columns of `to`; strides between rows are counted
/// in elements. Cache line by cache line: a square of 64 bytes a side is read by rows, and written by
/// rows, so that of no line that was fetched a part is left for later.
template <class U>
void transpose_tile(const U* from, std::size_t from_stride, U* to, std::size_t to_stride,
                    std::size_t rows, std::size_t columns) {
  constexpr std::size_t side = std::max<std::size_t>(64 / sizeof(U), 1);
  std::size_t y = 0;
  for (; y + side <= rows; y += side) {
    std::size_t x = 0;
    for (; x + side <= columns; x += side) {
      const U* source = from + x * from_stride + y;
      U* target = to + y * to_stride + x;
      U square[side][side];
      for (std::size_t i = 0; i < side; ++i)
        for (std::size_t j = 0; j < side; ++j) square[j][i] = source[i * from_stride + j];
      for (std::size_t j = 0; j < side; ++j) std::copy_n(square[j], side, target + j * to_stride);
    }
    for (; x < columns; ++x)
      for (std::size_t j = 0; j < side; ++j)
        to[(y + j) * to_stride + x] = from[x * from_stride + y + j];
  }
  for (; y < rows; ++y)
    for (std::size_t x = 0; x < columns; ++x) to[y * to_stride + x] = from[x * from_stride + y];
}

}  // namespace tine::matrix
