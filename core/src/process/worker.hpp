// A worker: claim, run, commit.
#pragma once

#include <sys/types.h>

#include <functional>

#include <tine/arena.hpp>

#include "process/control.hpp"

namespace tine::detail {

/// What supervisor and workers inherit from the master.
struct Inherited {
  Control* control = nullptr;
  Arena* arena = nullptr;
  pid_t master = 0;
  int master_pidfd = -1;
  int event = -1;            // orders to the supervisor
  int exec_pipe = -1;        // read end: end of file when the master calls exec
  unsigned first_party = 0;  // of the workers in the context, 0: it was made after the pool
  int alive_pipe = -1;  // write end: the master sees end of file when all our processes are gone
  void (*worker_start)(unsigned worker) = nullptr;
  const std::function<void()>* initializer = nullptr;  // of an executor
};

/// What a forked worker does, for good.
[[noreturn]] void worker_main(const Inherited& inherited, unsigned slot, pid_t supervisor);

}  // namespace tine::detail
