// Numbers that are none, sizes of nothing, and sizes of more than there can be: the exact result, or
// an error that says what is wrong.
#include <signal.h>
#include <string.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/workload.hpp"

namespace {

using ::testing::HasSubstr;
using tine_test::same_bits;

class Values : public tine_test::NothingLeftBehind {
 protected:
  static constexpr auto most = std::numeric_limits<std::size_t>::max();
  tine::Pool pool{tine::PoolOptions{.workers = 3}};
};

// Of each kind of number, the payload and the sign of NaNs among them.
std::vector<double> strange_numbers(std::size_t n) {
  using limits = std::numeric_limits<double>;
  const double kinds[] = {0.0,
                          -0.0,
                          1.5,
                          limits::infinity(),
                          -limits::infinity(),
                          limits::quiet_NaN(),
                          -limits::quiet_NaN(),
                          std::nan("1234"),
                          limits::denorm_min(),
                          -limits::denorm_min(),
                          limits::max(),
                          limits::lowest(),
                          limits::epsilon()};
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = kinds[tine_test::mixed(i) % std::size(kinds)];
  return values;
}

TEST_F(Values, that_are_nan_or_infinite_come_out_bit_by_bit_also_after_deaths) {
  const std::vector<double> values = strange_numbers(10'007);
  auto x = pool.array_from(values);
  auto y = pool.array<double>(values.size());
  auto tries = pool.array<int>(1);
  auto f = [](double v) { return v * 2 - v / 3; };
  tine::for_each_slice(
      pool, tine::slices(values.size(), 500),
      [f, t = tries.view()](tine::Slice s, std::span<const double> in, std::span<double> out) {
        for (std::size_t i = 0; i < in.size(); ++i) {
          out[i] = f(in[i]);
          if (i == 100 && s.index % 7 == 3 && std::atomic_ref(t[0]).fetch_add(1) < 2)
            raise(SIGKILL);
        }
      },
      tine::in(x), tine::out(y));
  std::vector<double> expected(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) expected[i] = f(values[i]);
  EXPECT_TRUE(same_bits(y.span(), std::span<double>(expected)));

  // Undone and tried again, a NaN keeps its payload.
  tries[0] = 0;
  tine::for_each_slice(
      pool, tine::slices(values.size(), 500),
      [t = tries.view()](tine::Slice s, std::span<double> part) {
        for (double& v : part) v = -v;
        if (s.index % 7 == 3 && std::atomic_ref(t[0]).fetch_add(1) < 2) raise(SIGKILL);
      },
      tine::inout(x));
  for (std::size_t i = 0; i < values.size(); ++i) expected[i] = -values[i];
  EXPECT_TRUE(same_bits(x.span(), std::span<double>(expected)));
}

TEST_F(Values, that_are_nan_or_infinite_reduce_to_the_same_bits_on_any_number_of_workers) {
  std::vector<double> finite = strange_numbers(5003);
  for (double& v : finite)
    if (!std::isfinite(v) || std::fabs(v) > 1e300) v = -0.0;
  for (const auto& values : {strange_numbers(5003), finite}) {
    std::vector<double> sums;
    for (const unsigned workers : tine_test::worker_counts) {
      tine::Pool other({.workers = workers});
      auto x = other.array_from(values);
      sums.push_back(tine::reduce(other, tine::in(x), 0.0));
      auto y = other.array<double>(values.size());
      tine::inclusive_scan(other, tine::in(x), tine::out(y));
      EXPECT_EQ(std::isnan(y[values.size() - 1]), std::isnan(sums[0]));
    }
    for (const double sum : sums) EXPECT_TRUE(same_bits(sum, sums[0]));
  }
}

TEST_F(Values, of_size_zero_are_done_at_once_by_every_algorithm) {
  auto x = pool.array<float>(0), y = pool.array<float>(0);
  auto image = pool.array<float>(0, 100), columnless = pool.array<float>(100, 0);
  auto never = [](float&) { raise(SIGKILL); };
  EXPECT_EQ(tine::for_each(pool, tine::inout(x), never).slices, 0u);
  EXPECT_EQ(tine::for_each(pool, tine::inout(image), never).attempts, 0u);
  EXPECT_EQ(tine::for_each(pool, tine::inout(columnless), never).attempts, 0u);
  EXPECT_EQ(tine::transform(pool, tine::in(x), tine::out(y), [](float v) { return v; }).done, 0u);
  EXPECT_EQ(tine::reduce(pool, tine::in(x), 7.0f), 7.0f);
  EXPECT_EQ(tine::inclusive_scan(pool, tine::in(x), tine::out(y)).slices, 0u);
  tine::sort(pool, tine::inout(x));
  for (const auto& nothing : {tine::slices(0), tine::slices(0, 5), tine::rows(image),
                              tine::tiles(0, 5, 2, 2), tine::tiles(5, 0, 2, 2)}) {
    EXPECT_EQ(nothing.size(), 0u);
    EXPECT_EQ(tine::for_each_slice(pool, nothing, [](tine::Slice) { raise(SIGKILL); }).attempts,
              0u);
  }
}

TEST_F(Values, whose_dimensions_overflow_are_refused_by_name) {
  EXPECT_THROW(pool.array<double>(most), tine::InvalidArgument);
  EXPECT_THROW(pool.array<char>(most, most), tine::InvalidArgument);
  EXPECT_THROW(pool.array<char>(std::size_t{1} << 32, std::size_t{1} << 32),
               tine::InvalidArgument);  // the product is 0 modulo 2^64
  EXPECT_THROW(pool.array<int>(3, std::size_t{1} << 62), tine::InvalidArgument);
  EXPECT_THROW(pool.array<char>(most / 2), tine::OutOfMemory);
  EXPECT_THROW(pool.array<int>(-1), tine::InvalidArgument);
  EXPECT_THROW(pool.array<int>(5, -5), tine::InvalidArgument);

  // The product of the numbers of rows and columns of tiles, too.
  EXPECT_THROW(tine::tiles(most, most, 1, 1), tine::InvalidArgument);
  EXPECT_THROW(tine::tiles(std::size_t{1} << 33, std::size_t{1} << 33, 2, 2),
               tine::InvalidArgument);
  EXPECT_EQ(tine::tiles(most, most, most, most).size(), 1u);
  EXPECT_EQ(tine::slices(most, most).size(), 1u);
  EXPECT_EQ(tine::rows(most, most, most, most).size(), 1u);
}

TEST_F(Values, with_more_slices_than_memory_are_refused_before_the_job) {
  for (const std::size_t n : {most, most / 8, most / 16, std::size_t{1} << 40}) {
    auto touched = pool.array<int>(1);
    auto count = [t = touched.view()](tine::Slice) { t[0] = 1; };
    EXPECT_THROW(tine::for_each_slice(pool, tine::slices(n, 1), count), tine::Error) << n;
    EXPECT_EQ(touched[0], 0);
  }
  tine_test::Workload(pool, 1000, 10).inout();
}

TEST_F(Values, near_the_largest_numbers_of_a_partition_reach_the_kernel_as_they_are) {
  auto seen = pool.array<std::size_t>(4);
  tine::for_each_slice(pool, tine::slices(most, most / 2 + 1), [v = seen.view()](tine::Slice s) {
    v[2 * s.index] = s.begin;
    v[2 * s.index + 1] = s.end;
  });
  EXPECT_THAT(std::vector<std::size_t>(seen.begin(), seen.end()),
              ::testing::ElementsAre(0, most / 2 + 1, most / 2 + 1, most));
}

}  // namespace
