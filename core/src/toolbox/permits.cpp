#include "toolbox/permits.hpp"

#include <algorithm>
#include <string>

#include <tine/detail/permits_core.hpp>
#include <tine/error.hpp>

namespace tine::detail {

namespace {

// The kernel gives the numbers of its threads again; these are given once.
std::uint32_t this_thread() noexcept {
  static std::atomic<std::uint32_t> given = 0;
  static thread_local const std::uint32_t number = given.fetch_add(1) + 1;
  return number;
}

// Where this thread may have a permit, of whatever object: there it looks first.
thread_local std::uint32_t last_taken = 0;

constexpr std::size_t payload_offset = sizeof(PermitsHeader) + 128;

}  // namespace

Permits::Permits(Context& context, std::byte* at, std::size_t bytes) noexcept
    : context_(context),
      header_(*reinterpret_cast<PermitsHeader*>(at)),
      words_(reinterpret_cast<std::atomic<std::uint64_t>*>(at + sizeof(PermitsHeader))),
      room_(static_cast<std::uint32_t>(std::min<std::size_t>(
          max_permits, (bytes - sizeof(PermitsHeader)) / sizeof(std::uint64_t)))) {}

void Permits::begin(std::uint32_t permits) noexcept {
  for (std::uint32_t i = 0; i < permits; ++i)
    words_[i].store(Permit{Permit::State::available}.pack(), std::memory_order_relaxed);
  header_.used.store(permits);
}

std::uint32_t Permits::used() const noexcept {
  return std::min(header_.used.load(), room_);
}

Permit Permits::of_this_thread() const noexcept {
  return {Permit::State::held, false, context_.party(), 1, this_thread()};
}

bool Permits::mine(const Permit& p) const noexcept {
  return p.state == Permit::State::held && p.party == context_.party() && p.thread == this_thread();
}

bool Permits::take(bool again) {
  const std::uint32_t n = used();
  if (n == 0) return false;
  std::uint32_t i = header_.next.load(std::memory_order_relaxed) % n;
  for (std::uint32_t tries = 0; tries < n; ++tries, i = i + 1 == n ? 0 : i + 1) {
    std::uint64_t seen = words_[i].load();
    Permit p = Permit::unpack(seen);
    if (again && mine(p)) {
      if (p.depth == Permit::max_depth)
        throw Error("tine: a thread has locked an RLock " + std::to_string(p.depth) +
                    " times; release it as often as it is acquired");
      return set_depth(p.depth + 1);
    }
    while (p.state == Permit::State::available) {
      Permit next = of_this_thread();
      next.abandoned = p.abandoned;
      if (words_[i].compare_exchange_strong(seen, next.pack())) {
        header_.next.store(i + 1, std::memory_order_relaxed);
        last_taken = i;
        return true;
      }
      p = Permit::unpack(seen);
    }
  }
  return false;
}

bool Permits::give(bool grow) {
  for (;;) {
    const std::uint32_t n = used();
    std::uint32_t best = n, rank = 0;
    std::uint64_t expected = 0;
    for (std::uint32_t tries = 0, i = n == 0 ? 0 : last_taken % n; tries < n && rank < 4;
         ++tries, i = i + 1 == n ? 0 : i + 1) {
      const std::uint64_t seen = words_[i].load();
      const Permit p = Permit::unpack(seen);
      const std::uint32_t here = mine(p)                            ? 4
                                 : p.state == Permit::State::absent ? std::uint32_t{grow}
                                 : p.state != Permit::State::held   ? 0
                                 : p.party == context_.party()      ? 3
                                                                    : 2;
      if (here > rank) {
        rank = here;
        best = i;
        expected = seen;
      }
    }
    if (rank == 0) {
      if (!grow) return false;
      this->grow(n);
    } else if (words_[best].compare_exchange_strong(expected,
                                                    Permit{Permit::State::available}.pack())) {
      header_.next.store(best, std::memory_order_relaxed);
      last_taken = best == 0 ? n - 1 : best - 1;  // the one that it took before, perhaps
      header_.released.notify(1);
      return true;
    }
  }
}

// Two who grow at once commit the same page, which does no harm, and one of them moves `used`.
void Permits::grow(std::uint32_t seen) {
  if (seen == room_)
    throw Error("tine: a semaphore has at most " + std::to_string(room_) +
                " permits; it is released more often than it is acquired");
  const auto* word = reinterpret_cast<const std::byte*>(words_ + seen);
  if (reinterpret_cast<std::uintptr_t>(word) % page == 0) context_.commit(word, sizeof *words_);
  header_.used.compare_exchange_strong(seen, seen + 1);
}

std::uint32_t Permits::depth() const noexcept {
  const Permit p = Permit::unpack(words_[0].load());
  return mine(p) ? p.depth : 0;
}

bool Permits::set_depth(std::uint32_t depth) noexcept {
  std::uint64_t seen = words_[0].load();
  Permit p = Permit::unpack(seen);
  if (!mine(p)) return false;
  p.depth = depth;
  // It fails when another one has released it in our stead, which a Lock allows.
  if (!words_[0].compare_exchange_strong(
          seen, depth == 0 ? Permit{Permit::State::available}.pack() : p.pack()))
    return false;
  if (depth == 0) header_.released.notify(1);
  return true;
}

std::uint32_t Permits::available() const noexcept {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < used(); ++i)
    count += Permit::unpack(words_[i].load()).state == Permit::State::available;
  return count;
}

bool Permits::abandoned() const noexcept {
  for (std::uint32_t i = 0; i < used(); ++i) {
    const Permit p = Permit::unpack(words_[i].load());
    if (p.abandoned && mine(p)) return true;
  }
  return false;
}

void Permits::repair(unsigned dead) noexcept {
  for (std::uint32_t i = 0; i < used(); ++i) {
    std::uint64_t seen = words_[i].load();
    const Permit p = Permit::unpack(seen);
    // Who releases it in his stead meanwhile leaves it available, too.
    if (p.state == Permit::State::held && p.party == dead &&
        words_[i].compare_exchange_strong(seen, Permit{Permit::State::available, true}.pack()))
      header_.next.store(i, std::memory_order_relaxed);
  }
  header_.released.reset();
}

Permits permits_of(const ObjectId& id) {
  Context& context = Context::for_use();
  std::size_t bytes = 0;
  std::byte* at = context.must_find(id, ObjectKind::permits, "lock, semaphore or value", &bytes);
  return {context, at, bytes};
}

namespace {

bool acquire(const ObjectId& id, bool again, std::int64_t deadline) {
  // Each look finds it anew: it may go while somebody waits.
  return permits_of(id).header().released.wait(deadline,
                                               [&] { return permits_of(id).take(again); });
}

}  // namespace

ObjectId make_permits(std::ptrdiff_t count, bool grows, std::size_t payload) {
  if (count < 0 || count > max_permits)
    throw InvalidArgument("tine: a semaphore of " + std::to_string(count) +
                          " permits; it can have 0 to " + std::to_string(max_permits));
  Context& context = Context::make();
  const auto n = static_cast<std::uint32_t>(count);
  const std::size_t now = payload == 0 ? Permits::bytes_for(n) : payload_offset + payload;
  const std::size_t bytes = grows ? Permits::bytes_for(max_permits) : now;
  ObjectId id;
  Permits(context, context.make_object(ObjectKind::permits, bytes, now, id), bytes).begin(n);
  return id;
}

bool acquire_permit(const ObjectId& permits, std::int64_t deadline) {
  return acquire(permits, false, deadline);
}

bool acquire_again(const ObjectId& lock, std::int64_t deadline) {
  return acquire(lock, true, deadline);
}

void release_lock(const ObjectId& lock) {
  if (!permits_of(lock).give(false))
    throw NotHeld("tine: a lock is released that nobody holds; acquire() it first");
}

void release_own_lock(const ObjectId& lock) {
  Permits permits = permits_of(lock);
  if (!permits.set_depth(permits.depth() - 1))
    throw NotHeld(
        "tine: an RLock is released by a thread that does not hold it; the thread that acquired it "
        "must release it, as often as it did");
}

void release_permit(const ObjectId& permits, bool grow) {
  if (!permits_of(permits).give(grow))
    throw NotHeld("tine: a BoundedSemaphore is released more often than it was acquired");
}

std::size_t available_permits(const ObjectId& permits) {
  return permits_of(permits).available();
}

bool permit_was_abandoned(const ObjectId& permits) {
  return permits_of(permits).abandoned();
}

void* payload_of(const ObjectId& permits) {
  return Context::for_use().must_find(permits, ObjectKind::permits, "value") + payload_offset;
}

}  // namespace tine::detail
