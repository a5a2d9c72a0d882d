// Where a worker looks for its next slice. Lanes are hints: a slice is his only when he has changed
// its ledger word, and after a death the supervisor sets them back to the first free slice.
#pragma once

#include <tine/policy.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tine::detail {

/// How far a lane has been handed out.
struct alignas(128) Lane {
  std::atomic<std::uint64_t> next;
};
static_assert(sizeof(Lane) == 128);

/// The ranges of slices that are handed out from their beginnings: one per worker for sticky and
/// fixed, otherwise a single one. Nothing of this lies in shared memory but the lanes' cursors.
class Lanes {
 public:
  Lanes(Lane* lanes, Schedule schedule, unsigned workers, std::uint64_t slices)
      : lanes_(lanes),
        count_(schedule == Schedule::sticky || schedule == Schedule::fixed ? workers : 1),
        slices_(slices) {}

  unsigned count() const { return count_; }
  std::uint64_t begin(unsigned lane) const { return slices_ * lane / count_; }
  std::uint64_t end(unsigned lane) const { return begin(lane + 1); }
  /// The lane that hands out a slice.
  unsigned of(std::uint64_t slice) const {
    auto lane = static_cast<unsigned>(slice * count_ / slices_);
    while (lane + 1 < count_ && slice >= end(lane)) ++lane;
    return lane;
  }
  std::atomic<std::uint64_t>& next(unsigned lane) const { return lanes_[lane].next; }

  /// All slices are handed out from the beginning.
  void rewind() const {
    for (unsigned i = 0; i < count_; ++i) next(i).store(begin(i), std::memory_order_relaxed);
  }
  /// Hands out this slice again.
  void put_back(std::uint64_t slice) const {
    std::atomic<std::uint64_t>& cursor = next(of(slice));
    if (slice < cursor.load()) cursor.store(slice);
  }

 private:
  Lane* lanes_;
  unsigned count_;
  std::uint64_t slices_;
};

class Claims {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  /// `help`: whether to take from others' lanes when the own one is empty.
  Claims(const Lanes& lanes, Schedule schedule, unsigned workers, unsigned own, bool help)
      : lanes_(lanes),
        schedule_(schedule),
        workers_(workers),
        own_(lanes.count() == 1 ? 0 : own),
        lane_(own_),
        end_(lanes.end(own_)),
        help_(help) {}

  /// The next slice to try, or none.
  std::size_t next() {
    for (;;) {
      if (batch_ < batch_end_) return batch_++;
      std::atomic<std::uint64_t>& next = lanes_.next(lane_);
      const std::uint64_t seen = next.load(std::memory_order_relaxed);
      if (seen < end_) {
        const std::uint64_t want =
            schedule_ == Schedule::guided
                ? std::max<std::uint64_t>(1, (end_ - seen) / (4 * std::uint64_t{workers_}))
                : 1;
        batch_ = next.fetch_add(want);
        batch_end_ = std::min(end_, batch_ + want);
        continue;
      }
      if (!help_) return none;
      lane_ = lane_ + 1 == lanes_.count() ? 0 : lane_ + 1;
      if (lane_ == own_) return none;
      end_ = lanes_.end(lane_);
    }
  }

 private:
  Lanes lanes_;
  Schedule schedule_;
  unsigned workers_;
  unsigned own_;
  unsigned lane_;
  std::uint64_t end_;  // of that lane
  bool help_;
  std::uint64_t batch_ = 0;
  std::uint64_t batch_end_ = 0;
};

}  // namespace tine::detail
