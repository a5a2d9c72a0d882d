/// @file
/// Items that are often together, and rules that follow from them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include <tine/mining/baskets.hpp>
#include <tine/pool.hpp>

namespace tine::mining {

struct ItemSetOptions {
  /// In how many of the transactions all items of a set must be: a part of them, above 0 and at most 1.
  double min_support = 0.1;
  /// The same as a number of transactions, at least 1, in its place.
  std::optional<std::uint64_t> min_count{};
  std::size_t max_length = 0;  ///< of sets; 0: any
  /// Bytes that the sets may take; more ends in OutOfMemory, which says how many sets there are at least. 0: no
  /// limit.
  std::uint64_t memory = 0;
  /// Called with how many of the items that begin a set are done, and all of them.
  std::function<void(std::uint64_t done, std::uint64_t all)> progress{};
};

/// Sets of items, those in most transactions first; of equally many, in ascending order of their items.
struct ItemSets {
  std::uint64_t transactions = 0;     ///< of which they were found
  std::vector<std::uint64_t> counts;  ///< of each set: in how many transactions it is
  std::vector<std::uint32_t>
      members;  ///< one set after the other: numbers of Baskets::items, ascending
  std::vector<std::uint64_t>
      ends;  ///< of each set in `members`; it begins where the one before it ends

  std::size_t size() const { return counts.size(); }
  std::span<const std::uint32_t> operator[](std::size_t set) const {
    const std::uint64_t begin = set == 0 ? 0 : ends[set - 1];
    return std::span(members).subspan(begin, ends[set] - begin);
  }
  double support(std::size_t set) const {
    return static_cast<double>(counts[set]) / static_cast<double>(transactions);
  }
};

/// All sets of at least one item that are in so many transactions. Exact.
///
/// Items are taken from the rarest to the most frequent. What transactions with an item have of those behind it is
/// made into one bit set for each, and sets grow by their intersections (M. Zaki, Scalable algorithms for
/// association mining, IEEE TKDE 12, 2000): rare items have short bit sets, and those of all items that follow
/// one are never larger than the transactions. An item that begins too many sets for one slice of work is divided
/// into pairs, these into triples, and so on. Same result on any number of workers.
///
/// Takes time in proportion to the number of sets at least. That may be 2^k where transactions have k items in
/// common: see `memory` and `max_length`.
///
/// @throws InvalidArgument  a support or a count out of bounds
/// @throws OutOfMemory      as in ItemSetOptions::memory, or the pool's
ItemSets frequent_item_sets(const PoolWith& on, const Baskets& baskets,
                            const ItemSetOptions& options = {});

/// Who has all of one set, the antecedent, often has all of another one, the consequent.
struct Rule {
  std::uint64_t antecedent = 0, consequent = 0;  ///< sets: numbers in ItemSets
  std::uint64_t both = 0;                        ///< the set that they make together
  double confidence = 0;  ///< part of the transactions with the antecedent that have both
  /// How many times more often the consequent is in transactions with the antecedent than in all of them.
  double lift = 0;
};

struct RuleOptions {
  double min_confidence = 0.5;  ///< above 0, at most 1
  std::uint64_t memory = 0;     ///< bytes that the rules may take, as in ItemSetOptions
};

/// All rules with that confidence whose sets are among these, which must be what frequent_item_sets() gave; those
/// with the greatest confidence first, of these those with most transactions, then in the order of their sets.
///
/// Items are moved to the consequent one after the other as long as the confidence is large enough, which cannot
/// grow by that (R. Agrawal, R. Srikant, Fast algorithms for mining association rules, VLDB 1994).
///
/// @throws InvalidArgument  a confidence out of bounds
/// @throws OutOfMemory      as in RuleOptions::memory
std::vector<Rule> association_rules(const ItemSets& sets, const RuleOptions& options = {});

}  // namespace tine::mining
