// The parent of the workers: forks, reaps, repairs, replaces.
#pragma once

#include "process/worker.hpp"

namespace tine::detail {

/// What the forked supervisor does, until the pool is gone.
[[noreturn]] void supervisor_main(const Inherited& inherited);

}  // namespace tine::detail
