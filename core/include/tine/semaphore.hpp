/// @file
/// Semaphores between the processes of a program. No death costs them a permit.
#pragma once

#include <chrono>
#include <cstddef>

#include <tine/detail/permits_core.hpp>
#include <tine/error.hpp>

namespace tine {

/// A handle on a Semaphore: what kernels capture, by value. Eight bytes that do not keep it alive;
/// calls through a handle whose semaphore is gone throw InvalidArgument.
///
/// Every member may be called from any thread of the master and from any process that tine forked
/// after the program's first shared object was made; elsewhere it throws PoolError.
///
/// **Deaths**: to acquire and to release is one instruction each. The permits that a process has
/// acquired and that nobody has released since are available again when it dies, whatever they
/// stood for; was_abandoned() tells who gets one of them.
class SemaphoreView : public detail::Handle {
 public:
  /// A handle on nothing.
  constexpr SemaphoreView() noexcept = default;

  /// Takes a permit. Waits for one, if `block`, for that time; false when there was none. Throws
  /// InvalidArgument for a negative timeout. Takes constant time as a rule, and time in proportion
  /// to the number of permits to find a last one, or that there is none.
  bool acquire(bool block = true, const Timeout& timeout = {}) const {
    return detail::acquire_permit(id_, detail::deadline_of(block, timeout));
  }
  /// Gives back a permit: one of this thread or, when it has none, one of this process, of another
  /// one, or else one more than there were. Throws Error beyond 65,536, OutOfMemory. The search for
  /// a permit that this thread has not got takes time in proportion to their number.
  void release() const { detail::release_permit(id_, true); }
  /// Permits that are available. Takes time in proportion to their number.
  std::size_t value() const { return detail::available_permits(id_); }
  /// Whether a permit that this thread holds came from a process that died with it.
  bool was_abandoned() const { return detail::permit_was_abandoned(id_); }

  void lock() const { acquire(); }
  bool try_lock() const { return acquire(false); }
  bool try_lock_for(std::chrono::nanoseconds timeout) const { return acquire(true, timeout); }
  void unlock() const { release(); }

 protected:
  using Handle::Handle;
};

/// Owns a semaphore. Made in the master only; must outlive the jobs that use it.
class Semaphore : public detail::Owned<SemaphoreView> {
 public:
  /// So many permits are available at first. Throws InvalidArgument unless 0 to 65,536,
  /// NestedParallelism in a worker, OutOfMemory.
  explicit Semaphore(std::ptrdiff_t value = 1) : Owned(detail::make_permits(value, true)) {}
};

/// A handle on a BoundedSemaphore: as SemaphoreView, but there are never more permits than at
/// first.
class BoundedSemaphoreView : public SemaphoreView {
 public:
  /// A handle on nothing.
  constexpr BoundedSemaphoreView() noexcept = default;

  /// Gives back a permit: one of this thread or, when it has none, one of this process or of
  /// another one. Throws NotHeld when none is held.
  void release() const { detail::release_permit(id_, false); }
  void unlock() const { release(); }

 protected:
  using SemaphoreView::SemaphoreView;
};

/// Owns a semaphore that cannot be released more often than it was acquired. Made in the master
/// only; must outlive the jobs that use it.
class BoundedSemaphore : public detail::Owned<BoundedSemaphoreView> {
 public:
  /// So many permits are available at first, and never more. Throws InvalidArgument unless 0 to
  /// 65,536, NestedParallelism in a worker, OutOfMemory.
  explicit BoundedSemaphore(std::ptrdiff_t value = 1) : Owned(detail::make_permits(value, false)) {}
};

}  // namespace tine
