// Each column of the square is sorted; the median is that of the largest of the least, the middle of the
// middle ones, and the least of the largest. J. L. Smith, Implementing median filters in XC4000E
// FPGAs, XCELL 23 (1996).
#include "operations/median_of_nine.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "wide.hpp"

namespace tine::image {

namespace {

template <class T>
struct Three {
  T low, middle, high;
};

template <class T>
inline Three<T> sorted(T a, T b, T c) {
  const T low = std::min(a, b), high = std::max(a, b);
  return {std::min(low, c), std::max(low, std::min(high, c)), std::max(high, c)};
}

template <class T>
inline T median(Three<T> p, Three<T> q, Three<T> r) {
  const T low = std::max(std::max(p.low, q.low), r.low);
  const T middle = sorted(p.middle, q.middle, r.middle).middle;
  const T high = std::min(std::min(p.high, q.high), r.high);
  return sorted(low, middle, high).middle;
}

// Values `begin` to `end` of a row, all of which have neighbours, `step` values away.
template <class T>
TINE_IMAGE_WIDE void inner_medians(const T* __restrict a, const T* __restrict b,
                                   const T* __restrict c, int begin, int end, int step,
                                   T* __restrict out) {
  for (int i = begin; i < end; ++i)
    out[i] = median(sorted(a[i - step], b[i - step], c[i - step]), sorted(a[i], b[i], c[i]),
                    sorted(a[i + step], b[i + step], c[i + step]));
}

template <class T>
void medians(const cv::Mat& in, cv::Mat& out) {
  cv::Size whole;
  cv::Point offset;
  in.locateROI(whole, offset);
  const auto row = [&](int y) {  // of the whole image, its first and last again and again beyond
    const int at = std::clamp(offset.y + y, 0, whole.height - 1) - offset.y;
    return reinterpret_cast<const T*>(in.ptr(0) + at * static_cast<std::ptrdiff_t>(in.step[0]));
  };
  const int channels = in.channels(), values = in.cols * channels;
  for (int y = 0; y < in.rows; ++y) {
    const std::array rows{row(y - 1), row(y), row(y + 1)};
    T* to = out.ptr<T>(y);
    inner_medians(rows[0], rows[1], rows[2], channels, values - channels, channels, to);
    const auto column = [&](int i) { return sorted(rows[0][i], rows[1][i], rows[2][i]); };
    for (int c = 0; c < channels; ++c)
      for (const int i : {c, values - channels + c})
        to[i] = median(column(i >= channels ? i - channels : i), column(i),
                       column(i + channels < values ? i + channels : i));
  }
}

}  // namespace

void median_of_nine(const cv::Mat& in, cv::Mat& out) {
  if (in.depth() == CV_8U)
    medians<std::uint8_t>(in, out);
  else
    medians<std::uint16_t>(in, out);
}

}  // namespace tine::image
