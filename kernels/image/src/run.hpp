// What is the same wherever a chain runs.
#pragma once

#include <algorithm>

#include <tine/error.hpp>

#include "stage.hpp"

namespace tine::image {

inline Partition bands(const Stage& stage) {
  return {.n = static_cast<std::size_t>(stage.output.rows),
          .grain = static_cast<std::size_t>(stage.band_rows),
          .halo = static_cast<std::size_t>(stage.anywhere ? 0 : stage.halo)};
}

/// What the first phase of a stage sees; the later ones get what was found, too.
inline PhaseInput phase_input(const Stage& stage, const cv::Mat& in) {
  Values values = stage.step(0).values;
  values.streams = stage.streams;
  return {.image = in,
          .bands = {.n = static_cast<std::size_t>(stage.input.rows),
                    .grain = static_cast<std::size_t>(stage.band_rows)},
          .values = values};
}

/// How many records a phase makes. Does not depend on what earlier ones found.
inline std::size_t count_records(const Phase& phase, const PhaseInput& input) {
  return phase.slices != nullptr ? phase.slices(input) : input.bands.size();
}

/// How many records a phase makes, and of which size, as Records without data.
inline Records records(const Phase& phase, const PhaseInput& input) {
  return {.stride = (std::max<std::size_t>(phase.bytes(input), 1) + 63) / 64 * 64,
          .count = count_records(phase, input)};
}

/// Throws InvalidArgument for a chain that has no list.
inline void require_list(const Chain& chain) {
  if (!chain.lists())
    throw InvalidArgument("tine::image: \"" + chain.to_string() + "\" makes an image, not a list");
}

/// Gives a global operation its numbers.
inline void resolve(Stage::Step& step, const Histogram& histogram) {
  step.values = step.operation->resolve(step.values, histogram, step.table.data());
}

/// Runs the passes on an engine, which knows where memory comes from and who runs the bands:
/// `buffer(shape)` makes an image that lives until the next but one, `run(stage, in, out)` runs
/// all bands and returns the histogram if the stage counts, `run_phases(stage, in, out)` runs all
/// phases and then, unless `out` is empty, all bands.
template <class Engine>
void run_passes(std::vector<Pass>& passes, Engine& engine, const cv::Mat& in, cv::Mat& out) {
  cv::Mat image = in;
  Histogram histogram;
  for (Pass& pass : passes) {
    Stage& stage = pass.stage;
    if (pass.global) resolve(stage.steps[0], histogram);
    cv::Mat result;
    if (&pass == &passes.back())
      result = out;
    else if (stage.count > 0)
      result = engine.buffer(stage.output);
    if (stage.is_phased())
      engine.run_phases(stage, image, result);
    else
      histogram = engine.run(stage, image, result);
    if (!result.empty()) image = result;
  }
}

}  // namespace tine::image
