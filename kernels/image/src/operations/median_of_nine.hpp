// The median of 3 x 3 pixels.
#pragma once

#include <opencv2/core.hpp>

namespace tine::image {

/// cv::medianBlur(in, out, 3) for 8-bit and 16-bit images. Given some rows of a larger image, it looks at
/// the rows around them.
void median_of_nine(const cv::Mat& in, cv::Mat& out, bool streams);

}  // namespace tine::image
