// What cv::pyrUp makes of 8-bit images.
#pragma once

#include <opencv2/core.hpp>

#include <tine/image/operation.hpp>

namespace tine::image {

/// Makes rows of an 8-bit image of twice the size, past the caches where `streams`.
void pyrup_of_bytes(const cv::Mat& in, cv::Mat& out, const Place& place, bool streams);

}  // namespace tine::image
