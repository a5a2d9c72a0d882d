// Sums of columns move down with the rows; sums of these along a row are those of squares.
#include "operations/box_of_bytes.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "operations/rows_around.hpp"
#include "streaming.hpp"
#include "wide.hpp"

namespace tine::image {

namespace {

TINE_IMAGE_WIDE void add(const std::uint8_t* row, std::uint16_t* __restrict sums,
                         std::ptrdiff_t values) {
  for (std::ptrdiff_t i = 0; i < values; ++i)
    sums[i] = static_cast<std::uint16_t>(sums[i] + row[i]);
}

TINE_IMAGE_WIDE void move(const std::uint8_t* gone, const std::uint8_t* come,
                          std::uint16_t* __restrict sums, std::ptrdiff_t values) {
  for (std::ptrdiff_t i = 0; i < values; ++i)
    sums[i] = static_cast<std::uint16_t>(sums[i] + come[i] - gone[i]);
}

// Of sums up to 256 * divisor the quotient, rounded down, as a product: `factor` is
// 2^(16 + shift) / divisor rounded up, by less than 128, so that it is off by less than 1 / divisor.
struct Division {
  explicit Division(unsigned divisor)
      : shift(std::bit_width(divisor) - 1),
        factor(static_cast<std::uint16_t>(((0x10000u << shift) + divisor - 1) / divisor)) {}
  int shift;
  std::uint16_t factor;
};

constexpr int at_once = 64;

// Means of `size` sums each, `step` values apart. `sums` has at_once values more than are used.
TINE_IMAGE_WIDE void means(const std::uint16_t* sums, int size, std::ptrdiff_t step,
                           std::uint8_t* __restrict out, std::ptrdiff_t values) {
  using Lanes [[gnu::vector_size(32)]] = std::uint16_t;
  const unsigned pixels = static_cast<unsigned>(size * size);
  const Division division(pixels);
  const int shift = division.shift;
  const std::uint16_t factor = division.factor;
  for (std::ptrdiff_t i = 0; i < values; i += at_once) {
    Lanes a = Lanes{} + static_cast<std::uint16_t>(pixels / 2), b = a, c = a, d = a, from;
    const std::uint16_t* next = sums + i;
    for (int k = 0; k < size; ++k, next += step) {
      std::memcpy(&from, next, sizeof from);
      a += from;
      std::memcpy(&from, next + 16, sizeof from);
      b += from;
      std::memcpy(&from, next + 32, sizeof from);
      c += from;
      std::memcpy(&from, next + 48, sizeof from);
      d += from;
    }
    std::array<std::uint16_t, at_once> total;
    std::memcpy(total.data(), &a, sizeof a);
    std::memcpy(total.data() + 16, &b, sizeof b);
    std::memcpy(total.data() + 32, &c, sizeof c);
    std::memcpy(total.data() + 48, &d, sizeof d);
    std::array<std::uint8_t, at_once> mean;
    for (std::size_t k = 0; k < at_once; ++k)
      mean[k] = static_cast<std::uint8_t>(
          static_cast<std::uint16_t>(std::uint32_t{total[k]} * factor >> 16) >> shift);
    std::memcpy(out + i, mean.data(),
                static_cast<std::size_t>(std::min<std::ptrdiff_t>(at_once, values - i)));
  }
}

}  // namespace

void box_of_bytes(const cv::Mat& in, cv::Mat& out, int size, int border, bool streams) {
  const int radius = size / 2, channels = in.channels();
  const std::ptrdiff_t values = static_cast<std::ptrdiff_t>(in.cols) * channels;
  const RowsAround<std::uint8_t> row(in, border);
  // With what is beyond the edges on both sides.
  std::vector<std::uint16_t> memory(
      static_cast<std::size_t>(values + 2 * radius * channels + at_once));
  std::uint16_t* const sums = memory.data() + radius * channels;
  RowOutput output(streams);
  for (int y = -radius; y <= radius; ++y) add(row(y), sums, values);
  for (int y = 0; y < in.rows; ++y) {
    if (y > 0) move(row(y - 1 - radius), row(y + radius), sums, values);
    for (int x = 0; x < radius; ++x)
      for (const int column : {-1 - x, in.cols + x})
        if (const int same = cv::borderInterpolate(column, in.cols, border); same >= 0)
          std::copy_n(sums + same * channels, channels, sums + column * channels);
    output.make(out.ptr(y), static_cast<std::size_t>(values),
                [&](std::uint8_t* to) { means(memory.data(), size, channels, to, values); });
  }
}

}  // namespace tine::image
