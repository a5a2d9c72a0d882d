/// @file
/// The shared memory of a pool: one anonymous, sparse range at the same address in the master and
/// in every worker.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace tine {

namespace detail {

struct ReleaseLog;

/// A page run: the memory of one Array. Bookkeeping is private to the master.
struct Run {
  std::byte* data = nullptr;
  std::size_t bytes = 0;         ///< whole pages
  std::uint64_t generation = 0;  ///< unique per allocation, so that workers notice reuse
  unsigned pins = 0;             ///< jobs that are using it
  /// Holds an earlier array's bytes, which are zeroed before anybody looks.
  std::atomic<bool> stale{false};
};

}  // namespace detail

/// What an arena holds, in bytes.
struct ArenaStats {
  std::size_t reserved = 0;   ///< address space
  std::size_t committed = 0;  ///< memory that is really there
  std::size_t used = 0;       ///< in arrays that live
  std::size_t warm = 0;       ///< freed, kept for the next array
  std::size_t small = 0;      ///< handed out through tine::allocator
};

/// Shared memory with a page allocator for arrays and Boost.Interprocess's best-fit allocator for
/// small objects. Nothing has a name in the file system, so nothing can be left behind: the memory
/// goes when the last process that maps it goes. Usually reached through Pool.
///
/// Only the process that made it allocates; every member function may be called from any of its
/// threads. An allocation that the machine could not bear is refused with OutOfMemory before any
/// page is touched.
class Arena {
 public:
  struct Options {
    /// Address space to reserve; 0: the machine's physical memory. Only what is allocated is
    /// ever committed.
    std::size_t reserve = 0;
    /// Bytes at the start that the caller manages itself (committed, zeroed).
    std::size_t control = 0;
    /// Ask for transparent huge pages, where the kernel allows them for shared memory.
    bool huge_pages = true;
  };

  /// Commits `bytes` from `offset` in the arena's file without risk to the caller; returns 0 or
  /// an errno (ENOMEM also when the helper was killed).
  using Commit = std::function<int(std::size_t offset, std::size_t bytes)>;

  explicit Arena(const Options& options);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  std::byte* begin() const noexcept;
  std::byte* end() const noexcept;
  bool contains(const void* p) const noexcept { return p >= begin() && p < end(); }
  std::byte* control() const noexcept { return begin(); }  ///< the caller's own bytes
  /// Where small objects live; workers see it read-only.
  std::byte* small_begin() const noexcept;
  std::byte* small_end() const noexcept;
  int descriptor() const noexcept;  ///< of the memory file
  ArenaStats stats() const;

  /// How memory is committed from now on; empty: by the caller itself.
  void set_commit(Commit commit);

  /// A run of zeroed or stale pages for `bytes` bytes (0 is fine), from 2 MiB aligned to 2 MiB.
  /// Throws OutOfMemory.
  detail::Run* allocate(std::size_t bytes);
  /// Gives a run back; waits while a job has it pinned. Its memory stays warm for the next one.
  void release(detail::Run* run) noexcept;
  /// Zeroes a stale run.
  void settle(detail::Run* run) noexcept;
  /// The run that holds [p, p + bytes), pinned; nullptr when none does.
  detail::Run* pin(const void* p, std::size_t bytes) noexcept;
  void unpin(detail::Run* run) noexcept;
  /// Brings a copy of the log of released runs up to date: workers have to forget what they know
  /// of them.
  void copy_releases(detail::ReleaseLog& to) const;
  /// Gives the memory of freed arrays back to the system.
  void trim() noexcept;

  /// Memory for small objects, as for operator new. Throws OutOfMemory.
  void* allocate_small(std::size_t bytes, std::size_t alignment);
  void deallocate_small(void* p) noexcept;

  /// For the moment of a fork that shall inherit the arena; otherwise children do not get it.
  void inherit_in_children(bool yes) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tine
