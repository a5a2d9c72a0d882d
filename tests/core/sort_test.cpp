#include <tine/sort.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <stdexcept>
#include <typeinfo>
#include <vector>

#include <gtest/gtest.h>

#include "support/fixture.hpp"
#include "support/worker_counts.hpp"

namespace {

using tine_test::worker_counts;

class Sort : public tine_test::NothingLeftBehind {};

/// Around every size at which the way of sorting changes, and primes in between.
const std::size_t sizes[] = {0,    1,    2,    3,     127,   128,    129,   1009,
                             8191, 8192, 8193, 10007, 65537, 100003, 524309};

template <class T>
std::vector<T> sorted_in_pool(tine::Pool& pool, const std::vector<T>& values, auto less) {
  auto x = pool.array_from(values);
  tine::sort(pool, tine::inout(x), less);
  return {x.begin(), x.end()};
}

template <class T, class Less = std::less<>>
void expect_like_std_sort(tine::Pool& pool, const std::vector<T>& values, const char* what,
                          Less less = {}) {
  std::vector<T> expected = values;
  std::sort(expected.begin(), expected.end(), less);
  EXPECT_TRUE(sorted_in_pool(pool, values, less) == expected)
      << what << ", n = " << values.size() << ", workers = " << pool.workers();
}

TEST_F(Sort, equals_std_sort_for_every_shape_of_input) {
  for (unsigned workers : worker_counts) {
    tine::Pool pool({.workers = workers});
    for (std::size_t n : sizes) {
      std::mt19937_64 random(n);
      std::vector<double> x(n);
      for (double& v : x) v = std::normal_distribution<>()(random);
      expect_like_std_sort(pool, x, "random");
      expect_like_std_sort(pool, x, "random, descending", std::greater<>{});
      std::sort(x.begin(), x.end());
      expect_like_std_sort(pool, x, "sorted");
      expect_like_std_sort(pool, x, "sorted the other way", std::greater<>{});
      std::rotate(x.begin(), x.begin() + n / 3, x.end());
      expect_like_std_sort(pool, x, "rotated");
      for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<double>(std::min(i, n - i));
      expect_like_std_sort(pool, x, "organ pipe");
      for (double& v : x) v = static_cast<double>(random() % 3);
      expect_like_std_sort(pool, x, "few distinct");
      std::fill(x.begin(), x.end(), 7.0);
      expect_like_std_sort(pool, x, "all equal");
      if (n > 0) x[n / 2] = -std::numeric_limits<double>::infinity();
      expect_like_std_sort(pool, x, "all equal but one");
    }
  }
}

TEST_F(Sort, sorts_every_kind_of_number) {
  tine::Pool pool({.workers = 3});
  std::mt19937_64 random(1);
  auto check = [&]<class T>(T) {
    std::vector<T> x(100003);
    for (T& v : x) v = static_cast<T>(random());
    expect_like_std_sort(pool, x, typeid(T).name());
  };
  check(std::uint8_t{});
  check(std::int8_t{});
  check(std::uint16_t{});
  check(std::int32_t{});
  check(std::uint64_t{});
  check(float{});
}

struct Record {
  std::uint32_t key;
  std::uint32_t place;
  double weight;
};

TEST_F(Sort, equal_keys_have_the_same_order_on_any_number_of_workers) {
  std::mt19937 random(2);
  std::vector<Record> records(200003);
  for (std::uint32_t i = 0; i < records.size(); ++i)
    records[i] = {static_cast<std::uint32_t>(random() % 100), i, 0.5 * i};
  const auto by_key = [](const Record& a, const Record& b) { return a.key < b.key; };

  std::vector<Record> first;
  for (unsigned workers : worker_counts) {
    tine::Pool pool({.workers = workers});
    const std::vector<Record> sorted = sorted_in_pool(pool, records, by_key);
    EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end(), by_key));
    std::vector<bool> seen(records.size());
    for (const Record& r : sorted) {
      EXPECT_FALSE(seen[r.place]);
      seen[r.place] = true;
      EXPECT_EQ(r.key, records[r.place].key);
      EXPECT_EQ(r.weight, records[r.place].weight);
    }
    if (first.empty()) first = sorted;
    EXPECT_TRUE(tine_test::same_bits(first, sorted)) << workers << " workers";
  }
}

TEST_F(Sort, sorts_arrays_of_higher_rank_and_parts_of_arrays) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<int>(100, 200, 3);
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<int>((i * 7919) % x.size());
  tine::sort(pool, tine::inout(x));
  for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(x.data()[i], static_cast<int>(i));

  auto y = pool.array<int>(30000);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<int>(y.size() - i);
  tine::sort(pool, tine::inout(y.view().part(0, 10000, 10000)));
  EXPECT_EQ(y[9999], 20001);
  EXPECT_TRUE(std::is_sorted(y.begin() + 10000, y.begin() + 20000));
  EXPECT_EQ(y[10000], 10001);
  EXPECT_EQ(y[20000], 10000);
}

TEST_F(Sort, a_worker_killed_in_any_round_changes_nothing) {
  std::mt19937_64 random(3);
  std::vector<double> values(100003);
  for (double& v : values) v = static_cast<double>(random() % 5000);
  std::vector<double> expected = values;
  std::sort(expected.begin(), expected.end());

  // About 1.6 million comparisons: the runs come first, then seven rounds of merging.
  for (unsigned workers : {1u, 2u, 3u}) {
    for (int at : {0, 1000, 700'000, 1'000'000, 1'400'000}) {
      tine::Pool pool({.workers = workers});
      auto calls = pool.array<int>(1);
      auto x = pool.array_from(values);
      const tine::Report report = tine::sort(
          pool, tine::inout(x), [die = tine_test::DieAt{calls.view(), at}](double a, double b) {
            die();
            return a < b;
          });
      EXPECT_EQ(report.faults.size(), 1u) << report.to_string();
      EXPECT_TRUE(std::equal(x.begin(), x.end(), expected.begin(), expected.end()))
          << workers << " workers, killed at comparison " << at;
    }
  }
}

TEST_F(Sort, the_report_covers_all_rounds) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<int>(100003);
  tine::Report given;
  const tine::Report report = tine::sort(pool.with({.report = &given}), tine::inout(x));
  EXPECT_GT(report.slices, 128u);
  EXPECT_EQ(report.done, report.slices);
  EXPECT_EQ(report.attempts, report.slices);
  EXPECT_EQ(given.slices, report.slices);
}

TEST_F(Sort, what_the_comparison_throws_ends_it) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<int>(100003);
  EXPECT_THROW(tine::sort(pool, tine::inout(x),
                          [](int, int) -> bool { throw std::runtime_error("no order"); }),
               tine::KernelError);
}

TEST_F(Sort, never_quarantines) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<int>(100003);
  const auto deadly = [](int, int) -> bool {
    raise(SIGKILL);
    return false;
  };
  EXPECT_THROW(tine::sort(pool.with({.attempts = 1, .on_failure = tine::OnFailure::quarantine}),
                          tine::inout(x), deadly),
               tine::JobError);
}

}  // namespace
