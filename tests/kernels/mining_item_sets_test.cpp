// Frequent item sets and rules: all subsets of few items, and Apriori in Python (mining_item_sets.py).
#include <tine/mining/item_sets.hpp>

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <fstream>
#include <random>

#include <gmock/gmock.h>
#include <tine/tine.hpp>

#include "learn/bit_sets.hpp"
#include "support/fixture.hpp"
#include "support/killer.hpp"
#include "support/message.hpp"
#include "support/temporary_file.hpp"

namespace tine::mining {

namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using tine_test::message_of;
using Missing = Selection::Missing;
using Lists = std::vector<std::vector<std::string>>;

class MiningItemSets : public tine_test::NothingLeftBehind {
 protected:
  Baskets read(const std::string& text, const BasketSelection& what, const CsvOptions& csv = {}) {
    const tine_test::TemporaryFile file(text);
    return read_baskets(pool_, FileSource{.name = file.name()}, csv, what);
  }

  Pool pool_{{.workers = 2}};
};

Lists lists(const Baskets& baskets) {
  Lists result;
  std::size_t at = 0;
  for (const std::uint64_t end : baskets.ends) {
    result.emplace_back();
    for (; at < end; ++at) result.back().push_back(baskets.items[baskets.members[at]]);
  }
  return result;
}

// Baskets of the items 0 ... items - 1, each in a basket with its probability.
Baskets random_baskets(Pool& pool, std::size_t n, const std::vector<double>& chances,
                       std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Baskets baskets;
  for (std::size_t item = 0; item < chances.size(); ++item)
    baskets.items.push_back(std::to_string(item));
  std::vector<std::uint32_t> members;
  std::vector<std::uint64_t> ends;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::uint32_t item = 0; item < chances.size(); ++item)
      if (static_cast<double>(random() >> 11) * 0x1p-53 < chances[item]) members.push_back(item);
    ends.push_back(members.size());
  }
  baskets.members = pool.array_from(members);
  baskets.ends = pool.array_from(ends);
  return baskets;
}

struct Set {
  std::uint64_t count;
  std::vector<std::uint32_t> items;
  friend bool operator==(const Set&, const Set&) = default;
};
void PrintTo(const Set& set, std::ostream* to) {
  *to << set.count << ": " << testing::PrintToString(set.items);
}

std::vector<Set> list(const ItemSets& sets) {
  std::vector<Set> result;
  for (std::size_t i = 0; i < sets.size(); ++i)
    result.push_back({sets.counts[i], {sets[i].begin(), sets[i].end()}});
  return result;
}

// All subsets of at most 20 items, counted.
std::vector<Set> brute_force(const Baskets& baskets, std::uint64_t min_count,
                             std::size_t max_length = 99) {
  std::vector<std::uint32_t> masks;
  std::size_t at = 0;
  for (const std::uint64_t end : baskets.ends) {
    masks.push_back(0);
    for (; at < end; ++at) masks.back() |= 1u << baskets.members[at];
  }
  std::vector<Set> sets;
  for (std::uint32_t set = 1; set < 1u << baskets.items.size(); ++set) {
    if (static_cast<std::size_t>(std::popcount(set)) > max_length) continue;
    const auto count = static_cast<std::uint64_t>(
        std::ranges::count_if(masks, [set](std::uint32_t mask) { return (mask & set) == set; }));
    if (count < min_count) continue;
    sets.push_back({count, {}});
    for (std::uint32_t item = 0; item < baskets.items.size(); ++item)
      if (set >> item & 1) sets.back().items.push_back(item);
  }
  std::ranges::sort(sets, [](const Set& a, const Set& b) {
    return a.count != b.count ? a.count > b.count : a.items < b.items;
  });
  return sets;
}

TEST_F(MiningItemSets, rows_of_a_transaction_may_be_anywhere) {
  const Baskets baskets = read(
      "order,product\n"
      "7,milk\n"
      "3,bread\n"
      "7,eggs\n"
      "3,milk\n"
      "7,milk\n",
      {.transaction = "order", .item = "product"});
  EXPECT_THAT(baskets.items, ElementsAre("bread", "eggs", "milk"));
  EXPECT_EQ(lists(baskets), (Lists{{"eggs", "milk"}, {"bread", "milk"}}));
  EXPECT_EQ(baskets.rows_read, 5u);
}

TEST_F(MiningItemSets, items_and_transactions_are_of_any_type) {
  const std::string text =
      "who,when,size,new,how\n"
      "a,2024-05-01,10,true,1.5\n"
      "b,2024-05-02,9,false,-0.0\n"
      "a,2024-05-01,9,true,0\n";
  const auto items = [&](const std::string& transaction, const std::string& item) {
    return read(text, {.transaction = transaction, .item = item}).items;
  };
  EXPECT_THAT(items("who", "size"), ElementsAre("9", "10"));
  EXPECT_THAT(items("how", "when"), ElementsAre("2024-05-01", "2024-05-02"));
  EXPECT_THAT(items("when", "new"), ElementsAre("false", "true"));
  EXPECT_THAT(items("new", "how").size(), 2u);
  EXPECT_THAT(items("size > 9", "upper(who)"), ElementsAre("A", "B"));
  EXPECT_EQ(read(text, {.transaction = "how", .item = "who"}).size(), 2u);
}

TEST_F(MiningItemSets, lists_are_divided_and_trimmed) {
  const Baskets baskets = read(
      "id;what\n"
      "1;\"bread, milk ,,bread\"\n"
      "2;\"\"\n"
      "3;eggs\n",
      {.items = "what"}, {.delimiter = ';'});
  EXPECT_EQ(lists(baskets), (Lists{{"bread", "milk"}, {}, {"eggs"}}));
  // One basket in each line.
  const CsvOptions lines{.delimiter = '\x1f', .header = Header::absent};
  EXPECT_EQ(lists(read("1 2 3\n2  3\n10\n", {.items = "column1", .separator = " "}, lines)),
            (Lists{{"1", "2", "3"}, {"2", "3"}, {"10"}}));
  EXPECT_EQ(lists(read("5\n7\n", {.items = "column1"}, lines)), (Lists{{"5"}, {"7"}}));
}

TEST_F(MiningItemSets, what_is_missing_is_refused_or_skipped) {
  const std::string text = "t,i\n1,a\n2,\n,b\n1,c\n";
  const BasketSelection what{.transaction = "t", .item = "i"};
  EXPECT_THAT(message_of([&] { read(text, what); }), HasSubstr("i is missing in row 2"));
  BasketSelection skip = what;
  skip.missing = Missing::skip;
  const Baskets baskets = read(text, skip);
  EXPECT_EQ(lists(baskets), (Lists{{"a", "c"}}));
  EXPECT_EQ(baskets.rows_skipped, 2u);
  EXPECT_THAT(message_of([&] { read("t,i\n", what); }), HasSubstr("no rows"));
  EXPECT_THAT(message_of([&] { read(text, {.transaction = "t"}); }), HasSubstr("either"));
  EXPECT_THAT(message_of([&] { read(text, {.transaction = "t", .items = "i"}); }),
              HasSubstr("either"));
  EXPECT_THAT(message_of([&] { read(text, {.items = "i", .separator = ""}); }),
              HasSubstr("separator"));
  EXPECT_THAT(message_of([&] { read(text, {.transaction = "t", .item = "nothing"}); }),
              HasSubstr("no column nothing"));
}

TEST_F(MiningItemSets, sets_are_those_of_brute_force) {
  for (const std::size_t n : {1u, 2u, 63u, 64u, 65u, 600u}) {
    for (const std::uint64_t min_count : {std::uint64_t{1}, std::uint64_t{2}, n / 3 + 1, n / 1}) {
      SCOPED_TRACE(std::to_string(n) + " baskets, " + std::to_string(min_count));
      std::vector<double> chances(11);
      for (std::size_t i = 0; i < chances.size(); ++i)
        chances[i] = std::min(1.0, 0.12 * static_cast<double>((7 * i) % chances.size()));
      const Baskets baskets = random_baskets(pool_, n, chances, n);
      EXPECT_EQ(list(frequent_item_sets(pool_, baskets, {.min_count = min_count})),
                brute_force(baskets, min_count));
      for (const std::size_t longest : {1u, 2u, 3u})
        EXPECT_EQ(list(frequent_item_sets(pool_, baskets,
                                          {.min_count = min_count, .max_length = longest})),
                  brute_force(baskets, min_count, longest));
    }
  }
}

TEST_F(MiningItemSets, what_is_too_much_for_a_slice_is_divided) {
  // 2^17 sets, and more than one slice may find in several places.
  const Baskets baskets = random_baskets(pool_, 200, std::vector<double>(17, 0.97), 1);
  std::vector<std::uint64_t> progress;
  const ItemSets sets = frequent_item_sets(
      pool_, baskets, {.min_count = 80, .progress = [&](std::uint64_t done, std::uint64_t all) {
                         EXPECT_EQ(all, 17u);
                         progress.push_back(done);
                       }});
  EXPECT_GT(sets.size(), 100'000u);
  EXPECT_TRUE(list(sets) == brute_force(baskets, 80));
  EXPECT_GT(progress.size(), 1u);
  EXPECT_TRUE(std::ranges::is_sorted(progress));
  EXPECT_EQ(progress.back(), 17u);
}

TEST_F(MiningItemSets, too_many_sets_are_refused) {
  const Baskets baskets = random_baskets(pool_, 100, std::vector<double>(60, 1), 1);
  EXPECT_THAT(message_of([&] {
                frequent_item_sets(pool_, baskets, {.min_count = 100, .memory = 64 << 20});
              }),
              testing::AllOf(HasSubstr("there are more than"), HasSubstr("64 MiB"),
                             HasSubstr("greater least support")));
  EXPECT_EQ(
      frequent_item_sets(pool_, baskets, {.min_support = 1, .max_length = 3, .memory = 64 << 20})
          .size(),
      60u + 60 * 59 / 2 + 60 * 59 * 58 / 6);
}

TEST_F(MiningItemSets, supports_are_counts_rounded_up) {
  const Baskets baskets = random_baskets(pool_, 10, {1, 0.5, 0.31}, 8);
  const auto smallest = [&](double support) {
    return frequent_item_sets(pool_, baskets, {.min_support = support}).counts.back();
  };
  for (std::uint64_t item = 0; item < 3; ++item) {
    const auto sets = brute_force(baskets, 1, 1);
    const double support = static_cast<double>(sets[item].count) / 10;
    EXPECT_EQ(smallest(support), sets[item].count);  // exactly so many are enough
  }
  EXPECT_THAT(message_of([&] { smallest(0); }), HasSubstr("above 0"));
  EXPECT_THAT(message_of([&] { smallest(1.5); }), HasSubstr("at most 1"));
  EXPECT_THAT(message_of([&] { frequent_item_sets(pool_, baskets, {.min_count = 0}); }),
              HasSubstr("at least 1"));
  EXPECT_EQ(frequent_item_sets(pool_, baskets, {.min_count = 11}).size(), 0u);
}

TEST_F(MiningItemSets, rules_that_can_be_worked_out_by_hand) {
  const Baskets baskets = read("a b\na b\na\nb\nc\n", {.items = "column1", .separator = " "},
                               {.delimiter = '\x1f', .header = Header::absent});
  const ItemSets sets = frequent_item_sets(pool_, baskets, {.min_count = 1});
  EXPECT_EQ(list(sets), (std::vector<Set>{{3, {0}}, {3, {1}}, {2, {0, 1}}, {1, {2}}}));
  EXPECT_EQ(sets.support(0), 0.6);
  const auto rules = association_rules(sets, {.min_confidence = 2.0 / 3});
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].antecedent, 0u);
  EXPECT_EQ(rules[0].consequent, 1u);
  EXPECT_EQ(rules[0].both, 2u);
  EXPECT_DOUBLE_EQ(rules[0].confidence, 2.0 / 3);
  EXPECT_DOUBLE_EQ(rules[0].lift, 2.0 / 3 / 0.6);
  EXPECT_EQ(rules[1].antecedent, 1u);
  EXPECT_EQ(association_rules(sets, {.min_confidence = 0.67}).size(), 0u);
  EXPECT_THAT(message_of([&] { association_rules(sets, {.min_confidence = 0}); }),
              HasSubstr("above 0"));
  const Baskets many = random_baskets(pool_, 10, std::vector<double>(14, 1), 1);
  EXPECT_THAT(
      message_of([&] { association_rules(frequent_item_sets(pool_, many), {.memory = 1 << 20}); }),
      HasSubstr("rules"));
}

TEST_F(MiningItemSets, intersections_of_bit_sets_are_those_of_a_plain_loop) {
  std::mt19937_64 random(4);
  for (const std::size_t words : {bit_set_step, 5 * bit_set_step}) {
    constexpr std::size_t count = 9;
    std::vector<std::uint64_t> set(words), others(words * count), to(words * count);
    for (auto& word : set) word = random();
    for (auto& word : others) word = random() & random();
    Intersection found[count];
    const std::uint64_t least = 8 * words;  // which half of them have
    const std::size_t kept =
        intersect(set.data(), others.data(), count, words, least, to.data(), found);
    std::size_t k = 0;
    for (std::size_t j = 0; j < count; ++j) {
      std::uint64_t size = 0;
      for (std::size_t i = 0; i < words; ++i)
        size += static_cast<std::uint64_t>(std::popcount(set[i] & others[j * words + i]));
      if (size < least) continue;
      ASSERT_LT(k, kept);
      EXPECT_EQ(found[k].which, j);
      EXPECT_EQ(found[k].count, size);
      for (std::size_t i = 0; i < words; ++i)
        EXPECT_EQ(to[k * words + i], set[i] & others[j * words + i]);
      ++k;
    }
    EXPECT_EQ(k, kept);
    EXPECT_GT(kept, 0u);
    EXPECT_LT(kept, count);
  }
}

TEST_F(MiningItemSets, results_are_the_same_for_any_number_of_workers) {
  std::vector<Set> first;
  for (const unsigned workers : {1u, 2u, 3u, 7u}) {
    Pool pool({.workers = workers});
    const Baskets baskets = random_baskets(pool, 3000, std::vector<double>(40, 0.3), 2);
    const auto sets = list(frequent_item_sets(pool, baskets, {.min_support = 0.02}));
    if (first.empty()) first = sets;
    EXPECT_GT(sets.size(), 5000u);
    EXPECT_TRUE(sets == first) << workers << " workers";
  }
}

TEST_F(MiningItemSets, workers_that_are_killed_change_nothing) {
  Pool pool({.workers = 3});
  const Baskets baskets = random_baskets(pool, 20'000, std::vector<double>(60, 0.3), 2);
  const ItemSetOptions options{.min_support = 0.02};
  const auto right = list(frequent_item_sets(pool, baskets, options));
  tine_test::expect_same_while_killed(
      pool, {.wanted = 6, .rounds = 40, .first_us = 1000, .step_us = 7000},
      [&](int) { return list(frequent_item_sets(pool, baskets, options)) == right; });
}

TEST_F(MiningItemSets, sets_and_rules_are_those_of_apriori) {
  char name[] = "/tmp/tine-item-sets-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  const std::string command = std::string(TINE_PYTHON) + " " + TINE_SCRIPT + " " + name;
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  struct Case {
    std::string name;
    std::uint64_t min_count;
    double min_confidence;
  };
  for (const auto& [set, min_count, min_confidence] :
       {Case{"sparse", 30, 0.4}, Case{"dense", 60, 0.7}, Case{"same", 20, 1}}) {
    SCOPED_TRACE(set);
    const auto file = [&, of = set](const char* kind) { return fs::path(name) / (of + kind); };
    const auto lines = [&](const char* kind) {
      std::ifstream from(file(kind));
      std::vector<std::string> result;
      for (std::string line; std::getline(from, line);) result.push_back(line);
      return result;
    };
    const Baskets baskets = read_baskets(pool_, FileSource{.name = file(".csv")}, {},
                                         {.transaction = "order", .item = "product"});
    const ItemSets sets = frequent_item_sets(pool_, baskets, {.min_count = min_count});
    const auto text = [&](std::size_t i) {
      std::string result;
      for (const std::uint32_t item : sets[i])
        result += (result.empty() ? "" : " ") + baskets.items[item];
      return result;
    };
    std::vector<std::string> got;
    for (std::size_t i = 0; i < sets.size(); ++i)
      got.push_back(std::to_string(sets.counts[i]) + " " + text(i));
    EXPECT_GT(got.size(), 100u);
    EXPECT_EQ(got, lines(".sets"));
    const auto wanted = lines(".rules");
    const auto rules = association_rules(sets, {.min_confidence = min_confidence});
    EXPECT_GT(rules.size(), 20u);
    ASSERT_EQ(rules.size(), wanted.size());
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const Rule& rule = rules[i];
      const std::string head = text(rule.antecedent) + " -> " + text(rule.consequent) + " " +
                               std::to_string(sets.counts[rule.both]) + " ";
      ASSERT_THAT(wanted[i], testing::StartsWith(head));
      char* end = nullptr;
      EXPECT_EQ(rule.confidence, std::strtod(wanted[i].c_str() + head.size(), &end));
      EXPECT_EQ(rule.lift, std::strtod(end, nullptr));
    }
  }
  fs::remove_all(name);
}

}  // namespace

}  // namespace tine::mining
