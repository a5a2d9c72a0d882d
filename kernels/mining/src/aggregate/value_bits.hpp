// Sets of integers that lie near each other: a bit for each value that there could be.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../blob.hpp"
#include "accumulator.hpp"
#include "value_lists.hpp"
#include "word_table.hpp"

namespace tine::mining {

/// Sets of values of groups, in blocks of as many bits as a cache line has.
class ValueBits {
 public:
  void grow(std::size_t groups) { groups_ = groups; }
  void add(const GroupedRows& rows, const std::int64_t* values, const std::uint8_t* nulls);
  void write(BlobWriter& to, std::span<const std::uint32_t> groups);
  void merge(std::span<const std::uint32_t> groups, BlobReader& from);
  bool empty() const { return blocks_.empty(); }
  std::size_t blocks() const { return blocks_.size(); }
  /// Adds to `counts` how many values each group has.
  void count(std::span<std::uint64_t> counts) const {
    for (std::uint32_t b = 0; b < blocks_.size(); ++b)
      for (const std::uint64_t word : blocks_[b])
        counts[group_of(b)] += static_cast<std::uint64_t>(std::popcount(word));
  }
  /// Calls f(group, value) for each of them.
  template <class F>
  void each(F f) const {
    for (std::uint32_t b = 0; b < blocks_.size(); ++b)
      for (std::size_t w = 0; w < words; ++w)
        for (std::uint64_t left = blocks_[b][w]; left != 0; left &= left - 1)
          f(group_of(b), static_cast<std::uint64_t>(key_of(b)) << block_bits | w << 6 |
                             static_cast<std::uint64_t>(std::countr_zero(left)));
  }
  std::size_t bytes() const {
    return blocks_.capacity() * sizeof(Block) + keys_.bytes() + pairs_.bytes();
  }

 private:
  static constexpr unsigned block_bits = 9;
  static constexpr std::size_t words = (1 << block_bits) / 64;
  using Block = std::array<std::uint64_t, words>;

  // Makes numbers_ those of the blocks whose keys are in words_.
  void find(const GroupedRows& rows, const std::uint8_t* nulls);
  std::uint32_t group_of(std::uint32_t block) const {
    return pairs_.size() == 0 ? 0 : first_of(pairs_[block]);
  }
  std::int64_t key_of(std::uint32_t block) const {
    return keys_[pairs_.size() == 0 ? block : second_of(pairs_[block])];
  }

  std::size_t groups_ = 0;
  WordTable keys_;   // upper bits of values
  WordTable pairs_;  // a group and a key; none: all are of group 0
  std::vector<Block> blocks_;
  ValueLists<std::uint32_t> blocks_of_;  // groups
  std::vector<std::int64_t> words_;
  std::vector<std::uint32_t> numbers_;
};

}  // namespace tine::mining
