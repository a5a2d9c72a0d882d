// What the command's workers do before their first file: they keep what they need, and shut
// themselves in.
#pragma once

#include "descriptor.hpp"

namespace tine::app {

struct WorkerSetup {
  Descriptor door;         ///< for the file server
  bool sandboxed = false;  ///< as far as this machine can; says so on stderr where it cannot
};

/// Call it before the pool is made, and give the pool start_worker. Throws Failure.
WorkerSetup prepare_workers(bool sandbox);

/// For PoolOptions::worker_start. The worker keeps stderr and a socket to the file server, and of the
/// other descriptors only the pool's own; then it enters the sandbox.
void start_worker(unsigned worker);

}  // namespace tine::app
