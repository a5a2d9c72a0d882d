#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "stage.hpp"

namespace tine::image {

namespace {

double bytes(const Shape& shape) {
  return static_cast<double>(CV_ELEM_SIZE(shape.type)) * shape.columns * shape.rows;
}

// Rows in a band. Three wishes pull apart: what a step reads and writes should stay in cache (twice
// the L2 was best of 1/4 to 8 times); the halo, which is computed twice, should be small beside the
// band; and so should the band be beside each worker's share, since at the end all wait for the last
// one. Bands of b rows cost about 2 * halo / b of the time for the first, and b * workers /
// (2 * rows) for the second: least in sum where both are the same.
int good_rows(const Stage& stage, unsigned workers) {
  static const long l2 = sysconf(_SC_LEVEL2_CACHE_SIZE);
  const double cache = l2 > 0 ? static_cast<double>(l2) : 1 << 20;
  const int rows = stage.output.rows, halo = stage.halo;
  double row = 1;  // bytes that the widest step reads and writes for a row of the output
  for (int i = 0; i < stage.count; ++i)
    row = std::max(row, (bytes(stage.step(i).input) + bytes(stage.step(i).output)) / rows);
  const int fits = static_cast<int>(std::min(2 * cache / row, 1e6)) - 2 * halo;
  const double share = static_cast<double>(rows) / std::max(workers, 1u);
  const int least =
      std::max(16, std::min(static_cast<int>(2 * std::sqrt(halo * share)), 64 * halo));
  return std::clamp(std::max(std::min(fits, rows / 64), least), 1, std::max(1, rows));
}

// Whether a mapped step takes its rows from so many that it should not ask the steps before it for
// them, band after band: a rotation, say.
bool gathers(const Stage::Step& step) {
  const auto rows = static_cast<std::size_t>(step.output.rows);
  const Range middle{rows / 2, std::min(rows, rows / 2 + 64)};
  const Range source = step.operation->source_rows(step.values, {step.input, step.output}, middle);
  const double share = static_cast<double>(middle.size()) / static_cast<double>(rows);
  return static_cast<double>(source.size()) > 2 * share * step.input.rows + 32;
}

}  // namespace

bool streams(const Stage& stage, std::size_t rows) {
  // As much as a core finds in most last-level caches. sysconf() tells their sum over the package.
  constexpr double cache = 32 << 20;
  const double row = bytes(stage.output) / std::max(1, stage.output.rows);
  return !stage.counts && row * static_cast<double>(rows) > cache;  // who counts reads it at once
}

int band_rows(const Stage& stage, const ChainOptions& options, unsigned workers) {
  if (stage.is_whole()) return std::max(1, stage.output.rows);
  return options.band_rows > 0 ? options.band_rows : good_rows(stage, workers);
}

bool append(Stage& stage, const Step& step, const Operation& operation) {
  using Scope = Operation::Scope;
  Stage::Step next;
  next.operation = &operation;
  next.values = step.values;
  next.input = stage.output;
  next.output = output_of(step, stage.output);
  next.halo = operation.halo != nullptr ? operation.halo(step.values, stage.output.type) : 0;
  const bool alone = operation.scope == Scope::phased || operation.scope == Scope::whole;
  if (stage.count > 0 && (stage.count == Stage::capacity || alone || stage.is_alone() ||
                          (!step.list.empty() && stage.list_size > 0) ||
                          (operation.scope == Scope::mapped && gathers(next))))
    return false;
  stage.steps[static_cast<std::size_t>(stage.count++)] = next;
  std::copy(step.list.begin(), step.list.end(), stage.list.begin());
  stage.list_size += step.list.size();
  stage.halo += next.halo;
  stage.output = next.output;
  stage.anywhere = stage.anywhere || operation.scope == Scope::mapped || alone;
  return true;
}

std::vector<Pass> passes(const Chain& chain, const Shape& input, const ChainOptions& options,
                         unsigned workers) {
  std::vector<Pass> result(1);
  result.back().stage.input = result.back().stage.output = input;
  const auto next_pass = [&] {
    Pass next;
    next.stage.input = next.stage.output = result.back().stage.output;
    result.push_back(next);
  };
  for (const Step& step : chain.steps()) {
    const Operation* worker = &worker_of(step, result.back().stage.output.type);
    if (worker->in_phases != nullptr) worker = worker->in_phases;
    if (worker->scope == Operation::Scope::global) {
      if (result.back().stage.is_alone()) next_pass();  // which only counts
      result.back().stage.counts = true;
      next_pass();
      result.back().global = true;
    }
    if (!append(result.back().stage, step, *worker)) {
      next_pass();
      append(result.back().stage, step, *worker);
    }
  }
  for (Pass& pass : result) {
    pass.stage.band_rows = band_rows(pass.stage, options, workers);
    pass.stage.streams = streams(pass.stage, static_cast<std::size_t>(pass.stage.output.rows));
  }
  return result;
}

}  // namespace tine::image
