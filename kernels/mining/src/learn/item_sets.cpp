#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <tine/error.hpp>
#include <tine/for_each_slice.hpp>
#include <tine/job_sequence.hpp>
#include <tine/mining/item_sets.hpp>

#include "item_set_growth.hpp"

namespace tine::mining {

namespace {

// Sets that a slice of work may find before it is divided.
constexpr std::size_t sets_of_a_slice = 5000;
// Slices that wait for each other.
constexpr std::size_t slices_at_a_time = 256;

std::uint64_t min_count_of(const Baskets& baskets, const ItemSetOptions& options) {
  if (options.min_count) {
    if (*options.min_count == 0)
      throw InvalidArgument(
          "tine: sets of items that are in no transaction are without number: "
          "the least count must be at least 1");
    return *options.min_count;
  }
  if (!(options.min_support > 0 && options.min_support <= 1))
    throw InvalidArgument("tine: the least support is " + std::to_string(options.min_support) +
                          ", but it must be above 0 and at most 1");
  const auto n = static_cast<double>(baskets.size());
  // The least count whose part, as it is printed, is large enough.
  auto count = static_cast<std::uint64_t>(std::max(1.0, std::floor(options.min_support * n)));
  while (static_cast<double>(count) / n < options.min_support) ++count;
  return count;
}

// What the search works on, in the arena.
struct Ranked {
  std::vector<std::uint32_t> items;  // by rank
  std::vector<std::uint32_t> counts;
  Array<std::uint32_t> members, holders;
  Array<std::uint64_t> begins, item_begins;
};

Ranked rank(Pool& pool, const Baskets& baskets, std::uint64_t min_count) {
  Ranked ranked;
  const std::span<const std::uint32_t> members = baskets.members.span();
  std::vector<std::uint32_t> counts(baskets.items.size());
  for (const std::uint32_t item : members) ++counts[item];
  for (std::uint32_t item = 0; item < counts.size(); ++item)
    if (counts[item] >= min_count) ranked.items.push_back(item);
  std::ranges::stable_sort(ranked.items, {}, [&](std::uint32_t item) { return counts[item]; });
  constexpr std::uint32_t rare = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> ranks(counts.size(), rare);
  for (std::size_t i = 0; i < ranked.items.size(); ++i) {
    ranks[ranked.items[i]] = static_cast<std::uint32_t>(i);
    ranked.counts.push_back(counts[ranked.items[i]]);
  }

  // Transactions of one item have nothing to tell.
  std::vector<std::uint32_t> kept;
  std::vector<std::uint64_t> begins = {0};
  std::vector<std::uint64_t> item_begins(ranked.items.size() + 1);
  for (std::size_t t = 0, i = 0; t < baskets.size(); ++t) {
    for (; i < baskets.ends[t]; ++i)
      if (ranks[members[i]] != rare) kept.push_back(ranks[members[i]]);
    if (kept.size() < begins.back() + 2) {
      kept.resize(begins.back());
      continue;
    }
    std::sort(kept.begin() + static_cast<std::ptrdiff_t>(begins.back()), kept.end());
    for (std::size_t k = begins.back(); k < kept.size(); ++k) ++item_begins[kept[k] + 1];
    begins.push_back(kept.size());
  }
  std::partial_sum(item_begins.begin(), item_begins.end(), item_begins.begin());
  ranked.holders = pool.array<std::uint32_t>(kept.size());
  std::vector<std::uint64_t> at(item_begins.begin(), item_begins.end() - 1);
  for (std::size_t t = 0; t + 1 < begins.size(); ++t)
    for (std::uint64_t k = begins[t]; k < begins[t + 1]; ++k)
      ranked.holders[at[kept[k]]++] = static_cast<std::uint32_t>(t);
  ranked.members = pool.array_from(kept);
  ranked.begins = pool.array_from(begins);
  ranked.item_begins = pool.array_from(item_begins);
  return ranked;
}

// Sets as they are found, in any order.
class Collector {
 public:
  Collector(const Ranked& ranked, std::uint64_t transactions, const ItemSetOptions& options,
            std::uint64_t min_count)
      : ranked_(ranked), options_(options), min_count_(min_count) {
    sets_.transactions = transactions;
  }

  /// The items are ranks.
  void add(std::span<const std::uint32_t> set, std::uint64_t count) {
    for (const std::uint32_t rank : set) sets_.members.push_back(ranked_.items[rank]);
    std::sort(sets_.members.end() - static_cast<std::ptrdiff_t>(set.size()), sets_.members.end());
    sets_.counts.push_back(count);
    sets_.ends.push_back(sets_.members.size());
    longest_ = std::max(longest_, set.size());
  }

  void check_memory() const {
    // They are there twice while they are sorted.
    const std::uint64_t bytes = sets_.size() * (4 * sizeof(std::uint64_t) + sizeof(Key)) +
                                sets_.members.size() * 2 * sizeof(std::uint32_t);
    if (options_.memory == 0 || bytes <= options_.memory) return;
    throw OutOfMemory(
        "tine: there are more than " + std::to_string(sets_.size()) +
            " sets of items that are in at least " + std::to_string(min_count_) + " of the " +
            std::to_string(sets_.transactions) + " transactions, some of them of " +
            std::to_string(longest_) + " items, and they take more than may be taken, " +
            std::to_string(options_.memory >> 20) +
            " MiB; a greater least support, or a bound for the length of sets, makes them fewer",
        bytes, options_.memory, "the memory for sets of items");
  }

  ItemSets sorted() {
    std::vector<Key> keys(sets_.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto set = sets_[i];
      const std::uint64_t second = set.size() > 1 ? std::uint64_t{set[1]} + 1 : 0;
      keys[i] = {sets_.counts[i], std::uint64_t{set[0]} << 32 | second, i};
    }
    std::ranges::sort(keys, [&](const Key& a, const Key& b) {
      if (a.count != b.count) return a.count > b.count;
      if (a.head != b.head) return a.head < b.head;
      return std::ranges::lexicographical_compare(sets_[a.set], sets_[b.set]);
    });
    ItemSets result{.transactions = sets_.transactions, .counts{}, .members{}, .ends{}};
    result.counts.reserve(keys.size());
    result.ends.reserve(keys.size());
    result.members.reserve(sets_.members.size());
    for (const Key& key : keys) {
      const auto set = sets_[key.set];
      result.counts.push_back(key.count);
      result.members.insert(result.members.end(), set.begin(), set.end());
      result.ends.push_back(result.members.size());
    }
    return result;
  }

 private:
  struct Key {
    std::uint64_t count, head;  // its first two items
    std::uint64_t set;
  };

  const Ranked& ranked_;
  const ItemSetOptions& options_;
  std::uint64_t min_count_;
  ItemSets sets_;
  std::size_t longest_ = 0;
};

class Search {
 public:
  Search(const PoolWith& on, const Ranked& ranked, const GrowthLimits& limits,
         const ItemSetOptions& options, Collector& found)
      : pool_(on.pool),
        jobs_(on),
        ranked_(ranked),
        limits_(limits),
        options_(options),
        found_(found),
        open_(ranked.items.size(), 1) {}

  void run() {
    const std::size_t items = ranked_.items.size();
    for (std::size_t rank = items; rank-- > 0;) {
      const auto item = static_cast<std::uint32_t>(rank);
      found_.add({&item, 1}, ranked_.counts[rank]);
      waiting_.push_back({item});
    }
    found_.check_memory();
    while (limits_.max_length > 1 && !waiting_.empty()) {
      const std::size_t count = std::min(slices_at_a_time, waiting_.size());
      const std::vector<Beginning> beginnings(
          std::make_move_iterator(waiting_.end() - static_cast<std::ptrdiff_t>(count)),
          std::make_move_iterator(waiting_.end()));
      waiting_.resize(waiting_.size() - count);
      auto sets = pool_.array<FoundSet>(count, std::max(sets_of_a_slice, items));
      auto growths = pool_.array<Growth>(count);
      post(beginnings, sets, growths);
      for (std::size_t i = 0; i < count; ++i)
        take(beginnings[i], growths[i], {&sets(i, 0), sets.extent(1)});
      found_.check_memory();
      if (options_.progress) options_.progress(done_, items);
    }
    jobs_.finish();
  }

 private:
  using Beginning = std::vector<std::uint32_t>;

  void post(const std::vector<Beginning>& beginnings, Array<FoundSet, 2>& sets,
            Array<Growth>& growths) {
    std::vector<std::uint32_t> items;
    std::vector<std::uint64_t> begins = {0};
    for (const Beginning& beginning : beginnings) {
      items.insert(items.end(), beginning.begin(), beginning.end());
      begins.push_back(items.size());
    }
    const auto shared_items = pool_.array_from(items);
    const auto shared_begins = pool_.array_from(begins);
    jobs_.run([&](PoolWith on) {
      on.policy.on_failure = OnFailure::fail;
      return for_each_slice(
          on, {.n = beginnings.size()},
          [limits = limits_](
              const Slice& slice, const View<FoundSet, 2>& to, std::span<Growth> growth,
              std::span<const std::uint32_t> all, std::span<const std::uint64_t> begin,
              std::span<const std::uint32_t> members, std::span<const std::uint64_t> ends,
              std::span<const std::uint32_t> holders, std::span<const std::uint64_t> item_begins) {
            const std::uint64_t first = begin[slice.index];
            growth[0] = grow({members, ends, holders, item_begins},
                             all.subspan(first, begin[slice.index + 1] - first), limits,
                             {to.data(), to.extent(1)});
          },
          out(sets), out(growths), whole(shared_items), whole(shared_begins),
          whole(ranked_.members), whole(ranked_.begins), whole(ranked_.holders),
          whole(ranked_.item_begins));
    });
  }

  // What workers wrote may have been overwritten since.
  void take(const Beginning& beginning, const Growth& growth, std::span<const FoundSet> sets) {
    Beginning set = beginning;
    for (const FoundSet& found : sets.first(std::min<std::size_t>(growth.sets, sets.size()))) {
      if (found.length == 0 || found.length > set.size() - beginning.size() + 1 ||
          found.item >= ranked_.items.size())
        throw Error("tine: sets of items: what workers wrote was overwritten");
      set.resize(beginning.size() + found.length - 1);
      set.push_back(found.item);
      found_.add(set, found.count);
      if (growth.divided != 0) waiting_.push_back(set);
    }
    std::uint32_t& open = open_[beginning[0]];
    if (growth.divided != 0) open += static_cast<std::uint32_t>(growth.sets);
    if (--open == 0) ++done_;
  }

  Pool& pool_;
  JobSequence jobs_;
  const Ranked& ranked_;
  const GrowthLimits limits_;
  const ItemSetOptions& options_;
  Collector& found_;
  std::vector<Beginning> waiting_;   // the last ones are searched next
  std::vector<std::uint32_t> open_;  // by first item: beginnings that are not searched yet
  std::uint64_t done_ = 0;
};

}  // namespace

ItemSets frequent_item_sets(const PoolWith& on, const Baskets& baskets,
                            const ItemSetOptions& options) {
  const std::uint64_t min_count = min_count_of(baskets, options);
  const Ranked ranked = rank(on.pool, baskets, min_count);
  const std::size_t any = std::numeric_limits<std::size_t>::max();
  const GrowthLimits limits{min_count, options.max_length == 0 ? any : options.max_length};
  Collector found(ranked, baskets.size(), options, min_count);
  Search(on, ranked, limits, options, found).run();
  return found.sorted();
}

}  // namespace tine::mining
