#include <tine/array.hpp>

#include <atomic>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"

namespace {

class ArrayTest : public tine_test::NothingLeftBehind {};

static_assert(!std::is_copy_constructible_v<tine::Array<int>>);
static_assert(std::is_nothrow_move_constructible_v<tine::Array<int>>);
static_assert(std::is_nothrow_move_assignable_v<tine::Array<int>>);

// Leaves memory with other bytes than zero for the next array of this size.
template <class... E>
void soil(tine::Pool& pool, E... extents) {
  auto x = pool.array<unsigned char>(extents...);
  std::fill(x.begin(), x.end(), 0xee);
}

TEST_F(ArrayTest, has_the_extents_it_was_made_with_and_is_zero) {
  tine::Pool pool({.workers = 1});
  auto x = pool.array<double>(3, 4u, std::int64_t{5});
  EXPECT_EQ(x.size(), 60u);
  EXPECT_EQ(x.extent(0), 3u);
  EXPECT_EQ(x.extents(), (tine::Array<double, 3>::Extents{3, 4, 5}));
  for (const double v : x) EXPECT_EQ(v, 0);
  x(2, 3, 4) = 7;
  EXPECT_EQ(x.data()[59], 7);
  EXPECT_EQ(std::as_const(x)(2, 3, 4), 7);
}

TEST_F(ArrayTest, an_overflowing_size_is_refused) {
  tine::Pool pool({.workers = 1});
  const std::size_t half = std::size_t{1} << 32;
  EXPECT_THROW(pool.array<double>(half, half), tine::InvalidArgument);
  EXPECT_THROW(pool.array<char>(std::numeric_limits<std::size_t>::max()), tine::InvalidArgument);
  EXPECT_THROW(pool.array<double>(std::size_t{1} << 61), tine::InvalidArgument);
  EXPECT_THROW((pool.array<char>(half, half, 2)), tine::InvalidArgument);
}

TEST_F(ArrayTest, a_negative_extent_is_refused) {
  tine::Pool pool({.workers = 1});
  EXPECT_THROW(pool.array<int>(-1), tine::InvalidArgument);
  EXPECT_THROW(pool.array<int>(3, -2), tine::InvalidArgument);
  EXPECT_THROW(pool.array<int>(std::numeric_limits<long>::min()), tine::InvalidArgument);
}

TEST_F(ArrayTest, may_be_empty) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<int>(0);
  auto y = pool.array<int>(5, 0);
  auto z = pool.array<int>(0, std::size_t{1} << 40);
  EXPECT_TRUE(x.empty() && y.empty() && z.empty());
  EXPECT_EQ(x.begin(), x.end());
  EXPECT_EQ(tine::for_each(pool, tine::inout(x), [](int& v) { v = 1; }).slices, 0u);
  EXPECT_EQ(tine::for_each(pool, tine::inout(y), [](int& v) { v = 1; }).slices, 0u);
  // Rows without elements are still slices.
  const auto report = tine::for_each_slice(
      pool, tine::slices(5, 1), [](tine::Slice, tine::View<int, 2> rows) {
        if (rows.extent(0) != 1 || rows.extent(1) != 0) throw std::runtime_error("not my row");
      }, tine::inout(y));
  EXPECT_EQ(report.done, 5u);
}

TEST_F(ArrayTest, a_default_array_is_empty_and_can_be_assigned_to) {
  tine::Pool pool({.workers = 1});
  tine::Array<int> x;
  EXPECT_TRUE(x.empty());
  EXPECT_EQ(x.data(), nullptr);
  x = pool.array<int>(4);
  EXPECT_EQ(x.size(), 4u);
}

TEST_F(ArrayTest, moving_moves_the_elements_and_frees_what_was_there) {
  tine::Pool pool({.workers = 1});
  auto x = pool.array<int>(100'000);
  const std::size_t used = pool.arena()->stats().used;
  x[5] = 6;
  const int* data = x.data();
  tine::Array<int> y = std::move(x);
  EXPECT_TRUE(x.empty());  // NOLINT: that is the question
  EXPECT_EQ(y.data(), data);
  EXPECT_EQ(y[5], 6);
  auto z = pool.array<int>(100'000);
  EXPECT_EQ(pool.arena()->stats().used, 2 * used);
  z = std::move(y);
  EXPECT_EQ(pool.arena()->stats().used, used);
  EXPECT_EQ(z[5], 6);
  auto& alias = z;
  z = std::move(alias);
  EXPECT_EQ(z[5], 6);
  std::swap(y, z);
  EXPECT_EQ(y[5], 6);
}

TEST_F(ArrayTest, outlives_its_pool) {
  std::optional<tine::Pool> pool(std::in_place, tine::PoolOptions{.workers = 2});
  auto x = pool->array<int>(1000);
  tine::for_each(*pool, tine::inout(x), [](int& v) { v = 3; });
  tine::Array<int> late;
  pool.reset();
  EXPECT_EQ(std::accumulate(x.begin(), x.end(), 0), 3000);
  x[999] = 4;
}

TEST_F(ArrayTest, a_copy_of_a_range_has_its_values) {
  tine::Pool pool({.workers = 1});
  const std::vector<double> source{1, 2, 3};
  auto x = pool.array_from(source);
  EXPECT_TRUE(std::equal(x.begin(), x.end(), source.begin(), source.end()));
  EXPECT_TRUE(pool.array_from(std::vector<int>{}).empty());
  const int plain[] = {4, 5};
  EXPECT_EQ(pool.array_from(plain)[1], 5);
}

TEST_F(ArrayTest, freeing_waits_for_the_job_that_uses_it) {
  tine::Pool pool({.workers = 2});
  auto gate = pool.array<int>(1);
  std::optional<tine::Array<int>> x(pool.array<int>(1000));
  auto open = [p = gate.data()](int seen) { return std::atomic_ref(*p).load() >= seen; };
  std::thread job([&] {
    tine::for_each_slice(pool, tine::slices(1000, 500),
                         [g = gate.view()](tine::Slice, std::span<int> part) {
                           std::atomic_ref<int> state(g[0]);
                           state.fetch_add(1);
                           while (state.load() < 100) usleep(100);
                           for (int& v : part) v = 5;
                         },
                         tine::out(*x));
  });
  ASSERT_TRUE(tine_test::eventually([&] { return open(1); }));
  std::atomic<bool> freed = false;
  std::thread owner([&] {
    x.reset();
    freed = true;
  });
  tine_test::sleep_ms(50);
  EXPECT_FALSE(freed);
  std::atomic_ref(gate[0]).store(100);
  owner.join();
  job.join();
  EXPECT_TRUE(freed);
}

TEST_F(ArrayTest, reused_memory_is_zero_for_the_master) {
  tine::Pool pool({.workers = 1});
  for (const std::size_t n : {1000u, 100'000u, 5'000'000u}) {
    soil(pool, n);
    auto x = pool.array<unsigned char>(n);
    EXPECT_EQ(std::count(x.begin(), x.end(), 0), static_cast<std::ptrdiff_t>(n));
  }
}

class ReusedMemory : public ArrayTest, public ::testing::WithParamInterface<std::size_t> {
 protected:
  // Sum of an array by its bytes, without touching it in the master first.
  std::uint64_t sum_in_workers(const tine::Array<unsigned char>& x) {
    return tine::reduce(pool, tine::in(x), std::uint64_t{0}, std::plus<>{});
  }
  tine::Pool pool{tine::PoolOptions{.workers = 3}};
};

TEST_P(ReusedMemory, is_zero_for_in) {
  soil(pool, GetParam());
  EXPECT_EQ(sum_in_workers(pool.array<unsigned char>(GetParam())), 0u);
}

TEST_P(ReusedMemory, is_zero_for_whole) {
  soil(pool, GetParam());
  auto x = pool.array<unsigned char>(GetParam());
  auto sums = pool.array<std::uint64_t>(7);
  tine::for_each_slice(pool, tine::slices(7, 1),
                       [](tine::Slice, auto out, std::span<const unsigned char> all) {
                         out[0] = std::accumulate(all.begin(), all.end(), std::uint64_t{0});
                       },
                       tine::out(sums), tine::whole(x));
  for (const auto sum : sums) EXPECT_EQ(sum, 0u);
}

TEST_P(ReusedMemory, is_zero_for_inout_and_where_out_was_not_written) {
  for (const bool inout : {false, true}) {
    soil(pool, GetParam());
    auto x = pool.array<unsigned char>(GetParam());
    auto every_third = [](tine::Slice s, std::span<unsigned char> part) {
      for (std::size_t i = 0; i < part.size(); ++i)
        if ((s.begin + i) % 3 == 0) part[i] = static_cast<unsigned char>(part[i] + 1);
    };
    const auto partition = tine::slices(x.size(), 997);
    if (inout)
      tine::for_each_slice(pool, partition, every_third, tine::inout(x));
    else
      tine::for_each_slice(pool, partition, every_third, tine::out(x));
    for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(x[i], i % 3 == 0) << i;
  }
}

TEST_P(ReusedMemory, is_zero_for_a_part_of_an_array) {
  soil(pool, GetParam());
  auto x = pool.array<unsigned char>(GetParam());
  const std::size_t half = x.size() / 2;
  auto part = tine::View<unsigned char>(x.peek().data() + half, {x.size() - half});
  tine::for_each(pool, tine::inout(part), [](unsigned char& v) { v += 1; });
  for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(x[i], i >= half) << i;
}

TEST_P(ReusedMemory, is_zero_after_a_job_that_failed) {
  for (const bool inout : {false, true}) {
    soil(pool, GetParam());
    auto x = pool.array<unsigned char>(GetParam());
    auto kernel = [](tine::Slice s, std::span<unsigned char> part) {
      for (auto& v : part) v = 1;
      if (s.index == s.count / 2) throw std::runtime_error("half way");
    };
    const auto partition = tine::slices(x.size(), 997);
    auto post = [&] {
      if (inout)
        tine::for_each_slice(pool, partition, kernel, tine::inout(x));
      else
        tine::for_each_slice(pool, partition, kernel, tine::out(x));
    };
    EXPECT_THROW(post(), tine::KernelError);
    // Done or zero; only the slice that failed may hold anything when it was `out`.
    for (std::size_t i = 0; i < x.size(); ++i)
      ASSERT_TRUE(x[i] <= 1 || (!inout && i / 997 == partition.size() / 2)) << i;
  }
}

TEST_P(ReusedMemory, is_zero_after_a_job_that_was_cancelled_before_it_began) {
  soil(pool, GetParam());
  auto x = pool.array<unsigned char>(GetParam());
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(tine::for_each_slice(pool.with({.stop = stop.get_token()}),
                                    tine::slices(x.size(), 997),
                                    [](tine::Slice, std::span<unsigned char> part) {
                                      for (auto& v : part) v = 1;
                                    },
                                    tine::out(x)),
               tine::Cancelled);
  for (std::size_t i = 0; i < x.size(); ++i) ASSERT_LE(x[i], 1) << i;
}

INSTANTIATE_TEST_SUITE_P(Sizes, ReusedMemory, ::testing::Values(1000, 200'000, 3 << 20),
                         ::testing::PrintToStringParamName());

// As with any other container, threads may write different elements at once.
TEST_F(ArrayTest, threads_may_write_different_elements_of_a_fresh_array_at_once) {
  tine::Pool pool({.workers = 1});
  const std::size_t n = 64 << 20;
  for (int round = 0; round < 5; ++round) {
    soil(pool, n);
    auto x = pool.array<unsigned char>(n);
    std::atomic<int> ready = 0;
    auto write = [&](std::size_t first) {
      ++ready;
      while (ready < 2) {
      }
      x[first] = 1;
      x[first + 2] = 1;
    };
    std::thread other(write, 0);
    write(1);
    other.join();
    for (std::size_t i = 0; i < 4; ++i) ASSERT_EQ(x[i], 1) << i << ", round " << round;
  }
}

// Taking a pointer reads and writes nothing.
TEST_F(ArrayTest, taking_a_view_during_a_job_changes_nothing) {
  tine::Pool pool({.workers = 1});
  const std::size_t n = 1 << 20;
  soil(pool, n);
  auto x = pool.array<unsigned char>(n);
  auto gate = pool.array<int>(1);
  int* state = gate.data();
  std::thread job([&] {
    tine::for_each_slice(pool, tine::slices(n, n / 2),
                         [g = gate.view()](tine::Slice s, std::span<unsigned char> part) {
                           for (auto& v : part) v = 1;
                           std::atomic_ref<int> seen(g[0]);
                           if (s.index == 0) return;
                           seen.store(1);
                           while (seen.load() == 1) usleep(100);
                         },
                         tine::out(x));
  });
  EXPECT_TRUE(tine_test::eventually([&] { return std::atomic_ref(*state).load() == 1; }));
  (void)x.view();
  std::atomic_ref(*state).store(2);
  job.join();
  EXPECT_EQ(std::count(x.begin(), x.end(), 1), static_cast<std::ptrdiff_t>(n));
}

}  // namespace
