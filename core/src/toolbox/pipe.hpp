// The memory of a pipe: who holds its two ends, and a queue's ring for what each end receives.
//
//   end 0 sends --> inbox of end 1          (not when the pipe has one way)
//   end 1 sends --> inbox of end 0
//
// An end is open while some party holds it: a bit for each. Whoever takes the last bit away, by
// close() or by the repair of a dead party, closes both inboxes, as nobody receives from the one or
// sends to the other any more; the rest is the queue's protocol. If he dies between the two steps,
// his own repair makes up for it: it looks at all ends, whoever's bit was the last.
//
// Bits are added only to an end that is open, by a party that holds it and for a child that it is
// about to fork; so an end that nobody holds stays so. `inherited` counts after each such addition.
// Who finds all bits clear, one word after the other, believes it only if nothing was added meanwhile:
// else a bit that moved from a word not yet looked at to one already passed would be missed.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "memory/page_runs.hpp"
#include "toolbox/chunks.hpp"
#include "toolbox/queue_ring.hpp"

namespace tine::detail {

struct PipeHeader {
  alignas(128) std::atomic<std::uint32_t> ways;  // 0: it is being made; then constant, 1 or 2
  std::atomic<std::uint32_t> inherited;
  alignas(128) std::atomic<std::uint64_t> holders[2][max_parties / 64];
};
static_assert(sizeof(PipeHeader) == 3 * 128);

/// A look at a pipe's memory, valid for one call.
class PipeEnds {
 public:
  PipeEnds(Context& context, std::byte* at) noexcept : context_(context), at_(at) {}

  /// Items that are under way in one direction at most. Address space only; memory comes with use.
  static constexpr std::uint64_t most_items = std::uint64_t{1} << 16;
  static constexpr std::size_t inbox_bytes =
      (QueueRing::bytes_for(most_items) + page - 1) / page * page;
  static constexpr std::size_t bytes = page + 2 * inbox_bytes;
  static_assert(sizeof(PipeHeader) <= page);

  /// In new, zeroed memory whose first page is there. Throws OutOfMemory.
  void make(bool two_ways, unsigned holder);
  bool made() const noexcept { return header().ways.load() != 0; }
  bool two_ways() const noexcept { return header().ways.load() != 1; }

  QueueRing inbox(unsigned end) const noexcept {
    return {context_, at_ + page + (end & 1) * inbox_bytes, inbox_bytes};
  }
  bool held(unsigned end) const noexcept;
  /// The child, not yet forked, gets what its parent holds.
  void inherit(unsigned parent, unsigned child) noexcept;
  void let_go(unsigned party, unsigned end) noexcept;
  void repair(unsigned dead, Suspects& suspects);

 private:
  PipeHeader& header() const noexcept { return *reinterpret_cast<PipeHeader*>(at_); }
  bool take_away(unsigned party, unsigned end) noexcept;
  void close_unless_held() noexcept;

  Context& context_;
  std::byte* at_;
};

/// Before the fork of a process that is to hold all ends that its parent holds, in the parent; the
/// child's number must have been repaired since another had it. When the fork fails, repair() of the
/// child lets go of them.
void inherit_connections(unsigned parent_party, unsigned child_party) noexcept;

}  // namespace tine::detail
