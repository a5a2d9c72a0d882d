// The next level of a pyramid of 8-bit images.
#pragma once

#include <tine/image/operation.hpp>

namespace tine::image {

/// Rows of cv::pyrDown() of an 8-bit image, from some rows of it, as in Operation::run_at.
void pyrdown_of_bytes(const cv::Mat& in, cv::Mat& out, const Place& place, int border);

}  // namespace tine::image
