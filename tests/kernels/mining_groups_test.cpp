// Groups and aggregates: by hand, on numbers that are hard, on any number of workers, after deaths.
#include <cmath>
#include <limits>
#include <random>

#include <gmock/gmock.h>

#include "mining_grouped.hpp"
#include "support/fixture.hpp"

namespace tine::mining {

namespace {

using testing::HasSubstr;
using enum AggregateKind;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();

constexpr AggregateKind all_kinds[] = {count,  sum,      mean,     min,   max,  variance,
                                       stddev, quantile, distinct, first, last, correlation};

class MiningGroups : public tine_test::NothingLeftBehind {
 protected:
  // Aggregates of the one argument for all rows at once, in slices of so many rows.
  std::string all(const SharedColumn& x, const std::vector<AggregateKind>& kinds,
                  std::size_t slice_rows = 2) {
    Grouping grouping{.rows = x.size(), .slice_rows = slice_rows};
    for (const AggregateKind kind : kinds) {
      grouping.aggregates.push_back(aggregate(kind, {x.type()}, 0.5));
      grouping.arguments.push_back(&x);
    }
    return show(grouped(pool_, grouping));
  }
  std::string refusal(const SharedColumn& x, AggregateKind kind) {
    try {
      return all(x, {kind});
    } catch (const Error& error) {
      return error.what();
    }
  }

  Pool pool_{{.workers = 2}};
};

TEST_F(MiningGroups, aggregates_of_all_rows) {
  EXPECT_EQ(all(integers(pool_, {3, 1, std::nullopt, 4, 1, 5}),
                {count, sum, mean, min, max, variance, quantile, distinct, first, last}),
            "5 14 2.7999999999999998 1 5 3.2000000000000002 3 4 3 5");
  EXPECT_EQ(all(reals(pool_, {0.5, 2.5, 1}), {count, sum, mean, min, max, quantile, distinct}),
            "3 4 1.3333333333333333 0.5 2.5 1 3");
  EXPECT_EQ(all(texts(pool_, {"b", "", std::nullopt, "ä", "b"}),
                {count, min, max, distinct, first, last}),
            "4  ä 3 b b");
  EXPECT_EQ(all(booleans(pool_, {1, 0, 1, 1}), {count, sum, mean, min, max, quantile, distinct}),
            "4 3 0.75 0 1 1 2");
  EXPECT_EQ(all(integers(pool_, {7, 5, 9}, Type::date), {min, max, first, last, distinct}),
            "5 9 7 9 3");
}

TEST_F(MiningGroups, no_values_give_no_result_and_one_has_no_variance) {
  const auto without_count =
      std::vector{count, sum, mean, min, max, variance, quantile, distinct, first};
  EXPECT_EQ(all(reals(pool_, {}), without_count), "0 null null null null null null 0 null");
  EXPECT_EQ(all(reals(pool_, {std::nullopt, std::nullopt, std::nullopt}), without_count),
            "0 null null null null null null 0 null");
  EXPECT_EQ(all(integers(pool_, {42}), without_count), "1 42 42 42 42 null 42 1 42");
}

TEST_F(MiningGroups, infinities_and_nan_are_as_in_plain_sums) {
  EXPECT_EQ(all(reals(pool_, {1, infinity, 2}), {sum, mean, max, variance, quantile}),
            "inf inf inf nan 2");
  EXPECT_EQ(all(reals(pool_, {infinity, -infinity, 2}), {sum, min}), "nan -inf");
  EXPECT_EQ(all(reals(pool_, {1, nan, 2}), {sum, min, max, quantile, distinct}), "nan 1 nan 2 3");
  EXPECT_EQ(all(reals(pool_, {nan, -nan, nan}), {count, min, distinct}), "3 nan 1");
  EXPECT_EQ(all(reals(pool_, {0.0, -0.0}), {min, max, distinct, sum}), "-0 0 1 0");
  EXPECT_EQ(all(reals(pool_, {1e308, 1e308, -1e308}), {sum}), "inf");
}

TEST_F(MiningGroups, sums_are_right_to_the_last_bit) {
  EXPECT_EQ(all(reals(pool_, {1e100, 1, -1e100, 1e-30}), {sum}), "1");
  EXPECT_EQ(all(reals(pool_, {1e16, 1, 1, 1, 1, -1e16}), {sum, mean}), "4 0.66666666666666663");
  EXPECT_EQ(all(integers(pool_, {largest, largest, -largest, -largest, 3}), {sum, mean}),
            "3 0.59999999999999998");
  EXPECT_EQ(all(integers(pool_, {largest, largest}), {mean}), "9.2233720368547758e+18");
  EXPECT_THAT(refusal(integers(pool_, {largest, largest}), sum), HasSubstr("sum(float(x))"));
}

TEST_F(MiningGroups, keys_of_all_types_in_ascending_order_missing_last) {
  const auto ones = integers(pool_, std::vector<std::optional<std::int64_t>>(8, 1));
  const auto by = [&](const SharedColumn& key) {
    Grouping grouping{.keys = {&key}, .arguments = {&ones}, .rows = key.size(), .slice_rows = 3};
    grouping.aggregates = {aggregate(sum, {Type::integer})};
    return show(grouped(pool_, grouping));
  };
  EXPECT_EQ(by(integers(pool_, {3, -1, std::nullopt, 3, largest, -largest - 1})),
            "-9223372036854775808 1; -1 1; 3 2; 9223372036854775807 1; null 1");
  EXPECT_EQ(by(reals(pool_, {nan, 1, std::nullopt, -0.0, 0.0, -infinity, -nan, infinity})),
            "-inf 1; 0 2; 1 1; inf 1; nan 2; null 1");
  EXPECT_EQ(by(texts(pool_, {"b", "a", std::nullopt, "", "b", "Z", "ä", std::nullopt})),
            " 1; Z 1; a 1; b 2; ä 1; null 2");
  EXPECT_EQ(by(booleans(pool_, {1, 0, std::nullopt, 1})), "0 1; 1 2; null 1");
  EXPECT_EQ(by(integers(pool_, {})), "");
}

TEST_F(MiningGroups, several_keys) {
  const auto a = integers(pool_, {2, 1, 2, std::nullopt, 2, std::nullopt});
  const auto b = texts(pool_, {"x", "y", std::nullopt, "x", "x", "x"});
  Grouping grouping{.keys = {&a, &b}, .aggregates = {aggregate(count)}, .rows = 6, .slice_rows = 2};
  EXPECT_EQ(show(grouped(pool_, grouping)), "1 y 1; 2 x 2; 2 null 1; null x 2");
}

}  // namespace

}  // namespace tine::mining
