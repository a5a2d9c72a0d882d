// OpenEXR by its own library: OpenCV's codec reads and writes files by their names, which workers in
// their sandbox cannot. Runs in workers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <opencv2/core.hpp>

namespace tine::app {

/// Floats: gray (the channel Y), or blue, green, red and perhaps alpha; other channels are left out.
/// Throws Failure.
cv::Mat decode_exr(std::span<const std::uint8_t> file);

/// A float image with 1, 3 or 4 channels as a file of 32-bit floats (ZIP, no loss). Throws Failure.
std::vector<std::uint8_t> encode_exr(const cv::Mat& image);

}  // namespace tine::app
