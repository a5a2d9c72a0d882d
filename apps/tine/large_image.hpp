// One large image: its bands go through the chain on all workers. Decoding and encoding happen in a
// worker too, in jobs of one slice.
#pragma once

#include <tine/image/chain.hpp>
#include <tine/pool.hpp>

#include "batch.hpp"

namespace tine::app {

/// Processes the only one of `tasks` if its image has enough pixels for bands to pay; returns
/// whether it did. Notes in the task how it went.
bool run_large(Pool& pool, const image::Chain& chain, std::vector<Task>& tasks, FileServer& files,
               const ImageOptions& options, ProgressMode progress, Losses& losses);

}  // namespace tine::app
