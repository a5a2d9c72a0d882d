/// @file
/// A single value between the processes of a program, with its lock.
#pragma once

#include <chrono>
#include <mutex>
#include <type_traits>
#include <utility>

#include <tine/detail/permits_core.hpp>
#include <tine/error.hpp>

namespace tine {

/// A handle on a Value: what kernels capture, by value. Eight bytes that do not keep the value
/// alive; calls through a handle whose value is gone throw InvalidArgument.
///
/// Every member may be called from any thread of the master and from any process that tine forked
/// after the program's first shared object was made; elsewhere it throws PoolError. All are under
/// the value's own lock, which is an RLock: who holds it may call any of them.
///
/// **Deaths**: when a process dies while it holds the lock, the lock is released, and the value is
/// what was written by then, which may be a part of what should have been; was_abandoned() tells
/// the next one who locks it, until he unlocks it:
///
///     total.with_lock([&](double& sum) {
///       if (total.was_abandoned()) sum = computed_again();
///       sum += part;
///     });
template <class T>
class ValueView : public detail::Handle {
  static_assert(std::is_trivially_copyable_v<T>,
                "a shared value must be trivially copyable: other processes see its bytes, and not "
                "what its pointers lead to; put more into a tine::Array or a tine::Queue");
  static_assert(alignof(T) <= 128, "a shared value is aligned to at most 128 bytes");

 public:
  using value_type = T;

  /// A handle on nothing.
  constexpr ValueView() noexcept = default;

  T get() const {
    return with_lock([](const T& value) { return value; });
  }
  void set(const T& value) const {
    with_lock([&](T& here) { here = value; });
  }
  /// Calls f(T&) on the value itself, locked, and returns what it returns. What f has written stays
  /// when it throws. The reference ends with the call.
  template <class F>
  decltype(auto) with_lock(F&& f) const {
    const std::scoped_lock guard(*this);
    return std::forward<F>(f)(*static_cast<T*>(detail::payload_of(id_)));
  }
  /// Whether this thread holds the lock, and got it from a process that died with it.
  bool was_abandoned() const { return detail::permit_was_abandoned(id_); }

  /// The lock alone, as RLockView has it: for several calls in one, or several values at once.
  void lock() const { detail::acquire_again(id_, detail::deadline_of(true, {})); }
  bool try_lock() const { return detail::acquire_again(id_, 0); }
  bool try_lock_for(std::chrono::nanoseconds timeout) const {
    return detail::acquire_again(id_, detail::deadline_of(true, timeout));
  }
  /// Throws NotHeld when this thread does not hold the lock.
  void unlock() const { detail::release_own_lock(id_); }

 protected:
  using Handle::Handle;
};

/// Owns a value.
///
///     tine::Value<long> hits(0);
///     tine::Pool pool;                      // made after the first value: its workers know it
///     tine::for_each_slice(pool, tine::slices(n), [hits = hits.view()](const tine::Slice& s) {
///       hits.with_lock([&](long& n) { n += count(s); });
///     });
///
/// Made in the master only; must outlive the jobs that use it. A sum over all slices is better left
/// to tine::reduce(), which needs no lock and counts no slice twice.
template <class T>
class Value : public detail::Owned<ValueView<T>> {
 public:
  /// Throws NestedParallelism in a worker, OutOfMemory.
  explicit Value(const T& initial = T{}) : Value::Owned(detail::make_lock(sizeof(T))) {
    this->set(initial);
  }
};

}  // namespace tine
