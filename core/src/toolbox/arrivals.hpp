// The protocol of a barrier: a word for its state, and a place, a word too, for each who has to
// come.
//
//               the last one comes
//          +-------------------------> filling, next generation
//          |   (his action is over)          ^
//   filling -----> acting --------+          | reset
//          |          |           |          |
//          +----------+-----------+---> broken, same generation
//              death, timeout, abort, action threw, reset
//
// To arrive is a CAS that puts this party and the generation into a place. Each of a generation's
// places is taken by one, so its number is what wait() returns; the last one of them taken, whoever
// sees that moves the state on, which lets all go, in one CAS. A place of an earlier generation is
// free. Nothing is counted, so a death is put right by looking who is there: if the dead has a
// place in this generation, it is broken.
//
// Who waits knows by the state's generation that his own is over, and how, by `ends`: before a
// reset goes on to the next generation, it writes there that this one was broken, and why. They are
// kept for 64 resets, which nobody sleeps through.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <tine/barrier.hpp>

#include "toolbox/context.hpp"
#include "toolbox/signal.hpp"

namespace tine::detail {

struct BarrierState {
  enum class Phase : std::uint8_t { filling, acting, broken };
  enum Reason : std::uint8_t { timeout, abort, reset, action, death };  // death + its Cause

  static constexpr unsigned generation_bits = 28, pid_bits = 22;
  static_assert(2 + generation_bits + 4 + 8 + pid_bits == 64);

  Phase phase = Phase::filling;
  std::uint32_t generation = 0;
  std::uint8_t reason = 0;  // broken
  std::uint8_t status = 0;  // broken by a death
  std::uint32_t pid = 0;    // broken by a death; acting: the party

  constexpr std::uint64_t pack() const noexcept {
    return static_cast<std::uint64_t>(phase) << 62 |
           std::uint64_t{generation & ((1u << generation_bits) - 1)} << 34 |
           std::uint64_t{reason & 15u} << 30 | std::uint64_t{status} << 22 |
           (pid & ((1u << pid_bits) - 1));
  }
  static constexpr BarrierState unpack(std::uint64_t w) noexcept {
    return {static_cast<Phase>(w >> 62),
            static_cast<std::uint32_t>(w >> 34 & ((1u << generation_bits) - 1)),
            static_cast<std::uint8_t>(w >> 30 & 15), static_cast<std::uint8_t>(w >> 22),
            static_cast<std::uint32_t>(w & ((1u << pid_bits) - 1))};
  }
};

struct Arrival {
  unsigned party = 0;  // 0: nobody yet
  std::uint32_t generation = 0;

  constexpr std::uint64_t pack() const noexcept { return std::uint64_t{party} << 32 | generation; }
  static constexpr Arrival unpack(std::uint64_t w) noexcept {
    return {static_cast<unsigned>(w >> 32 & (max_parties - 1)), static_cast<std::uint32_t>(w)};
  }
};
inline constexpr std::uint32_t max_arrivals = 4096;

struct BarrierHeader {
  // Constant.
  alignas(128) std::atomic<std::uint32_t> parties;
  std::atomic<std::int64_t> timeout;  // negative: none
  std::atomic<ActionTrampoline> run;  // nullptr: no action
  std::atomic<std::uint64_t> checksum;
  std::byte action[max_action];

  alignas(128) std::atomic<std::uint64_t> state;
  alignas(128) std::atomic<std::uint64_t> ends[64];  // of broken generations
  Signal over;
};
static_assert(sizeof(BarrierHeader) == (9 + 1 + 4 + 1) * 128);

/// A look at a barrier's memory, valid for one call.
class Arrivals {
 public:
  Arrivals(std::byte* at, std::size_t bytes) noexcept;

  static constexpr std::size_t bytes_for(std::uint32_t parties) {
    return sizeof(BarrierHeader) + parties * sizeof(std::uint64_t);
  }
  BarrierHeader& header() noexcept { return header_; }

  enum class Outcome {
    waiting,
    passed,
    act,    // all are there, and the action is the caller's
    broken  // see Place::end
  };
  struct Place {
    bool taken = false;
    std::uint32_t index = 0;
    std::uint32_t generation = 0;
    BarrierState end;
  };
  /// Takes a place, if it has none yet, and looks how things are.
  Outcome look(unsigned party, Place& place) noexcept;
  /// The action is over: lets all go, unless the barrier was broken meanwhile.
  Outcome acted(Place& place) noexcept;
  /// Breaks the generation of this place, or without one the present one, unless it is over.
  Outcome give_up(BarrierState::Reason why, Place& place) noexcept;

  void abort() noexcept;
  void reset() noexcept;
  std::size_t waiting() const noexcept;
  bool broken() const noexcept;

  void repair(unsigned dead, const Death& death) noexcept;

 private:
  bool take_place(unsigned party, std::uint32_t generation, Place& place) noexcept;
  Outcome outcome(Place& place) const noexcept;
  bool arrived(std::uint32_t i, std::uint32_t generation) const noexcept;
  bool all_arrived(std::uint32_t generation) const noexcept;
  bool change(std::uint64_t& seen, BarrierState next) noexcept;
  bool is_in(unsigned party, const BarrierState& now) const noexcept;

  BarrierHeader& header_;
  std::atomic<std::uint64_t>* places_;
  std::uint32_t parties_;
};

}  // namespace tine::detail
