#include <tine/scan.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/worker_counts.hpp"

namespace {

class Scan : public tine_test::NothingLeftBehind {};

const std::size_t sizes[] = {0, 1, 2, 3, 63, 127, 128, 129, 1009, 65537, 300007};

/// Composition of x -> a * x + b modulo 2^64, which does not commute.
struct Affine {
  std::uint64_t a = 1;
  std::uint64_t b = 0;
  friend bool operator==(const Affine&, const Affine&) = default;
};
const auto then = [](const Affine& first, const Affine& second) {
  return Affine{second.a * first.a, second.a * first.b + second.b};
};

std::vector<Affine> random_functions(std::size_t n) {
  std::mt19937_64 random(n);
  std::vector<Affine> x(n);
  for (Affine& f : x) f = {random() | 1, random()};
  return x;
}

template <class T>
std::vector<T> contents(const tine::Array<T>& x) {
  return {x.begin(), x.end()};
}

TEST_F(Scan, equals_the_serial_sums_of_integers) {
  for (unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    for (std::size_t n : sizes) {
      SCOPED_TRACE(testing::Message() << "n = " << n << ", workers = " << workers);
      auto x = pool.array<std::int64_t>(n);
      auto y = pool.array<std::int64_t>(n);
      std::iota(x.begin(), x.end(), -50);
      std::vector<std::int64_t> expected(n);

      std::inclusive_scan(x.begin(), x.end(), expected.begin());
      tine::inclusive_scan(pool, tine::in(x), tine::out(y));
      EXPECT_EQ(contents(y), expected);

      std::inclusive_scan(x.begin(), x.end(), expected.begin(), std::plus<>{}, std::int64_t{1000});
      tine::inclusive_scan(pool, tine::in(x), tine::out(y), std::plus<>{}, std::int64_t{1000});
      EXPECT_EQ(contents(y), expected);

      std::exclusive_scan(x.begin(), x.end(), expected.begin(), std::int64_t{1000});
      tine::exclusive_scan(pool, tine::in(x), tine::out(y), std::int64_t{1000});
      EXPECT_EQ(contents(y), expected);
    }
  }
}

TEST_F(Scan, keeps_the_order_for_operators_that_do_not_commute) {
  for (unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    for (std::size_t n : sizes) {
      SCOPED_TRACE(testing::Message() << "n = " << n << ", workers = " << workers);
      const std::vector<Affine> functions = random_functions(n);
      const auto x = pool.array_from(functions);
      auto y = pool.array<Affine>(n);
      std::vector<Affine> expected(n);

      std::inclusive_scan(functions.begin(), functions.end(), expected.begin(), then);
      tine::inclusive_scan(pool, tine::in(x), tine::out(y), then);
      EXPECT_EQ(contents(y), expected);

      std::exclusive_scan(functions.begin(), functions.end(), expected.begin(), Affine{3, 7}, then);
      tine::exclusive_scan(pool, tine::in(x), tine::out(y), Affine{3, 7}, then);
      EXPECT_EQ(contents(y), expected);
    }
  }
}

TEST_F(Scan, floats_have_the_same_bits_on_any_number_of_workers) {
  std::mt19937 random(4);
  std::vector<float> values(100003);
  for (float& v : values) v = std::uniform_real_distribution<float>(-1, 1)(random);
  std::vector<float> first;
  for (unsigned workers : {1u, 2u, 3u, 7u, 16u}) {
    tine::Pool pool({.workers = workers});
    const auto x = pool.array_from(values);
    auto y = pool.array<float>(values.size());
    tine::inclusive_scan(pool, tine::in(x), tine::out(y));
    if (first.empty()) first = contents(y);
    EXPECT_TRUE(tine_test::same_bits(contents(y), first)) << workers << " workers";
    double running = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      running += values[i];
      ASSERT_NEAR(y[i], running, 0.05);
    }
  }
}

TEST_F(Scan, takes_arrays_of_any_rank) {
  tine::Pool pool({.workers = 3});
  auto x = pool.array<int>(7, 11, 13);
  auto y = pool.array<int>(1001);
  for (int& v : x) v = 1;
  tine::inclusive_scan(pool, tine::in(x), tine::out(y));
  for (std::size_t i = 0; i < 1001; ++i) EXPECT_EQ(y[i], static_cast<int>(i) + 1);
}

TEST_F(Scan, a_killed_worker_changes_nothing) {
  const std::vector<Affine> functions = random_functions(100003);
  std::vector<Affine> expected(functions.size());
  std::inclusive_scan(functions.begin(), functions.end(), expected.begin(), then);
  // The first pass takes a hundred thousand steps, the second as many.
  for (unsigned workers : tine_test::worker_counts) {
    for (int at : {0, 50'000, 99'000, 110'000, 190'000}) {
      tine::Pool pool({.workers = workers});
      auto calls = pool.array<int>(1);
      const auto x = pool.array_from(functions);
      auto y = pool.array<Affine>(functions.size());
      // The master combines the totals of slices itself, and must not die of it.
      const auto deadly = [die = tine_test::DieAt{calls.view(), at}](const Affine& a,
                                                                     const Affine& b) {
        if (tine::in_worker()) die();
        return then(a, b);
      };
      tine::inclusive_scan(pool, tine::in(x), tine::out(y), deadly);
      EXPECT_GT(calls[0], at);
      EXPECT_EQ(contents(y), expected) << workers << " workers, killed at " << at;
    }
  }
}

}  // namespace
