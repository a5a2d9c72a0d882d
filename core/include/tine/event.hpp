/// @file
/// Something that happens once for all who wait for it.
#pragma once

#include <tine/detail/shared_object.hpp>

namespace tine {

/// A handle on an Event: what kernels capture, by value. Eight bytes that do not keep the event
/// alive; calls through a handle whose event is gone throw InvalidArgument.
///
/// Every member may be called from any thread of the master and from any process that tine forked
/// after the program's first shared object was made; elsewhere it throws PoolError. None takes a
/// lock, so no death can disturb an event. All but wait() take constant time.
class EventView : public detail::Handle {
 public:
  /// A handle on nothing.
  constexpr EventView() noexcept = default;

  bool is_set() const;
  /// From now on wait() returns at once. All who wait now return, even if clear() follows at once.
  void set() const;
  /// From now on wait() waits for the next set().
  void clear() const;
  /// Waits until the event is set; false when it was not, in that time. Throws InvalidArgument for
  /// a negative timeout.
  bool wait(const Timeout& timeout = {}) const;

 protected:
  using Handle::Handle;
};

/// Owns an event, which is not set at first. Made in the master only; must outlive the jobs that
/// use it. Throws NestedParallelism in a worker, OutOfMemory.
class Event : public detail::Owned<EventView> {
 public:
  Event();
};

}  // namespace tine
