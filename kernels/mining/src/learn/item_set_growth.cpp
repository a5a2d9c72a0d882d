#include "item_set_growth.hpp"

#include <algorithm>
#include <vector>

#include "bit_sets.hpp"

namespace tine::mining {

namespace {

using Items = std::span<const std::uint32_t>;

struct Counted {
  std::uint32_t item, count;
};

// What is behind these items in a transaction; nothing where it does not have them all.
Items behind(Items transaction, Items beginning) {
  auto at = transaction.begin();
  for (const std::uint32_t item : beginning) {
    at = std::lower_bound(at, transaction.end(), item);
    if (at == transaction.end() || *at != item) return {};
    ++at;
  }
  return {at, transaction.end()};
}

std::vector<Items> tails_of(const RankedTransactions& transactions, Items beginning) {
  std::vector<Items> tails;
  const std::uint32_t first = beginning[0];
  for (std::uint64_t i = transactions.item_begins[first]; i < transactions.item_begins[first + 1];
       ++i) {
    const std::uint32_t t = transactions.holders[i];
    const Items tail =
        behind(transactions.members.subspan(transactions.begins[t],
                                            transactions.begins[t + 1] - transactions.begins[t]),
               beginning);
    if (!tail.empty()) tails.push_back(tail);
  }
  return tails;
}

// Those that are frequent, ascending. A table of all items would be mostly empty where there are few members.
std::vector<Counted> frequent(const std::vector<Items>& tails, std::size_t items,
                              std::uint64_t min_count) {
  std::size_t members = 0;
  for (const Items tail : tails) members += tail.size();
  std::vector<Counted> result;
  const auto add = [&](std::size_t item, std::size_t count) {
    if (count >= min_count)
      result.push_back({static_cast<std::uint32_t>(item), static_cast<std::uint32_t>(count)});
  };
  if (members < items / 16) {
    std::vector<std::uint32_t> all;
    for (const Items tail : tails) all.insert(all.end(), tail.begin(), tail.end());
    std::ranges::sort(all);
    for (std::size_t i = 0, end = 0; i < all.size(); i = end) {
      while (end < all.size() && all[end] == all[i]) ++end;
      add(all[i], end - i);
    }
  } else {
    std::vector<std::uint32_t> counts(items);
    for (const Items tail : tails)
      for (const std::uint32_t item : tail) ++counts[item];
    for (std::size_t i = 0; i < items; ++i) add(i, counts[i]);
  }
  return result;
}

class Grower {
 public:
  Grower(std::vector<Counted> items, std::size_t max_length, std::uint64_t min_count,
         std::span<FoundSet> to)
      : items_(std::move(items)), max_length_(max_length), min_count_(min_count), to_(to) {}

  /// False when there is no room.
  bool grow(const std::vector<Items>& tails) {
    std::vector<Intersection> all;
    for (std::size_t i = 0; i < items_.size(); ++i)
      all.push_back({static_cast<std::uint32_t>(i), items_[i].count});
    if (max_length_ > 1 && items_.size() > 1) make_bit_sets(tails);
    return grow(all, bits_, 1);
  }
  std::size_t found() const { return found_; }

 private:
  // A set for each item of the transactions that have at least two of these items.
  void make_bit_sets(const std::vector<Items>& tails) {
    std::vector<std::uint32_t> places;  // of the items of one transaction after the other
    std::vector<std::size_t> ends;
    for (const Items tail : tails) {
      const std::size_t begin = places.size();
      auto at = items_.begin();
      for (const std::uint32_t item : tail) {
        at = std::ranges::lower_bound(at, items_.end(), item, {}, &Counted::item);
        if (at == items_.end()) break;
        if (at->item == item) places.push_back(static_cast<std::uint32_t>(at - items_.begin()));
      }
      if (places.size() < begin + 2)
        places.resize(begin);
      else
        ends.push_back(places.size());
    }
    words_ = (ends.size() + 64 * bit_set_step - 1) / (64 * bit_set_step) * bit_set_step;
    bits_.resize(items_.size() * words_);
    for (std::size_t t = 0, i = 0; t < ends.size(); ++t)
      for (; i < ends[t]; ++i) bits_[places[i] * words_ + t / 64] |= std::uint64_t{1} << (t % 64);
  }

  // `sets` are of the items that a set of length - 1 may be extended by.
  bool grow(std::span<const Intersection> items, std::span<const std::uint64_t> sets,
            std::size_t length) {
    if (levels_.size() < length) levels_.resize(length);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (found_ == to_.size()) return false;
      to_[found_++] = {items_[items[i].which].item, static_cast<std::uint32_t>(length),
                       items[i].count};
      const std::size_t others = items.size() - i - 1;
      if (length == max_length_ || others == 0) continue;
      auto& [next, bits] = levels_[length - 1];
      next.resize(std::max(next.size(), others));
      bits.resize(std::max(bits.size(), others * words_));
      const std::uint64_t* const set = sets.data() + i * words_;
      const std::size_t kept =
          intersect(set, set + words_, others, words_, min_count_, bits.data(), next.data());
      for (std::size_t k = 0; k < kept; ++k) next[k].which = items[i + 1 + next[k].which].which;
      const std::span<const Intersection> these(next.data(), kept);
      const std::span<const std::uint64_t> their_bits(bits.data(), kept * words_);
      if (kept > 0 && !grow(these, their_bits, length + 1)) return false;
    }
    return true;
  }

  struct Level {
    std::vector<Intersection> items;
    std::vector<std::uint64_t> bits;
  };

  std::vector<Counted> items_;
  std::size_t max_length_;
  std::uint64_t min_count_;
  std::span<FoundSet> to_;
  std::size_t found_ = 0, words_ = 0;
  std::vector<std::uint64_t> bits_;
  std::vector<Level> levels_;
};

}  // namespace

Growth grow(const RankedTransactions& transactions, Items beginning, const GrowthLimits& limits,
            std::span<FoundSet> to) {
  const std::vector<Items> tails = tails_of(transactions, beginning);
  const std::vector<Counted> items = frequent(tails, transactions.items(), limits.min_count);
  Grower grower(items, limits.max_length - beginning.size(), limits.min_count, to);
  if (grower.grow(tails)) return {.sets = grower.found()};
  for (std::size_t i = 0; i < items.size(); ++i) to[i] = {items[i].item, 1, items[i].count};
  return {.sets = items.size(), .divided = 1};
}

}  // namespace tine::mining
