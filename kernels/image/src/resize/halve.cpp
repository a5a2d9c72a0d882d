#include "resize/halve.hpp"

#include <cstdint>

#include <opencv2/core/hal/intrin.hpp>

#include "resize/inline.hpp"
#include "wide.hpp"

namespace tine::image {

namespace {

// The sums of 2 x 2 pixels with `n` channels from two rows, in the lower values.
template <int n>
TINE_INLINE cv::v_uint16x8 sum_of_four(const std::uint8_t* upper, const std::uint8_t* lower) {
  const cv::v_uint16x8 both = cv::v_load_expand(upper) + cv::v_load_expand(lower);
  return both + cv::v_rotate_right<n>(both);
}

template <int n>
TINE_INLINE void halve_row(const std::uint8_t* __restrict upper,
                           const std::uint8_t* __restrict lower, int columns,
                           std::uint8_t* __restrict out) {
  int x = 0;
  if constexpr (n > 1)
    for (; x + 4 <= columns; x += 2) {  // eight values are stored, and all but a pixel made anew
      const int first = 2 * x * n, second = first + 2 * n;
      const cv::v_uint8x16 two = cv::v_rshr_pack<2>(sum_of_four<n>(upper + first, lower + first),
                                                    sum_of_four<n>(upper + second, lower + second));
      cv::v_store_low(out + x * n, two);
      cv::v_store_high(out + (x + 1) * n, two);
    }
  for (; x < columns; ++x)
    for (int c = 0; c < n; ++c) {
      const int at = 2 * x * n + c;
      out[x * n + c] = static_cast<std::uint8_t>(
          (upper[at] + upper[at + n] + lower[at] + lower[at + n] + 2) >> 2);
    }
}

}  // namespace

TINE_IMAGE_WIDE void halve(const cv::Mat& in, cv::Mat& out) {
  for (int y = 0; y < out.rows; ++y) {
    const std::uint8_t *upper = in.ptr(2 * y), *lower = in.ptr(2 * y + 1);
    if (in.channels() == 1)
      halve_row<1>(upper, lower, out.cols, out.ptr(y));
    else if (in.channels() == 3)
      halve_row<3>(upper, lower, out.cols, out.ptr(y));
    else
      halve_row<4>(upper, lower, out.cols, out.ptr(y));
  }
}

}  // namespace tine::image
