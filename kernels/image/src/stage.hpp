// How a chain is run: as stages, each one pass over the image.
//
// Local operations that follow each other are one stage: a band of the image goes through all of
// them while it is in cache. A global operation needs the histogram of what comes before it. That
// is counted, band by band, at the end of the stage before; the operation then is just the first
// local one of the next stage, with numbers that come from the histogram. An operation on the
// whole image is a stage of its own with a single band.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <tine/image/chain.hpp>
#include <tine/partition.hpp>

namespace tine::image {

/// Trivially copyable, since it travels to the workers.
struct Stage {
  static constexpr int capacity = 32;

  struct Step {
    Operation::Kernel run = nullptr;
    Values values;
    int halo = 0;
    int type = 0;  // of its output
    bool reads_around = false;
  };

  std::array<Step, capacity> steps;
  int count = 0;
  Shape input, output;
  int halo = 0;       // of all steps together
  int band_rows = 1;  // of the output
  bool whole = false;
  bool counts = false;  // the histogram of its output is wanted
  std::array<std::uint8_t, 256> table{};
};

/// What a step makes of an image of this shape. Throws InvalidArgument when it does not take it.
Shape output_of(const Step& step, const Shape& input);

/// One stage, and the global operation that its first step comes from, if it does.
struct Pass {
  Stage stage;
  const Step* global = nullptr;
};

/// The passes that a chain needs for an image of this shape; points into the chain.
std::vector<Pass> passes(const Chain& chain, const Shape& input, const ChainOptions& options);

/// Rows of an image as an image of their own: OpenCV does not see what is around them.
cv::Mat isolated(const cv::Mat& image, const Range& rows);

/// Turns rows `have` of a stage's input, an isolated image, into rows `want` of its output.
/// `have` is `want` widened by the stage's halo and clipped to the image. `out` is empty for a
/// stage that only counts. Returns the histogram of rows `want` if the stage counts.
Histogram run_band(const Stage& stage, const cv::Mat& band, Range have, Range want, cv::Mat& out);

Histogram operator+(const Histogram& a, const Histogram& b);

}  // namespace tine::image
