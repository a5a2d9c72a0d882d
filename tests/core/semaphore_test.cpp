#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/shared_words.hpp"
#include "support/worker_counts.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

static_assert(std::is_trivially_copyable_v<tine::SemaphoreView>);
static_assert(sizeof(tine::BoundedSemaphoreView) == 8);

class Semaphore : public tine_test::NothingLeftBehind {
 protected:
  static void SetUpTestSuite() { tine::Lock first; }
};

TEST_F(Semaphore, gives_as_many_permits_as_it_has) {
  for (const int n : {0, 1, 2, 3, 100, 1000, 65'536}) {
    SCOPED_TRACE(n);
    tine::Semaphore s(n);
    for (int round = 0; round < 2; ++round) {
      EXPECT_EQ(s.value(), static_cast<std::size_t>(n));
      for (int i = 0; i < n; ++i) ASSERT_TRUE(s.acquire(false));
      EXPECT_FALSE(s.acquire(false));
      EXPECT_FALSE(s.acquire(true, 1ms));
      EXPECT_EQ(s.value(), 0u);
      for (int i = 0; i < n; ++i) s.release();
    }
  }
}

TEST_F(Semaphore, each_release_adds_one_also_beyond_the_first_value) {
  tine::Semaphore s(2);
  for (std::size_t i = 3; i < 2000; ++i) {
    s.release();
    ASSERT_EQ(s.value(), i);
  }
  for (int i = 0; i < 1999; ++i) ASSERT_TRUE(s.try_lock());
  EXPECT_FALSE(s.try_lock());
}

TEST_F(Semaphore, has_room_for_65536_permits_and_says_so) {
  tine::Semaphore s(65'535);
  s.release();
  EXPECT_THROW(s.release(), tine::Error);
  EXPECT_EQ(s.value(), 65'536u);
  EXPECT_TRUE(s.acquire());
  s.release();
  EXPECT_EQ(s.value(), 65'536u);
}

TEST_F(Semaphore, refuses_values_and_timeouts_that_cannot_be) {
  EXPECT_THROW(tine::Semaphore(-1), tine::InvalidArgument);
  EXPECT_THROW(tine::BoundedSemaphore(-1), tine::InvalidArgument);
  EXPECT_THROW(tine::Semaphore(65'537), tine::InvalidArgument);
  EXPECT_THROW(tine::Semaphore(std::numeric_limits<std::ptrdiff_t>::max()), tine::InvalidArgument);
  tine::Semaphore s;
  EXPECT_THROW(s.acquire(true, -1ns), tine::InvalidArgument);
  EXPECT_EQ(s.value(), 1u);
}

TEST_F(Semaphore, waits_as_long_as_it_was_told) {
  tine::Semaphore s(0);
  const auto began = Clock::now();
  EXPECT_FALSE(s.acquire(true, 120ms));
  EXPECT_GE(Clock::now() - began, 120ms);
  std::thread later([&] {
    tine_test::sleep_ms(20);
    s.release();
  });
  EXPECT_TRUE(s.acquire());
  later.join();
}

TEST_F(Semaphore, bounded_throws_when_it_is_released_more_often_than_acquired) {
  for (const int n : {0, 1, 5}) {
    tine::BoundedSemaphore s(n);
    EXPECT_THROW(s.release(), tine::NotHeld);
    for (int i = 0; i < n; ++i) EXPECT_TRUE(s.acquire(false));
    EXPECT_FALSE(s.acquire(false));
    for (int i = 0; i < n; ++i) s.release();
    EXPECT_THROW(s.release(), tine::NotHeld);
    EXPECT_THROW(s.view().unlock(), tine::NotHeld);
    EXPECT_EQ(s.value(), static_cast<std::size_t>(n));
  }
}

TEST_F(Semaphore, may_be_released_by_another_process_than_acquired_it) {
  tine::BoundedSemaphore s(3);
  tine::Pool pool({.workers = 2});
  for (int i = 0; i < 3; ++i) s.acquire();
  tine::for_each_slice(pool, tine::slices(3, 1),
                       [s = s.view()](const tine::Slice&) { s.release(); });
  EXPECT_EQ(s.value(), 3u);
  EXPECT_THROW(s.release(), tine::NotHeld);
}

TEST_F(Semaphore, counts_what_others_do) {
  tine::Semaphore made(0), taken(0);
  tine::Pool pool({.workers = 2});
  constexpr std::size_t n = 3000;
  std::thread job([&] {
    tine::for_each_slice(pool, tine::slices(n, 100),
                         [m = made.view(), t = taken.view()](const tine::Slice& s) {
                           for (std::size_t i = s.begin; i < s.end; ++i) {
                             m.release();
                             t.acquire();
                           }
                         });
  });
  for (std::size_t i = 0; i < n; ++i) {
    EXPECT_TRUE(made.acquire());
    taken.release();
  }
  job.join();
  EXPECT_EQ(made.value(), 0u);
  EXPECT_EQ(taken.value(), 0u);
}

TEST_F(Semaphore, lets_in_as_many_as_it_has_permits_and_no_more) {
  for (const unsigned workers : tine_test::worker_counts) {
    tine_test::SharedWords words(2);  // inside, most at once
    tine::BoundedSemaphore s(2);
    tine::Pool pool({.workers = workers});
    auto work = [](tine::BoundedSemaphoreView s, tine::View<std::uint64_t> w) {
      for (int i = 0; i < 1000; ++i) {
        std::scoped_lock guard(s);
        const std::uint64_t inside = std::atomic_ref(w[0]).fetch_add(1) + 1;
        std::uint64_t most = w[1];
        while (most < inside && !std::atomic_ref(w[1]).compare_exchange_weak(most, inside)) {
        }
        std::atomic_ref(w[0]).fetch_sub(1);
      }
    };
    std::thread here([&] { work(s, words.view()); });
    tine::for_each_slice(
        pool, tine::slices(workers, 1),
        [work, s = s.view(), w = words.view()](const tine::Slice&) { work(s, w); });
    here.join();
    EXPECT_LE(words[1], 2u);
    EXPECT_EQ(words[0], 0u);
    EXPECT_EQ(s.value(), 2u);
  }
}

}  // namespace
