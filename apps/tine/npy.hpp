// Arrays of NumPy (.npy) that are images: rows x columns, or rows x columns x channels (gray, or red,
// green, blue and perhaps alpha; or two that are no colours, such as x and
// y), of unsigned bytes or 16-bit numbers or 32-bit floats, in C order.
//
// The format is that of NumPy's numpy.lib.format, versions 1 to 3.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <tine/image/operation.hpp>

namespace tine::app {

struct NpyHeader {
  std::uint64_t rows = 0, columns = 0;
  int type = CV_8UC1;        ///< OpenCV's
  std::uint64_t offset = 0;  ///< of the values
  bool big_endian = false;
};

/// From the first bytes of a file; none when it does not begin as such files do. Throws Failure for an
/// array that is no image.
std::optional<NpyHeader> read_npy_header(std::span<const std::uint8_t> head);

/// Values follow in little-endian order. Also for integers of 32 bits (labels) and doubles (sums),
/// which are no images to read.
std::string npy_header(const image::Shape& shape);

}  // namespace tine::app
