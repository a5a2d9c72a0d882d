// Gaussian blur of 8-bit images.
#pragma once

#include <opencv2/core.hpp>

namespace tine::image {

/// cv::GaussianBlur(in, out, {}, sigma, 0, border) for 8-bit images, where it takes the pixels within
/// `radius`. Given some rows of a larger image, it looks at the rows around them.
void gaussian_of_bytes(const cv::Mat& in, cv::Mat& out, double sigma, int radius, int border);

}  // namespace tine::image
