#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/fixture.hpp"
#include "support/message.hpp"
#include "support/shared_words.hpp"
#include "support/worker_counts.hpp"

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;
using tine_test::message_of;

static_assert(std::is_trivially_copyable_v<tine::LockView> && sizeof(tine::LockView) == 8);
static_assert(std::is_trivially_copyable_v<tine::RLockView> && sizeof(tine::RLockView) == 8);
static_assert(!std::is_copy_constructible_v<tine::Lock>);
static_assert(std::is_nothrow_move_constructible_v<tine::Lock>);

/// What both locks do.
template <class L>
class AnyLock : public tine_test::NothingLeftBehind {
 protected:
  // The context stays with the program.
  static void SetUpTestSuite() { tine::Lock first; }
};
using Locks = ::testing::Types<tine::Lock, tine::RLock>;
TYPED_TEST_SUITE(AnyLock, Locks);
class Lock : public AnyLock<tine::Lock> {};
class RLock : public AnyLock<tine::RLock> {};

TYPED_TEST(AnyLock, is_held_by_one_at_a_time_and_then_by_the_next) {
  TypeParam lock;
  EXPECT_FALSE(lock.locked());
  EXPECT_TRUE(lock.acquire());
  EXPECT_TRUE(lock.locked());
  std::thread other([&] {
    EXPECT_FALSE(lock.acquire(false));
    EXPECT_FALSE(lock.try_lock());
    EXPECT_FALSE(lock.acquire(true, 0s));
  });
  other.join();
  lock.release();
  EXPECT_FALSE(lock.locked());
  std::thread next([&] {
    EXPECT_TRUE(lock.acquire(false));
    lock.release();
  });
  next.join();
  EXPECT_FALSE(lock.was_abandoned());
}

TYPED_TEST(AnyLock, waits_as_long_as_it_was_told) {
  TypeParam lock;
  lock.lock();
  std::thread other([&] {
    auto began = Clock::now();
    EXPECT_FALSE(lock.acquire(true, 30ms));
    EXPECT_GE(Clock::now() - began, 30ms);
    began = Clock::now();
    EXPECT_FALSE(lock.try_lock_for(150ms));
    EXPECT_GE(Clock::now() - began, 150ms);
    EXPECT_FALSE(lock.acquire(true, 0ns));
    EXPECT_TRUE(lock.acquire(true, std::chrono::nanoseconds::max()));
    lock.unlock();
  });
  tine_test::sleep_ms(300);
  lock.unlock();
  other.join();
}

TYPED_TEST(AnyLock, refuses_negative_timeouts) {
  TypeParam lock;
  EXPECT_THROW(lock.acquire(true, -1ns), tine::InvalidArgument);
  EXPECT_THROW(lock.acquire(false, -1s), tine::InvalidArgument);
  EXPECT_THROW(lock.try_lock_for(-1s), tine::InvalidArgument);
  EXPECT_FALSE(lock.locked());
}

TYPED_TEST(AnyLock, works_with_the_guards_of_the_standard_library) {
  TypeParam a, b;
  {
    std::scoped_lock both(a, b);
    EXPECT_TRUE(a.locked());
    EXPECT_TRUE(b.locked());
  }
  const auto view = a.view();
  {
    std::scoped_lock guard(view);
    EXPECT_TRUE(a.locked());
  }
  {
    std::unique_lock guard(a, std::defer_lock);
    EXPECT_TRUE(guard.try_lock_for(10ms));
    EXPECT_TRUE(a.locked());
  }
  std::lock_guard guard(a);
  EXPECT_FALSE(b.locked());
}

TYPED_TEST(AnyLock, excludes_threads_of_the_master_and_workers_at_once) {
  for (const unsigned workers : tine_test::worker_counts) {
    tine_test::SharedWords words(1);
    TypeParam lock;
    tine::Pool pool({.workers = workers});
    constexpr int each = 2000;
    // Not atomic on purpose.
    auto work = [each = each](typename std::remove_cvref_t<decltype(lock.view())> l,
                              tine::View<std::uint64_t> counter) {
      for (int i = 0; i < each; ++i) {
        std::scoped_lock guard(l);
        volatile std::uint64_t& n = counter[0];
        n = n + 1;
      }
    };
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) threads.emplace_back([&] { work(lock.view(), words.view()); });
    tine::for_each_slice(
        pool, tine::slices(workers, 1),
        [work, l = lock.view(), c = words.view()](const tine::Slice&) { work(l, c); });
    for (auto& t : threads) t.join();
    EXPECT_EQ(words[0], each * (workers + 2)) << workers << " workers";
    EXPECT_FALSE(lock.locked());
  }
}

void on_alarm(int) {}

TYPED_TEST(AnyLock, goes_on_waiting_when_a_signal_comes) {
  TypeParam lock;
  lock.lock();
  struct sigaction old, interrupting = {};
  interrupting.sa_handler = on_alarm;  // no SA_RESTART: every call ends with EINTR
  sigaction(SIGUSR1, &interrupting, &old);
  std::atomic<bool> got = false;
  std::thread waiting([&] {
    lock.lock();
    got = true;
    lock.unlock();
  });
  for (int i = 0; i < 200; ++i) {
    pthread_kill(waiting.native_handle(), SIGUSR1);
    usleep(300);
  }
  EXPECT_FALSE(got);
  lock.unlock();
  waiting.join();
  EXPECT_TRUE(got);
  sigaction(SIGUSR1, &old, nullptr);
}

TYPED_TEST(AnyLock, handle_without_a_lock_throws) {
  std::remove_cvref_t<decltype(std::declval<TypeParam>().view())> nothing, left;
  EXPECT_THROW(nothing.acquire(), tine::InvalidArgument);
  EXPECT_THROW(nothing.release(), tine::InvalidArgument);
  {
    TypeParam lock;
    left = lock.view();
    EXPECT_TRUE(left.acquire());
  }
  TypeParam another;
  EXPECT_THROW(left.acquire(false), tine::InvalidArgument);
  EXPECT_THROW(left.release(), tine::InvalidArgument);
  EXPECT_THROW(left.locked(), tine::InvalidArgument);
  EXPECT_THROW(left.was_abandoned(), tine::InvalidArgument);
  EXPECT_FALSE(another.locked());
}

TYPED_TEST(AnyLock, waiting_for_a_lock_that_goes_away_ends) {
  auto lock = std::make_unique<TypeParam>();
  lock->lock();
  std::thread waiting([view = lock->view()] { EXPECT_THROW(view.lock(), tine::InvalidArgument); });
  tine_test::sleep_ms(20);
  lock.reset();
  waiting.join();
}

TYPED_TEST(AnyLock, moves_with_what_it_is) {
  TypeParam a, b;
  a.lock();
  TypeParam c(std::move(a));
  EXPECT_TRUE(c.locked());
  b = std::move(c);
  EXPECT_TRUE(b.locked());
  b.unlock();
  EXPECT_GE(std::bit_cast<std::uint64_t>(b.view()), std::uint64_t{1} << 56)
      << "looks like a pointer";
}

TYPED_TEST(AnyLock, can_be_made_by_the_master_only) {
  tine::Pool pool({.workers = 1});
  EXPECT_THAT(message_of([&] {
                tine::for_each_slice(pool, tine::slices(1, 1),
                                     [](const tine::Slice&) { TypeParam lock; });
              }),
              HasSubstr("make it in the master"));
}

TYPED_TEST(AnyLock, tells_workers_that_are_older_than_the_first_object_what_to_do) {
  EXPECT_EQ(tine_test::in_child([] {
              tine::Pool pool({.workers = 1});
              TypeParam lock;
              auto post = [&] {
                tine::for_each_slice(pool, tine::slices(1, 1),
                                     [l = lock.view()](const tine::Slice&) {
                                       l.lock();
                                       l.unlock();
                                     });
              };
              EXPECT_THAT(message_of(post), HasSubstr("refresh"));
              pool.refresh();
              post();
            }),
            0);
}

TYPED_TEST(AnyLock, is_out_of_reach_for_a_fork_of_the_application) {
  TypeParam lock;
  lock.lock();
  EXPECT_EQ(tine_test::in_child([&] {
              EXPECT_THROW(lock.unlock(), tine::PoolError);
              TypeParam own;
              EXPECT_THROW(lock.unlock(), tine::InvalidArgument);
              own.lock();
              TypeParam gone(std::move(lock));
            }),
            0);
  EXPECT_TRUE(lock.locked());
  lock.unlock();
}

TYPED_TEST(AnyLock, works_in_the_master_when_kernels_do) {
  EXPECT_EQ(tine_test::in_child([] {
              setenv("TINE_SERIAL", "1", 1);
              TypeParam lock;
              tine::Pool pool;
              tine::for_each_slice(
                  pool, tine::slices(10, 1),
                  [l = lock.view()](const tine::Slice&) { std::scoped_lock guard(l); });
              EXPECT_FALSE(lock.locked());
            }),
            0);
}

TYPED_TEST(AnyLock, thousands_can_follow_each_other) {
  for (int i = 0; i < 5000; ++i) {
    TypeParam lock;
    lock.lock();
  }
  std::vector<TypeParam> many(500);
  for (auto& lock : many) lock.lock();
  for (auto& lock : many) EXPECT_TRUE(lock.locked());
}

TEST_F(Lock, released_while_unlocked_throws) {
  tine::Lock lock;
  EXPECT_THAT(message_of([&] { lock.release(); }), HasSubstr("acquire() it first"));
  EXPECT_THROW(lock.unlock(), tine::NotHeld);
  lock.lock();
  lock.unlock();
  EXPECT_THROW(lock.unlock(), tine::NotHeld);
  EXPECT_TRUE(lock.try_lock());
}

TEST_F(Lock, may_be_released_by_another_thread_or_process) {
  tine::Lock lock;
  tine::Pool pool({.workers = 1});
  lock.lock();
  std::thread([&] { lock.unlock(); }).join();
  EXPECT_FALSE(lock.locked());
  lock.lock();
  tine::for_each_slice(pool, tine::slices(1, 1),
                       [l = lock.view()](const tine::Slice&) { l.unlock(); });
  EXPECT_FALSE(lock.locked());
}

TEST_F(Lock, is_not_taken_twice_by_one_thread) {
  tine::Lock lock;
  lock.lock();
  EXPECT_FALSE(lock.try_lock());
  EXPECT_FALSE(lock.acquire(true, 10ms));
}

TEST_F(RLock, is_released_as_often_as_it_was_acquired) {
  tine::RLock lock;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(lock.acquire(i % 2 == 0));
  for (int i = 0; i < 1000; ++i) {
    std::thread([&] { EXPECT_FALSE(lock.try_lock()); }).join();
    lock.release();
  }
  EXPECT_FALSE(lock.locked());
  EXPECT_THROW(lock.release(), tine::NotHeld);
}

TEST_F(RLock, cannot_be_released_by_a_non_owner) {
  tine::RLock lock;
  tine::Pool pool({.workers = 1});
  EXPECT_THROW(lock.release(), tine::NotHeld);
  lock.lock();
  std::thread([&] { EXPECT_THROW(lock.release(), tine::NotHeld); }).join();
  EXPECT_THAT(message_of([&] {
                tine::for_each_slice(pool, tine::slices(1, 1),
                                     [l = lock.view()](const tine::Slice&) { l.release(); });
              }),
              HasSubstr("tine::NotHeld"));
  EXPECT_TRUE(lock.locked());
  lock.release();
}

TEST_F(RLock, refuses_to_be_locked_deeper_than_it_can_count) {
  tine::RLock lock;
  for (int i = 0; i < 524'287; ++i) lock.lock();
  EXPECT_THROW(lock.lock(), tine::Error);
  for (int i = 0; i < 524'287; ++i) lock.unlock();
  EXPECT_FALSE(lock.locked());
}

TEST_F(RLock, excludes_while_it_is_held_more_than_once) {
  tine_test::SharedWords words(1);
  tine::RLock lock;
  tine::Pool pool({.workers = 3});
  tine::for_each_slice(pool, tine::slices(3, 1),
                       [l = lock.view(), c = words.view()](const tine::Slice&) {
                         for (int i = 0; i < 2000; ++i) {
                           l.lock();
                           l.lock();
                           l.unlock();
                           volatile std::uint64_t& n = c[0];
                           n = n + 1;
                           l.unlock();
                         }
                       });
  EXPECT_EQ(words[0], 6000u);
}

}  // namespace
