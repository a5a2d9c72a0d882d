// Chains in the calling process.
#include "run.hpp"

namespace tine::image {

namespace {

struct HereEngine {
  static cv::Mat buffer(const Shape& shape) {
    return cv::Mat(shape.rows, shape.columns, shape.type);
  }

  static Histogram run(const Stage& stage, const cv::Mat& in, cv::Mat& out) {
    Histogram histogram;
    const Partition partition = bands(stage);
    for (std::size_t i = 0; i < partition.size(); ++i) {
      const Slice s = partition.slice(i);
      const Range have = stage.whole ? Range{0, static_cast<std::size_t>(in.rows)} : s.outer;
      const cv::Mat band = isolated(in, have);
      cv::Mat part;
      if (!out.empty()) part = isolated(out, {s.begin, s.end});
      histogram = histogram + run_band(stage, band, have, {s.begin, s.end}, part);
    }
    return histogram;
  }
};

}  // namespace

cv::Mat Chain::operator()(const cv::Mat& in, const ChainOptions& options) const {
  const Shape shape{in.rows, in.cols, in.type()};
  const Shape result = output(shape);
  cv::Mat out(result.rows, result.columns, result.type);
  if (in.empty()) return out;
  auto plan = passes(*this, shape, options);
  HereEngine engine;
  run_passes(plan, engine, in, out);
  return out;
}

}  // namespace tine::image
