#include <tine/condition.hpp>

#include <limits>
#include <string>

#include <tine/error.hpp>

#include "toolbox/context.hpp"
#include "toolbox/permits.hpp"
#include "toolbox/waiters.hpp"

namespace tine {

namespace detail {

namespace {

Waiters waiters_of(const ObjectId& id) {
  std::size_t bytes = 0;
  std::byte* at = Context::for_use().must_find(id, ObjectKind::condition, "condition", &bytes);
  return {at, bytes};
}

ObjectId lock_of(const ObjectId& condition) {
  return waiters_of(condition).header().lock.load();
}

void must_hold(const ObjectId& lock, const char* what) {
  if (permits_of(lock).depth() == 0)
    throw NotHeld(std::string("tine: ") + what +
                  " a condition without its lock; acquire() it first, in the same thread");
}

/// A place among those who wait, given up at the end, also by an exception.
class Enlisted {
 public:
  explicit Enlisted(const ObjectId& condition)
      : condition_(condition), place_(waiters_of(condition).enlist(Context::for_use().party())) {}
  ~Enlisted() {
    if (!left_ && Context::for_use().has(condition_)) waiters_of(condition_).leave(place_);
  }
  Enlisted(const Enlisted&) = delete;

  bool wait(std::int64_t deadline) {
    return waiters_of(condition_).signal(place_).wait(deadline, [&] {
      return waiters_of(condition_).notified(place_);
    });
  }
  bool leave() {
    left_ = true;
    return waiters_of(condition_).leave(place_);
  }

 private:
  const ObjectId condition_;
  const Waiters::Place place_;
  bool left_ = false;
};

}  // namespace

ObjectId make_condition(const ObjectId& lock, bool recursive) {
  Context& context = Context::make();
  permits_of(lock);  // there is one
  ObjectId id;
  std::byte* at = context.make_object(ObjectKind::condition, Waiters::size, Waiters::size, id);
  ConditionHeader& header = Waiters(at, Waiters::size).header();
  header.lock.store(lock);
  header.recursive.store(recursive);
  return id;
}

bool condition_wait(const ObjectId& condition, std::int64_t deadline) {
  const ObjectId lock = lock_of(condition);
  must_hold(lock, "waiting for");
  const std::uint32_t depth = permits_of(lock).depth();
  Enlisted me(condition);
  permits_of(lock).set_depth(0);
  me.wait(deadline);
  acquire_permit(lock, std::numeric_limits<std::int64_t>::max());
  if (depth > 1) permits_of(lock).set_depth(depth);
  // Only now: what came while we waited for the lock is ours, too.
  return me.leave();
}

}  // namespace detail

using namespace detail;

std::size_t ConditionView::notify(std::ptrdiff_t n) const {
  if (n < 0) throw InvalidArgument("tine: notify() of " + std::to_string(n) + " waiters");
  must_hold(lock_of(id_), "notifying");
  return waiters_of(id_).notify(static_cast<std::size_t>(n));
}

std::size_t ConditionView::notify_all() const {
  return notify(std::numeric_limits<std::ptrdiff_t>::max());
}

bool ConditionView::acquire(bool block, const Timeout& timeout) const {
  const ConditionHeader& header = waiters_of(id_).header();
  const std::int64_t deadline = deadline_of(block, timeout);
  const ObjectId lock = header.lock.load();
  return header.recursive.load() ? acquire_again(lock, deadline) : acquire_permit(lock, deadline);
}

void ConditionView::release() const {
  const ConditionHeader& header = waiters_of(id_).header();
  const ObjectId lock = header.lock.load();
  header.recursive.load() ? release_own_lock(lock) : release_lock(lock);
}

bool ConditionView::was_abandoned() const {
  return permit_was_abandoned(lock_of(id_));
}

}  // namespace tine
