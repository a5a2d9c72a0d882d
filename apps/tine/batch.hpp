// Many image files, one to a worker: decoded, filtered and encoded there.
#pragma once

#include <chrono>
#include <vector>

#include <tine/image/chain.hpp>
#include <tine/pool.hpp>

#include "decode.hpp"
#include "encode.hpp"
#include "file_server.hpp"
#include "inputs.hpp"
#include "losses.hpp"
#include "progress_bar.hpp"

namespace tine::app {

struct ImageOptions {
  Limits limits;
  Encoding encoding;
  std::chrono::nanoseconds deadline{0};  ///< for one file, or one band of a large one
  bool verify = false;                   ///< compare with the serial OpenCV calls
  bool shrink_on_load = true;            ///< see shrink_on_load.hpp
};

/// Processes every one of the tasks of `files` that is not over yet, and notes in each how it went. A
/// file that kills its worker costs that file only.
Losses run_batch(Pool& pool, const image::Chain& chain, std::vector<Task>& tasks, FileServer& files,
                 const ImageOptions& options, ProgressBar& bar);

}  // namespace tine::app
