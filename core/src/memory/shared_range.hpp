// One sparse memory file, mapped once, before the first fork, so that it lies at the same address
// in every process that is forked after it.
//
// A page of a sparse file that is touched without having been committed asks for memory in the
// middle of somebody's computation, and when there is none, the kernel kills, and inside a memory
// cgroup it kills whoever touched, without an errno. So memory is committed before anybody gets to
// see it, in a process that may die of it (see `commit`), after a look at what is left.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <string>
#include <vector>

#include "memory/limits.hpp"

namespace tine::detail {

struct SharedRange {
  /// Commits `bytes` from `offset` in the file without risk to the caller; returns 0 or an errno
  /// (ENOMEM also when the helper was killed).
  using Commit = std::function<int(std::size_t offset, std::size_t bytes)>;

  int fd = -1;
  pid_t owner = getpid();
  std::byte* base = nullptr;
  std::size_t reserved = 0;
  std::size_t committed = 0;  // as far as this process knows
  Commit commit;              // empty: by the caller itself

  SharedRange() = default;
  virtual ~SharedRange();
  SharedRange(const SharedRange&) = delete;
  SharedRange& operator=(const SharedRange&) = delete;

  /// Maps `reserve` bytes, or as many from `least` as RLIMIT_AS and RLIMIT_FSIZE allow, all of them
  /// sparse. `name` is for /proc/PID/maps. Throws PoolError.
  void map(const char* name, std::size_t reserve, std::size_t least, bool huge_pages);

  /// Commits [offset, offset + bytes) of the file or throws. `asked` is for the message.
  void must_commit(std::size_t offset, std::size_t bytes, std::size_t asked);

  /// Gives the descriptor up; the mapping stays.
  void close_file() noexcept;

  /// For the moment of a fork that shall inherit the range; otherwise children do not get it.
  void inherit_in_children(bool yes) noexcept;

  /// Makes what lies in it complete, for a process that will have a copy of the bookkeeping.
  virtual void settle_all() noexcept {}

  /// Held by who forks a process that deals with all ranges.
  static std::unique_lock<std::mutex> lock_all();
  /// With that lock held, or in a child that was forked with it held.
  static const std::vector<SharedRange*>& all() noexcept;
  /// The same: gives up the descriptors of that process's ranges, but for some. What another process
  /// made may have been closed by the application since, and its number be somebody else's.
  static void close_files_of(pid_t owner, std::initializer_list<int> but) noexcept;
};

/// "12 bytes", "300 MiB".
std::string megabytes(std::size_t bytes);

/// Throws OutOfMemory.
[[noreturn]] void refuse_memory(std::size_t asked, const MemoryLimit& limit);

}  // namespace tine::detail
