#include <algorithm>
#include <bit>

#include <tine/error.hpp>
#include <tine/mining/item_sets.hpp>

namespace tine::mining {

namespace {

using Items = std::span<const std::uint32_t>;

// Which set has these items: a hash table without lists.
class Index {
 public:
  explicit Index(const ItemSets& sets)
      : sets_(sets), places_(std::bit_ceil(2 * sets.size() + 1), none) {
    for (std::size_t i = 0; i < sets.size(); ++i) places_[place(sets[i])] = i;
  }
  std::size_t operator[](Items items) const {
    const std::size_t set = places_[place(items)];
    if (set == none)
      throw InvalidArgument(
          "tine: rules need all the subsets of the sets of items, as "
          "frequent_item_sets() gives them");
    return set;
  }

 private:
  static constexpr std::size_t none = ~std::size_t{0};

  // Where they are, or would be.
  std::size_t place(Items items) const {
    std::uint64_t hash = items.size();
    for (const std::uint32_t item : items) {
      hash = (hash ^ item) * 0x9e3779b97f4a7c15;
      hash ^= hash >> 32;
    }
    const std::size_t mask = places_.size() - 1;
    std::size_t at = hash & mask;
    while (places_[at] != none && !std::ranges::equal(sets_[places_[at]], items))
      at = (at + 1) & mask;
    return at;
  }

  const ItemSets& sets_;
  std::vector<std::size_t> places_;
};

class RuleFinder {
 public:
  RuleFinder(const ItemSets& sets, const RuleOptions& options)
      : sets_(sets), options_(options), index_(sets) {}

  std::vector<Rule> find() {
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      both_ = i;
      consequent_.clear();
      antecedent_.assign(sets_[i].begin(), sets_[i].end());
      move_items(0);
    }
    std::ranges::sort(rules_, [&](const Rule& a, const Rule& b) {
      if (a.confidence != b.confidence) return a.confidence > b.confidence;
      if (a.both != b.both) return a.both < b.both;  // which is in the order of counts
      return a.antecedent < b.antecedent;
    });
    return std::move(rules_);
  }

 private:
  // From the antecedent to the consequent: one of those from `first` on, then perhaps others behind it.
  void move_items(std::size_t first) {
    for (std::size_t i = first; i < antecedent_.size() && antecedent_.size() > 1; ++i) {
      const auto at = antecedent_.begin() + static_cast<std::ptrdiff_t>(i);
      const std::uint32_t item = *at;
      antecedent_.erase(at);
      consequent_.push_back(item);
      const std::size_t antecedent = index_[antecedent_];
      const double confidence =
          static_cast<double>(sets_.counts[both_]) / static_cast<double>(sets_.counts[antecedent]);
      if (confidence >= options_.min_confidence) {
        const std::size_t consequent = index_[consequent_];
        rules_.push_back({.antecedent = antecedent,
                          .consequent = consequent,
                          .both = both_,
                          .confidence = confidence,
                          .lift = confidence / sets_.support(consequent)});
        check_memory();
        move_items(i);
      }
      consequent_.pop_back();
      antecedent_.insert(antecedent_.begin() + static_cast<std::ptrdiff_t>(i), item);
    }
  }

  void check_memory() const {
    const std::uint64_t bytes = rules_.size() * sizeof(Rule);
    if (options_.memory == 0 || bytes <= options_.memory) return;
    throw OutOfMemory("tine: there are more than " + std::to_string(rules_.size()) +
                          " rules, and they take more than may be taken, " +
                          std::to_string(options_.memory >> 20) +
                          " MiB; a greater least support or confidence makes them fewer",
                      bytes, options_.memory, "the memory for rules");
  }

  const ItemSets& sets_;
  const RuleOptions& options_;
  const Index index_;
  std::size_t both_ = 0;
  std::vector<std::uint32_t> antecedent_, consequent_;
  std::vector<Rule> rules_;
};

}  // namespace

std::vector<Rule> association_rules(const ItemSets& sets, const RuleOptions& options) {
  if (!(options.min_confidence > 0 && options.min_confidence <= 1))
    throw InvalidArgument("tine: the least confidence is " +
                          std::to_string(options.min_confidence) +
                          ", but it must be above 0 and at most 1");
  return RuleFinder(sets, options).find();
}

}  // namespace tine::mining
