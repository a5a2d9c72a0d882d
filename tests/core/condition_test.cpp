#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
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
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

static_assert(std::is_trivially_copyable_v<tine::ConditionView>);
static_assert(sizeof(tine::ConditionView) == 8);

class Condition : public tine_test::NothingLeftBehind {
 protected:
  static void SetUpTestSuite() { tine::Lock first; }
};

TEST_F(Condition, has_a_lock_of_its_own_that_can_be_taken_again) {
  tine::Condition condition;
  condition.acquire();
  EXPECT_TRUE(condition.try_lock());
  std::thread([&] { EXPECT_FALSE(condition.acquire(false)); }).join();
  condition.release();
  condition.unlock();
  EXPECT_THROW(condition.release(), tine::NotHeld);
  std::scoped_lock guard(condition);
}

TEST_F(Condition, uses_the_lock_it_is_given) {
  tine::Lock lock;
  tine::Condition a(lock), b(lock.view());
  {
    std::scoped_lock guard(a);
    EXPECT_TRUE(lock.locked());
    EXPECT_FALSE(b.try_lock());
  }
  EXPECT_FALSE(lock.locked());
  tine::RLock rlock;
  tine::Condition c(rlock);
  std::scoped_lock twice(c, rlock);
  EXPECT_FALSE(c.wait(1ms)) << "the lock was held twice";
  EXPECT_TRUE(rlock.locked());
  EXPECT_THROW(tine::Condition(tine::LockView()), tine::InvalidArgument);
}

TEST_F(Condition, throws_unless_the_lock_is_held) {
  tine::Lock lock;
  tine::Condition with_lock(lock), own;
  for (tine::Condition* c : {&with_lock, &own}) {
    EXPECT_THROW(c->wait(), tine::NotHeld);
    EXPECT_THROW(c->wait_for([] { return false; }), tine::NotHeld);
    EXPECT_THROW(c->notify(), tine::NotHeld);
    EXPECT_THROW(c->notify_all(), tine::NotHeld);
    std::scoped_lock guard(*c);
    std::thread([&] {
      EXPECT_THROW(c->wait(), tine::NotHeld);
      EXPECT_THROW(c->notify(), tine::NotHeld);
    }).join();
    EXPECT_THROW(c->notify(-1), tine::InvalidArgument);
    EXPECT_THROW(c->wait(-1ns), tine::InvalidArgument);
    EXPECT_EQ(c->notify(), 0u);
  }
}

TEST_F(Condition, waits_as_long_as_it_was_told_and_has_the_lock_again) {
  tine::RLock lock;
  tine::Condition condition(lock);
  for (int i = 0; i < 3; ++i) lock.lock();
  const auto began = Clock::now();
  EXPECT_FALSE(condition.wait(120ms));
  EXPECT_GE(Clock::now() - began, 120ms);
  EXPECT_FALSE(condition.wait(0s));
  EXPECT_FALSE(condition.wait_for([] { return false; }, 20ms));
  EXPECT_TRUE(condition.wait_for([] { return true; }, 0s));
  for (int i = 0; i < 3; ++i) lock.unlock();
  EXPECT_FALSE(lock.locked());
}

/// Threads that wait, and count how they are woken.
class Sleepers {
 public:
  Sleepers(tine::Condition& condition, int count, tine::Timeout timeout = {})
      : condition_(condition) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, i, timeout] {
        std::scoped_lock guard(condition_);
        ++waiting_;
        const bool notified = condition_.wait(timeout);
        order.push_back(i);
        (notified ? woken : timed_out)++;
      });
      // One after the other, so that their order is known.
      EXPECT_TRUE(tine_test::eventually([&] {
        std::scoped_lock guard(condition_);
        return waiting_ == i + 1;
      }));
    }
  }
  ~Sleepers() {
    for (auto& t : threads_) t.join();
  }
  int woken_now() {
    std::scoped_lock guard(condition_);
    return woken;
  }
  int woken = 0, timed_out = 0;
  std::vector<int> order;

 private:
  tine::Condition& condition_;
  int waiting_ = 0;
  std::vector<std::thread> threads_;
};

TEST_F(Condition, notify_wakes_as_many_as_it_says_and_the_longest_waiting_first) {
  tine::Condition condition;
  Sleepers sleepers(condition, 6);
  auto notify = [&](std::ptrdiff_t n) {
    std::scoped_lock guard(condition);
    return condition.notify(n);
  };
  EXPECT_EQ(notify(0), 0u);
  EXPECT_EQ(notify(1), 1u);
  EXPECT_TRUE(tine_test::eventually([&] { return sleepers.woken_now() == 1; }));
  tine_test::sleep_ms(120);  // long enough for all to look again
  EXPECT_EQ(sleepers.woken_now(), 1);
  EXPECT_EQ(notify(3), 3u);
  EXPECT_TRUE(tine_test::eventually([&] { return sleepers.woken_now() == 4; }));
  tine_test::sleep_ms(120);
  EXPECT_EQ(sleepers.woken_now(), 4);
  {
    std::scoped_lock guard(condition);
    EXPECT_EQ(sleepers.order[0], 0);
    EXPECT_THAT(std::vector(sleepers.order.begin() + 1, sleepers.order.end()),
                ::testing::UnorderedElementsAre(1, 2, 3));
  }
  EXPECT_EQ(notify(5), 2u);
  EXPECT_EQ(notify(1), 0u) << "nobody waits any more";
}

TEST_F(Condition, notify_all_wakes_all) {
  tine::Condition condition;
  Sleepers sleepers(condition, 20);
  std::scoped_lock guard(condition);
  EXPECT_EQ(condition.notify_all(), 20u);
  EXPECT_EQ(condition.notify_all(), 0u);
}

TEST_F(Condition, who_timed_out_takes_no_notification) {
  tine::Condition condition;
  { Sleepers sleepers(condition, 3, 1ms); }
  Sleepers sleepers(condition, 1);
  std::scoped_lock guard(condition);
  EXPECT_EQ(condition.notify(2), 1u);
}

TEST_F(Condition, carries_items_between_master_and_workers) {
  for (const unsigned workers : tine_test::worker_counts) {
    tine::Lock lock;
    tine::Condition not_empty(lock), not_full(lock);
    tine::Value<int> items(0);
    tine::Pool pool({.workers = workers});
    constexpr int each = 500;
    std::thread job([&] {
      tine::for_each_slice(
          pool, tine::slices(workers, 1),
          [e = not_empty.view(), f = not_full.view(), items = items.view()](const tine::Slice&) {
            for (int i = 0; i < each; ++i) {
              std::scoped_lock guard(e);
              e.wait_for([&] { return items.get() > 0; });
              items.with_lock([](int& n) { --n; });
              f.notify();
            }
          });
    });
    for (unsigned i = 0; i < workers * each; ++i) {
      std::scoped_lock guard(not_full);
      EXPECT_TRUE(not_full.wait_for([&] { return items.get() < 3; }));
      items.with_lock([](int& n) { ++n; });
      not_empty.notify();
    }
    job.join();
    EXPECT_EQ(items.get(), 0);
  }
}

TEST_F(Condition, handle_without_a_condition_throws) {
  tine::ConditionView nothing, left;
  EXPECT_THROW(nothing.lock(), tine::InvalidArgument);
  EXPECT_THROW(nothing.wait(), tine::InvalidArgument);
  auto condition = std::make_unique<tine::Condition>();
  left = condition->view();
  std::thread waiting([left] {
    left.lock();
    EXPECT_THROW(left.wait(), tine::InvalidArgument);
  });
  tine_test::sleep_ms(20);
  condition.reset();
  waiting.join();
  EXPECT_THROW(left.acquire(), tine::InvalidArgument);
  EXPECT_THROW(left.notify(), tine::InvalidArgument);
  auto lock = std::make_unique<tine::Lock>();
  tine::Condition orphan(*lock);
  lock.reset();
  EXPECT_THROW(orphan.acquire(), tine::InvalidArgument);
}

TEST_F(Condition, moves_with_its_lock) {
  tine::Condition a;
  tine::Condition b(std::move(a)), c;
  c = std::move(b);
  std::scoped_lock guard(c);
  EXPECT_FALSE(c.wait(1ms));
}

}  // namespace
