/// @file
/// Chains on images that do not fit into memory.
#pragma once

#include <cstddef>

#include <tine/image/chain.hpp>

namespace tine::image {

/// Where the rows of an image come from, one after another: a file, most likely.
class RowReader {
 public:
  virtual ~RowReader() = default;
  virtual Shape shape() const = 0;
  /// Fills `rows`, which has the image's columns and type, with the rows that come next. It lies in
  /// the pool's arena, so a job may fill it.
  virtual void read(cv::Mat& rows) = 0;
  /// The next row is the first one again.
  virtual void rewind() = 0;
};

/// Where the rows of an image go.
class RowWriter {
 public:
  virtual ~RowWriter() = default;
  /// Takes the rows that come next; they lie in the pool's arena.
  virtual void write(const cv::Mat& rows) = 0;
};

struct StreamOptions {
  std::size_t memory = std::size_t{256} << 20;  ///< bytes, for rows of the input and of the output
  ChainOptions chain = {};
};

/// Whether a chain can work on an image of this shape while only some of its rows are there: not
/// when one of its operations looks at all of them at once, as canny and rotations do. Returns the
/// number of such a step, counted from 0, or -1 when there is none.
int step_that_needs_all(const Chain& chain, const Shape& input);

/// Runs a chain in the pool's workers on an image that is read and written a few rows at a time.
/// The result is that of the chain on the whole image, bit for bit. The input is read once, and
/// once more for each global operation (threshold otsu, equalize) of the chain; nothing is kept in
/// files meanwhile.
///
/// @returns the reports of all jobs as one
/// @throws InvalidArgument  an image that an operation does not take, a chain with a step that needs
///                          all rows at once, or too little memory: says how much it would take
/// @throws what the reader, the writer and for_each_slice() throw
Report stream(const PoolWith& on, const Chain& chain, RowReader& in, RowWriter& out,
              const StreamOptions& options = {});

}  // namespace tine::image
