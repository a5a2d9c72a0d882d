// The weights are 1 4 6 4 1 down and along, over 256; all sums fit in 16 bits. Two bytes of a row are
// taken for a word, 256 b + a: when the weighted sums of words, modulo 2^16, and of the bytes b are
// known, those of the bytes a are, too. Then the sums of even and of odd places are summed along the
// row, also for the pixels that are left out: vectors do that faster than they part pixels.
#include "operations/pyrdown_of_bytes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <opencv2/core.hpp>

#include "wide.hpp"

namespace tine::image {

namespace {

template <class T>
using Five = std::array<T, 5>;

[[gnu::always_inline]] inline std::uint16_t weighted(const Five<std::uint16_t>& v) {
  return static_cast<std::uint16_t>(v[0] + 4 * (v[1] + v[3]) + 6 * v[2] + v[4]);
}

// Down the columns. A row has `words` times two bytes.
TINE_IMAGE_WIDE void sum_columns(const Five<const std::uint8_t*>& rows, std::ptrdiff_t words,
                                 std::uint16_t* __restrict even, std::uint16_t* __restrict odd) {
  const auto [r0, r1, r2, r3, r4] = rows;
  const auto word = [](const std::uint8_t* row, std::ptrdiff_t i) {
    std::uint16_t result;
    std::memcpy(&result, row + 2 * i, sizeof result);
    return result;
  };
  const auto upper = [](std::uint16_t w) { return static_cast<std::uint16_t>(w >> 8); };
  for (std::ptrdiff_t i = 0; i < words; ++i) {
    const std::uint16_t a = word(r0, i), b = word(r1, i), c = word(r2, i), d = word(r3, i),
                        e = word(r4, i);
    const std::uint16_t high = weighted({upper(a), upper(b), upper(c), upper(d), upper(e)});
    odd[i] = high;
    even[i] = static_cast<std::uint16_t>(weighted({a, b, c, d, e}) - (high << 8));
  }
}

// Along a row. Words of two bytes, as the rows were.
TINE_IMAGE_WIDE void sum_row(const Five<const std::uint16_t*>& even,
                             const Five<const std::uint16_t*>& odd, std::ptrdiff_t words,
                             std::uint16_t* __restrict out) {
  const auto [a0, a1, a2, a3, a4] = even;
  const auto [b0, b1, b2, b3, b4] = odd;
  for (std::ptrdiff_t i = 0; i < words; ++i) {
    const auto a = static_cast<std::uint16_t>(weighted({a0[i], a1[i], a2[i], a3[i], a4[i]}) + 128);
    const auto b = static_cast<std::uint16_t>(weighted({b0[i], b1[i], b2[i], b3[i], b4[i]}) + 128);
    out[i] = static_cast<std::uint16_t>((a >> 8) | (b & 0xff00));
  }
}

// Every other pixel. Of all but the last, `copied` bytes, which may be too many.
template <int channels, int copied>
void pick(const std::uint8_t* from, int pixels, std::uint8_t* to) {
  for (int x = 0; x + 1 < pixels; ++x, from += 2 * channels, to += channels)
    std::memcpy(to, from, copied);
  std::memcpy(to, from, channels);
}

}  // namespace

void pyrdown_of_bytes(const cv::Mat& in, cv::Mat& out, const Place& place, int border) {
  const int channels = in.channels(), values = in.cols * channels, margin = 2 * channels;
  const auto words = static_cast<std::size_t>(values + 1) / 2;
  // Sums of columns, by even and odd place, with two pixels more on either side.
  std::array<std::vector<std::uint16_t>, 2> memory;
  memory.fill(std::vector<std::uint16_t>(words + static_cast<std::size_t>(margin)));
  std::vector<std::uint16_t> row(words);
  const auto sum_at = [&](int i) {
    return memory[static_cast<std::size_t>(i & 1)].data() + (margin + i) / 2;
  };
  for (int y = 0; y < out.rows; ++y) {
    Five<const std::uint8_t*> rows;
    for (int k = 0; k < 5; ++k)
      rows[static_cast<std::size_t>(k)] = in.ptr(
          cv::borderInterpolate(2 * (place.output_row + y) + k - 2, place.input.rows, border) -
          place.input_row);
    sum_columns(rows, values / 2, sum_at(0), sum_at(1));
    if (values % 2 == 1) {
      const auto last = [&](std::size_t k) -> std::uint16_t { return rows[k][values - 1]; };
      *sum_at(values - 1) = weighted({last(0), last(1), last(2), last(3), last(4)});
    }
    for (const int x : {-2, -1, in.cols, in.cols + 1}) {
      const int source = cv::borderInterpolate(x, in.cols, border);
      for (int c = 0; c < channels; ++c) *sum_at(x * channels + c) = *sum_at(source * channels + c);
    }
    Five<const std::uint16_t*> even, odd;
    for (int k = 0; k < 5; ++k) {
      even[static_cast<std::size_t>(k)] = sum_at((k - 2) * channels);
      odd[static_cast<std::size_t>(k)] = sum_at((k - 2) * channels + 1);
    }
    sum_row(even, odd, static_cast<std::ptrdiff_t>(words), row.data());
    const auto* pixels = reinterpret_cast<const std::uint8_t*>(row.data());
    (channels == 1   ? pick<1, 1>
     : channels == 3 ? pick<3, 4>
                     : pick<4, 4>)(pixels, out.cols, out.ptr(y));
  }
}

}  // namespace tine::image
