#include <unistd.h>

#include <algorithm>

#include "stage.hpp"

namespace tine::image {

namespace {

// Rows in a band, from sizes alone. Three wishes pull apart: what a step reads and writes should
// stay in cache (twice the L2 was best of 1/4 to 8 times); the halo, which is computed twice, should
// be small beside the band; and there should be bands for many cores, also of a small image.
int band_rows(const Stage& stage) {
  static const long l2 = sysconf(_SC_LEVEL2_CACHE_SIZE);
  const double cache = l2 > 0 ? static_cast<double>(l2) : 1 << 20;
  double row = 1;  // bytes that the widest step reads and writes
  int type = stage.input.type;
  for (int i = 0; i < stage.count; ++i) {
    const int next = stage.steps[static_cast<std::size_t>(i)].type;
    row = std::max(row, static_cast<double>(stage.input.columns) *
                            static_cast<double>(CV_ELEM_SIZE(type) + CV_ELEM_SIZE(next)));
    type = next;
  }
  const int rows = stage.input.rows, halo = stage.halo;
  const int fits = static_cast<int>(std::min(2 * cache / row, 1e6)) - 2 * halo;
  const int least = std::clamp(16 * halo, 16, std::max({rows / 24, 2 * halo, 16}));
  return std::clamp(std::max(std::min(fits, rows / 64), least), 1, std::max(1, rows));
}

}  // namespace

std::vector<Pass> passes(const Chain& chain, const Shape& input, const ChainOptions& options) {
  std::vector<Pass> result(1);
  result.back().stage.input = result.back().stage.output = input;
  const auto next_pass = [&] {
    Pass next;
    next.stage.input = next.stage.output = result.back().stage.output;
    result.push_back(next);
  };
  Shape shape = input;
  for (const Step& step : chain.steps()) {
    const Operation& operation = *step.operation;
    const bool whole = operation.scope == Operation::Scope::whole;
    if (operation.scope == Operation::Scope::global) {
      result.back().stage.counts = true;
      next_pass();
      result.back().global = &step;
    } else if (result.back().stage.whole || (whole && result.back().stage.count > 0) ||
               result.back().stage.count == Stage::capacity) {
      next_pass();
    }
    Stage& stage = result.back().stage;
    Stage::Step& compiled = stage.steps[static_cast<std::size_t>(stage.count++)];
    compiled.run = operation.run;
    compiled.values = step.values;
    compiled.halo = operation.halo != nullptr ? operation.halo(step.values, shape.type) : 0;
    compiled.reads_around = operation.reads_around;
    shape = output_of(step, shape);
    compiled.type = shape.type;
    stage.whole = whole;
    stage.halo += compiled.halo;
    stage.output = shape;
  }
  for (Pass& pass : result) {
    Stage& stage = pass.stage;
    if (stage.whole)
      stage.band_rows = std::max(1, stage.output.rows);
    else
      stage.band_rows = options.band_rows > 0 ? options.band_rows : band_rows(stage);
  }
  return result;
}

}  // namespace tine::image
