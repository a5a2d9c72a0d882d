// The transpose of a tile.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace tine::matrix {

/// to(y, x) = from(x, y) for `rows` rows and `columns` columns of `to`; strides between rows are counted
/// in elements. Squares with a side of 64 bytes, so that of no cache line a part is left for later; one
/// after another along the rows of `from`, which the processor then fetches ahead.
template <class U>
void transpose_tile(const U* from, std::size_t from_stride, U* to, std::size_t to_stride,
                    std::size_t rows, std::size_t columns) {
  constexpr std::size_t side = std::max<std::size_t>(64 / sizeof(U), 1);
  std::size_t x = 0;
  for (; x + side <= columns; x += side) {
    std::size_t y = 0;
    for (; y + side <= rows; y += side) {
      const U* source = from + x * from_stride + y;
      U square[side][side];
      for (std::size_t i = 0; i < side; ++i)
        for (std::size_t j = 0; j < side; ++j) square[j][i] = source[i * from_stride + j];
      for (std::size_t j = 0; j < side; ++j)
        std::memcpy(to + (y + j) * to_stride + x, square[j], sizeof square[j]);
    }
    for (; y < rows; ++y)
      for (std::size_t i = x; i < x + side; ++i) to[y * to_stride + i] = from[i * from_stride + y];
  }
  for (; x < columns; ++x)
    for (std::size_t y = 0; y < rows; ++y) to[y * to_stride + x] = from[x * from_stride + y];
}

}  // namespace tine::matrix
