// Writing image files. Runs in workers.
#pragma once

#include <string>

#include <opencv2/core.hpp>

#include "metadata.hpp"

namespace tine::app {

/// Whether images can be written to a file of this name, by its extension.
bool can_encode(const std::string& path);

/// ".tif" of "a/B.TIF".
std::string lower_extension(const std::string& path);

/// Throws Failure when files with this extension have no place for images of this OpenCV type.
void check_holds(const std::string& extension, int type);

/// What a format lets one choose. Trivially copyable: workers get it with the job.
struct Encoding {
  int quality = 95;  ///< of JPEG and WebP, 1 to 100
  int effort = 3;    ///< of PNG's compression, 0 to 9
  bool metadata = true;
};

/// Encodes an image for a file with this extension (".jpg") and writes it to an open, empty file.
/// Throws Failure.
void encode_to(const cv::Mat& image, const std::string& extension, const Encoding& encoding,
               const Metadata& metadata, int descriptor);

}  // namespace tine::app
