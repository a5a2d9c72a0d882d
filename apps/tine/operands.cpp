#include "operands.hpp"

#include <errno.h>
#include <fcntl.h>

#include <cstring>

#include <fmt/format.h>

#include <tine/error.hpp>

#include "exit.hpp"
#include "interrupt.hpp"
#include "load_image.hpp"
#include "provenance.hpp"

namespace tine::app {

std::vector<Task> operand_tasks(const image::Chain& chain) {
  std::vector<Task> tasks;
  for (const image::Step& step : chain.steps())
    if (step.operation->operand != nullptr) tasks.emplace_back().input = step.file;
  return tasks;
}

std::string state_of(const std::vector<Task>& operands) {
  std::string text;
  for (const Task& operand : operands) {
    const Descriptor file(open(operand.input.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file)
      throw UsageError(fmt::format("{}: cannot be opened: {}", operand.input, strerror(errno)));
    text += "; " + provenance(file.get(), operand.input);
  }
  return text;
}

LoadedChain load_operands(Pool& pool, const image::Chain& chain, std::size_t first,
                          const ImageOptions& options, Losses& losses) {
  const Policy policy{.attempts = 2,
                      .slice_deadline = options.deadline,
                      .progress = [](const Progress&) { check_interrupt(); }};
  const PoolWith on = pool.with(policy);
  LoadedChain result;
  std::size_t next = 0;
  const std::string* file = nullptr;
  try {
    result.chain = chain.with_operands([&](const image::Step& step) {
      file = &step.file;
      const std::size_t task = first + next++;
      const Probed probed = probe_image(on, task, options.limits, losses);
      Loaded loaded = load_image(on, task, options.limits, probed, 1, losses);
      if (!loaded.warning.empty())
        fmt::print(stderr, "tine: {}: warning: {}\n", step.file, loaded.warning);
      result.memory.push_back(std::move(loaded.memory));
      return loaded.image;
    });
  } catch (const Failure& failure) {
    throw UsageError(fmt::format("{}: {}", *file, failure.what()));
  } catch (const InvalidArgument& error) {
    throw UsageError(fmt::format("{}: {}", *file, error.what()));
  }
  // What steps have made of it lies anywhere.
  result.chain = result.chain.with_operands([&](const image::Step& step) {
    if (pool.arena()->contains(step.operand.data)) return step.operand;
    Array<std::uint8_t, 2>& memory = result.memory.emplace_back(pool.array<std::uint8_t>(
        step.operand.rows, step.operand.elemSize() * static_cast<std::size_t>(step.operand.cols)));
    cv::Mat copy(step.operand.size(), step.operand.type(), memory.data());
    step.operand.copyTo(copy);
    return copy;
  });
  return result;
}

Array<image::Pixels, 1> operands_of(Pool& pool, const image::Chain& chain) {
  std::vector<image::Pixels> all;
  for (const image::Step& step : chain.steps())
    if (step.operation->operand != nullptr) all.push_back(step.values.operand);
  return pool.array_from(all);
}

image::Chain chain_with(const char* text, std::span<const image::Pixels> operands) {
  std::size_t next = 0;
  return image::Chain::parse(text).with_operands(
      [&](const image::Step&) { return operands[next++].mat(); });
}

}  // namespace tine::app
