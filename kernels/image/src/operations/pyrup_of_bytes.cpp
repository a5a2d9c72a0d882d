// P. Burt and E. Adelson, The Laplacian pyramid as a compact image code, IEEE Trans. Communications 31 (1983):
// zeros between pixels and rows, weighed by 1 4 6 4 1. So an even pixel is made from three with 1 6 1, an odd
// one from two with 4 4; the whole is divided by 64. All sums fit in 16 bits.
#include "operations/pyrup_of_bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "streaming.hpp"
#include "wide.hpp"

namespace tine::image {

namespace {

using Sum = std::uint16_t;

// Values `begin` to `end` of a row, all of which have neighbours, `channels` values away.
template <std::size_t channels>
TINE_IMAGE_WIDE void widen_inner(const std::uint8_t* __restrict from, std::size_t begin,
                                 std::size_t end, Sum* __restrict to) {
  for (std::size_t x = begin; x < end; x += channels)
    for (std::size_t c = 0; c < channels; ++c) {
      const std::uint8_t* at = from + x + c;
      to[2 * x + c] = static_cast<Sum>(at[0] * 6 + at[channels] + *(at - channels));
      to[2 * x + c + channels] = static_cast<Sum>((at[0] + at[channels]) * 4);
    }
}

// A row of twice as many sums. Beyond the left edge is its mirror image, beyond the right one the edge.
template <std::size_t channels>
void widen(const std::uint8_t* from, std::size_t columns, Sum* to) {
  const std::size_t last = (columns - 1) * channels;
  if (columns > 1) widen_inner<channels>(from, channels, last, to);
  for (std::size_t c = 0; c < channels; ++c) {
    const int first = from[c], second = from[std::min(channels, last) + c];
    const int edge = from[last + c], inside = last > 0 ? from[last - channels + c] : edge;
    to[c] = static_cast<Sum>(first * 6 + second * 2);
    to[c + channels] = static_cast<Sum>((first + second) * 4);
    if (last > 0) to[2 * last + c] = static_cast<Sum>(inside + edge * 7);
    to[2 * last + c + channels] = static_cast<Sum>(edge * 8);
  }
}

TINE_IMAGE_WIDE void even_row(const Sum* __restrict above, const Sum* __restrict here,
                              const Sum* __restrict below, std::size_t n,
                              std::uint8_t* __restrict to) {
  for (std::size_t i = 0; i < n; ++i)
    to[i] = static_cast<std::uint8_t>(
        static_cast<Sum>(above[i] + static_cast<Sum>(here[i] * 6) + below[i] + 32) >> 6);
}

TINE_IMAGE_WIDE void odd_row(const Sum* __restrict here, const Sum* __restrict below, std::size_t n,
                             std::uint8_t* __restrict to) {
  for (std::size_t i = 0; i < n; ++i)
    to[i] = static_cast<std::uint8_t>(
        static_cast<Sum>(static_cast<Sum>((here[i] + below[i]) * 4) + 32) >> 6);
}

}  // namespace

void pyrup_of_bytes(const cv::Mat& in, cv::Mat& out, const Place& place, bool streams) {
  const auto n = out.elemSize() * static_cast<std::size_t>(out.cols);
  thread_local std::vector<Sum> memory;  // fresh memory costs a page fault every 4 KiB
  thread_local std::vector<std::uint8_t> made;
  memory.resize(3 * n);
  made.resize(n);
  // The row of the image, or what is there beyond its edges; each third one has the same place.
  const auto place_of = [&](int y) {
    return memory.data() + static_cast<std::size_t>(y + 3) % 3 * n;
  };
  const auto sums = [&](int y) {
    const int last = place.input.rows - 1;
    const int row = y < 0 ? std::min(1, last) : std::min(y, last);
    const std::uint8_t* from = in.ptr(row - place.input_row);
    const auto columns = static_cast<std::size_t>(in.cols);
    switch (in.channels()) {
      case 1:
        return widen<1>(from, columns, place_of(y));
      case 3:
        return widen<3>(from, columns, place_of(y));
      default:
        return widen<4>(from, columns, place_of(y));
    }
  };
  const RowOutput output(streams);
  const int begin = place.output_row, end = begin + out.rows;
  sums(begin / 2 - 1);
  sums(begin / 2);
  for (int y = begin / 2; y < (end + 1) / 2; ++y) {
    sums(y + 1);
    if (2 * y >= begin) {
      even_row(place_of(y - 1), place_of(y), place_of(y + 1), n, made.data());
      output.copy(made.data(), out.ptr(2 * y - begin), n);
    }
    if (2 * y + 1 < end) {
      odd_row(place_of(y), place_of(y + 1), n, made.data());
      output.copy(made.data(), out.ptr(2 * y + 1 - begin), n);
    }
  }
}

}  // namespace tine::image
