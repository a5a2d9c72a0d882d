// Image files that can be read and written a few rows at a time, so that they may be larger than
// memory: TIFF, PNM with one byte or two for each value, and .npy arrays. Each format has a file of its
// own: tiff_rows.cpp, pnm_rows.cpp, npy_rows.cpp.
//
// Colours are blue, green, red as everywhere in OpenCV; in the files they are red, green, blue.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <tine/image/operation.hpp>

namespace tine::app {

/// An open file. Runs in workers, as all that reads files from strangers does.
class RowFile {
 public:
  virtual ~RowFile() = default;
  virtual image::Shape shape() const = 0;
  /// Fills `rows` with those from the `first` on. Throws Failure.
  virtual void read(int first, cv::Mat& rows) = 0;
};

/// A file of any of the formats, from its header alone; none when it is of another one, or of a kind
/// that OpenCV has to decode as a whole. `descriptor` must stay open. Throws Failure for dimensions
/// that no image of ours has, and for a file that is too short for them.
std::unique_ptr<RowFile> open_row_file(int descriptor);

/// An image that is being written, from top to bottom. Runs in the command itself: here nothing comes
/// from strangers but the values of pixels.
class RowSink {
 public:
  virtual ~RowSink() = default;
  /// Throws Failure.
  virtual void write(const cv::Mat& rows) = 0;
  /// After the last row: all is on the disk. Throws Failure.
  virtual void finish() = 0;
};

/// Whether files with this extension (".tif") can be written row by row.
bool can_write_rows(const std::string& extension);

/// An empty file for an image of this shape, which its format has a place for (encode.hpp).
std::unique_ptr<RowSink> make_row_sink(const std::string& extension, int descriptor,
                                       const image::Shape& shape);

}  // namespace tine::app
