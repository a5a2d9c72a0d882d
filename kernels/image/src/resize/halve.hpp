// Half the size.
#pragma once

#include <opencv2/core.hpp>

namespace tine::image {

/// Each pixel of `out` becomes the mean of 2 x 2 pixels of `in`, halves rounded up, as cv::resize
/// does with INTER_AREA; for 8-bit images with 1, 3 or 4 channels.
void halve(const cv::Mat& in, cv::Mat& out);

}  // namespace tine::image
