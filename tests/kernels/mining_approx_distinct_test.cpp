// How far approx_distinct() is off, from no values to ten million.
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "mining_grouped.hpp"
#include "support/fixture.hpp"

namespace tine::mining {

namespace {

using enum AggregateKind;

constexpr double standard_error = 1.04 / 128;  // of 2^14 registers

class MiningApproxDistinct : public tine_test::NothingLeftBehind {
 protected:
  std::int64_t estimate(const SharedColumn& x) {
    Grouping grouping{.arguments = {&x}, .rows = x.size(), .slice_rows = 1 << 20};
    grouping.aggregates = {aggregate(approx_distinct, {x.type()})};
    return grouped(pool_, grouping).columns[0].integers[0];
  }
  template <class Value>
  std::int64_t of_integers(std::size_t n, Value value) {
    std::vector<std::optional<std::int64_t>> x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<std::int64_t>(value(i));
    return estimate(integers(pool_, x));
  }
  Pool pool_{{.workers = 2}};
};

TEST_F(MiningApproxDistinct, is_near_from_one_value_to_ten_million) {
  for (const std::size_t n : {0, 1, 2, 10, 100, 1000, 10'000, 100'000, 1'000'000, 10'000'000}) {
    const auto count = static_cast<double>(n);
    // Few values fall into the same register by accident only.
    const double allowed = n <= 100 ? 1 : 4 * standard_error * count;
    for (const std::uint64_t step :
         {std::uint64_t{1}, std::uint64_t{86400000000}, std::uint64_t{0x9e3779b97f4a7c15}})
      EXPECT_NEAR(static_cast<double>(of_integers(n, [=](std::uint64_t i) { return i * step; })),
                  count, allowed)
          << n << " multiples of " << step;
    if (n > 1'000'000) continue;
    std::vector<std::optional<double>> real(n);
    std::vector<std::optional<std::string>> text(n);
    for (std::size_t i = 0; i < n; ++i) {
      real[i] = static_cast<double>(i) / 4;
      text[i] = std::to_string(i);
    }
    EXPECT_NEAR(static_cast<double>(estimate(reals(pool_, real))), count, allowed) << n << " reals";
    EXPECT_NEAR(static_cast<double>(estimate(texts(pool_, text))), count, allowed) << n << " texts";
  }
}

TEST_F(MiningApproxDistinct, has_the_error_that_is_documented) {
  for (const std::size_t n : {3000, 20'000, 60'000, 300'000}) {
    constexpr int repeats = 40;
    double bias = 0, squares = 0;
    std::mt19937_64 random(n);
    for (int repeat = 0; repeat < repeats; ++repeat) {
      const auto got = of_integers(n, [&](std::uint64_t) { return random(); });
      const double error = static_cast<double>(got) / static_cast<double>(n) - 1;
      bias += error / repeats;
      squares += error * error / repeats;
    }
    EXPECT_LT(std::sqrt(squares), 1.35 * standard_error) << n;
    EXPECT_LT(std::abs(bias), 3 * standard_error / std::sqrt(repeats)) << n;
  }
}

TEST_F(MiningApproxDistinct, counts_what_distinct_does_of_every_type) {
  std::vector<std::optional<double>> real;
  std::vector<std::optional<std::string>> text;
  std::vector<std::optional<std::uint8_t>> boolean;
  for (int i = 0; i < 300; ++i) {
    real.push_back(i % 30 == 0 ? -0.0 : i % 30);
    text.push_back("text " + std::to_string(i % 50));
    boolean.push_back(i % 2);
    if (i % 7 == 0) real.back() = std::nan(""), text.back() = std::nullopt;
  }
  real.push_back(0.0);
  EXPECT_NEAR(static_cast<double>(estimate(reals(pool_, real))), 31, 1);
  EXPECT_EQ(estimate(texts(pool_, text)), 50);
  EXPECT_EQ(estimate(booleans(pool_, boolean)), 2);
  EXPECT_EQ(estimate(texts(pool_, {std::nullopt, std::nullopt})), 0);
}

// Groups with few values and with many, in any number of slices that are merged in any way.
TEST_F(MiningApproxDistinct, does_not_depend_on_how_rows_are_cut) {
  constexpr std::size_t rows = 120'000;
  std::vector<std::optional<std::int64_t>> key(rows), x(rows);
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < rows; ++i) {
    key[i] = static_cast<std::int64_t>(std::min(random() % 300, random() % 300));
    x[i] = static_cast<std::int64_t>(random() % 5000) * (*key[i] < 20 ? 1'000'003 : 0);
  }
  std::optional<Result> expected;
  for (const unsigned workers : tine_test::worker_counts) {
    Pool pool({.workers = workers});
    const auto k = integers(pool, key), v = integers(pool, x);
    for (const std::size_t slice_rows : {500u, 7000u, 200'000u}) {
      Grouping grouping{.keys = {&k}, .arguments = {&v}, .rows = rows, .slice_rows = slice_rows};
      grouping.aggregates = {aggregate(approx_distinct, {Type::integer})};
      grouping.die_at = slice_rows == 7000 ? 5 : -1;
      const Result result = grouped(pool, grouping);
      if (!expected) expected = result;
      EXPECT_TRUE(same_bits(result, *expected)) << workers << " workers, " << slice_rows;
    }
  }
  EXPECT_EQ(expected->columns[1].integers[250], 1);
}

}  // namespace

}  // namespace tine::mining
