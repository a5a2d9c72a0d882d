// A worker: claim, run, commit.
#pragma once

#include <sys/types.h>

#include <functional>

#include <tine/arena.hpp>

#include "process/control.hpp"
#include "process/family.hpp"

namespace tine::detail {

/// What supervisor and workers inherit from the master.
struct Inherited {
  Links links;
  Control* control = nullptr;
  Arena* arena = nullptr;
  unsigned first_party = 0;  // of the workers in the context, 0: it was made after the pool
  void (*worker_start)(unsigned worker) = nullptr;
  const std::function<void()>* initializer = nullptr;  // of an executor
};

/// What a forked worker does, for good.
[[noreturn]] void worker_main(const Inherited& inherited, unsigned slot, pid_t supervisor);

}  // namespace tine::detail
