/// @file
/// Locks between the processes of a program, which no death can keep locked.
#pragma once

#include <chrono>

#include <tine/detail/permits_core.hpp>
#include <tine/error.hpp>

namespace tine {

/// A handle on a Lock: what kernels capture, by value. Eight bytes that do not keep the lock alive;
/// calls through a handle whose lock is gone throw InvalidArgument.
///
/// Every member may be called from any thread of the master and from any process that tine forked
/// after the program's first shared object was made; elsewhere it throws PoolError. Threads exclude
/// each other as processes do. `std::scoped_lock` and `std::unique_lock` take it. A member that
/// does not wait takes constant time, and without contention enters no kernel.
///
/// **Deaths**: to lock and to release is one instruction each. When a process dies that holds the
/// lock, its supervisor releases it, after which was_abandoned() tells the next owner, who should
/// put right what the lock protects.
class LockView : public detail::Handle {
 public:
  /// A handle on nothing.
  constexpr LockView() noexcept = default;

  /// Locks it. Waits while others hold it, if `block`, for that time; false when that was not
  /// enough. A thread that holds it and acquires it again waits for somebody to release it. Throws
  /// InvalidArgument for a negative timeout.
  bool acquire(bool block = true, const Timeout& timeout = {}) const {
    return detail::acquire_permit(id_, detail::deadline_of(block, timeout));
  }
  /// Unlocks it; any thread or process may. Throws NotHeld when it is not locked.
  void release() const { detail::release_lock(id_); }
  /// Whether somebody holds it.
  bool locked() const { return detail::available_permits(id_) == 0; }
  /// Whether this thread holds it, and got it from a process that died with it.
  bool was_abandoned() const { return detail::permit_was_abandoned(id_); }

  void lock() const { acquire(); }
  bool try_lock() const { return acquire(false); }
  bool try_lock_for(std::chrono::nanoseconds timeout) const { return acquire(true, timeout); }
  void unlock() const { release(); }

 protected:
  using Handle::Handle;
};

/// Owns a lock, unlocked at first.
///
///     tine::Lock lock;
///     tine::Pool pool;                      // made after the first lock: its workers know it
///     tine::for_each_slice(pool, tine::slices(n), [m = lock.view()](const tine::Slice& s) {
///       std::scoped_lock guard(m);
///       append_to_file(s.index);
///     });
///
/// Made in the master only; must outlive the jobs that use it. Throws NestedParallelism in a
/// worker, OutOfMemory.
class Lock : public detail::Owned<LockView> {
 public:
  Lock() : Owned(detail::make_lock()) {}
};

/// A handle on an RLock: as LockView, but the thread that holds it may acquire it again, and must
/// release it as often.
class RLockView : public detail::Handle {
 public:
  /// A handle on nothing.
  constexpr RLockView() noexcept = default;

  /// Locks it once more if this thread holds it, up to 524,287 times; then throws Error. Otherwise
  /// as LockView::acquire().
  bool acquire(bool block = true, const Timeout& timeout = {}) const {
    return detail::acquire_again(id_, detail::deadline_of(block, timeout));
  }
  /// Undoes one acquire(). Throws NotHeld when this thread does not hold it.
  void release() const { detail::release_own_lock(id_); }
  /// Whether somebody holds it, this thread included.
  bool locked() const { return detail::available_permits(id_) == 0; }
  /// Whether this thread holds it, and got it from a process that died with it.
  bool was_abandoned() const { return detail::permit_was_abandoned(id_); }

  void lock() const { acquire(); }
  bool try_lock() const { return acquire(false); }
  bool try_lock_for(std::chrono::nanoseconds timeout) const { return acquire(true, timeout); }
  void unlock() const { release(); }

 protected:
  using Handle::Handle;
};

/// Owns a lock that its holder may acquire again, unlocked at first. Made in the master only; must
/// outlive the jobs that use it. Throws NestedParallelism in a worker, OutOfMemory.
class RLock : public detail::Owned<RLockView> {
 public:
  RLock() : Owned(detail::make_lock()) {}
};

}  // namespace tine
