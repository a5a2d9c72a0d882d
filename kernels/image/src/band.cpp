// One band through all steps of a stage.
//
// The rule that makes it bit-identical to the whole image: a kernel gets an isolated image, so
// that OpenCV takes the same code path as for a whole one, and of its result those rows are kept
// whose neighbourhood was there. At the true edges of the image nothing is cut off, and the
// kernel's border mode is the image's own.
#include <algorithm>

#include "count_levels.hpp"
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

// Whether its rows come from the rows around them.
bool is_around(const Operation& operation) {
  return operation.scope == Operation::Scope::local || operation.scope == Operation::Scope::global;
}

// The rows of a step's input that rows `want` of its output are made from.
Range rows_before(const Stage::Step& step, Range want) {
  const auto all = static_cast<std::size_t>(step.input.rows);
  const auto halo = static_cast<std::size_t>(step.halo);
  if (is_around(*step.operation))
    return {want.begin - std::min(want.begin, halo), std::min(want.end + halo, all)};
  if (step.operation->source_rows == nullptr) return {0, all};
  return step.operation->source_rows(step.values, {step.input, step.output}, want);
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

Range source_rows(const Stage& stage, Range want) {
  for (int i = stage.count - 1; i >= 0; --i) want = rows_before(stage.step(i), want);
  return want;
}

Histogram run_band(const Stage& stage, const cv::Mat& in, std::size_t first, Range want,
                   cv::Mat& out) {
  std::array<Range, Stage::capacity + 1> memory;
  const auto rows = [&memory](int step) -> Range& {  // that go into it
    return memory[static_cast<std::size_t>(step)];
  };
  rows(stage.count) = want;
  for (int i = stage.count - 1; i >= 0; --i) rows(i) = rows_before(stage.step(i), rows(i + 1));

  cv::Mat image = isolated(in, {rows(0).begin - first, rows(0).end - first});
  for (int i = 0; i < stage.count; ++i) {
    const Stage::Step& step = stage.step(i);
    const Range have = rows(i), next = rows(i + 1);
    const bool last = i + 1 == stage.count;
    const bool around = is_around(*step.operation);
    const Range keep =
        around ? Range{next.begin - have.begin, next.end - have.begin} : Range{0, next.size()};
    // Whether the kernel makes no row that is not kept.
    const bool exact = !around || have.size() == keep.size() || step.operation->reads_around;
    cv::Mat result = out;
    if (!last || !exact || out.empty())
      result = scratch(i % 2, exact ? static_cast<int>(next.size()) : image.rows,
                       step.output.columns, step.output.type);
    const uchar* place = result.data;
    Values values = step.values;
    values.table = step.table.data();  // wherever this process has the stage
    values.list = std::span(stage.list).first(stage.list_size);
    values.streams = stage.streams && result.data == out.data;
    if (step.operation->run_at != nullptr) {
      step.operation->run_at(
          image, result,
          {step.input, step.output, static_cast<int>(have.begin), static_cast<int>(next.begin)},
          values);
    } else {
      const cv::Range kept(static_cast<int>(keep.begin), static_cast<int>(keep.end));
      const bool part = around && exact && have.size() != keep.size();
      step.operation->run(part ? image.rowRange(kept) : image, result, values);
    }
    CV_Assert(result.data == place);
    if (!exact) result = isolated(result, keep);
    if (last && !exact && !out.empty()) result.copyTo(out);
    image = result;
  }
  if (stage.count == 0 && !out.empty()) image.copyTo(out);
  Histogram histogram;
  if (stage.counts) count_levels<std::uint8_t>(image, histogram.count.data());
  return histogram;
}

}  // namespace tine::image
