// Who waits for a condition: a word each, which names him and when he came.
//
//           enlist                notify                  woken, and has the lock again
//   free ------------> waiting ------------> notified -----------------------------------> free
//                        |  ^                    |
//          out of time   |  +--- passed on when  |
//                        v       he dies --------+
//                      free
//
// All but enlist, which goes first, is done by who holds the condition's lock, or by repair. Each
// step is one CAS. Somebody who is woken frees his word only when he has the lock again: a
// notification is his from then on, and if he dies before, repair passes it on to who has waited
// longest. It wakes the next one first and frees the word of the dead then; so if repair is
// interrupted in between, one too many is woken, which who waits for a condition has to be prepared
// for, and nobody too few.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <tine/detail/shared_object.hpp>

#include "toolbox/chunks.hpp"
#include "toolbox/signal.hpp"

namespace tine::detail {

struct Waiter {
  enum class State : std::uint8_t { free, waiting, notified };

  State state = State::free;
  unsigned party = 0;
  std::uint64_t ticket = 0;  // who came first has the lower one

  static constexpr unsigned ticket_bits = 52;
  static_assert(2 + Owner::party_bits + ticket_bits == 64);

  constexpr std::uint64_t pack() const noexcept {
    return static_cast<std::uint64_t>(state) << 62 | std::uint64_t{party} << ticket_bits |
           (ticket & ((std::uint64_t{1} << ticket_bits) - 1));
  }
  static constexpr Waiter unpack(std::uint64_t w) noexcept {
    return {static_cast<State>(w >> 62),
            static_cast<unsigned>(w >> ticket_bits & (max_parties - 1)),
            w & ((std::uint64_t{1} << ticket_bits) - 1)};
  }
};
inline constexpr std::uint32_t max_waiters = 4096;

struct ConditionHeader {
  static constexpr std::uint32_t signal_count = 16;  // few are woken in vain

  alignas(128) std::atomic<ObjectId> lock;          // constant
  std::atomic<bool> recursive;                      // constant: the lock is an RLock
  alignas(128) std::atomic<std::uint64_t> tickets;  // given out; a death costs one at most
  std::atomic<std::uint32_t> used;                  // words behind are free; only grows
  Signal signals[signal_count];
};
static_assert(std::atomic<ObjectId>::is_always_lock_free);
static_assert(sizeof(ConditionHeader) == 18 * 128);

/// A look at a condition's memory, valid for one call.
class Waiters {
 public:
  Waiters(std::byte* at, std::size_t bytes) noexcept;

  static constexpr std::size_t size = sizeof(ConditionHeader) + max_waiters * sizeof(std::uint64_t);

  struct Place {
    std::uint32_t index = 0;
    std::uint64_t waiting = 0;  // the word, until something happens to it
  };
  /// From now on this party can be notified. Throws Error when too many wait.
  Place enlist(unsigned party);
  bool notified(const Place& place) const noexcept {
    return words_[place.index].load() != place.waiting;
  }
  /// Ends the waiting, and returns whether it was notified.
  bool leave(const Place& place) noexcept;
  Signal& signal(const Place& place) noexcept { return signal(place.index); }

  /// Wakes those who have waited longest, and returns how many.
  std::size_t notify(std::size_t most);
  std::size_t waiting() const noexcept;

  ConditionHeader& header() noexcept { return header_; }

  void repair(unsigned dead) noexcept;

 private:
  std::uint32_t used() const noexcept;
  Signal& signal(std::uint32_t index) noexcept {
    return header_.signals[index % ConditionHeader::signal_count];
  }
  /// Wakes who has waited longest, other than a dead party; false when there is nobody.
  bool notify_first(unsigned but) noexcept;

  ConditionHeader& header_;
  std::atomic<std::uint64_t>* words_;
  std::uint32_t room_;
};

}  // namespace tine::detail
