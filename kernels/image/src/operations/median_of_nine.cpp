// Each column of the square is sorted; the median is that of the largest of the least, the middle of the
// middle ones, and the least of the largest. J. L. Smith, Implementing median filters in XC4000E
// FPGAs, XCELL 23 (1996).
#include "operations/median_of_nine.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "operations/rows_around.hpp"
#include "streaming.hpp"
#include "wide.hpp"

namespace tine::image {

namespace {

template <class T>
inline void sort(T& a, T& b) {
  const T low = std::min(a, b);
  b = std::max(a, b);
  a = low;
}

template <class T>
TINE_IMAGE_WIDE void sort_columns(const T* __restrict upper, const T* __restrict own,
                                  const T* __restrict lower, std::ptrdiff_t values,
                                  T* __restrict low, T* __restrict middle, T* __restrict high) {
  for (std::ptrdiff_t i = 0; i < values; ++i) {
    T a = upper[i], b = own[i], c = lower[i];
    sort(a, b);
    sort(b, c);
    sort(a, b);
    low[i] = a;
    middle[i] = b;
    high[i] = c;
  }
}

// Of three neighbouring columns, the first of which starts at `i`.
template <class T>
TINE_IMAGE_WIDE void medians_of_columns(const T* __restrict low, const T* __restrict middle,
                                        const T* __restrict high, std::ptrdiff_t values,
                                        std::ptrdiff_t step, T* __restrict out) {
  for (std::ptrdiff_t i = 0; i < values; ++i) {
    T a = std::max(std::max(low[i], low[i + step]), low[i + 2 * step]);
    T b = middle[i], c = middle[i + step], d = middle[i + 2 * step];
    T e = std::min(std::min(high[i], high[i + step]), high[i + 2 * step]);
    sort(b, c);
    c = std::max(b, std::min(c, d));
    sort(a, e);
    out[i] = std::max(a, std::min(c, e));
  }
}

template <class T>
void medians(const cv::Mat& in, cv::Mat& out, bool streams) {
  // Strips so short that the sorted columns of one stay in an L1.
  constexpr std::ptrdiff_t strip = 2048, most_channels = 4;
  constexpr std::size_t with_margins = strip + 2 * most_channels;
  alignas(64) T low[with_margins], middle[with_margins], high[with_margins];
  const RowsAround<T> rows(in, cv::BORDER_REPLICATE);
  RowOutput output(streams);
  const std::ptrdiff_t channels = in.channels(), values = in.cols * channels;
  for (int y = 0; y < in.rows; ++y) {
    const T *upper = rows(y - 1), *own = rows(y), *lower = rows(y + 1);
    for (std::ptrdiff_t begin = 0; begin < values; begin += strip) {
      const std::ptrdiff_t end = std::min(begin + strip, values);
      const std::ptrdiff_t left = std::max(begin - channels, std::ptrdiff_t{0});
      const std::ptrdiff_t right = std::min(end + channels, values);
      const std::ptrdiff_t at = left - (begin - channels);
      sort_columns(upper + left, own + left, lower + left, right - left, low + at, middle + at,
                   high + at);
      for (T* columns : {low, middle, high}) {  // the first and the last one, once more
        if (begin == 0) std::copy_n(columns + channels, channels, columns);
        if (end == values)
          std::copy_n(columns + end - begin, channels, columns + end - begin + channels);
      }
      output.make(out.ptr<T>(y) + begin, static_cast<std::size_t>(end - begin),
                  [&](T* to) { medians_of_columns(low, middle, high, end - begin, channels, to); });
    }
  }
}

}  // namespace

void median_of_nine(const cv::Mat& in, cv::Mat& out, bool streams) {
  if (in.depth() == CV_8U)
    medians<std::uint8_t>(in, out, streams);
  else
    medians<std::uint16_t>(in, out, streams);
}

}  // namespace tine::image
