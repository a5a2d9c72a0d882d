// The second images of a chain's steps (a template, maps), which come from files as the inputs do and are
// trusted no more: a worker decodes them, once, before the first input.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <tine/image/chain.hpp>
#include <tine/pool.hpp>

#include "batch.hpp"
#include "inputs.hpp"
#include "losses.hpp"

namespace tine::app {

/// Their files, one for each step that takes one, as tasks for the file server that have no output.
std::vector<Task> operand_tasks(const image::Chain& chain);

/// The state of those files, for provenance. Throws UsageError for one that cannot be opened.
std::string state_of(const std::vector<Task>& operands);

/// A chain that has them, in memory that workers see.
struct LoadedChain {
  image::Chain chain;
  std::vector<Array<std::uint8_t, 2>> memory;
};
/// The tasks are those of the file server from `first` on. Throws UsageError, which names the file, for one
/// that cannot be decoded or is of no use to its step.
LoadedChain load_operands(Pool& pool, const image::Chain& chain, std::size_t first,
                          const ImageOptions& options, Losses& losses);

/// What workers need to make the same chain from its text.
Array<image::Pixels, 1> operands_of(Pool& pool, const image::Chain& chain);
image::Chain chain_with(const char* text, std::span<const image::Pixels> operands);

}  // namespace tine::app
