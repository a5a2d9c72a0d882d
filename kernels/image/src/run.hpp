// What is the same wherever a chain runs.
#pragma once

#include "stage.hpp"

namespace tine::image {

inline Partition bands(const Stage& stage) {
  return {.n = static_cast<std::size_t>(stage.output.rows),
          .grain = static_cast<std::size_t>(stage.band_rows),
          .halo = static_cast<std::size_t>(stage.whole ? 0 : stage.halo)};
}

/// Runs the passes on an engine, which knows where memory comes from and who runs the bands:
/// `buffer(shape)` makes an image that lives until the next but one, `run(stage, in, out)` runs
/// all bands and returns the histogram if the stage counts.
template <class Engine>
void run_passes(std::vector<Pass>& passes, Engine& engine, const cv::Mat& in, cv::Mat& out) {
  cv::Mat image = in;
  Histogram histogram;
  for (Pass& pass : passes) {
    Stage& stage = pass.stage;
    if (pass.global != nullptr)
      stage.steps[0].values =
          pass.global->operation->resolve(pass.global->values, histogram, stage.table.data());
    cv::Mat result;
    if (&pass == &passes.back())
      result = out;
    else if (stage.count > 0)
      result = engine.buffer(stage.output);
    histogram = engine.run(stage, image, result);
    if (!result.empty()) image = result;
  }
}

}  // namespace tine::image
