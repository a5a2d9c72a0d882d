// One image that is larger than the memory it may take: its rows stream through the chain. A worker
// reads and decodes them, the workers process them, the command writes them.
#pragma once

#include <tine/image/chain.hpp>
#include <tine/pool.hpp>

#include "batch.hpp"

namespace tine::app {

/// Processes the only one of `tasks` if its format can be read row by row and the image does not fit
/// into `memory` bytes; returns whether that is so. Notes in the task how it went.
bool run_streamed(Pool& pool, const image::Chain& chain, std::vector<Task>& tasks,
                  FileServer& files, const ImageOptions& options, std::uint64_t memory,
                  ProgressMode progress, Losses& losses);

}  // namespace tine::app
