// The ledger: one 64-bit word per slice, which says who owns it and how far it is. It is the only
// truth about a job; cursors, counters and wake-ups are hints.
//
//             claim                save undo, begin            commit
//   free ------------> claimed ---------------------> running --------> done
//     ^  <--- death ----  |  ^                         |   |
//     |                      |        death (inout)    |   | exception: undone by the worker itself
//     |                      +--- dirty <--------------+   |
//     +------------------------ death (no inout) ----------+
//
//   claimed -> quarantined, in place of running, once the attempts are used up.
//
// A word leaves `claimed` and `running` by the hand of its owner only, or by the supervisor's after
// the owner was reaped; so whoever finds a word in his own name may rely on it. `dirty` belongs to
// a dead worker's slot: the undo copy lies in that slot's buffer, and only the slot's next worker
// may claim the slice, before anything else, since it is the one who will overwrite the buffer.
//
// Incarnations are unique per worker process and job (see JobDescriptor), `free` words carry the
// job's own: a worker that slept through the end of a job cannot touch the next one's words.
#pragma once

#include <atomic>
#include <cstdint>

namespace tine::detail {

enum class SliceState : std::uint8_t {
  free = 0,
  claimed = 1,
  running = 2,
  dirty = 3,
  done = 4,
  quarantined = 5,
};

struct Word {
  SliceState state = SliceState::free;
  unsigned slot = 0;
  unsigned attempt = 0;  // deaths so far
  std::uint64_t incarnation = 0;

  static constexpr unsigned slot_bits = 10, attempt_bits = 6, incarnation_bits = 45;
  static_assert(3 + slot_bits + attempt_bits + incarnation_bits == 64);

  constexpr std::uint64_t pack() const noexcept {
    return static_cast<std::uint64_t>(state) << 61 | static_cast<std::uint64_t>(slot) << 51 |
           static_cast<std::uint64_t>(attempt) << 45 | incarnation;
  }
  static constexpr Word unpack(std::uint64_t w) noexcept {
    return {static_cast<SliceState>(w >> 61), static_cast<unsigned>(w >> 51 & 0x3ff),
            static_cast<unsigned>(w >> 45 & 0x3f), w & ((std::uint64_t{1} << 45) - 1)};
  }
  constexpr bool over() const noexcept {
    return state == SliceState::done || state == SliceState::quarantined;
  }
  constexpr Word with(SliceState s) const noexcept {
    Word w = *this;
    w.state = s;
    return w;
  }
  friend constexpr bool operator==(const Word&, const Word&) = default;
};

inline constexpr unsigned max_attempts = 60;
static_assert(max_attempts < 1u << Word::attempt_bits);

/// Which words a job can have. Kernels can reach the ledger; nearly every word that a stray write
/// makes of another, and every one that it makes by changing one bit of the state, is none of these.
struct Plausible {
  std::uint64_t base = 0;                 // the job's incarnation of nobody
  const std::uint64_t* spawns = nullptr;  // of each slot's worker when the job began
  std::uint64_t before = 0, now = 0;      // workers ever forked: then, and since
  unsigned slots = 0;
  unsigned attempts = 0;  // as the policy allows
  bool undo = false;      // slices are saved before they run

  constexpr bool operator()(const Word& w) const noexcept {
    if (w.slot >= slots || w.attempt > max_attempts) return false;
    const std::uint64_t spawn = w.incarnation - base - 1;
    const bool owned = spawn == spawns[w.slot] || (spawn > before && spawn <= now);
    switch (w.state) {
      case SliceState::free:
        return w.incarnation == base && w.slot == 0;
      case SliceState::dirty:
        return w.incarnation == base && undo;
      case SliceState::claimed:
        return owned;
      case SliceState::running:
      case SliceState::done:
        return owned && w.attempt < attempts;
      case SliceState::quarantined:
        return owned && w.attempt >= attempts;
    }
    return false;
  }
};

inline constexpr unsigned max_slots = (1u << Word::slot_bits) - 1;

using LedgerWord = std::atomic<std::uint64_t>;
static_assert(sizeof(LedgerWord) == 8 && LedgerWord::is_always_lock_free);

inline Word load(const LedgerWord& word) noexcept {
  return Word::unpack(word.load(std::memory_order_acquire));
}
/// Replaces `from` by `to` unless the word has changed. Sequentially consistent: the order of claim,
/// undo copy, `running` and the kernel's first write is what recovery relies on.
inline bool replace(LedgerWord& word, const Word& from, const Word& to) noexcept {
  std::uint64_t expected = from.pack();
  return word.compare_exchange_strong(expected, to.pack());
}

}  // namespace tine::detail
