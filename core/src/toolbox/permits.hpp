// What locks and semaphores are made of: permits, a 64-bit word each.
//
//             release by one            acquire
//   absent ------------------> available ------> held by a thread of a party
//             too many             ^                  |
//                                  +------------------+
//                             release; or his death, which leaves a mark
//
// Each step is one CAS on the word, so a death lies before or after it and never in it: the number
// of permits is exact at any time. A lock is one permit. A thread that holds it may take it again,
// if that is wanted; how often it has, stands in the same word, so this ends with its death, too.
//
// The mark says that the last holder died. It goes with the permit to the next one, until he
// releases.
//
// `used` only grows: words behind it are absent. `next` and the signal are hints.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "toolbox/context.hpp"
#include "toolbox/signal.hpp"

namespace tine::detail {

struct Permit {
  enum class State : std::uint8_t { absent, available, held };

  State state = State::absent;
  bool abandoned = false;    // its last holder died
  unsigned party = 0;        // whose it is
  std::uint32_t depth = 0;   // how often he has it
  std::uint32_t thread = 0;  // which of his threads

  static constexpr unsigned depth_bits = 19;
  static_assert(2 + 1 + Owner::party_bits + depth_bits + 32 == 64);
  static constexpr std::uint32_t max_depth = (1u << depth_bits) - 1;

  constexpr std::uint64_t pack() const noexcept {
    return static_cast<std::uint64_t>(state) << 62 | std::uint64_t{abandoned} << 61 |
           std::uint64_t{party} << 51 | std::uint64_t{depth} << 32 | thread;
  }
  static constexpr Permit unpack(std::uint64_t w) noexcept {
    return {static_cast<State>(w >> 62), (w >> 61 & 1) != 0,
            static_cast<unsigned>(w >> 51 & (max_parties - 1)),
            static_cast<std::uint32_t>(w >> 32 & max_depth), static_cast<std::uint32_t>(w)};
  }
};
inline constexpr std::uint32_t max_permits = 65'536;

struct PermitsHeader {
  alignas(128) std::atomic<std::uint32_t> used;
  std::atomic<std::uint32_t> next;  // where one may be available
  Signal released;
};
static_assert(sizeof(PermitsHeader) == 2 * 128);

/// A look at the memory of a lock or semaphore, valid for one call.
class Permits {
 public:
  Permits(Context& context, std::byte* at, std::size_t bytes) noexcept;

  /// Memory for so many permits.
  static constexpr std::size_t bytes_for(std::uint32_t permits) {
    return sizeof(PermitsHeader) + permits * sizeof(std::uint64_t);
  }
  /// In new memory: so many are available.
  void begin(std::uint32_t permits) noexcept;

  /// Takes one, if there is one now. `again`: also the one that this thread has, if it is a lock.
  /// Throws Error when that is too deep.
  bool take(bool again);
  /// Gives one back: rather this thread's own, or else one of this process, or of anybody. When
  /// nobody has one: a new one if `grow`, otherwise it returns false. Throws Error when there are
  /// too many, OutOfMemory.
  bool give(bool grow);

  /// Of a lock: how often this thread has it.
  std::uint32_t depth() const noexcept;
  /// Of a lock: this thread has it so many times from now on; false when it has it not at all.
  bool set_depth(std::uint32_t depth) noexcept;

  std::uint32_t available() const noexcept;
  /// Whether a permit of this thread came from one that died.
  bool abandoned() const noexcept;

  PermitsHeader& header() noexcept { return header_; }

  /// What a dead party held is available.
  void repair(unsigned dead) noexcept;

 private:
  std::uint32_t used() const noexcept;
  void grow(std::uint32_t seen);
  Permit of_this_thread() const noexcept;
  bool mine(const Permit& p) const noexcept;

  Context& context_;
  PermitsHeader& header_;
  std::atomic<std::uint64_t>* words_;
  std::uint32_t room_;
};

/// Throws InvalidArgument when it is no more.
Permits permits_of(const ObjectId& id);

}  // namespace tine::detail
