#include <tine/for_each.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/worker_counts.hpp"

namespace {

class ForEach : public tine_test::NothingLeftBehind {};

const std::size_t sizes[] = {0, 1, 2, 3, 127, 128, 129, 1009, 65537, 300007};

TEST_F(ForEach, changes_every_element_once) {
  for (unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    for (std::size_t n : sizes) {
      auto x = pool.array<float>(n);
      for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(i);
      const tine::Report report =
          tine::for_each(pool, tine::inout(x), [](float& v) { v = std::sqrt(v) + 1; });
      EXPECT_EQ(report.done, report.slices);
      for (std::size_t i = 0; i < n; ++i)
        ASSERT_EQ(x[i], std::sqrt(static_cast<float>(i)) + 1)
            << i << " of " << n << ", workers = " << workers;
    }
  }
}

TEST_F(ForEach, takes_arrays_of_any_rank_and_whole_rows_of_them) {
  tine::Pool pool({.workers = 3});
  auto x = pool.array<int>(5, 7, 11);
  tine::for_each(pool, tine::inout(x), [](int& v) { v += 3; });
  for (int v : x) EXPECT_EQ(v, 3);
  tine::for_each(pool, tine::inout(x.view().part(0, 1, 2)), [](int& v) { v = 9; });
  for (std::size_t i = 0; i < x.size(); ++i)
    EXPECT_EQ(x.data()[i], i >= 77 && i < 3 * 77 ? 9 : 3) << i;
}

TEST_F(ForEach, refuses_a_view_with_gaps) {
  tine::Pool pool({.workers = 1});
  auto x = pool.array<int>(5, 7);
  EXPECT_THROW(tine::for_each(pool, tine::inout(x.view().part(1, 2, 3)), [](int& v) { v = 1; }),
               tine::InvalidArgument);
}

TEST_F(ForEach, captured_values_and_views_reach_the_workers) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<double>(1000);
  auto table = pool.array_from(std::vector<double>{1.5, 2.5, 4.5});
  const double offset = 10;
  tine::for_each(pool, tine::inout(x),
                 [offset, table = table.view()](double& v) { v = offset + table[2]; });
  for (double v : x) EXPECT_EQ(v, 14.5);
}

TEST_F(ForEach, every_element_is_changed_once_though_workers_die) {
  for (unsigned workers : tine_test::worker_counts) {
    for (int at : {0, 1, 50'000, 99'999}) {
      tine::Pool pool({.workers = workers});
      auto calls = pool.array<int>(1);
      auto x = pool.array<std::uint32_t>(100'000);
      const tine::Report report = tine::for_each(
          pool, tine::inout(x), [die = tine_test::DieAt{calls.view(), at}](std::uint32_t& v) {
            ++v;
            die();
          });
      EXPECT_EQ(report.faults.size(), 1u) << report.to_string();
      for (std::uint32_t v : x) ASSERT_EQ(v, 1u);
    }
  }
}

}  // namespace
