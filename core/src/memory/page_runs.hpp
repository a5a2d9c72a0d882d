// Which pages of a range are taken, which are free, and which of the free ones have memory behind
// them. Pure bookkeeping: it touches no page.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <utility>

namespace tine::detail {

inline constexpr std::size_t page = 4096;
inline constexpr std::size_t large_page = std::size_t{2} << 20;

constexpr std::size_t round_up(std::size_t n, std::size_t to) {
  return (n + to - 1) / to * to;
}

/// Offsets are relative to the start of the range. Every block ends in one page that belongs to
/// nobody: neighbours never touch, and there is room for a guard.
class PageRuns {
 public:
  /// The whole range is free and cold.
  explicit PageRuns(std::size_t bytes);

  struct Block {
    std::size_t offset = 0;
    std::size_t bytes = 0;  // without the page at its end; 0: there was no room
    bool warm = false;      // memory is there; otherwise commit() what was committed
    bool zeroed = false;
  };

  /// The smallest block of that temperature with room for `bytes` (whole pages).
  Block take(std::size_t bytes, std::size_t alignment, bool warm);
  /// A taken block comes back.
  void give(const Block& block);
  /// Splits what was taken: its end from `bytes` on becomes free again, warm and zeroed.
  void give_tail(Block& block, std::size_t bytes);

  /// All warm free memory turns cold; f(offset, bytes) is called for each piece.
  template <class F>
  void cool(F f) {
    std::map<std::size_t, Free> all;
    for (auto& [offset, free] : free_) {
      if (free.warm) f(offset, free.bytes);
      // Adjacent pieces that were apart because one was warm are one now.
      if (!all.empty() && all.rbegin()->first + all.rbegin()->second.bytes == offset)
        all.rbegin()->second.bytes += free.bytes;
      else
        all.emplace(offset, Free{free.bytes, false, true});
    }
    free_ = std::move(all);
    by_size_.clear();
    for (auto& [offset, free] : free_) by_size_.emplace(Key{false, free.bytes}, offset);
    warm_ = 0;
  }

  std::size_t warm() const noexcept { return warm_; }  // bytes

 private:
  struct Free {
    std::size_t bytes;
    bool warm;
    bool zeroed;
  };
  using Key = std::pair<bool, std::size_t>;  // cold blocks before warm ones, then by size

  void insert(std::size_t offset, Free free);
  void erase(std::map<std::size_t, Free>::iterator at);

  std::map<std::size_t, Free> free_;
  std::set<std::pair<Key, std::size_t>> by_size_;
  std::size_t warm_ = 0;
};

}  // namespace tine::detail
