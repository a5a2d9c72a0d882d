// A value for each level of an 8-bit image.
#pragma once

#include <cstdint>

#include <opencv2/core.hpp>

namespace tine::image {

/// cv::LUT with a table of 256 bytes for all channels.
void look_up(const cv::Mat& in, const std::uint8_t* table, cv::Mat& out);

}  // namespace tine::image
