#include <tine/reduce.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/worker_counts.hpp"

namespace {

class Reduce : public tine_test::NothingLeftBehind {};

const std::size_t sizes[] = {0, 1, 2, 3, 63, 64, 65, 127, 129, 1009, 65537, 300007};

/// x -> a * x + b over the integers modulo 2^64: composing such functions is associative and does
/// not commute.
struct Affine {
  std::uint64_t a = 1;
  std::uint64_t b = 0;
  friend bool operator==(const Affine&, const Affine&) = default;
};
const auto then = [](const Affine& first, const Affine& second) {
  return Affine{second.a * first.a, second.a * first.b + second.b};
};

/// A 2 x 2 matrix of floats, whose product neither commutes nor rounds the same in another order.
using Matrix = std::array<float, 4>;
const auto times = [](const Matrix& l, const Matrix& r) {
  return Matrix{l[0] * r[0] + l[1] * r[2], l[0] * r[1] + l[1] * r[3],  //
                l[2] * r[0] + l[3] * r[2], l[2] * r[1] + l[3] * r[3]};
};

std::vector<float> random_floats(std::size_t n) {
  std::mt19937 random(static_cast<unsigned>(n));
  std::vector<float> x(n);
  for (float& v : x) v = std::uniform_real_distribution<float>(-1, 1)(random);
  return x;
}

std::vector<Matrix> random_rotations(std::size_t n) {
  std::vector<Matrix> x;
  for (float angle : random_floats(n))
    x.push_back({std::cos(angle), -std::sin(angle), std::sin(angle), std::cos(angle)});
  return x;
}

TEST_F(Reduce, equals_the_serial_sum_of_integers) {
  for (unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    for (std::size_t n : sizes) {
      auto x = pool.array<std::int32_t>(n);
      std::iota(x.begin(), x.end(), -1000);
      EXPECT_EQ(tine::reduce(pool, tine::in(x), std::int64_t{5}),
                std::accumulate(x.begin(), x.end(), std::int64_t{5}))
          << "n = " << n << ", workers = " << workers;
    }
  }
}

TEST_F(Reduce, sums_of_floats_have_the_same_bits_on_any_number_of_workers) {
  for (std::size_t n : sizes) {
    const std::vector<float> values = random_floats(n);
    const double expected = std::accumulate(values.begin(), values.end(), 0.0);
    float narrow = 0;
    double wide = 0;
    for (unsigned workers : {1u, 2u, 3u, 7u, 16u}) {
      tine::Pool pool({.workers = workers});
      const auto x = pool.array_from(values);
      const float f = tine::reduce(pool, tine::in(x), 0.0f);
      const double d = tine::reduce(pool, tine::in(x), 0.0, std::plus<>{});
      EXPECT_NEAR(d, expected, 1e-12 * static_cast<double>(n));
      EXPECT_NEAR(f, expected, 1e-6 * static_cast<double>(n));
      if (workers == 1) {
        narrow = f;
        wide = d;
      }
      EXPECT_TRUE(tine_test::same_bits(f, narrow)) << "n = " << n << ", workers = " << workers;
      EXPECT_TRUE(tine_test::same_bits(d, wide)) << "n = " << n << ", workers = " << workers;
    }
  }
}

TEST_F(Reduce, the_schedule_does_not_change_the_bits) {
  tine::Pool pool({.workers = 3});
  const auto x = pool.array_from(random_floats(300007));
  const float expected = tine::reduce(pool, tine::in(x), 0.0f);
  for (tine::Schedule schedule :
       {tine::Schedule::fixed, tine::Schedule::dynamic, tine::Schedule::guided})
    EXPECT_TRUE(tine_test::same_bits(
        tine::reduce(pool.with({.schedule = schedule}), tine::in(x), 0.0f), expected));
}

TEST_F(Reduce, keeps_the_order_for_operators_that_do_not_commute) {
  for (unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    for (std::size_t n : sizes) {
      std::mt19937_64 random(n);
      std::vector<Affine> functions(n);
      for (Affine& f : functions) f = {random() | 1, random()};
      const auto x = pool.array_from(functions);
      const Affine init{3, 7};
      EXPECT_EQ(tine::reduce(pool, tine::in(x), init, then),
                std::accumulate(functions.begin(), functions.end(), init, then))
          << "n = " << n << ", workers = " << workers;
    }
  }
}

TEST_F(Reduce, products_of_float_matrices_have_the_same_bits_on_any_number_of_workers) {
  const std::vector<Matrix> rotations = random_rotations(50021);
  const Matrix identity{1, 0, 0, 1};
  Matrix first{};
  for (unsigned workers : {1u, 2u, 3u, 7u, 16u}) {
    tine::Pool pool({.workers = workers});
    const auto x = pool.array_from(rotations);
    const Matrix product = tine::reduce(pool, tine::in(x), identity, times);
    if (workers == 1) first = product;
    EXPECT_TRUE(tine_test::same_bits(product, first)) << workers << " workers";
    EXPECT_NEAR(product[0] * product[3] - product[1] * product[2], 1, 0.05);
  }
}

TEST_F(Reduce, init_enters_once_on_the_left) {
  tine::Pool pool({.workers = 3});
  const auto x = pool.array_from(std::vector<int>(100003, 1));
  EXPECT_EQ(tine::reduce(pool, tine::in(x), 1000), 101003);
  const auto empty = pool.array<int>(0);
  EXPECT_EQ(tine::reduce(pool, tine::in(empty), 1000), 1000);
  const auto left = [](int a, int) { return a; };
  EXPECT_EQ(tine::reduce(pool, tine::in(x), 42, left), 42);
}

TEST_F(Reduce, finds_extremes) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array_from(random_floats(100003));
  x[77777] = 100;
  x[3] = -100;
  constexpr float most = std::numeric_limits<float>::infinity();
  EXPECT_EQ(tine::reduce(pool, tine::in(x), -most, [](float a, float b) { return std::max(a, b); }),
            100);
  EXPECT_EQ(tine::reduce(pool, tine::in(x), most, [](float a, float b) { return std::min(a, b); }),
            -100);
}

TEST_F(Reduce, takes_arrays_of_any_rank) {
  tine::Pool pool({.workers = 3});
  auto x = pool.array<int>(7, 11, 13);
  for (int& v : x) v = 2;
  EXPECT_EQ(tine::reduce(pool, tine::in(x), 0), 2 * 7 * 11 * 13);
}

TEST_F(Reduce, transforms_one_or_two_arrays_first) {
  for (unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    for (std::size_t n : sizes) {
      auto x = pool.array<std::int16_t>(n);
      auto y = pool.array<std::int32_t>(n);
      for (std::size_t i = 0; i < n; ++i) {
        x[i] = static_cast<std::int16_t>(i);
        y[i] = static_cast<std::int32_t>(n - i);
      }
      const auto square = [](std::int16_t v) { return std::int64_t{v} * v; };
      const auto product = [](std::int16_t a, std::int32_t b) { return std::int64_t{a} * b; };
      EXPECT_EQ(tine::transform_reduce(pool, tine::in(x), std::int64_t{0}, std::plus<>{}, square),
                std::transform_reduce(x.begin(), x.end(), std::int64_t{0}, std::plus<>{}, square));
      EXPECT_EQ(tine::transform_reduce(pool, tine::in(x), tine::in(y), std::int64_t{0},
                                       std::plus<>{}, product),
                std::transform_reduce(x.begin(), x.end(), y.begin(), std::int64_t{0}, std::plus<>{},
                                      product));
    }
  }
}

TEST_F(Reduce, refuses_two_arrays_of_different_length) {
  tine::Pool pool({.workers = 1});
  const auto x = pool.array<int>(10);
  const auto y = pool.array<int>(11);
  EXPECT_THROW(
      tine::transform_reduce(pool, tine::in(x), tine::in(y), 0, std::plus<>{}, std::multiplies<>{}),
      tine::InvalidArgument);
}

TEST_F(Reduce, partials_may_be_large) {
  using Histogram = std::array<std::uint32_t, 256>;
  for (unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    auto x = pool.array<std::uint8_t>(100003);
    Histogram expected{};
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<std::uint8_t>(i * i / 7);
      ++expected[x[i]];
    }
    const Histogram histogram = tine::reduce_slices(
        pool, tine::slices(x.size(), 1000), Histogram{},
        [](const Histogram& a, const Histogram& b) {
          Histogram sum;
          std::transform(a.begin(), a.end(), b.begin(), sum.begin(), std::plus<>{});
          return sum;
        },
        [](const tine::Slice&, std::span<const std::uint8_t> part) {
          Histogram h{};
          for (std::uint8_t v : part) ++h[v];
          return h;
        },
        tine::in(x));
    EXPECT_EQ(histogram, expected);
  }
}

TEST_F(Reduce, a_killed_worker_changes_no_bit) {
  const std::vector<Matrix> rotations = random_rotations(50021);
  const Matrix identity{1, 0, 0, 1};
  Matrix undisturbed{};
  {
    tine::Pool pool({.workers = 1});
    const auto x = pool.array_from(rotations);
    undisturbed = tine::reduce(pool, tine::in(x), identity, times);
  }
  for (unsigned workers : tine_test::worker_counts) {
    for (int at : {0, 1, 25'000, 49'000}) {
      tine::Pool pool({.workers = workers});
      auto calls = pool.array<int>(1);
      const auto x = pool.array_from(rotations);
      tine::Report report;
      const Matrix product =
          tine::transform_reduce(pool.with({.report = &report}), tine::in(x), identity, times,
                                 [die = tine_test::DieAt{calls.view(), at}](const Matrix& m) {
                                   die();
                                   return m;
                                 });
      EXPECT_EQ(report.faults.size(), 1u) << report.to_string();
      EXPECT_TRUE(tine_test::same_bits(product, undisturbed))
          << workers << " workers, killed at " << at;
    }
  }
}

TEST_F(Reduce, omits_quarantined_slices) {
  for (unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    const auto x = pool.array_from(std::vector<int>(1000, 1));
    tine::Report report;
    const int sum = tine::reduce_slices(
        pool.with({.attempts = 2, .on_failure = tine::OnFailure::quarantine, .report = &report}),
        tine::slices(1000, 10), 0, std::plus<>{},
        [](const tine::Slice& s, std::span<const int> part) {
          if (s.index == 0 || s.index == 41 || s.index == 42 || s.index == 99) raise(SIGKILL);
          return std::accumulate(part.begin(), part.end(), 0);
        },
        tine::in(x));
    EXPECT_EQ(sum, 960) << report.to_string();
    ASSERT_EQ(report.quarantined.size(), 3u) << report.to_string();
    EXPECT_EQ(report.quarantined[1].begin, 41u);
    EXPECT_EQ(report.quarantined[1].end, 43u);
  }
}

}  // namespace
