// Groups and aggregates: by hand, on numbers that are hard, on any number of workers, after deaths.
#include <cmath>
#include <functional>
#include <limits>
#include <map>
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

// Of each kind of aggregate one, for numbers and for text.
Grouping everything(const SharedColumn& key, const SharedColumn& other_key, const SharedColumn& x,
                    const SharedColumn& y, const SharedColumn& text) {
  Grouping grouping{.keys = {&key, &other_key}, .rows = x.size()};
  for (const AggregateKind kind :
       {sum, mean, min, max, variance, quantile, distinct, first, last}) {
    grouping.aggregates.push_back(aggregate(kind, {x.type()}, 0.3));
    grouping.arguments.push_back(&x);
  }
  grouping.aggregates.push_back(aggregate(correlation, {x.type(), y.type()}));
  grouping.arguments.push_back(&x);
  grouping.arguments.push_back(&y);
  for (const AggregateKind kind : {count, min, last, distinct, approx_distinct}) {
    grouping.aggregates.push_back(aggregate(kind, {text.type()}));
    grouping.arguments.push_back(&text);
  }
  return grouping;
}

TEST_F(MiningGroups, same_bits_on_any_number_of_workers_and_after_deaths) {
  // Few groups, which the master merges, many, which workers do, and so many that slices leave rows as they are.
  const std::pair<std::int64_t, std::size_t> cases[] = {
      {40, 9000}, {30000, 9000}, {3000000, 34000}};
  for (const auto& [keys, slice_rows] : cases) {
    constexpr std::size_t rows = 100'003;
    std::mt19937_64 random(3);
    std::vector<std::optional<std::int64_t>> key(rows), other_key(rows);
    std::vector<std::optional<double>> x(rows), y(rows);
    std::vector<std::optional<std::string>> text(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const auto number = [&](std::uint64_t n) { return static_cast<std::int64_t>(random() % n); };
      if (number(50) != 0) key[i] = number(static_cast<std::uint64_t>(keys)) * 1'000'003;
      if (number(50) != 0) other_key[i] = number(3);
      if (number(20) != 0)
        x[i] = std::ldexp(static_cast<double>(number(1 << 30)), static_cast<int>(number(40)));
      if (number(20) != 0) y[i] = number(100) == 0 ? nan : static_cast<double>(number(1000));
      if (number(20) != 0) text[i] = "text " + std::to_string(number(500));
    }
    std::optional<Result> expected;
    for (const unsigned workers : tine_test::worker_counts) {
      Pool pool({.workers = workers});
      const auto k = integers(pool, key), k2 = integers(pool, other_key, Type::date);
      const auto a = reals(pool, x), b = reals(pool, y);
      const auto t = texts(pool, text);
      Grouping grouping = everything(k, k2, a, b, t);
      grouping.slice_rows = slice_rows;
      for (const int die_at : {-1, 7, 30}) {
        grouping.die_at = die_at;
        grouping.together = workers + 1;
        const Result result = grouped(pool, grouping);
        if (!expected) expected = result;
        EXPECT_TRUE(same_bits(result, *expected)) << workers << " workers, death at " << die_at;
      }
    }
    EXPECT_GT(expected->rows, std::min<std::size_t>(static_cast<std::size_t>(keys), 80'000));
  }
}

TEST_F(MiningGroups, many_keys_are_each_there_once) {
  constexpr std::size_t rows = 400'000;
  std::vector<std::optional<std::int64_t>> key(rows);
  std::vector<std::optional<std::string>> text(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    key[i] = static_cast<std::int64_t>(i * 7919 % (rows / 2) << 20);
    text[i] = std::to_string(*key[i]);
  }
  const auto k = integers(pool_, key);
  const auto t = texts(pool_, text);
  for (const SharedColumn* by : {&k, &t}) {
    Grouping grouping{.keys = {by}, .arguments = {&k}, .rows = rows, .slice_rows = 50'000};
    grouping.aggregates = {aggregate(count), aggregate(max, {Type::integer})};
    const Result result = grouped(pool_, grouping);
    ASSERT_EQ(result.rows, rows / 2);
    for (std::size_t row = 0; row < result.rows; ++row) {
      ASSERT_EQ(result.columns[1].integers[row], 2);
      ASSERT_EQ(cell(result.columns[0], row), std::to_string(result.columns[2].integers[row]));
    }
    EXPECT_TRUE(std::ranges::is_sorted(result.columns[0].integers));
    EXPECT_TRUE(std::ranges::is_sorted(result.columns[0].texts));
  }
}

// Of so many values that workers find them together: by plain sorting.
TEST_F(MiningGroups, quantiles_and_distinct_of_millions_of_values) {
  constexpr std::size_t rows = 2'200'002;
  std::mt19937_64 random(5);
  const auto wide = [&] {
    return std::ldexp(static_cast<double>(random() >> 11), static_cast<int>(random() % 600) - 300);
  };
  const std::function<double()> kinds[] = {
      wide, [&] { return static_cast<double>(random() % 1000000) - 3e5; }, [] { return 42.0; },
      [&] { return random() % 4 == 0 ? nan : 1e9 + static_cast<double>(random() % 3); }};
  for (const auto& value : kinds) {
    std::vector<std::optional<double>> x(rows);
    std::vector<double> sorted(rows);
    for (std::size_t i = 0; i < rows; ++i) x[i] = sorted[i] = value();
    std::ranges::sort(
        sorted, [](double a, double b) { return a < b || (!std::isnan(a) && std::isnan(b)); });
    const auto numbers =
        std::find_if(sorted.begin(), sorted.end(), [](double a) { return std::isnan(a); });
    const auto column = reals(pool_, x);
    Grouping grouping{.rows = rows, .slice_rows = 150'000};
    const double fractions[] = {0, 0.25, 0.5, 0.99, 1};
    for (const double fraction : fractions) {
      grouping.aggregates.push_back(aggregate(quantile, {Type::real}, fraction));
      grouping.arguments.push_back(&column);
    }
    grouping.aggregates.push_back(aggregate(distinct, {Type::real}));
    grouping.arguments.push_back(&column);
    const Result result = grouped(pool_, grouping);
    for (std::size_t f = 0; f < std::size(fractions); ++f) {
      const double place = fractions[f] * (rows - 1), below = std::floor(place);
      const auto at = static_cast<std::size_t>(below);
      const double a = sorted[at], b = sorted[std::min(at + 1, rows - 1)];
      const double expected = a == b || place == below ? a
                              : place - below < 0.5    ? a + (b - a) * (place - below)
                                                       : b - (b - a) * (1 - (place - below));
      const double got = result.columns[f].reals[0];
      EXPECT_TRUE(got == expected || (std::isnan(got) && std::isnan(expected)))
          << got << " instead of " << expected;
    }
    auto end = std::unique(sorted.begin(), numbers);
    EXPECT_EQ(result.columns.back().integers[0], end - sorted.begin() + (numbers != sorted.end()));
  }
}

TEST_F(MiningGroups, long_texts_and_texts_of_any_language_are_keys) {
  const std::string a(std::size_t{1} << 20, 'a'), b = a.substr(1) + "b";
  std::vector<std::optional<std::string>> keys = {a, b, "Zürich", "東京", "", std::nullopt,
                                                  b, a, "東京"};
  const auto key = texts(pool_, keys);
  Grouping grouping{.keys = {&key}, .rows = keys.size(), .slice_rows = 2};
  grouping.arguments = {&key, &key, &key};
  for (const AggregateKind kind : {count, min, distinct})
    grouping.aggregates.push_back(aggregate(kind, {Type::text}));
  EXPECT_EQ(show(grouped(pool_, grouping)), " 1  1; Zürich 1 Zürich 1; " + a + " 2 " + a + " 1; " +
                                                b + " 2 " + b + " 1; 東京 2 東京 1; null 0 null 0");
}

TEST_F(MiningGroups, batches_of_odd_sizes) {
  for (const std::size_t rows : {1, 2, 7, 8, 9, 2047, 2048, 2049, 4097}) {
    std::vector<std::optional<double>> x(rows);
    std::vector<std::optional<std::int64_t>> key(rows);
    double sum_of_all = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      key[i] = static_cast<std::int64_t>(i % 3) * 1000;
      sum_of_all += *(x[i] = static_cast<double>(i));
    }
    const auto column = reals(pool_, x);
    const auto keys = integers(pool_, key);
    Grouping grouping{.arguments = {&column, &column}, .rows = rows, .slice_rows = 4096};
    grouping.aggregates = {aggregate(sum, {Type::real}), aggregate(count, {Type::real})};
    const Result all = grouped(pool_, grouping);
    EXPECT_EQ(all.columns[0].reals[0], sum_of_all);
    grouping.keys = {&keys};
    const Result by_key = grouped(pool_, grouping);
    EXPECT_EQ(by_key.rows, std::min<std::size_t>(rows, 3));
    double again = 0;
    std::int64_t number = 0;
    for (std::size_t row = 0; row < by_key.rows; ++row) {
      again += by_key.columns[1].reals[row];
      number += by_key.columns[2].integers[row];
    }
    EXPECT_EQ(again, sum_of_all);
    EXPECT_EQ(number, static_cast<std::int64_t>(rows));
  }
}

// Values of a key that lie nearby at first, and then do not; on both sides of 0, and at the ends.
TEST_F(MiningGroups, keys_that_come_to_lie_far_apart) {
  constexpr std::int64_t smallest = -largest - 1;
  std::vector<std::optional<std::int64_t>> key;
  std::map<std::int64_t, std::int64_t> expected;
  std::mt19937_64 random(9);
  for (const std::uint64_t span : {100, 5000, 60000, 70000, 1 << 30})
    for (int i = 0; i < 5000; ++i)
      key.push_back(static_cast<std::int64_t>(random() % span) -
                    static_cast<std::int64_t>(span / 2));
  for (const std::int64_t k : {largest, smallest, largest - 1, smallest}) key.push_back(k);
  for (const auto& k : key) ++expected[*k];
  for (const std::size_t slice_rows : {4u, 6000u, 100000u}) {
    const auto column = integers(pool_, key);
    Grouping grouping{.keys = {&column},
                      .aggregates = {aggregate(count)},
                      .rows = key.size(),
                      .slice_rows = slice_rows};
    const Result result = grouped(pool_, grouping);
    ASSERT_EQ(result.rows, expected.size());
    std::size_t row = 0;
    for (const auto& [k, number] : expected) {
      ASSERT_EQ(result.columns[0].integers[row], k);
      ASSERT_EQ(result.columns[1].integers[row++], number) << k;
    }
  }
}

TEST_F(MiningGroups, what_needs_more_memory_than_is_allowed_is_refused) {
  const std::size_t rows = 200'000;
  std::vector<std::optional<std::int64_t>> key(rows);
  for (std::size_t i = 0; i < rows; ++i) key[i] = static_cast<std::int64_t>(i << 30);
  const auto column = integers(pool_, key);
  for (const AggregateKind kind : {quantile, distinct, sum}) {
    Grouping grouping{
        .arguments = {&column}, .rows = rows, .slice_rows = 30'000, .memory = 500'000};
    grouping.aggregates = {aggregate(kind, {Type::integer}, 0.5)};
    if (kind == sum) grouping.keys = {&column};
    try {
      grouped(pool_, grouping);
      FAIL() << "no error";
    } catch (const OutOfMemory& error) {
      EXPECT_THAT(error.what(), HasSubstr("--memory"));
    }
  }
}

// The same values in every slice are not kept for each of them.
TEST_F(MiningGroups, distinct_needs_memory_for_different_values_only) {
  constexpr std::size_t rows = 2'000'000, different = 50'000;
  std::vector<std::optional<std::int64_t>> x(rows), key(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    x[i] = static_cast<std::int64_t>(i * 7919 % different);
    key[i] = *x[i] % 3;
  }
  const auto column = integers(pool_, x), keys = integers(pool_, key);
  Grouping grouping{.arguments = {&column}, .rows = rows, .slice_rows = 100'000, .memory = 6 << 20};
  grouping.aggregates = {aggregate(distinct, {Type::integer})};
  EXPECT_EQ(show(grouped(pool_, grouping)), "50000");
  grouping.keys = {&keys};
  EXPECT_EQ(show(grouped(pool_, grouping)), "0 16667; 1 16667; 2 16666");
}

// What a worker wrote, changed and cut in all ways: an error, or another result.
TEST_F(MiningGroups, bytes_that_something_wrote_over_do_no_harm) {
  const Type keys[] = {Type::integer, Type::text};
  std::vector<Aggregate> aggregates;
  for (const AggregateKind kind :
       {count, sum, mean, min, variance, quantile, distinct, approx_distinct})
    aggregates.push_back(aggregate(kind, {Type::integer}, 0.5));
  for (const AggregateKind kind : {min, distinct})
    aggregates.push_back(aggregate(kind, {Type::text}));
  aggregates.push_back(aggregate(correlation, {Type::real, Type::real}));
  for (const std::size_t groups : {1u, 40u, 3000u}) {
    constexpr std::size_t rows = batch_rows;
    std::vector<std::int64_t> integer(rows);
    std::vector<double> real(rows);
    std::vector<std::string> words(rows);
    std::vector<std::string_view> text(rows);
    Groups of_slice(keys, aggregates);
    std::mt19937_64 random(2);
    for (int batch = 0; batch < 4; ++batch) {
      for (std::size_t i = 0; i < rows; ++i) {
        integer[i] = static_cast<std::int64_t>(random() % groups);
        real[i] = static_cast<double>(random() % 100);
        text[i] = words[i] = "text " + std::to_string(integer[i] % 7);
      }
      const Vector vi{Type::integer, integer.data()}, vr{Type::real, real.data()},
          vt{Type::text, text.data()};
      const Vector key_vectors[] = {vi, vt};
      std::vector<Vector> arguments(8, vi);
      arguments.insert(arguments.end(), {vt, vt, vr, vr});
      of_slice.add(rows, key_vectors, arguments);
    }
    BlobWriter size({});
    of_slice.write(size);
    auto good = pool_.array<std::byte>(size.used()), bad = pool_.array<std::byte>(size.used());
    BlobWriter to(good.span());
    of_slice.write(to);
    ASSERT_TRUE(to.fits());
    const auto merge = [&](std::span<const std::byte> blob) {
      GroupMerger merger(pool_, {keys[0], keys[1]}, aggregates, 1 << 28);
      const std::span<const std::byte> both[] = {good.span(), blob};
      merger.add(both);
      return merger.finish().rows;
    };
    EXPECT_EQ(merge(good.span()), merge({good.data(), good.size()}));
    int refused = 0;
    const int attempts = groups > 1000 ? 60 : 400;
    for (int attempt = 0; attempt < attempts; ++attempt) {
      std::ranges::copy(good, bad.data());
      std::size_t length = bad.size();
      if (attempt % 4 == 0) length = random() % length;
      for (int change = attempt % 4; change > 0; --change) {
        // Sizes are at the beginning and at the end.
        const std::size_t near =
            random() % 3 == 0 ? bad.size() : std::min<std::size_t>(bad.size(), 600);
        const std::size_t at = random() % near;
        bad[random() % 2 == 0 ? at : bad.size() - 1 - at] = static_cast<std::byte>(random());
      }
      try {
        merge({bad.data(), length});
      } catch (const Error&) {
        ++refused;
      }
    }
    EXPECT_GT(refused, attempts / 4 - 1);
  }
}

}  // namespace

}  // namespace tine::mining
