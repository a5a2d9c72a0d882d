// Chains in the calling process.
#include "run.hpp"

namespace tine::image {

namespace {

class HereEngine {
 public:
  static cv::Mat buffer(const Shape& shape) {
    return cv::Mat(shape.rows, shape.columns, shape.type);
  }

  static Histogram run(const Stage& stage, const cv::Mat& in, cv::Mat& out) {
    Histogram histogram;
    const Partition partition = bands(stage);
    for (std::size_t i = 0; i < partition.size(); ++i) {
      const Slice s = partition.slice(i);
      cv::Mat part;
      if (!out.empty()) part = isolated(out, {s.begin, s.end});
      histogram = histogram + run_band(stage, in, 0, {s.begin, s.end}, part);
    }
    return histogram;
  }

  void run_phases(const Stage& stage, const cv::Mat& in, cv::Mat& out) {
    const Operation& operation = *stage.step(0).operation;
    memory_ = {};  // records come zeroed
    found_ = phase_input(stage, isolated(in, {0, static_cast<std::size_t>(in.rows)}));
    for (std::size_t p = 0; p < operation.phases.size(); ++p) {
      Records found = records(operation.phases[p], found_);
      memory_[p].resize(found.count * found.stride / sizeof(Line));
      std::uint8_t* record = memory_[p].data()->bytes;
      found.data = record;
      for (std::size_t i = 0; i < found.count; ++i, record += found.stride)
        operation.phases[p].run(found_, i, record);
      found_.found[p] = found;
    }
    if (out.empty()) return;
    const Partition partition = bands(stage);
    for (std::size_t i = 0; i < partition.size(); ++i) {
      const Slice s = partition.slice(i);
      cv::Mat part = isolated(out, {s.begin, s.end});
      operation.finish(found_, {s.begin, s.end}, part);
    }
  }

  /// By the phases that ran last.
  const PhaseInput& found() const { return found_; }

 private:
  struct alignas(64) Line {
    std::uint8_t bytes[64];
  };

  PhaseInput found_{};
  std::array<std::vector<Line>, 2> memory_;
};

}  // namespace

cv::Mat Chain::operator()(const cv::Mat& in, const ChainOptions& options) const {
  const Shape shape{in.rows, in.cols, in.type()};
  const Shape result = output(shape);
  cv::Mat out(result.rows, result.columns, result.type);
  if (in.empty()) return out;
  auto plan = passes(*this, shape, options, 1);
  HereEngine engine;
  run_passes(plan, engine, in, out);
  return out;
}

Table Chain::list(const cv::Mat& in, const ChainOptions& options) const {
  require_list(*this);
  const Shape shape{in.rows, in.cols, in.type()};
  output(shape);
  if (in.empty()) return {};
  auto plan = passes(*this, shape, options, 1);
  HereEngine engine;
  cv::Mat none;
  run_passes(plan, engine, in, none);
  return steps_.back().operation->list(engine.found());
}

}  // namespace tine::image
