// An event: one word, `times it was set or cleared | set`, and who waits for a change of it.
//
// Each change is one CAS, so no death can disturb it. Who waits, waits for the word to be another
// than it was, and so is not missed by a set() that is followed by clear() at once.
#pragma once

#include <limits.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "toolbox/signal.hpp"

namespace tine::detail {

struct EventHeader {
  alignas(128) std::atomic<std::uint64_t> word;
  Signal set;
};
static_assert(sizeof(EventHeader) == 2 * 128);

/// A look at an event's memory, valid for one call.
class EventWord {
 public:
  explicit EventWord(std::byte* at) noexcept : header_(*reinterpret_cast<EventHeader*>(at)) {}

  std::uint64_t now() const noexcept { return header_.word.load(); }
  static constexpr bool is_set(std::uint64_t word) noexcept { return (word & 1) != 0; }
  void change(bool set) noexcept {
    std::uint64_t seen = header_.word.load();
    while (is_set(seen) != set && !header_.word.compare_exchange_weak(seen, seen + 1)) {
    }
    if (set) header_.set.notify(INT_MAX);
  }
  Signal& signal() noexcept { return header_.set; }
  /// After somebody's death.
  void repair() noexcept { header_.set.reset(); }

 private:
  EventHeader& header_;
};

}  // namespace tine::detail
