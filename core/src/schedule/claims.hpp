// Where a worker looks for its next slice. Lanes are hints: a slice is his only when he has changed
// its ledger word, and after a death the supervisor sets them back to the first free slice.
#pragma once

#include <tine/policy.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tine::detail {

/// A range of slices that is handed out from its beginning.
struct alignas(128) Lane {
  std::atomic<std::uint64_t> next;
  std::uint64_t begin;
  std::uint64_t end;
};
static_assert(sizeof(Lane) == 128);

/// The lanes of a job: one per worker for sticky and fixed, otherwise a single one.
constexpr unsigned lane_count(Schedule schedule, unsigned workers) {
  return schedule == Schedule::sticky || schedule == Schedule::fixed ? workers : 1;
}
inline void lay_out(Lane* lanes, unsigned count, std::uint64_t slices) {
  for (unsigned i = 0; i < count; ++i) {
    lanes[i].begin = slices * i / count;
    lanes[i].end = slices * (i + 1) / count;
    lanes[i].next.store(lanes[i].begin, std::memory_order_relaxed);
  }
}

class Claims {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  /// `help`: whether to take from others' lanes when the own one is empty.
  Claims(Lane* lanes, Schedule schedule, unsigned workers, unsigned own, bool help)
      : lanes_(lanes),
        schedule_(schedule),
        workers_(workers),
        count_(lane_count(schedule, workers)),
        own_(count_ == 1 ? 0 : own),
        lane_(own_),
        help_(help) {}

  /// The next slice to try, or none.
  std::size_t next() {
    for (;;) {
      if (batch_ < batch_end_) return batch_++;
      Lane& lane = lanes_[lane_];
      const std::uint64_t end = lane.end;
      const std::uint64_t seen = lane.next.load(std::memory_order_relaxed);
      if (seen < end) {
        const std::uint64_t want =
            schedule_ == Schedule::guided
                ? std::max<std::uint64_t>(1, (end - seen) / (4 * std::uint64_t{workers_}))
                : 1;
        batch_ = lane.next.fetch_add(want);
        batch_end_ = std::min(end, batch_ + want);
        continue;
      }
      if (!help_) return none;
      lane_ = lane_ + 1 == count_ ? 0 : lane_ + 1;
      if (lane_ == own_) return none;
    }
  }

 private:
  Lane* lanes_;
  Schedule schedule_;
  unsigned workers_;
  unsigned count_;
  unsigned own_;
  unsigned lane_;
  bool help_;
  std::uint64_t batch_ = 0;
  std::uint64_t batch_end_ = 0;
};

}  // namespace tine::detail
