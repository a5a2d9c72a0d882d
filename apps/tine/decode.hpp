// Reading image files. Runs in workers: a decoder is the code that files from strangers get at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "metadata.hpp"

namespace tine::app {

/// What may be decoded.
struct Limits {
  std::uint64_t pixels = std::uint64_t{1} << 28;
};

/// An image file in memory that is whole and not too large, as far as can be seen without
/// decoding it.
struct ImageFile {
  std::vector<std::uint8_t> bytes;
  std::uint64_t width = 0, height = 0;  ///< as stored, before any rotation
  std::uint64_t pixels = 0;
  std::size_t decoded_bytes = 0;  ///< at most
  std::string format;             ///< "JPEG", ...
};

/// Reads an open file from its beginning. Throws Failure with the reason why it should not be
/// decoded.
ImageFile read_image_file(int descriptor, const Limits& limits);

/// What the image comes to when it stands upright.
cv::Size upright_size(const ImageFile& file, const Metadata& metadata);

/// Throws Failure when the decoder fails, or says that data is missing or damaged, or comes to other
/// dimensions than the first look; other complaints go to `warning`. The image stands upright, as the
/// file's metadata say; PNG, TIFF and WebP keep their transparency. A JPEG is decoded to
/// 1/`reduction` of its size, see jpeg.hpp, unless only OpenCV can decode it.
cv::Mat decode(const ImageFile& file, const Metadata& metadata, std::string& warning,
               int reduction = 1);

}  // namespace tine::app
