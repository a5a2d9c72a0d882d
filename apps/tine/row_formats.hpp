// The formats of row_file.hpp.
#pragma once

#include <cstdint>
#include <span>

#include "row_file.hpp"

namespace tine::app {

// Each: none when the file, whose first bytes are `head`, is not for it.
std::unique_ptr<RowFile> open_npy_rows(int descriptor, std::span<const std::uint8_t> head);
std::unique_ptr<RowFile> open_pnm_rows(int descriptor, std::span<const std::uint8_t> head);
std::unique_ptr<RowFile> open_tiff_rows(int descriptor, std::span<const std::uint8_t> head);

std::unique_ptr<RowSink> write_tiff_rows(int descriptor, const image::Shape& shape);

/// Throws Failure when there is no pixel, or more than can be addressed.
image::Shape image_shape(std::uint64_t rows, std::uint64_t columns, int type);

/// A file that is a header and then the values, row after row.
struct RawRows {
  image::Shape shape;
  std::uint64_t offset = 0;  ///< of the first row
  bool big_endian = false;
};
/// Throws Failure when the file is too short.
std::unique_ptr<RowFile> open_raw_rows(int descriptor, const RawRows& rows);
std::unique_ptr<RowSink> write_raw_rows(int descriptor, const std::string& header, bool big_endian);

/// Swaps red and blue, in place.
void swap_red_and_blue(cv::Mat& rows);
/// Swaps the bytes of each value, in place, where this machine's order is not that of the file.
void to_byte_order(cv::Mat& rows, bool big_endian);

}  // namespace tine::app
