#include "word_table.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include <tine/error.hpp>

namespace tine::mining {

namespace {

constexpr std::uint64_t most_direct = 1 << 16;  // words from the first to the last
constexpr std::uint32_t nobody = 1u << 31;      // a number, in the direct table
constexpr std::size_t in_cache = 1 << 13;       // slots
constexpr std::size_t ahead = 16;               // rows, for slots that are not in a cache

std::uint64_t distance(std::int64_t from, std::int64_t to) {
  return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}

}  // namespace

void WordTable::find(std::size_t rows, const std::int64_t* words, const std::uint8_t* nulls,
                     std::uint32_t* numbers) {
  if (nulls == nullptr) return find_present(rows, words, numbers);
  const auto* const first = std::find(nulls, nulls + rows, 0);
  if (first != nulls + rows) {
    // What is missing looks as one that is there.
    const std::int64_t other = words[first - nulls];
    present_.resize(rows);
    for (std::size_t i = 0; i < rows; ++i) present_[i] = nulls[i] != 0 ? other : words[i];
    find_present(rows, present_.data(), numbers);
  }
  if (std::find_if(nulls, nulls + rows, [](auto n) { return n != 0; }) == nulls + rows) return;
  if (!missing_) missing_ = add(0);
  for (std::size_t i = 0; i < rows; ++i)
    if (nulls[i] != 0) numbers[i] = *missing_;
}

std::uint32_t WordTable::add(std::int64_t word) {
  if (words_.size() == std::numeric_limits<std::uint32_t>::max() - 1)
    throw Error("tine: there are more than 2^32 different keys in a query");
  words_.push_back(word);
  return static_cast<std::uint32_t>(words_.size() - 1);
}

void WordTable::find_present(std::size_t rows, const std::int64_t* words, std::uint32_t* numbers) {
  if (rows == 0) return;
  if (slots_.empty() && find_direct(rows, words, numbers)) return;
  find_hashed(rows, words, numbers);
}

bool WordTable::find_direct(std::size_t rows, const std::int64_t* words, std::uint32_t* numbers) {
  // The size is a power of two: all are within it if all their bits together are.
  std::int64_t base = base_;
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < rows; ++i) all |= distance(base, words[i]);
  if (all >= direct_.size()) {
    const auto [low, high] = std::minmax_element(words, words + rows);
    if (!cover(*low, *high)) return false;
    base = base_;
  }
  const std::uint32_t* const direct = direct_.data();
  std::uint32_t unknown = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    numbers[i] = direct[distance(base, words[i])];
    unknown |= numbers[i];
  }
  if (unknown < nobody) return true;
  for (std::size_t i = 0; i < rows; ++i) {
    std::uint32_t& number = direct_[distance(base, words[i])];
    if (number == nobody) number = add(words[i]);
    numbers[i] = number;
  }
  return true;
}

// Makes the direct table as wide as need be. If that is too wide, hashes from now on.
bool WordTable::cover(std::int64_t low, std::int64_t high) {
  for (std::uint32_t i = 0; i < words_.size(); ++i)
    if (!is_missing(i)) {
      low = std::min(low, words_[i]);
      high = std::max(high, words_[i]);
    }
  const std::uint64_t span = distance(low, high);
  if (span >= most_direct) {
    direct_ = {};
    make_slots(std::max<std::size_t>(1024, std::bit_ceil(4 * words_.size())));
    return false;
  }
  // With as much room again, on both sides, for what is to come. Beyond the ends of the numbers it begins
  // again at the other end, which does no harm: places still differ.
  const std::size_t size = 2 * std::bit_ceil(std::max<std::uint64_t>(span + 1, 128));
  base_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(low) - (size - 1 - span) / 2);
  direct_.assign(size, nobody);
  for (std::uint32_t i = 0; i < words_.size(); ++i)
    if (!is_missing(i)) direct_[distance(base_, words_[i])] = i;
  return true;
}

std::size_t WordTable::slot_of(std::int64_t word) const {
  const auto bits = static_cast<std::uint64_t>(word);
  return ((bits ^ bits >> 32) * 0x9e3779b97f4a7c15) >> shift_;
}

void WordTable::make_slots(std::size_t count) {
  slots_.assign(count, {});
  shift_ = 64 - std::countr_zero(count);
  const std::size_t mask = count - 1;
  for (std::uint32_t i = 0; i < words_.size(); ++i) {
    if (is_missing(i)) continue;
    std::size_t at = slot_of(words_[i]);
    while (slots_[at].taken != 0) at = (at + 1) & mask;
    slots_[at] = {words_[i], i + 1};
  }
}

void WordTable::find_hashed(std::size_t rows, const std::int64_t* words, std::uint32_t* numbers) {
  // All of them may be new.
  if (2 * (words_.size() + rows) > slots_.size())
    make_slots(std::bit_ceil(2 * (words_.size() + rows)));
  Slot* const slots = slots_.data();
  const std::size_t mask = slots_.size() - 1;
  const bool fetch = slots_.size() > in_cache;
  for (std::size_t i = 0; i < rows; ++i) {
    if (fetch) __builtin_prefetch(&slots[slot_of(words[std::min(i + ahead, rows - 1)])], 1);
    std::size_t at = slot_of(words[i]);
    while (slots[at].taken != 0 && slots[at].word != words[i]) at = (at + 1) & mask;
    if (slots[at].taken == 0) slots[at] = {words[i], add(words[i]) + 1};
    numbers[i] = slots[at].taken - 1;
  }
}

}  // namespace tine::mining
