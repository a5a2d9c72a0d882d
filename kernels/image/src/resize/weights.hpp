// Which pixels of the input a pixel of the output is made from, and with which weights: computed as
// cv::resize of OpenCV 4.6 does, for the absolute row or column, so that all bits agree.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <opencv2/core.hpp>

#include <tine/partition.hpp>

namespace tine::image {

/// The ways in which cv::resize makes an image of one size from an image of another.
enum class Way {
  copy,            ///< the sizes are the same
  nearest,         ///< one pixel
  cells,           ///< mean of n x m whole pixels
  coverage,        ///< mean of the pixels under a pixel of the output, each by the part it covers
  linear,          ///< two pixels in each direction
  linear_by_area,  ///< the same with the positions that INTER_AREA has when enlarging
  cubic,           ///< four pixels in each direction
  lanczos4,        ///< eight pixels in each direction
};

/// The way that `method`, one of cv::INTER_NEAREST, LINEAR, CUBIC, AREA and LANCZOS4, goes.
Way way_of(int method, cv::Size in, cv::Size out);

/// The sizes of one side of an image.
struct Side {
  int in, out;

  double factor() const { return static_cast<double>(out) / in; }
  double step() const {
    return 1. / factor();
  }  ///< from pixel to pixel of the output, in the input
  friend bool operator==(const Side&, const Side&) = default;
};

/// For each of some pixels of the output, its neighbours in the input: from `first[i]` on, which may
/// lie outside the image, as many as there are in `weights` from `begin[i]` to `begin[i + 1]`.
struct Weights {
  std::vector<int> first, begin;
  std::vector<float> weights;
  /// Columns with two neighbours in fixed point: both weights, the first in the lower 16 bits.
  std::vector<std::uint32_t> pairs;
  /// The pixels all of whose neighbours lie in the image.
  int inside_begin = 0, inside_end = 0;
};

/// The weights of rows `rows` of the output; not for Way::copy, nearest and cells. `fixed_point`: as
/// whole numbers of 1/2048, for 8-bit images.
Weights row_weights(Way way, Side side, const Range& rows, bool fixed_point);

/// The same for all columns, where Way::linear takes no pixel from outside the image.
Weights column_weights(Way way, Side side, bool fixed_point);

/// The pixel of `count` in the input that Way::nearest takes; `step` is that of the side.
inline int nearest_to(int pixel, double step, int count) {
  return std::min(cvFloor(pixel * step), count - 1);
}

/// The pixels of the input, from the first to the last, that pixels `pixels` of the output depend on.
Range sources_of(Way way, Side side, const Range& pixels);

}  // namespace tine::image
