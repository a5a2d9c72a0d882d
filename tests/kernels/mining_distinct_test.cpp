// How many different values there are: beside a plain set, for values that lie close together, far apart, and first the
// one and then the other.
#include <cmath>
#include <functional>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "mining_grouped.hpp"
#include "support/fixture.hpp"

namespace tine::mining {

namespace {

using enum AggregateKind;

class MiningDistinct : public tine_test::NothingLeftBehind {};

constexpr std::size_t rows = 150'007;

// Of each kind of values some: what a row has, and how far slices reach.
struct Case {
  const char* name;
  std::function<std::int64_t(std::uint64_t row, std::uint64_t random)> value;
};
const Case cases[] = {
    {"near", [](auto, auto r) { return static_cast<std::int64_t>(r % 50'000) - 20'000; }},
    {"one", [](auto, auto) { return 42; }},
    {"far", [](auto, auto r) { return static_cast<std::int64_t>(r); }},
    {"far, some twice",
     [](auto, auto r) { return static_cast<std::int64_t>(r % 60'000 * 0x9e3779b97f4a7c15); }},
    {"few, far",
     [](auto, auto r) { return static_cast<std::int64_t>(r % 900 * 0x9e3779b97f4a7c15); }},
    {"drifting", [](auto row, auto r) { return static_cast<std::int64_t>(row * 3 + r % 100); }},
    {"drifting far",
     [](auto row, auto r) { return static_cast<std::int64_t>((row / 9'000 << 50) + r % 9'000); }},
    {"near, then far",
     [](auto row, auto r) {
       return static_cast<std::int64_t>(row < rows / 2 ? r % 70'000 : r % 90'000 * 1'000'003);
     }},
    {"the ends",
     [](auto, auto r) { return static_cast<std::int64_t>(((r & 1) << 63) + r % 5 - 2); }},
};

TEST_F(MiningDistinct, as_a_plain_set_on_any_number_of_workers_and_after_deaths) {
  for (const Case& c : cases) {
    std::mt19937_64 random(17);
    std::vector<std::optional<std::int64_t>> integer(rows), group(rows);
    std::vector<std::optional<double>> real(rows);
    std::vector<std::optional<std::string>> text(rows);
    std::set<std::int64_t> integers_of[4];
    std::set<double> reals_of[4];
    for (std::size_t i = 0; i < rows; ++i) {
      const auto g = random() % 4;
      group[i] = static_cast<std::int64_t>(g);
      if (random() % 20 == 0) continue;
      const std::int64_t value = c.value(i, random());
      integer[i] = value;
      real[i] = static_cast<double>(value) / 64;
      if (value == 0 && random() % 2 == 0) real[i] = -0.0;
      text[i] = "text " + std::to_string(value);
      integers_of[g].insert(value);
      reals_of[g].insert(*real[i]);
    }
    std::set<std::int64_t> all_integers;
    std::set<double> all_reals;
    std::string by_group;
    for (std::size_t g = 0; g < 4; ++g) {
      all_integers.merge(std::set(integers_of[g]));
      all_reals.merge(std::set(reals_of[g]));
      const std::string count = std::to_string(integers_of[g].size());
      by_group += (g == 0 ? "" : "; ") + std::to_string(g) + " " + count + " " +
                  std::to_string(reals_of[g].size()) + " " + count;
    }
    const std::string count = std::to_string(all_integers.size());
    const std::string all = count + " " + std::to_string(all_reals.size()) + " " + count;
    for (const unsigned workers : tine_test::worker_counts) {
      Pool pool({.workers = workers});
      const auto a = integers(pool, integer), k = integers(pool, group);
      const auto b = reals(pool, real);
      const auto t = texts(pool, text);
      Grouping grouping{.arguments = {&a, &b, &t}, .rows = rows, .slice_rows = 21'000};
      for (const Type type : {Type::integer, Type::real, Type::text})
        grouping.aggregates.push_back(aggregate(distinct, {type}));
      for (const std::size_t together : {1u, 3u, 8u}) {
        grouping.together = together;
        grouping.die_at = together == 3 ? 9 : -1;
        grouping.keys = {};
        EXPECT_EQ(show(grouped(pool, grouping)), all) << c.name << ", " << workers << " workers";
        grouping.keys = {&k};
        EXPECT_EQ(show(grouped(pool, grouping)), by_group)
            << c.name << ", " << workers << " workers";
      }
    }
  }
}

// Nearly as many groups as values, which workers merge.
TEST_F(MiningDistinct, of_very_many_groups) {
  Pool pool({.workers = 2});
  std::vector<std::optional<std::int64_t>> key(rows), value(rows);
  std::set<std::pair<std::int64_t, std::int64_t>> pairs;
  std::set<std::int64_t> keys;
  std::mt19937_64 random(3);
  for (std::size_t i = 0; i < rows; ++i) {
    key[i] = static_cast<std::int64_t>(random() % 40'000 << 30);
    value[i] = static_cast<std::int64_t>(random() % 2 == 0 ? random() % 3 : random() << 60);
    pairs.emplace(*key[i], *value[i]);
    keys.insert(*key[i]);
  }
  const auto k = integers(pool, key), v = integers(pool, value);
  Grouping grouping{.keys = {&k}, .arguments = {&v}, .rows = rows, .slice_rows = 30'000};
  grouping.aggregates = {aggregate(distinct, {Type::integer})};
  const Result result = grouped(pool, grouping);
  ASSERT_EQ(result.rows, keys.size());
  auto pair = pairs.begin();
  for (std::size_t row = 0; row < result.rows; ++row) {
    std::int64_t count = 0;
    for (; pair != pairs.end() && pair->first == result.columns[0].integers[row]; ++pair) ++count;
    ASSERT_EQ(result.columns[1].integers[row], count);
  }
}

}  // namespace

}  // namespace tine::mining
