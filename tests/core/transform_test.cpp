#include <tine/transform.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/worker_counts.hpp"

namespace {

class Transform : public tine_test::NothingLeftBehind {};

const std::size_t sizes[] = {0, 1, 2, 3, 127, 128, 129, 1009, 65537, 300007};

TEST_F(Transform, equals_the_plain_loop) {
  for (unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    for (std::size_t n : sizes) {
      auto x = pool.array<float>(n);
      auto y = pool.array<float>(n);
      for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(i) * 0.37f;
      tine::transform(pool, tine::in(x), tine::out(y), [](float v) { return std::sqrt(v) * 2; });
      for (std::size_t i = 0; i < n; ++i)
        ASSERT_EQ(y[i], std::sqrt(static_cast<float>(i) * 0.37f) * 2)
            << i << " of " << n << ", workers = " << workers;
    }
  }
}

TEST_F(Transform, takes_two_arrays_and_changes_the_type) {
  for (unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    for (std::size_t n : sizes) {
      auto x = pool.array<std::uint8_t>(n);
      auto y = pool.array<std::int32_t>(n);
      auto z = pool.array<double>(n);
      for (std::size_t i = 0; i < n; ++i) {
        x[i] = static_cast<std::uint8_t>(i);
        y[i] = -static_cast<std::int32_t>(i);
      }
      tine::transform(pool, tine::in(x), tine::in(y), tine::out(z),
                      [](std::uint8_t a, std::int32_t b) { return a + b / 2.0; });
      for (std::size_t i = 0; i < n; ++i)
        ASSERT_EQ(z[i], static_cast<double>(i % 256) - static_cast<double>(i) / 2);
    }
  }
}

TEST_F(Transform, takes_arrays_of_any_rank) {
  tine::Pool pool({.workers = 3});
  auto x = pool.array<int>(6, 35);
  auto y = pool.array<int>(6, 5, 7);
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<int>(i);
  tine::transform(pool, tine::in(x), tine::out(y), [](int v) { return 2 * v; });
  for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y.data()[i], 2 * static_cast<int>(i));
}

TEST_F(Transform, refuses_arrays_that_do_not_fit) {
  tine::Pool pool({.workers = 1});
  auto x = pool.array<int>(10);
  auto y = pool.array<int>(11);
  const auto same = [](int v) { return v; };
  EXPECT_THROW(tine::transform(pool, tine::in(x), tine::out(y), same), tine::InvalidArgument);
  EXPECT_THROW(tine::transform(pool, tine::in(x), tine::out(x), same), tine::InvalidArgument);
  EXPECT_THROW(tine::transform(pool, tine::in(y.view().part(0, 0, 6)),
                               tine::out(y.view().part(0, 5, 6)), same),
               tine::InvalidArgument);
}

TEST_F(Transform, halves_of_one_array_may_be_input_and_output) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<int>(2000);
  for (std::size_t i = 0; i < 1000; ++i) x[i] = static_cast<int>(i);
  tine::transform(pool, tine::in(x.view().part(0, 0, 1000)),
                  tine::out(x.view().part(0, 1000, 1000)), [](int v) { return -v; });
  for (std::size_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(x[i], static_cast<int>(i));
    EXPECT_EQ(x[1000 + i], -static_cast<int>(i));
  }
}

TEST_F(Transform, a_killed_worker_changes_nothing) {
  for (unsigned workers : tine_test::worker_counts) {
    for (int at : {0, 1, 50'000, 99'999}) {
      tine::Pool pool({.workers = workers});
      auto calls = pool.array<int>(1);
      auto x = pool.array<int>(100'000);
      auto y = pool.array<int>(100'000);
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<int>(i);
      const tine::Report report = tine::transform(
          pool, tine::in(x), tine::out(y), [die = tine_test::DieAt{calls.view(), at}](int v) {
            die();
            return v + 1;
          });
      EXPECT_EQ(report.faults.size(), 1u) << report.to_string();
      for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], static_cast<int>(i) + 1);
    }
  }
}

}  // namespace
