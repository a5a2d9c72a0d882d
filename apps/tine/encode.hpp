// Writing image files. Runs in workers.
#pragma once

#include <string>

#include <opencv2/core.hpp>

namespace tine::app {

/// Whether images can be written to a file of this name, by its extension.
bool can_encode(const std::string& path);

/// Encodes an image for a file with this extension (".jpg") and writes it to an open, empty file.
/// JPEG and WebP have quality 95. Throws Failure.
void encode_to(const cv::Mat& image, const std::string& extension, int descriptor);

}  // namespace tine::app
