/// @file
/// A place where processes wait for each other, which no death turns into a trap.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>

#include <tine/detail/captured_words.hpp>
#include <tine/detail/shared_object.hpp>
#include <tine/error.hpp>

namespace tine {

namespace detail {

inline constexpr std::size_t max_action = 1024;

/// Calls the action whose bytes it is given.
using ActionTrampoline = void (*)(const std::byte* action);

/// Throws BadCallable when another process cannot run an action with these captures.
void check_action(const void* action, std::size_t bytes);
ObjectId make_barrier(std::ptrdiff_t parties, ActionTrampoline run, const void* action,
                      std::size_t bytes, const Timeout& timeout);

}  // namespace detail

/// A handle on a Barrier: what kernels capture, by value. Eight bytes that do not keep it alive;
/// calls through a handle whose barrier is gone throw InvalidArgument.
///
/// Every member may be called from any thread of the master and from any process that tine forked
/// after the program's first shared object was made; elsewhere it throws PoolError.
///
/// A barrier is *broken* when a wait() runs out of time, when a process dies in one, when the
/// action throws, or by abort(). Then all who wait get BrokenBarrier, which says why, and so does
/// who comes later, until reset(). **A death** outside of wait() breaks nothing: give the others a
/// timeout unless the job's policy replaces who is missing.
class BarrierView : public detail::Handle {
 public:
  /// A handle on nothing.
  constexpr BarrierView() noexcept = default;

  /// Waits until parties() have come, who all go on then; returns a different number to each, from
  /// 0 to parties() - 1. Before that, one of them runs the action, and what it throws comes out
  /// here; to the others the barrier is broken. Throws BrokenBarrier; when it takes longer than
  /// `timeout`, or the barrier's own if there is none, everybody does. Throws InvalidArgument for a
  /// negative timeout. Takes time in proportion to parties().
  std::size_t wait(const Timeout& timeout = {}) const;
  /// As new: who waits gets BrokenBarrier, and who comes next waits for parties() again.
  void reset() const;
  /// Breaks it, unless it is broken already.
  void abort() const;

  std::size_t parties() const;
  /// How many are waiting; 0 when it is broken.
  std::size_t n_waiting() const;
  bool broken() const;

 protected:
  using Handle::Handle;
};

/// Owns a barrier.
///
///     tine::Barrier together(2);
///     tine::Pool pool({.workers = 2});      // made after the first barrier: its workers know it
///     tine::for_each_slice(pool, tine::slices(2, 1), [b = together.view()](const tine::Slice& s) {
///       prepare(s.index);
///       b.wait();
///       work_on_what_both_have_prepared(s.index);
///     });
///
/// Made in the master only; must outlive the jobs that use it. Where each worker of a pool takes
/// part, spmd() is the better choice: it knows its members and can wait for no one who is gone.
class Barrier : public detail::Owned<BarrierView> {
 public:
  /// For so many waiters. With a timeout for all waits that give none. Throws InvalidArgument
  /// unless there are 1 to 4,096, and for a negative timeout, NestedParallelism in a worker,
  /// OutOfMemory.
  explicit Barrier(std::ptrdiff_t parties, const Timeout& timeout = {})
      : Owned(detail::make_barrier(parties, nullptr, nullptr, 0, timeout)) {}

  /// With an action, which is called without arguments, once each time that all have come. It
  /// travels as bytes, as kernels do, and each call gets a fresh copy: capture numbers and views by
  /// value. A view of a pool's array is of use only where all who wait are the master and that
  /// pool's workers. Throws BadCallable when it captures a pointer into private memory.
  template <std::invocable Action>
  Barrier(std::ptrdiff_t parties, Action action, const Timeout& timeout = {})
      : Owned(make(parties, action, timeout)) {}

 private:
  template <class Action>
  static detail::ObjectId make(std::ptrdiff_t parties, Action& action, const Timeout& timeout) {
    static_assert(std::is_trivially_copyable_v<Action>,
                  "the action of a barrier travels as bytes, so its captures must be trivially "
                  "copyable: capture numbers and views by value");
    static_assert(sizeof(Action) <= detail::max_action,
                  "the captures of an action are limited to 1 KiB");
    static_assert(alignof(Action) <= alignof(std::max_align_t));
    const detail::ActionTrampoline run = [](const std::byte* bytes) {
      alignas(Action) std::byte local[sizeof(Action)];
      std::memcpy(local, bytes, sizeof(Action));
      (*std::launder(reinterpret_cast<Action*>(local)))();
    };
    const detail::CapturedWords<Action> captured(action);
    detail::check_action(captured.data(), captured.size());
    return detail::make_barrier(parties, run, &action, sizeof(Action), timeout);
  }
};

}  // namespace tine
