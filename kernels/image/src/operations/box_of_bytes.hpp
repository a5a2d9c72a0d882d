// The mean of small squares of bytes.
#pragma once

#include <opencv2/core.hpp>

namespace tine::image {

/// The sum of a square of bytes with this side fits 16 bits, together with what rounds their mean.
inline constexpr int largest_box_of_bytes = 15;

/// cv::blur(in, out, {size, size}, {-1, -1}, border) for 8-bit images and an odd `size`, at least 3. Given some rows of a larger image, it
/// looks at the rows around them. `streams` as in Values.
void box_of_bytes(const cv::Mat& in, cv::Mat& out, int size, int border, bool streams);

}  // namespace tine::image
