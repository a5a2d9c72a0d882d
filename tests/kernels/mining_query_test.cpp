// Sorted rows, samples, histograms, and rows that workers make text of.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <thread>

#include <gmock/gmock.h>

#include "mining_query.hpp"
#include "support/fixture.hpp"
#include "support/processes.hpp"

namespace tine::mining {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class MiningQuery : public tine_test::NothingLeftBehind {};

/// Rows of all types with many that are equal, missing, NaN, and texts with equal beginnings.
struct Mixed {
  std::vector<std::optional<double>> x;
  std::vector<std::optional<std::int64_t>> i;
  std::vector<std::optional<std::string>> s;
  explicit Mixed(std::size_t n) {
    std::mt19937_64 random(n);
    const std::string beginnings[] = {"", "abcdefg", "abcdefgh", "abcdefghi", "z"};
    for (std::size_t row = 0; row < n; ++row) {
      x.emplace_back();
      i.emplace_back();
      s.emplace_back();
      if (random() % 7 != 0) x[row] = static_cast<double>(random() % 40) / 4 - 5;
      if (random() % 11 == 0) x[row] = NAN;
      if (random() % 5 != 0) i[row] = static_cast<std::int64_t>(random() % 9) - 4;
      if (random() % 100 == 0)
        i[row] = random() % 2 == 0 ? std::numeric_limits<std::int64_t>::max()
                                   : std::numeric_limits<std::int64_t>::min();
      if (random() % 6 != 0)
        s[row] = beginnings[random() % 5] +
                 std::string(random() % 3, static_cast<char>('a' + random() % 3));
    }
  }
  std::string csv() const {
    std::string text = "row,x,i,s\n";
    for (std::size_t row = 0; row < x.size(); ++row) {
      text += std::to_string(row) + ',';
      if (x[row]) text += std::to_string(*x[row]);
      text += ',';
      if (i[row]) text += std::to_string(*i[row]);
      text += ',';
      if (s[row]) text += '"' + *s[row] + '"';
      text += '\n';
    }
    return text;
  }
};

/// Missing values last, before them NaN.
template <class T>
int order(const std::optional<T>& a, const std::optional<T>& b, bool descending) {
  if (!a || !b) return static_cast<int>(!a) - static_cast<int>(!b);
  const bool nan = *a != *a, other = *b != *b;
  if (nan || other) return static_cast<int>(nan) - static_cast<int>(other);
  const int sign = *a < *b ? -1 : *b < *a ? 1 : 0;
  return descending ? -sign : sign;
}

std::vector<std::int64_t> sorted(const Mixed& rows, const std::string& by) {
  std::vector<std::int64_t> order_of(rows.x.size());
  std::iota(order_of.begin(), order_of.end(), 0);
  std::ranges::stable_sort(order_of, [&](std::int64_t p, std::int64_t q) {
    const auto a = static_cast<std::size_t>(p), b = static_cast<std::size_t>(q);
    bool descending = false;
    for (const char c : by) {
      int sign = 0;
      if (c == '-') {
        descending = true;
        continue;
      }
      if (c == 'x') sign = order(rows.x[a], rows.x[b], descending);
      if (c == 'i') sign = order(rows.i[a], rows.i[b], descending);
      if (c == 's') sign = order(rows.s[a], rows.s[b], descending);
      if (sign != 0) return sign < 0;
      if (c == ',') descending = false;
    }
    return false;
  });
  return order_of;
}

TEST_F(MiningQuery, rows_are_sorted_as_a_stable_sort_does) {
  Pool pool({.workers = 2});
  for (const std::size_t n : {1u, 2u, 3000u, 60'000u}) {
    const Mixed rows(n);
    const TemporaryFile file(rows.csv());
    for (const std::string by : {"x", "-x", "i", "-i", "s", "-s", "s,-x", "-i,s,x", "x,i"}) {
      const std::vector<std::int64_t> expected = sorted(rows, by);
      const Result all = scan(pool, file.source(), {}, {.select = "row", .order_by = by});
      ASSERT_EQ(all.columns.size(), 1u);
      EXPECT_TRUE(all.columns[0].integers == expected) << by << ", " << n;
      for (const std::size_t limit : {std::size_t{0}, std::size_t{1}, n / 2, n, n + 1}) {
        const Result first =
            scan(pool, file.source(), {}, {.select = "row", .order_by = by, .limit = limit});
        const auto kept = static_cast<std::ptrdiff_t>(std::min(limit, n));
        EXPECT_EQ(first.columns[0].integers, std::vector(expected.begin(), expected.begin() + kept))
            << by << ", the first " << limit;
      }
    }
  }
}

// Slices that lie in memory are let go when there are many more than are wanted.
TEST_F(MiningQuery, the_first_of_many_rows_take_little_memory) {
  Pool pool({.workers = 2});
  const Rows rows(2'000'000, 1'000'000);
  const Table table = rows.table(pool);
  const Query query{.select = "k", .order_by = "k", .limit = 5'000};
  const Result first = scan(pool, table, query, {.memory = 24 << 20});
  std::vector<std::int64_t> expected = rows.k;
  std::ranges::sort(expected);
  expected.resize(5'000);
  EXPECT_EQ(first.columns[0].integers, expected);
  EXPECT_THROW(scan(pool, table, {.order_by = "k"}, {.memory = 24 << 20}), OutOfMemory);
}

TEST_F(MiningQuery, a_sink_gets_sorted_rows_in_order) {
  Pool pool({.workers = 2});
  const Rows rows(200'000, 1000);
  const Table table = rows.table(pool);
  std::vector<std::int64_t> got;
  const Result rest = scan(pool, table, {.select = "k", .order_by = "-k", .limit = 150'000},
                           {.sink = [&](const Result& some) {
                             got.insert(got.end(), some.columns[0].integers.begin(),
                                        some.columns[0].integers.end());
                           }});
  EXPECT_EQ(rest.rows, 0u);
  std::vector<std::int64_t> expected = rows.k;
  std::ranges::sort(expected, std::greater());
  expected.resize(150'000);
  EXPECT_EQ(got, expected);
}

void append_plainly(std::span<const std::string_view> names, std::span<const Vector> columns,
                    std::size_t rows, std::uint64_t how, std::string& text,
                    std::vector<std::uint64_t>* ends) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns.size(); ++c)
      text += std::string(names[c]) + "=" +
              (columns[c].is_null(r) ? "none" : std::to_string(columns[c].as<std::int64_t>()[r])) +
              static_cast<char>(how);
    if (ends != nullptr) ends->push_back(text.size());
  }
}

TEST_F(MiningQuery, workers_make_text_of_rows) {
  Pool pool({.workers = 3});
  const Rows rows(300'000, 1'000'000);
  const TemporaryFile file(rows.csv());
  for (const char* by : {"", "-k"})
    for (const std::optional<std::size_t> limit :
         {std::optional<std::size_t>(), std::optional<std::size_t>(0),
          std::optional<std::size_t>(123'457)}) {
      std::string text, expected;
      const Query query{.select = "k, k % 10 as digit", .order_by = by, .limit = limit};
      const Result rest =
          scan(pool, file.source(), {}, query,
               {.text = {append_plainly, ';',
                         [&](std::span<const Field> columns, std::string_view some) {
                           EXPECT_EQ(columns.size(), 2u);
                           text += some;
                         }}});
      EXPECT_EQ(rest.rows, 0u);
      EXPECT_EQ(rest.columns.size(), 2u);
      const Result all = scan(pool, file.source(), {}, query);
      for (std::size_t r = 0; r < all.rows; ++r)
        for (const ResultColumn& c : all.columns)
          expected += c.name + "=" + std::to_string(c.integers[r]) + ";";
      EXPECT_TRUE(text == expected) << by << limit.value_or(7);
    }
}

TEST_F(MiningQuery, a_sample_has_as_many_rows_as_are_asked_for_in_their_order) {
  Pool pool({.workers = 2});
  const Rows rows(200'000, 1'000'000'000);
  const Table table = rows.table(pool);
  const TemporaryFile file(rows.csv());
  for (const std::size_t n : {1u, 1000u, 60'000u, 199'999u, 200'000u, 300'000u}) {
    const Query query{.select = "k", .sample = std::to_string(n)};
    const Result sample = scan(pool, table, query);
    ASSERT_EQ(sample.rows, std::min<std::size_t>(n, rows.k.size()));
    // In order: each is found behind the one before it.
    auto at = rows.k.begin();
    for (const std::int64_t k : sample.columns[0].integers) {
      at = std::find(at, rows.k.end(), k);
      ASSERT_NE(at, rows.k.end());
      ++at;
    }
    EXPECT_EQ(scan(pool, file.source(), {}, query).rows, sample.rows);
  }
  const Query of_some{
      .where = "k % 2 = 0", .aggregates = "count, sum(k % 2) as odd", .sample = "500"};
  EXPECT_EQ(scan(pool, table, of_some).columns[0].integers[0], 500);
  EXPECT_EQ(scan(pool, table, of_some).columns[1].integers[0], 0);
  EXPECT_EQ(scan(pool, file.source(), {}, of_some).columns[0].integers[0], 500);
}

// Each row is as likely as any other, and seeds have nothing to do with one another.
TEST_F(MiningQuery, samples_are_fair) {
  Pool pool({.workers = 2});
  std::vector<std::int64_t> row(100'000);
  std::iota(row.begin(), row.end(), 0);
  Table table;
  table.add("row", pool.array_from(row));
  std::vector<int> tenths(10);
  std::set<std::int64_t> different;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Result sample = scan(pool, table, {.sample = "1000", .seed = seed});
    for (const std::int64_t r : sample.columns[0].integers) {
      ++tenths[static_cast<std::size_t>(r / 10'000)];
      different.insert(r);
    }
  }
  // 2000 each, with a standard deviation of 42; and 18,209 are expected to differ.
  for (const int count : tenths) EXPECT_NEAR(count, 2000, 5 * 42);
  EXPECT_NEAR(static_cast<double>(different.size()), 18'209, 300);
  const Result part = scan(pool, table, {.aggregates = "count", .sample = "2.5%"});
  EXPECT_NEAR(static_cast<double>(part.columns[0].integers[0]), 2500, 5 * 49);
  EXPECT_EQ(scan(pool, table, {.aggregates = "count", .sample = "100%"}).columns[0].integers[0],
            100'000);
}

TEST_F(MiningQuery, a_histogram_counts_each_value_once) {
  Pool pool({.workers = 2});
  const TemporaryFile file("x,s\n1,a\n2,a\n2.5,b\n4,b\n,b\nnan,a\ninf,a\n5,c\n");
  Result bins = scan(pool, file.source(), {}, {.histogram = "x, 4"});
  EXPECT_THAT(column(bins, "from").reals, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(column(bins, "to").reals, ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(column(bins, "count").integers, ElementsAre(1, 2, 0, 2));
  bins = scan(pool, file.source(), {}, {.where = "s = 'a'", .histogram = "x * 2, 2, -2, 4"});
  EXPECT_THAT(column(bins, "count").integers, ElementsAre(0, 2));
  bins = scan(pool, file.source(), {}, {.where = "x = 4", .histogram = "x, 2"});
  EXPECT_THAT(column(bins, "from").reals, ElementsAre(3.5, 4));
  EXPECT_THAT(column(bins, "count").integers, ElementsAre(0, 1));
  bins = scan(pool, file.source(), {}, {.where = "x > 100 and x < 200", .histogram = "x, 2"});
  EXPECT_THAT(column(bins, "to").reals, ElementsAre(0.5, 1));
  EXPECT_THAT(column(bins, "count").integers, ElementsAre(0, 0));
  const Rows rows(100'000, 10);
  const Table table = rows.table(pool);
  bins = scan(pool, table, {.histogram = "y, 1000"});
  EXPECT_EQ(std::accumulate(column(bins, "count").integers.begin(),
                            column(bins, "count").integers.end(), std::int64_t{0}),
            100'000);
}

TEST_F(MiningQuery, what_goes_not_with_a_histogram_or_sample_is_said) {
  Pool pool({.workers = 2});
  const TemporaryFile file("x,s,d\n1,a,2024-01-01\n");
  const auto message = [&](const Query& query) -> std::string {
    try {
      scan(pool, file.source(), {}, query);
      return "nothing was thrown";
    } catch (const QueryError& error) {
      return error.what();
    }
  };
  EXPECT_THAT(message({.histogram = "x"}), HasSubstr("x, 20"));
  EXPECT_THAT(message({.histogram = "x, 0"}), HasSubstr("from 1 to"));
  EXPECT_THAT(message({.histogram = "s, 5"}), HasSubstr("of numbers"));
  EXPECT_THAT(message({.histogram = "d, 5"}), HasSubstr("bin(x, 'month')"));
  EXPECT_THAT(message({.histogram = "x, 5, 3, 1"}), HasSubstr("smaller one first"));
  EXPECT_THAT(message({.select = "x", .histogram = "x, 5"}), HasSubstr("by itself"));
  EXPECT_THAT(message({.group_by = "s", .histogram = "x, 5"}), HasSubstr("by itself"));
  for (const char* sample : {"many", "0", "-3", "0%", "101%", "x%", "1.5"})
    EXPECT_THAT(message({.sample = sample}), HasSubstr("rows")) << sample;
}

TEST_F(MiningQuery, all_of_it_has_the_same_bits_on_any_number_of_workers_and_after_any_death) {
  const Rows rows(300'000, 50'000);
  const TemporaryFile file(rows.csv());
  const Query queries[] = {{.select = "k, x", .order_by = "-k, x", .limit = 100'000},
                           {.order_by = "y"},
                           {.where = "y > 0", .sample = "5000", .seed = 3},
                           {.group_by = "k % 7", .aggregates = "sum(x)", .sample = "10%"},
                           {.histogram = "x + y, 333"}};
  for (const Query& query : queries) {
    std::string expected;
    for (const unsigned workers : {1u, 2u, 3u, 7u}) {
      Pool pool({.workers = workers});
      const std::string got = bytes_of(scan(pool, file.source(), {}, query));
      if (expected.empty()) expected = got;
      EXPECT_TRUE(got == expected) << workers << " workers";
    }
    Pool pool({.workers = 3});
    for (unsigned round = 0; round < 6; ++round) {
      std::thread killer([&pool, round] {
        usleep(1000 + 20'000 * round);
        tine_test::signal_child(pool.supervisor_pid(), pool.worker_pids()[round % 3], SIGKILL);
      });
      const std::string got = bytes_of(scan(pool, file.source(), {}, query));
      killer.join();
      EXPECT_TRUE(got == expected) << "round " << round;
    }
  }
}

}  // namespace

}  // namespace tine::mining
