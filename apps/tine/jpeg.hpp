// JPEG by libjpeg-turbo itself. OpenCV decodes and encodes with the same library, to the same bits,
// but asks it for red, green and blue, and swaps red and blue byte by byte, which takes longer than
// all the rest. Runs in workers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace tine::app {

/// The image as it is stored, gray or blue, green and red; empty when it is in four inks (CMYK).
///
/// Decoded to 1/`reduction` of its size, rounded up, for 2, 4 and 8: of each block of 8 x 8 pixels
/// only the coarse part of its cosines is computed, so that costs much less. `says` is its full size,
/// as it is known already. Appends what the library complains of, a line for each. Throws Failure when
/// it cannot go on, and when the size is another.
cv::Mat decode_jpeg(std::span<const std::uint8_t> file, cv::Size says, int reduction,
                    std::string& complaints);

/// An 8-bit image with 1 or 3 channels as a file; quality from 1 to 100. Throws Failure.
std::vector<std::uint8_t> encode_jpeg(const cv::Mat& image, int quality);

}  // namespace tine::app
