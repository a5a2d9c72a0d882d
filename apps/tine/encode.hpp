// Writing image files. Runs in workers.
#pragma once

#include <cstddef>
#include <string>

#include <opencv2/core.hpp>

namespace tine::app {

/// Whether images can be written to a file of this name, by its extension.
bool can_encode(const std::string& path);

/// Encodes an image for a file with this extension (".jpg") and writes it to a new file. JPEG and
/// WebP have quality 95. Throws Failure, and leaves no file then. Returns the file's size.
std::size_t encode_to(const cv::Mat& image, const std::string& extension, const std::string& path);

}  // namespace tine::app
