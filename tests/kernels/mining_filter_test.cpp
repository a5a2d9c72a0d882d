// Rows for which a condition holds, whatever their number, type and order.
#include <random>

#include <gtest/gtest.h>
#include <tine/error.hpp>

#include "filter.hpp"
#include "mining_columns.hpp"

namespace tine::mining {

namespace {

using tine_test::Columnar;

/// A column of each type, with and without nulls, and random conditions.
Columnar random_columns(std::size_t rows, unsigned seed, double chosen) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<> uniform;
  std::vector<std::int64_t> integers, dates;
  std::vector<double> reals;
  std::vector<std::string> texts;
  std::vector<std::uint8_t> booleans, condition, nulls, condition_nulls;
  for (std::size_t i = 0; i < rows; ++i) {
    integers.push_back(static_cast<std::int64_t>(random()) << 20);
    dates.push_back(static_cast<std::int64_t>(random() % 40000));
    reals.push_back(uniform(random));
    texts.push_back(std::to_string(random() % 100000));
    booleans.push_back(random() % 2);
    nulls.push_back(random() % 3 == 0);
    condition.push_back(uniform(random) < chosen);
    condition_nulls.push_back(random() % 4 == 0);
  }
  Columnar columns;
  columns.add("condition", condition);
  columns.add("condition with nulls", condition, condition_nulls);
  columns.add("i", integers);
  columns.add("f", reals, nulls);
  columns.add("s", texts);
  columns.add("b", booleans, nulls);
  columns.add("d", Type::date, dates, nulls);
  columns.add("sn", texts, nulls);
  return columns;
}

TEST(Filter, gives_the_rows_that_were_chosen_in_order) {
  for (const std::size_t rows : {0, 1, 2, 7, 8, 9, 63, 64, 65, 2047, 2048})
    for (const double chosen : {0.0, 0.01, 0.5, 0.99, 1.0})
      for (const std::size_t condition : {0, 1}) {
        const Columnar columns =
            random_columns(rows, static_cast<unsigned>(rows * 10 + condition), chosen);
        std::vector<Vector> vectors;
        std::vector<Type> types;
        for (std::size_t i = 0; i < columns.schema().size(); ++i) {
          vectors.push_back(columns.from(i, 0));
          types.push_back(vectors.back().type);
        }
        std::vector<std::vector<std::string>> expected(vectors.size());
        for (std::size_t row = 0; row < rows; ++row)
          if (tine_test::text_of(vectors[condition], row) == "true")
            for (std::size_t i = 0; i < vectors.size(); ++i)
              expected[i].push_back(tine_test::text_of(vectors[i], row));
        Filter filter(types);
        for (int again = 0; again < 2; ++again) {
          Batch out;
          const std::size_t count = filter({rows, vectors}, vectors[condition], out);
          ASSERT_EQ(count, expected[0].size());
          ASSERT_EQ(out.rows, count);
          for (std::size_t i = 0; i < vectors.size(); ++i)
            for (std::size_t row = 0; row < count; ++row)
              ASSERT_EQ(tine_test::text_of(out.columns[i], row), expected[i][row]);
        }
      }
}

TEST(Filter, copies_nothing_where_all_rows_pass) {
  const Columnar columns = random_columns(100, 1, 1);
  const std::vector<Vector> vectors{columns.from(0, 0), columns.from(2, 0)};
  Filter filter(std::vector<Type>{Type::boolean, Type::integer});
  Batch out;
  EXPECT_EQ(filter({100, vectors}, vectors[0], out), 100u);
  EXPECT_EQ(out.columns[1].values, vectors[1].values);
}

TEST(Filter, takes_no_other_columns_than_it_was_made_for) {
  const Columnar columns = random_columns(10, 1, 0.5);
  const std::vector<Vector> vectors{columns.from(0, 0), columns.from(2, 0)};
  Batch out;
  EXPECT_THROW(Filter(std::vector<Type>{Type::boolean})({10, vectors}, vectors[0], out), Error);
  EXPECT_THROW(Filter(std::vector<Type>{Type::boolean, Type::real})({10, vectors}, vectors[0], out),
               Error);
  EXPECT_THROW(
      Filter(std::vector<Type>{Type::boolean, Type::integer})({10, vectors}, vectors[1], out),
      Error);
}

}  // namespace

}  // namespace tine::mining
