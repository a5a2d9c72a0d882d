// One band through all steps of a stage.
//
// The rule that makes it bit-identical to the whole image: a kernel gets an isolated image, so
// that OpenCV takes the same code path as for a whole one, and of its result those rows are kept
// whose neighbourhood was there. At the true edges of the image nothing is cut off, and the
// kernel's border mode is the image's own.
#include <algorithm>

#include "stage.hpp"

namespace tine::image {

namespace {

// Memory for what is between two steps; kept, because fresh memory costs a page fault every 4 KiB.
cv::Mat scratch(int which, int rows, int columns, int type) {
  thread_local std::array<cv::Mat, 2> memory;
  cv::Mat& m = memory[static_cast<std::size_t>(which)];
  const std::size_t row_bytes = CV_ELEM_SIZE(type) * static_cast<std::size_t>(columns);
  if (m.total() * m.elemSize() < row_bytes * static_cast<std::size_t>(rows))
    m.create(rows, static_cast<int>(row_bytes), CV_8U);
  return cv::Mat(rows, columns, type, m.data);
}

Histogram histogram_of(const cv::Mat& image) {
  // Four counters for each level: neighbours are often equal, and would wait for each other.
  std::array<std::array<std::uint32_t, 256>, 4> count{};
  for (int y = 0; y < image.rows; ++y) {
    const std::uint8_t* row = image.ptr(y);
    int x = 0;
    for (; x + 4 <= image.cols; x += 4)
      for (int k = 0; k < 4; ++k) ++count[static_cast<std::size_t>(k)][row[x + k]];
    for (; x < image.cols; ++x) ++count[0][row[x]];
  }
  Histogram result;
  for (std::size_t i = 0; i < 256; ++i)
    result.count[i] = count[0][i] + count[1][i] + count[2][i] + count[3][i];
  return result;
}

}  // namespace

Histogram operator+(const Histogram& a, const Histogram& b) {
  Histogram sum = a;
  for (std::size_t i = 0; i < 256; ++i) sum.count[i] += b.count[i];
  return sum;
}

cv::Mat isolated(const cv::Mat& image, const Range& rows) {
  return {static_cast<int>(rows.size()), image.cols, image.type(),
          const_cast<uchar*>(image.ptr(static_cast<int>(rows.begin))), image.step[0]};
}

Histogram run_band(const Stage& stage, const cv::Mat& band, Range have, Range want, cv::Mat& out) {
  // Rows of the whole image, that `image` holds.
  Range rows = have;
  cv::Mat image = band;
  const auto part = [&rows](const Range& of) {
    return Range{of.begin - rows.begin, of.end - rows.begin};
  };
  std::size_t halo = static_cast<std::size_t>(stage.halo);
  for (int i = 0; i < stage.count; ++i) {
    const Stage::Step& step = stage.steps[static_cast<std::size_t>(i)];
    halo -= static_cast<std::size_t>(step.halo);
    Range keep{0, static_cast<std::size_t>(image.rows)};
    if (!stage.whole) {
      const Range next{want.begin - std::min(want.begin, halo),
                       std::min(want.end + halo, static_cast<std::size_t>(stage.input.rows))};
      keep = part(next);
      rows = next;
    }
    const bool last = i + 1 == stage.count;
    const bool all = keep.size() == static_cast<std::size_t>(image.rows);
    const bool exact = all || step.reads_around;  // the kernel makes no row that is not kept
    cv::Mat result = out;
    if (!last || !exact)
      result =
          scratch(i % 2, exact ? static_cast<int>(keep.size()) : image.rows, image.cols, step.type);
    const uchar* place = result.data;
    const cv::Range kept(static_cast<int>(keep.begin), static_cast<int>(keep.end));
    Values values = step.values;
    values.table = stage.table.data();  // wherever this process has the stage
    step.run(exact && !all ? image.rowRange(kept) : image, result, values);
    CV_Assert(result.data == place);
    if (!exact) result = isolated(result, keep);
    if (last && !exact) result.copyTo(out);
    image = result;
  }
  if (stage.count == 0) {
    image = isolated(band, part(want));
    if (!out.empty()) image.copyTo(out);
  }
  return stage.counts ? histogram_of(image) : Histogram{};
}

}  // namespace tine::image
