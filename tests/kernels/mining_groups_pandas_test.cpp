// What pandas and numpy make of the same rows, and Python's fractions, which round nothing: this program
// writes rows and groups as text, and a script (mining_groups_pandas.py) compares.
#include <stdlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "mining_grouped.hpp"
#include "support/fixture.hpp"

namespace tine::mining {

namespace {

namespace fs = std::filesystem;

class GroupsBesidePandas : public tine_test::NothingLeftBehind {};

TEST_F(GroupsBesidePandas, aggregates_are_theirs) {
  char name[] = "/tmp/tine-groups-pandas-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  constexpr std::size_t rows = 30'011;
  std::mt19937_64 random(11);
  std::vector<std::optional<std::int64_t>> k(rows), n(rows);
  std::vector<std::optional<std::string>> s(rows);
  std::vector<std::optional<double>> x(rows), y(rows);
  std::ofstream input(fs::path(name) / "rows.csv");
  input.precision(17);
  input << "k,s,n,x,y\n";
  const auto write = [&](const auto& value, char end) {
    if (value) input << *value;
    input << end;
  };
  std::normal_distribution<double> noise;
  for (std::size_t i = 0; i < rows; ++i) {
    if (random() % 30 != 0) k[i] = static_cast<std::int64_t>(random() % 20) - 5;
    if (random() % 30 != 0)
      s[i] = std::string(1 + random() % 3, static_cast<char>('a' + random() % 3));
    if (random() % 10 != 0) n[i] = static_cast<std::int64_t>(random() % 2000) * 1'000'003;
    // Far from 0, with as much before the point as behind it; and of all sizes.
    if (random() % 10 != 0) x[i] = 1e9 + noise(random);
    if (random() % 10 != 0) y[i] = std::ldexp(noise(random), static_cast<int>(random() % 60));
    write(k[i], ',');
    write(s[i], ',');
    write(n[i], ',');
    write(x[i], ',');
    write(y[i], '\n');
  }
  input.close();
  {
    Pool pool({.workers = 2});
    const auto keys = integers(pool, k), texts_ = texts(pool, s), whole = integers(pool, n);
    const auto a = reals(pool, x), b = reals(pool, y);
    Grouping grouping{.keys = {&keys, &texts_}, .rows = rows, .slice_rows = 3001};
    for (const SharedColumn* column : {&whole, &a, &b})
      for (const auto& [kind, fraction] : {std::pair{AggregateKind::count, 0.0},
                                           {AggregateKind::sum, 0},
                                           {AggregateKind::mean, 0},
                                           {AggregateKind::min, 0},
                                           {AggregateKind::max, 0},
                                           {AggregateKind::variance, 0},
                                           {AggregateKind::quantile, 0.5},
                                           {AggregateKind::quantile, 0.95},
                                           {AggregateKind::distinct, 0},
                                           {AggregateKind::first, 0}}) {
        grouping.aggregates.push_back(aggregate(kind, {column->type()}, fraction));
        grouping.arguments.push_back(column);
      }
    grouping.aggregates.push_back(aggregate(AggregateKind::correlation, {Type::real, Type::real}));
    grouping.arguments.push_back(&a);
    grouping.arguments.push_back(&b);
    const Result result = grouped(pool, grouping);
    std::ofstream output(fs::path(name) / "groups.csv");
    for (std::size_t row = 0; row < result.rows; ++row)
      for (std::size_t c = 0; c < result.columns.size(); ++c)
        output << (result.columns[c].is_null(row) ? "" : cell(result.columns[c], row))
               << (c + 1 < result.columns.size() ? ',' : '\n');
  }
  const std::string command = std::string(TINE_PYTHON) + " " + TINE_SCRIPT + " " + name;
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  fs::remove_all(name);
}

}  // namespace

}  // namespace tine::mining
