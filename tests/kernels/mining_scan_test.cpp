// Queries to tables and to CSV files: what the parts make together.
#include <tine/mining/query.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <tine/tine.hpp>

#include "mining_query.hpp"
#include "support/fixture.hpp"
#include "support/killer.hpp"

namespace tine::mining {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class MiningScan : public tine_test::NothingLeftBehind {};

TEST_F(MiningScan, groups_of_a_table_are_those_of_a_plain_loop) {
  Pool pool({.workers = 2});
  for (const std::size_t n : {0u, 1u, 2u, 2047u, 2048u, 2049u, 100'003u}) {
    SCOPED_TRACE(n);
    const Rows rows(n, 7);
    const Table table = rows.table(pool);
    struct Group {
      std::size_t count = 0;
      __float128 sum = 0;
      double least = INFINITY, greatest = -INFINITY;
    };
    std::map<std::int64_t, Group> groups;
    for (std::size_t i = 0; i < n; ++i) {
      if (!(rows.y[i] > 0.25)) continue;
      Group& g = groups[rows.k[i]];
      ++g.count;
      g.sum += rows.x[i];
      g.least = std::min(g.least, rows.x[i]);
      g.greatest = std::max(g.greatest, rows.x[i]);
    }
    const Result result = scan(pool, table,
                               {.where = "y > 0.25",
                                .group_by = "k",
                                .aggregates = "count, sum(x), min(x), max(x) as top"});
    ASSERT_EQ(result.rows, groups.size());
    EXPECT_EQ(result.rows_read, n);
    std::size_t i = 0;
    for (const auto& [key, g] : groups) {
      EXPECT_EQ(column(result, "k").integers[i], key);
      EXPECT_EQ(column(result, "count").integers[i], static_cast<std::int64_t>(g.count));
      EXPECT_DOUBLE_EQ(column(result, "sum(x)").reals[i], static_cast<double>(g.sum));
      EXPECT_EQ(column(result, "min(x)").reals[i], g.least);
      EXPECT_EQ(column(result, "top").reals[i], g.greatest);
      ++i;
    }
  }
}

TEST_F(MiningScan, rows_come_in_their_order_or_in_that_of_the_query) {
  Pool pool({.workers = 2});
  const TemporaryFile file("name,size\nb,2\na,\nd,3\nc,2\n");
  Result result = scan(pool, file.source(), {}, {});
  EXPECT_THAT(column(result, "name").texts, ElementsAre("b", "a", "d", "c"));
  EXPECT_THAT(column(result, "size").nulls, ElementsAre(0, 1, 0, 0));
  result = scan(pool, file.source(), {}, {.select = "name", .order_by = "-size, name"});
  EXPECT_EQ(result.columns.size(), 1u);
  EXPECT_THAT(column(result, "name").texts, ElementsAre("d", "b", "c", "a"));
  result = scan(pool, file.source(), {},
                {.select = "name, size * 2 as twice", .where = "size < 3", .limit = 1});
  EXPECT_THAT(column(result, "name").texts, ElementsAre("b"));
  EXPECT_THAT(column(result, "twice").integers, ElementsAre(4));
  result = scan(pool, file.source(), {}, {.order_by = "name", .limit = 2});
  EXPECT_THAT(column(result, "name").texts, ElementsAre("a", "b"));
}

TEST_F(MiningScan, a_sink_gets_all_rows_in_order_and_no_more_than_the_limit) {
  Pool pool({.workers = 2});
  const Rows rows(300'000, 100);
  const TemporaryFile file(rows.csv());
  for (const std::size_t limit :
       {std::size_t{0}, std::size_t{1}, std::size_t{200'001}, std::size_t{1'000'000}}) {
    std::vector<std::int64_t> got;
    const Result rest = scan(
        pool, file.source(), {}, {.select = "k", .limit = limit}, {.sink = [&](const Result& some) {
          got.insert(got.end(), some.columns[0].integers.begin(), some.columns[0].integers.end());
        }});
    EXPECT_EQ(rest.rows, 0u);
    const std::size_t wanted = std::min(limit, rows.k.size());
    EXPECT_EQ(got,
              std::vector(rows.k.begin(), rows.k.begin() + static_cast<std::ptrdiff_t>(wanted)));
  }
}

TEST_F(MiningScan, a_file_and_its_table_give_the_same) {
  Pool pool({.workers = 2});
  const Rows rows(150'000, 1000);
  const TemporaryFile file(rows.csv());
  const Query query{.where = "x > y or k % 7 = 0",
                    .group_by = "k % 10 as digit",
                    .aggregates = "count, min(x), max(y), median(x), distinct(k)"};
  const Result streamed = scan(pool, file.source(), {}, query);
  EXPECT_EQ(bytes_of(streamed), bytes_of(scan(pool, read_table(pool, file.source()), query)));
  EXPECT_EQ(bytes_of(streamed), bytes_of(scan(pool, rows.table(pool), query)));
}

TEST_F(MiningScan, a_table_keeps_text_and_what_is_missing) {
  Pool pool({.workers = 2});
  const TemporaryFile file("s,i,d\nx,1,2024-02-29\n,,\n\"\",3,1999-01-01\nx,4,\n");
  const Table table = read_table(pool, file.source());
  EXPECT_EQ(table.rows(), 4u);
  EXPECT_EQ(table.schema(), (Schema{{"s", Type::text}, {"i", Type::integer}, {"d", Type::date}}));
  const Result result = scan(pool, table, {.select = "s, i, year(d) as year"});
  EXPECT_THAT(column(result, "s").texts, ElementsAre("x", "", "", "x"));
  EXPECT_THAT(column(result, "s").nulls, ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(column(result, "i").nulls, ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(column(result, "year").nulls, ElementsAre(0, 1, 0, 1));
  EXPECT_EQ(column(result, "year").integers[0], 2024);
}

// A type that shows only in the last row makes the scan begin again.
TEST_F(MiningScan, types_are_those_of_the_whole_file) {
  Pool pool({.workers = 2});
  std::string text = "a,b\n";
  for (int i = 0; i < 400'000; ++i) text += "1,2\n";
  const TemporaryFile real(text + "0.5,2\n");
  EXPECT_EQ(schema_of(pool, real.source(), {})[0].type, Type::real);
  EXPECT_EQ(column(scan(pool, real.source(), {}, {.aggregates = "sum(a) as s"}), "s").reals[0],
            400'000.5);
  const TemporaryFile words(text + "many,2\n");
  EXPECT_EQ(column(scan(pool, words.source(), {}, {.aggregates = "max(a) as m"}), "m").texts[0],
            "many");
  // Only then does this make sense.
  EXPECT_EQ(scan(pool, words.source(), {}, {.where = "a like 'm%'"}).rows, 1u);
  EXPECT_THROW(scan(pool, words.source(), {}, {.aggregates = "sum(a)"}), QueryError);
}

TEST_F(MiningScan, errors_say_where) {
  Pool pool({.workers = 2});
  const TemporaryFile file("delay,carrier\n1,AA\n2,UA\n3,DL,4\n");
  const auto message = [&](const CsvOptions& csv, const Query& query) -> std::string {
    try {
      scan(pool, file.source(), csv, query);
      return "nothing was thrown";
    } catch (const QueryError& error) {
      return std::string(error.what()) + "\n" + error.picture();
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_THAT(message({}, {}), HasSubstr("line 4 has 3 cells"));
  EXPECT_THAT(message({}, {.where = "dely > 1"}), HasSubstr("delay"));
  EXPECT_THAT(message({}, {.where = "delay > 1 and carier = 'AA'"}),
              HasSubstr("\ndelay > 1 and carier = 'AA'\n              ^"));
  EXPECT_THAT(message({}, {.where = "delay + 1"}), HasSubstr("condition"));
  EXPECT_THAT(message({}, {.group_by = "carrier", .aggregates = "delay"}),
              HasSubstr("no aggregate"));
  EXPECT_THAT(message({}, {.select = "delay, delay"}), HasSubstr("two columns"));
  EXPECT_THAT(message({}, {.group_by = "carrier", .order_by = "delay"}), HasSubstr("none"));
  EXPECT_THAT(message({}, {.select = "delay", .aggregates = "count"}), HasSubstr("rows"));
  const Result skipped = scan(pool, file.source(), {.skip_bad = true}, {.aggregates = "count"});
  EXPECT_EQ(column(skipped, "count").integers[0], 2);
  EXPECT_EQ(skipped.bad_rows, 1u);
  EXPECT_THAT(skipped.bad_lines, ElementsAre(HasSubstr("line 4")));
}

// The second slice begins within quotes, which shows when the third is read already.
TEST_F(MiningScan, the_first_bad_row_is_named_whichever_slice_is_read_first) {
  Pool pool({.workers = 2});
  std::string text = "a,b\n";
  while (text.size() < (1 << 20) - 100) text += "1,2\n";
  text += "3,\"" + std::string(200, 'x') + "\"\n4\n";
  const auto line = std::count(text.begin(), text.end(), '\n');
  while (text.size() < (3 << 20)) text += "1,2\n5\n";
  const TemporaryFile file(text);
  for (const Query& query : {Query{.aggregates = "count"}, Query{.where = "nothing = 1"}, Query{}})
    try {
      scan(pool, file.source(), {}, query, {.sink = [](const Result&) {}});
      ADD_FAILURE();
    } catch (const FileError& error) {
      EXPECT_THAT(error.what(), HasSubstr("line " + std::to_string(line) + " has 1 cell"));
    } catch (const QueryError& error) {
      EXPECT_THAT(error.what(), HasSubstr("nothing"));
    }
}

TEST_F(MiningScan, many_columns_take_no_more_memory_than_their_cells) {
  Pool pool({.workers = 1, .memory_per_worker = 600 << 20});
  std::string text;
  for (int row = 0; row < 3; ++row)
    for (int c = 0; c < 50'000; ++c)
      text += (row == 0 ? "c" : "") + std::to_string(c) + (c < 49'999 ? "," : "\n");
  const TemporaryFile file(text);
  EXPECT_EQ(column(scan(pool, file.source(), {}, {.aggregates = "sum(c7)"}), "sum(c7)").integers[0],
            14);
}

TEST_F(MiningScan, what_an_expression_throws_ends_the_query) {
  Pool pool({.workers = 2});
  const TemporaryFile file("a\n9223372036854775807\n");
  EXPECT_THROW(scan(pool, file.source(), {}, {.select = "a + 1 as b"}), Error);
  EXPECT_EQ(scan(pool, file.source(), {}, {.select = "a - 1 as b"}).rows, 1u);
}

TEST_F(MiningScan, a_file_that_is_not_there_is_an_error) {
  Pool pool({.workers = 2});
  EXPECT_THROW(scan(pool, {.name = "/nowhere/at/all.csv"}, {}, {}), FileError);
}

TEST_F(MiningScan, results_have_the_same_bits_on_any_number_of_workers) {
  const Rows rows(400'000, 300'000);
  const TemporaryFile file(rows.csv());
  const Query queries[] = {
      {.where = "y > -0.5",
       .group_by = "k % 100 as key",
       .aggregates = "count, sum(x), mean(x), stddev(x), corr(x, y), median(y), distinct(k)"},
      {.group_by = "k", .aggregates = "sum(x), last(y)", .order_by = "-sum(x)", .limit = 1000},
      {.aggregates = "sum(x), variance(y), p95(x), distinct(k)"},
      {.select = "k, x * y as z", .where = "k % 3 = 1", .order_by = "z"}};
  for (const Query& query : queries) {
    std::string of_file, of_table;
    for (const unsigned workers : {1u, 2u, 3u, 7u}) {
      Pool pool({.workers = workers});
      const Table table = rows.table(pool);
      const std::string a = bytes_of(scan(pool, file.source(), {}, query));
      const std::string b = bytes_of(scan(pool, table, query));
      if (of_file.empty()) of_file = a;
      if (of_table.empty()) of_table = b;
      EXPECT_TRUE(a == of_file) << workers << " workers, file";
      EXPECT_TRUE(b == of_table) << workers << " workers, table";
    }
  }
}

TEST_F(MiningScan, workers_that_are_killed_change_no_bit) {
  const Rows rows(400'000, 50'000);
  const TemporaryFile file(rows.csv());
  Pool pool({.workers = 3});
  const Table table = rows.table(pool);
  const Query query{.where = "y > -0.5", .group_by = "k", .aggregates = "count, sum(x), median(y)"};
  const std::string of_file = bytes_of(scan(pool, file.source(), {}, query));
  const std::string of_table = bytes_of(scan(pool, table, query));
  tine_test::expect_same_while_killed(
      pool, {.wanted = 12, .rounds = 100, .first_us = 1000, .step_us = 3000}, [&](int round) {
        return round % 2 == 0 ? bytes_of(scan(pool, file.source(), {}, query)) == of_file
                              : bytes_of(scan(pool, table, query)) == of_table;
      });
}

TEST_F(MiningScan, the_plan_names_what_is_read_and_done) {
  Pool pool({.workers = 2});
  const TemporaryFile file("delay,carrier,month\n1,AA,2\n");
  const std::string text = explain(pool, file.source(), {},
                                   {.where = "delay > 15",
                                    .group_by = "carrier",
                                    .aggregates = "count",
                                    .order_by = "-count",
                                    .limit = 3});
  EXPECT_THAT(text, HasSubstr("carrier string, delay int (2 of 3)"));
  EXPECT_THAT(text, HasSubstr("delay > 15"));
  EXPECT_THAT(text, HasSubstr("count descending"));
}

TEST_F(MiningScan, a_result_that_is_too_large_is_refused) {
  Pool pool({.workers = 2});
  const Rows rows(300'000, 10);
  const Table table = rows.table(pool);
  EXPECT_THROW(scan(pool, table, {}, {.memory = 1 << 20}), OutOfMemory);
  EXPECT_EQ(scan(pool, table, {.order_by = "x", .limit = 3}, {.memory = 64 << 20}).rows, 3u);
}

}  // namespace

}  // namespace tine::mining
