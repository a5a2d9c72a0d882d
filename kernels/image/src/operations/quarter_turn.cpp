// In squares: a row of the output is a pixel from each row of the input. Those rows are often as far apart as
// makes them share a few places in the cache, so that the next pixels would have left it before their turn;
// side by side in a square of their own they stay.
#include "operations/quarter_turn.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "streaming.hpp"

namespace tine::image {

namespace {

template <std::size_t size>  // bytes of a pixel
void turn(const cv::Mat& in, cv::Mat& out, int first, bool clockwise, const RowOutput& output) {
  constexpr int side = size > 4 ? 32 : 64;
  constexpr std::size_t line = side * size;
  // What is copied at once, for speed; what is too much of it is written over by the next pixel.
  constexpr std::size_t copied = std::bit_ceil(size);
  alignas(64) std::uint8_t square[side * line + copied] = {}, row[line + copied];
  for (int y = 0; y < out.rows; y += side)
    for (int x = 0; x < out.cols; x += side) {
      const int rows = std::min(side, out.rows - y), columns = std::min(side, out.cols - x);
      const int column = clockwise ? first + y : in.cols - first - y - rows;
      for (int j = 0; j < columns; ++j)
        std::memcpy(square + static_cast<std::size_t>(j) * line,
                    in.ptr(clockwise ? in.rows - 1 - x - j : x + j, column),
                    static_cast<std::size_t>(rows) * size);
      for (int i = 0; i < rows; ++i) {
        const std::uint8_t* from =
            square + static_cast<std::size_t>(clockwise ? i : rows - 1 - i) * size;
        for (std::size_t j = 0; j < static_cast<std::size_t>(columns); ++j)
          std::memcpy(row + j * size, from + j * line, copied);
        output.copy(row, out.ptr(y + i, x), static_cast<std::size_t>(columns) * size);
      }
    }
}

}  // namespace

void turn_quarter(const cv::Mat& in, cv::Mat& out, int first, bool clockwise, bool streams) {
  const RowOutput output(streams);
  switch (in.elemSize()) {
    case 1:
      return turn<1>(in, out, first, clockwise, output);
    case 2:
      return turn<2>(in, out, first, clockwise, output);
    case 3:
      return turn<3>(in, out, first, clockwise, output);
    case 4:
      return turn<4>(in, out, first, clockwise, output);
    case 6:
      return turn<6>(in, out, first, clockwise, output);
    case 8:
      return turn<8>(in, out, first, clockwise, output);
    case 12:
      return turn<12>(in, out, first, clockwise, output);
    default:
      return turn<16>(in, out, first, clockwise, output);
  }
}

}  // namespace tine::image
