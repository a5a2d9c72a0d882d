#include "value_bits.hpp"

#include <algorithm>

namespace tine::mining {

void ValueBits::find(const GroupedRows& rows, const std::uint8_t* nulls) {
  numbers_.resize(rows.rows);
  keys_.find(rows.rows, words_.data(), nulls, numbers_.data());
  if (rows.groups != nullptr) {
    for (std::size_t i = 0; i < rows.rows; ++i) words_[i] = pair_of(rows.groups[i], numbers_[i]);
    pairs_.find(rows.rows, words_.data(), nullptr, numbers_.data());
  }
  blocks_.resize(rows.groups == nullptr ? keys_.size() : pairs_.size());
}

// What is missing gets a block, too, in which no bit is set.
void ValueBits::add(const GroupedRows& rows, const std::int64_t* values,
                    const std::uint8_t* nulls) {
  words_.resize(rows.rows);
  for (std::size_t i = 0; i < rows.rows; ++i) words_[i] = values[i] >> block_bits;
  find(rows, nulls);
  Block* const blocks = blocks_.data();
  each_value(GroupedRows{rows.rows}, nulls, [&](std::uint32_t, std::size_t i) {
    const auto value = static_cast<std::uint64_t>(values[i]);
    blocks[numbers_[i]][value >> 6 & (words - 1)] |= std::uint64_t{1} << (value & 63);
  });
}

void ValueBits::write(BlobWriter& to, std::span<const std::uint32_t> groups) {
  if (blocks_of_.size() != blocks_.size()) {
    blocks_of_ = {};
    for (std::uint32_t b = 0; b < blocks_.size(); ++b) blocks_of_.add(group_of(b), b);
  }
  blocks_of_.arrange(groups_);
  for (const std::uint32_t g : groups) to.value(std::uint64_t{blocks_of_.of(g).size()});
  for (const std::uint32_t g : groups)
    for (const std::uint32_t b : blocks_of_.of(g)) to.value(key_of(b));
  for (const std::uint32_t g : groups)
    for (const std::uint32_t b : blocks_of_.of(g)) to.value(blocks_[b]);
}

void ValueBits::merge(std::span<const std::uint32_t> groups, BlobReader& from) {
  constexpr std::uint64_t most = std::uint64_t{1} << 32;  // blocks
  const auto counts = read_column<std::uint64_t>(from, groups.size());
  std::uint64_t total = 0;
  for (const std::uint64_t count : counts) {
    if (count >= most - total) broken_groups();
    total += count;
  }
  if (total == 0) return;
  words_ = read_column<std::int64_t>(from, total);
  std::vector<std::uint32_t> of_blocks;
  for (std::size_t i = 0; i < groups.size(); ++i)
    of_blocks.insert(of_blocks.end(), counts[i], groups[i]);
  find({.rows = total, .groups = of_blocks.data()}, nullptr);
  for (const std::uint32_t number : numbers_)
    for (std::uint64_t& word : blocks_[number]) word |= from.value<std::uint64_t>();
  if (!from.good()) broken_groups();
}

}  // namespace tine::mining
