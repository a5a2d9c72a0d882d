// How a chain is run: as stages, each one pass over the image.
//
// Local operations that follow each other are one stage: a band of the image goes through all of
// them while it is in cache. So do operations whose rows come from some rows of their input
// (resize, crop): bands are cut in the output, and each step says which rows it needs. A global
// operation needs the histogram of what comes before it. That is counted, band by band, at the end
// of the stage before; the operation then is just the first local one of the next stage, with
// numbers that come from the histogram. What needs the whole image otherwise, at once or in phases,
// is a stage of its own.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <tine/image/chain.hpp>
#include <tine/partition.hpp>

namespace tine::image {

/// Trivially copyable, since it travels to the workers; they have the operations at the same
/// addresses.
struct Stage {
  static constexpr int capacity = 32;

  struct Step {
    const Operation* operation = nullptr;
    Values values;
    Shape input, output;  // of the whole images
    int halo = 0;
    std::array<std::uint8_t, 256> table{};
  };

  std::array<Step, capacity> steps;
  std::array<double, list_capacity> list{};  // of the one step that has one
  std::size_t list_size = 0;
  int count = 0;
  Shape input, output;
  int halo = 0;           // of all steps together
  int band_rows = 1;      // of the output
  bool anywhere = false;  // its rows may come from anywhere in the input, not only from around them
  bool counts = false;    // the histogram of its output is wanted
  bool streams = false;   // its output is written past the caches

  const Step& step(int i) const { return steps[static_cast<std::size_t>(i)]; }
  bool is_whole() const { return is(Operation::Scope::whole); }
  bool is_phased() const { return is(Operation::Scope::phased); }
  /// Whether no other step can join the one it has.
  bool is_alone() const { return is_whole() || is_phased(); }

 private:
  bool is(Operation::Scope scope) const { return count > 0 && steps[0].operation->scope == scope; }
};

/// The operation that does a step's work on images of a type.
inline const Operation& worker_of(const Step& step, int type) {
  const Operation& named = *step.operation;
  const Operation* variant = named.variant != nullptr ? named.variant(step.values, type) : nullptr;
  return variant != nullptr ? *variant : named;
}

/// What a step makes of an image of this shape. Throws InvalidArgument when it does not take it.
Shape output_of(const Step& step, const Shape& input);

/// The OpenCV calls that define what a step makes of a whole image.
void run_reference(const Step& step, const cv::Mat& in, cv::Mat& out);

/// One stage, and whether its first step is a global operation, whose numbers are to be made from
/// the histogram that the stage before it counts.
struct Pass {
  Stage stage;
  bool global = false;
};

/// The passes that a chain needs for an image of this shape, with bands for so many workers.
std::vector<Pass> passes(const Chain& chain, const Shape& input, const ChainOptions& options,
                         unsigned workers);

/// How many rows a band of the stage's output has, for so many workers.
int band_rows(const Stage& stage, const ChainOptions& options, unsigned workers);

/// Whether a stage should write that many rows of its output past the caches.
bool streams(const Stage& stage, std::size_t rows);

/// Appends a step, done by `worker`, to a stage, or returns false when it has to begin another one.
bool append(Stage& stage, const Step& step, const Operation& worker);

/// The rows of a stage's input that rows `want` of its output are made from.
Range source_rows(const Stage& stage, Range want);

/// Rows of an image as an image of their own: OpenCV does not see what is around them.
cv::Mat isolated(const cv::Mat& image, const Range& rows);

/// Makes rows `want` of a stage's output. `in` has the rows of its input from `first` on, among them
/// those that source_rows() names. `out` is empty for a stage that only counts. Returns the
/// histogram of rows `want` if the stage counts.
Histogram run_band(const Stage& stage, const cv::Mat& in, std::size_t first, Range want,
                   cv::Mat& out);

Histogram operator+(const Histogram& a, const Histogram& b);

}  // namespace tine::image
