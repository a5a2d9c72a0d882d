// The supervisor of one Process: a family of one, in which nobody is forked again. It ends with the
// process, once all that this one had forked is gone, and what it held is put right.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <type_traits>

#include "process/family.hpp"

namespace tine::detail {

/// What a Process, its supervisor and its parent share: two pages of their own.
struct ProcessNote {
  enum Stage : std::uint32_t { forking, running, not_forked, over };

  // Written by the supervisor; read-only for the process.
  std::atomic<std::uint32_t> stage;  // futex, last
  std::atomic<std::int32_t> pid;
  std::atomic<std::int32_t> fork_error;
  std::atomic<std::uint32_t> ending;  // from here on the pid may be another process's
  std::atomic<std::int32_t> exitcode;
  std::atomic<std::uint32_t> survivors;  // somebody could not be ended, even with SIGKILL

  // Written by the process about an exception that nobody caught.
  alignas(4096) std::atomic<std::uint32_t> thrown;  // last
  char type[256];
  char message[2048];
};
static_assert(std::is_trivially_destructible_v<ProcessNote> && sizeof(ProcessNote) == 2 * 4096);

/// What a Process inherits.
struct Birth {
  Links links;
  ProcessNote* note = nullptr;
  unsigned party = 0;  // in the context, 0: there is none
  bool daemon = false;
  /// What it becomes, with all signals blocked and taken as the parent takes them; does not return.
  std::function<void()> child;
};

/// What the forked supervisor does, and its child; called with all signals blocked.
[[noreturn]] void guardian_main(const Birth& birth) noexcept;

}  // namespace tine::detail
