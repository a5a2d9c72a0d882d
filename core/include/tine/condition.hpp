/// @file
/// Waiting, with a lock, for something that another process does under that lock.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include <tine/lock.hpp>

namespace tine {

namespace detail {

ObjectId make_condition(const ObjectId& lock, bool recursive);
bool condition_wait(const ObjectId& condition, std::int64_t deadline);

}  // namespace detail

/// A handle on a Condition: what kernels capture, by value. Eight bytes that do not keep it alive;
/// calls through a handle whose condition or lock is gone throw InvalidArgument.
///
/// Every member may be called from any thread of the master and from any process that tine forked
/// after the program's first shared object was made; elsewhere it throws PoolError. Waiting and
/// notifying throw NotHeld unless this thread holds the lock.
///
/// **Deaths**: who dies waiting is no waiter any more. A notification whose receiver dies before he
/// has the lock again goes on to the one who has waited longest. (Should the supervisor be killed
/// while it sees to that, one too many may wake; look whether what you wait for is so, as
/// wait_for() does.) A lock that somebody died with is released: see was_abandoned().
class ConditionView : public detail::Handle {
 public:
  /// A handle on nothing.
  constexpr ConditionView() noexcept = default;

  /// Gives up the lock, however often this thread has it, waits for a notification, and takes the
  /// lock as often again, for which it waits as long as that takes. False when there was no
  /// notification, in that time. Throws InvalidArgument for a negative timeout, and Error when 4096
  /// others wait already.
  bool wait(const Timeout& timeout = {}) const {
    return detail::condition_wait(id_, detail::deadline_of(true, timeout));
  }
  /// Waits until predicate() is true, which is asked with the lock held: at once, and after each
  /// notification. Returns what it said last: false when it was not true in that time.
  template <class Predicate>
  bool wait_for(Predicate predicate, const Timeout& timeout = {}) const {
    const std::int64_t deadline = detail::deadline_of(true, timeout);
    while (!predicate())
      if (!detail::condition_wait(id_, deadline)) return predicate();
    return true;
  }
  /// Wakes the `n` who have waited longest, or all there are; returns how many. Throws
  /// InvalidArgument when negative. Takes time in proportion to the threads that ever waited at
  /// once, for each that it wakes.
  std::size_t notify(std::ptrdiff_t n = 1) const;
  /// Wakes all; returns how many.
  std::size_t notify_all() const;

  /// The lock.
  bool acquire(bool block = true, const Timeout& timeout = {}) const;
  void release() const;
  /// Whether this thread holds the lock, and got it from a process that died with it.
  bool was_abandoned() const;

  void lock() const { acquire(); }
  bool try_lock() const { return acquire(false); }
  bool try_lock_for(std::chrono::nanoseconds timeout) const { return acquire(true, timeout); }
  void unlock() const { release(); }

 protected:
  using Handle::Handle;
};

/// Owns a condition.
///
///     tine::Condition ready;
///     tine::Value<int> left(10);
///     ...                                            // in one process
///       std::unique_lock guard(ready);
///       ready.wait_for([&] { return left.get() == 0; });
///     ...                                            // in another
///       std::unique_lock guard(ready);
///       if (left.with_lock([](int& n) { return --n; }) == 0) ready.notify_all();
///
/// Made in the master only; must outlive the jobs that use it. Throws NestedParallelism in a
/// worker, OutOfMemory.
class Condition : public detail::Owned<ConditionView> {
 public:
  /// With an RLock of its own.
  Condition() : Condition(RLock()) {}
  /// With a lock that somebody else owns, and that other conditions may use, too.
  explicit Condition(const LockView& lock) : Owned(detail::make_condition(id_of(lock), false)) {}
  explicit Condition(const RLockView& lock) : Owned(detail::make_condition(id_of(lock), true)) {}

 private:
  explicit Condition(RLock&& own) : Condition(own.view()) { own_ = std::move(own); }

  std::optional<RLock> own_;
};

}  // namespace tine
