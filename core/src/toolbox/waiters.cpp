#include "toolbox/waiters.hpp"

#include <limits.h>

#include <algorithm>
#include <string>

#include <tine/error.hpp>

namespace tine::detail {

Waiters::Waiters(std::byte* at, std::size_t bytes) noexcept
    : header_(*reinterpret_cast<ConditionHeader*>(at)),
      words_(reinterpret_cast<std::atomic<std::uint64_t>*>(at + sizeof(ConditionHeader))),
      room_(static_cast<std::uint32_t>(std::min<std::size_t>(
          max_waiters, (bytes - sizeof(ConditionHeader)) / sizeof(std::uint64_t)))) {}

std::uint32_t Waiters::used() const noexcept {
  return std::min(header_.used.load(), room_);
}

Waiters::Place Waiters::enlist(unsigned party) {
  const Waiter waiter{Waiter::State::waiting, party, header_.tickets.fetch_add(1)};
  for (std::uint32_t i = 0; i < room_; ++i) {
    // Before the word is in use: who notifies looks no further.
    std::uint32_t used = header_.used.load();
    while (used <= i && !header_.used.compare_exchange_weak(used, i + 1)) {
    }
    std::uint64_t free = 0;
    if (words_[i].compare_exchange_strong(free, waiter.pack())) return {i, waiter.pack()};
  }
  throw Error("tine: " + std::to_string(room_) +
              " threads wait for a condition, which is the most");
}

bool Waiters::leave(const Place& place) noexcept {
  std::uint64_t word = place.waiting;
  if (words_[place.index].compare_exchange_strong(word, 0)) return false;
  words_[place.index].store(0);
  return true;
}

bool Waiters::notify_first(unsigned but) noexcept {
  for (;;) {
    std::uint32_t first = 0;
    Waiter longest;
    for (std::uint32_t i = 0; i < used(); ++i) {
      const Waiter w = Waiter::unpack(words_[i].load());
      if (w.state != Waiter::State::waiting || w.party == but) continue;
      if (longest.state == Waiter::State::waiting && w.ticket >= longest.ticket) continue;
      longest = w;
      first = i;
    }
    if (longest.state != Waiter::State::waiting) return false;
    std::uint64_t seen = longest.pack();
    longest.state = Waiter::State::notified;
    if (!words_[first].compare_exchange_strong(seen, longest.pack())) continue;
    signal(first).notify(INT_MAX);
    return true;
  }
}

std::size_t Waiters::notify(std::size_t most) {
  std::size_t woken = 0;
  while (woken < most && notify_first(0)) ++woken;
  return woken;
}

std::size_t Waiters::waiting() const noexcept {
  std::size_t n = 0;
  for (std::uint32_t i = 0; i < used(); ++i)
    n += Waiter::unpack(words_[i].load()).state == Waiter::State::waiting;
  return n;
}

void Waiters::repair(unsigned dead) noexcept {
  for (std::uint32_t i = 0; i < used(); ++i) {
    std::uint64_t seen = words_[i].load();
    while (Waiter::unpack(seen).state == Waiter::State::waiting &&
           Waiter::unpack(seen).party == dead && !words_[i].compare_exchange_weak(seen, 0)) {
    }
    const Waiter w = Waiter::unpack(seen);
    if (w.state != Waiter::State::notified || w.party != dead) continue;
    notify_first(dead);
    words_[i].compare_exchange_strong(seen, 0);
  }
  for (Signal& s : header_.signals) s.reset();
}

}  // namespace tine::detail
