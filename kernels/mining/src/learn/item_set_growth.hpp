// A worker's part in the search for frequent item sets: all that begin in one way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tine::mining {

/// Transactions, ready to be searched. Items are numbered from the rarest to the most frequent.
struct RankedTransactions {
  std::span<const std::uint32_t> members;  // of all transactions, in each ascending
  std::span<const std::uint64_t> begins;   // of each in `members`, and where the last one ends
  std::span<const std::uint32_t> holders;  // transactions with each item, ascending
  std::span<const std::uint64_t>
      item_begins;  // of each item in `holders`, and where the last one ends

  std::size_t items() const { return item_begins.size() - 1; }
};

struct GrowthLimits {
  std::uint64_t min_count;
  std::size_t max_length;
};

/// A set is the last one that is shorter by one item, and one item more. They come in preorder.
struct FoundSet {
  std::uint32_t item;
  std::uint32_t length;  // without the items that all have in common
  std::uint32_t count;
};

/// What became of one beginning.
struct Growth {
  std::uint64_t sets = 0;
  std::uint64_t divided = 0;  // 1: only sets with one more item were written; these are beginnings
};

/// Finds all frequent sets that begin with these items, which are ascending and in enough transactions, without
/// that set itself. `to` has room for all items at least.
Growth grow(const RankedTransactions& transactions, std::span<const std::uint32_t> beginning,
            const GrowthLimits& limits, std::span<FoundSet> to);

}  // namespace tine::mining
