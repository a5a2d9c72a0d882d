// Each column of the square is sorted; the median is that of the largest of the least, the middle of the
// middle ones, and the least of the largest. J. L. Smith, Implementing median filters in XC4000E
// FPGAs, XCELL 23 (1996).
#include "operations/median_of_nine.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

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
TINE_IMAGE_WIDE void sort_columns(const std::array<const T*, 3>& rows, std::ptrdiff_t values,
                                  T* __restrict low, T* __restrict middle, T* __restrict high) {
  const auto [upper, own, lower] = rows;
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
  const RowsAround<T> rows(in, cv::BORDER_REPLICATE);
  const RowOutput output(streams);
  const std::ptrdiff_t channels = in.channels(), values = in.cols * channels;
  const auto with_margins = static_cast<std::size_t>(values + 2 * channels);
  std::vector<T> low(with_margins), middle(with_margins), high(with_margins), row(with_margins);
  for (int y = 0; y < in.rows; ++y) {
    sort_columns<T>({rows(y - 1), rows(y), rows(y + 1)}, values, low.data() + channels,
                    middle.data() + channels, high.data() + channels);
    for (std::vector<T>* column : {&low, &middle, &high}) {  // the first and the last, once more
      std::copy_n(column->begin() + channels, channels, column->begin());
      std::copy_n(column->end() - 2 * channels, channels, column->end() - channels);
    }
    T* const to = streams ? row.data() : out.ptr<T>(y);
    medians_of_columns(low.data(), middle.data(), high.data(), values, channels, to);
    if (streams)
      output.copy(reinterpret_cast<const std::uint8_t*>(to), out.ptr(y),
                  static_cast<std::size_t>(values) * sizeof(T));
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
