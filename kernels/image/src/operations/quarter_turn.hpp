// Images turned by a right angle.
#pragma once

#include <opencv2/core.hpp>

namespace tine::image {

/// Makes rows from `first` on of an image turned by 90 degrees, past the caches where `streams`.
void turn_quarter(const cv::Mat& in, cv::Mat& out, int first, bool clockwise, bool streams);

}  // namespace tine::image
