/// @file
/// A pool of forked worker processes over one arena.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <tine/allocator.hpp>
#include <tine/array.hpp>
#include <tine/policy.hpp>

namespace tine {

struct PoolOptions {
  /// Worker processes; 0: cpu_count(). At most 1023.
  unsigned workers = 0;
  /// Address space of the arena in bytes; 0: the machine's physical memory. Costs nothing until
  /// arrays are made.
  std::size_t reserve = 0;
  /// Private memory a worker may have beyond what it inherited, in bytes; 0: no limit. A kernel
  /// that wants more gets std::bad_alloc.
  std::size_t memory_per_worker = 0;
  /// A worker whose private memory has grown by more than this many bytes since it started is
  /// replaced after the slice it is in, which ends a slow leak before it hurts; 0: never. It is no
  /// fault, and costs one fork.
  std::size_t recycle_above = 0;
  /// Put an inaccessible page at each end of large arrays, in the workers, and make arrays that
  /// are only read read-only there.
  bool protect = true;
  /// Ask for transparent huge pages for the arena, where the kernel allows it.
  bool huge_pages = true;
  /// Called in every worker of this pool, replacements too, with the number of its slot, after
  /// tine's own set-up and before its first slice: for what each worker must do itself, such as
  /// closing descriptors and entering a sandbox. It sees the program as the pool found it. When it
  /// throws (then std::terminate is called) or ends the process, that worker is dead; when all are,
  /// again and again, jobs end in WorkersLost. TINE_SERIAL has no workers, and does not call it.
  void (*worker_start)(unsigned worker) = nullptr;
};

namespace detail {
class PoolState;
}
class Pool;

/// A pool and the policy for one job; every algorithm takes one, and a plain Pool converts to it.
struct PoolWith {
  PoolWith(Pool& p) : pool(p) {}  // NOLINT: implicit on purpose
  PoolWith(Pool& p, Policy how) : pool(p), policy(std::move(how)) {}
  Pool& pool;
  Policy policy;
};

/// Worker processes that run kernels on slices of shared arrays.
///
/// Workers see the program as it was when the pool was made: make the pool early, when the process
/// is small and single-threaded, and pass what changes later as arguments of jobs. They are
/// children of a supervisor process, which replaces those that die.
///
/// A pool may be used from any thread; jobs run one at a time, in the order they were posted. The
/// destructor ends all its processes. Making a pool in a worker throws NestedParallelism.
class Pool {
 public:
  /// Forks the supervisor and the workers. Throws InvalidArgument, PoolError, OutOfMemory.
  /// Takes about a millisecond, plus what a fork of this process costs.
  explicit Pool(const PoolOptions& options = {});
  ~Pool();
  Pool(Pool&& other) noexcept;
  Pool& operator=(Pool&& other) noexcept;

  /// Number of worker slots.
  unsigned workers() const noexcept;

  /// A zeroed shared array: `pool.array<float>(rows, columns)`. See Array for errors.
  template <class T, class... E>
    requires(sizeof...(E) >= 1 && (std::is_integral_v<E> && ...))
  Array<T, sizeof...(E)> array(E... extents) {
    return Array<T, sizeof...(E)>(arena(), {detail::checked_extent(extents)...});
  }
  /// A shared copy of a contiguous range of trivially copyable values, such as a std::vector.
  template <class Range>
    requires requires(const Range& r) {
      std::span(r);
    }
  auto array_from(const Range& values) {
    return detail::array_from(arena(), values);
  }

  /// For standard containers that kernels read.
  template <class T>
  tine::allocator<T> allocator() {
    return tine::allocator<T>(arena());
  }
  const std::shared_ptr<Arena>& arena() const noexcept;

  /// This pool with a policy: `tine::for_each(pool.with({.attempts = 5}), ...)`.
  PoolWith with(Policy policy) { return PoolWith(*this, std::move(policy)); }

  /// Forks supervisor and workers again, from the present state of the program. Arrays stay. Also
  /// the way to restart a pool whose supervisor was killed. Must not be called during a job.
  void refresh();

  /// Whatever about this pool is not as it should be: fewer workers than asked for, a threaded
  /// master, and so on. One line each.
  const std::vector<std::string>& warnings() const noexcept;

  /// Process numbers, for debuggers and tests; a worker's changes when it is replaced, 0 while
  /// there is none.
  int supervisor_pid() const noexcept;
  std::vector<int> worker_pids() const;

  detail::PoolState& state() noexcept { return *state_; }

 private:
  std::unique_ptr<detail::PoolState> state_;
};

/// CPUs this process may use: the smallest of its affinity mask, the CPU quotas of its cgroups (v1
/// and v2, rounded up) and SLURM_CPUS_PER_TASK; TINE_WORKERS overrides them all. At least 1.
unsigned cpu_count();

/// Whether the caller is a worker, running a kernel.
bool in_worker() noexcept;

/// Registers a function that every worker of every pool made from now on calls when it starts.
/// Kernel libraries use it to limit themselves to one thread.
void on_worker_start(void (*function)());

}  // namespace tine
