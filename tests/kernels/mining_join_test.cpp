// Tables that are joined.
#include <signal.h>
#include <unistd.h>

#include <map>
#include <thread>

#include <gmock/gmock.h>

#include "mining_query.hpp"
#include "support/fixture.hpp"
#include "support/processes.hpp"

namespace tine::mining {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class MiningJoin : public tine_test::NothingLeftBehind {};

/// Rows as text: "1 a; 2 null".
std::string show(const Result& result) {
  std::string text;
  for (std::size_t r = 0; r < result.rows; ++r) {
    if (r > 0) text += "; ";
    for (std::size_t c = 0; c < result.columns.size(); ++c) {
      const ResultColumn& column = result.columns[c];
      if (c > 0) text += ' ';
      if (column.is_null(r))
        text += "null";
      else if (column.type == Type::text)
        text += column.texts[r];
      else
        text += column.type == Type::real ? std::to_string(column.reals[r])
                                          : std::to_string(column.integers[r]);
    }
  }
  return text;
}

/// A table on the left as a file, and one on the right.
struct Two {
  Pool pool{{.workers = 2}};
  TemporaryFile left;
  Table right;
  Two(const std::string& left_csv, const std::string& right_csv)
      : left(left_csv), right(read_table(pool, TemporaryFile(right_csv).source())) {}
  Result scan(const std::string& on, Query query = {}, bool keep = false) {
    query.join = {&right, on, keep};
    return mining::scan(pool, left.source(), {}, query);
  }
  std::string error(const std::string& on, Query query = {}) {
    try {
      return show(scan(on, std::move(query)));
    } catch (const QueryError& error) {
      return error.what();
    }
  }
};

TEST_F(MiningJoin, rows_come_in_the_order_of_the_left_then_of_the_right) {
  Two two("id,x\n2,a\n1,b\n9,c\n2,d\n,e\n", "id,y\n1,p\n2,q\n,r\n2,s\n3,t\n");
  EXPECT_EQ(show(two.scan("id")), "2 a q; 2 a s; 1 b p; 2 d q; 2 d s");
  EXPECT_EQ(show(two.scan("id", {}, true)),
            "2 a q; 2 a s; 1 b p; 9 c null; 2 d q; 2 d s; null e null");
  EXPECT_EQ(show(two.scan("id", {.select = "y, x", .where = "y = 's'"})), "s a; s d");
  EXPECT_EQ(show(two.scan("id", {.group_by = "y", .aggregates = "count", .order_by = "-y"}, true)),
            "s 2; q 2; p 1; null 2");
  EXPECT_EQ(show(two.scan("id", {.aggregates = "count"})), "5");
  EXPECT_EQ(show(two.scan("id", {.select = "x", .order_by = "-y, x", .limit = 3})), "a; d; a");
}

TEST_F(MiningJoin, names_that_are_there_already_are_told_apart) {
  Two two("k,v,v_right\n1,2,3\n", "k,v,w\n1,5,6\n");
  const Result both = two.scan("k");
  std::vector<std::string> names;
  for (const ResultColumn& column : both.columns) names.push_back(column.name);
  EXPECT_THAT(names, ElementsAre("k", "v", "v_right", "v_right_right", "w"));
  Two other("customer,v\n1,2\n", "id,v\n1,5\n");
  EXPECT_EQ(show(other.scan("customer = id", {.select = "customer, id, v, v_right"})), "1 1 2 5");
}

TEST_F(MiningJoin, keys_may_be_many_and_of_any_type) {
  Two two("a,b,d\nx,1,2024-01-01\nx,2,2024-01-02\n\"\",1,2024-01-03\n,1,2024-01-04\n",
          "a,b,t,n\nx,1.0,2024-01-01 00:00,1\nx,1.5,2024-01-02 00:00,2\n\"\",1.0,2024-01-03 "
          "00:00,3\n,1.0,2024-01-04 00:01,4\n");
  EXPECT_EQ(show(two.scan("a, b", {.select = "n"})), "1; 3");
  EXPECT_EQ(show(two.scan("d = t", {.select = "n"})), "1; 2; 3");
  EXPECT_EQ(show(two.scan("b", {.select = "n"})), "1; 3; 4; 1; 3; 4; 1; 3; 4");
  Two truth("b\ntrue\nfalse\n", "b,n\nfalse,1\ntrue,2\n");
  EXPECT_EQ(show(truth.scan("b", {.select = "n"})), "2; 1");
}

TEST_F(MiningJoin, nan_equals_nothing_and_both_zeros_are_one) {
  Two two("x\nnan\n-0.0\n0.5\n", "x,n\nnan,1\n0.0,2\n0.5,3\n");
  EXPECT_EQ(show(two.scan("x", {.select = "n"})), "2; 3");
}

TEST_F(MiningJoin, tables_without_rows_are_fine) {
  // What is not there has any type.
  Two right("id\n1\n2\n", "id,y\n");
  EXPECT_EQ(show(right.scan("id", {}, true)), "1 null; 2 null");
  Two missing("id\n1\n", "id,y\n,x\n");
  EXPECT_EQ(show(missing.scan("id")), "");
  EXPECT_EQ(show(missing.scan("id", {}, true)), "1 null");
  Two none("id\na\nb\n", "id,y\n");
  EXPECT_EQ(show(none.scan("id")), "");
  EXPECT_EQ(show(none.scan("id", {}, true)), "a null; b null");
}

TEST_F(MiningJoin, errors_say_which_table_lacks_what) {
  Two two("id,name\n1,a\n", "id,city\n1,x\n");
  EXPECT_EQ(two.error("naem"), "the table on the left has no column naem; did you mean name?");
  EXPECT_EQ(two.error("id = cty"), "the table on the right has no column cty; did you mean city?");
  EXPECT_THAT(two.error("id + 1"), HasSubstr("customer = id"));
  EXPECT_EQ(two.error("name = id"),
            "the key name is of type string on the left and int on the right");
  EXPECT_THAT(two.error("id", {.select = "cty"}), HasSubstr("did you mean city?"));
}

// A key that turns out to be text in the last row is one for all rows.
TEST_F(MiningJoin, types_are_those_of_the_whole_file) {
  std::string text = "id,x\n";
  for (int i = 0; i < 300'000; ++i) text += std::to_string(i % 100) + ",1\n";
  Two numbers(text + "0.5,2\n", "id,n\n0.5,7\n99,8\n");
  EXPECT_EQ(show(numbers.scan("id", {.aggregates = "count, sum(n)"})), "3001 24007");
  Two words(text + "many,2\n", "id,n\nmany,7\n99,8\n");
  EXPECT_EQ(show(words.scan("id", {.aggregates = "count, sum(n)"})), "3001 24007");
  EXPECT_EQ(show(words.scan("id", {.group_by = "id", .aggregates = "count"})), "99 3000; many 1");
}

TEST_F(MiningJoin, a_table_that_is_too_large_is_refused) {
  Pool pool({.workers = 2});
  const Rows rows(100'000, 10);
  const TemporaryFile file(rows.csv());
  EXPECT_THROW(read_table(pool, file.source(), {}, 1 << 20), OutOfMemory);
  EXPECT_EQ(read_table(pool, file.source(), {}, 16 << 20).rows(), 100'000u);
}

TEST_F(MiningJoin, is_what_a_multimap_finds_on_any_number_of_workers_and_after_any_death) {
  const Rows left(150'000, 40'000), right(30'001, 40'000);
  std::multimap<std::int64_t, std::size_t> places;
  for (std::size_t r = 0; r < right.k.size(); ++r) places.emplace(right.k[r], r);
  for (const bool keep : {false, true}) {
    std::vector<double> x;
    std::vector<std::uint8_t> missing;
    for (const std::int64_t k : left.k) {
      const auto [from, to] = places.equal_range(k);
      for (auto at = from; at != to; ++at) {
        x.push_back(right.x[at->second]);
        missing.push_back(0);
      }
      if (from == to && keep) {
        x.push_back(0);
        missing.push_back(1);
      }
    }
    const TemporaryFile file(left.csv());
    for (const unsigned workers : {1u, 2u, 3u, 7u}) {
      Pool pool({.workers = workers});
      const Table table = right.table(pool);
      const Query query{.select = "x_right", .join = {&table, "k", keep}};
      for (int round = 0; round < 3; ++round) {
        std::thread killer([&pool, round, workers] {
          usleep(1000 + 10'000 * static_cast<unsigned>(round));
          if (workers == 3)
            tine_test::signal_child(pool.supervisor_pid(), pool.worker_pids()[1], SIGKILL);
        });
        const Result result = scan(pool, file.source(), {}, query);
        killer.join();
        ASSERT_EQ(result.rows, x.size());
        EXPECT_TRUE(result.columns[0].nulls == missing);
        for (std::size_t r = 0; r < x.size(); ++r) {
          if (missing[r] != 0) continue;
          ASSERT_EQ(result.columns[0].reals[r], x[r]);
        }
      }
    }
  }
}

}  // namespace

}  // namespace tine::mining
