// What the command's workers do before their first file: they keep what they need, and shut
// themselves in.
#pragma once

#include <cstdint>

#include "descriptor.hpp"

namespace tine::app {

struct WorkerSetup {
  Descriptor door;         ///< for the file server
  bool sandboxed = false;  ///< as far as this machine can; says so on stderr where it cannot
};

/// None of the formats that we write has larger files.
inline constexpr std::uint64_t longest_output = std::uint64_t{4} << 30;

/// Call it before the pool is made, and give the pool start_worker. In the sandbox workers can write no
/// file that is longer than `longest_file`. Throws Failure.
WorkerSetup prepare_workers(bool sandbox, std::uint64_t longest_file = longest_output);

/// For PoolOptions::worker_start. The worker keeps stderr and a socket to the file server, and of the
/// other descriptors only the pool's own; then it enters the sandbox.
void start_worker(unsigned worker);

}  // namespace tine::app
