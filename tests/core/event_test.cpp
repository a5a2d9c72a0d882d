#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/processes.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

static_assert(std::is_trivially_copyable_v<tine::EventView> && sizeof(tine::EventView) == 8);

class Event : public tine_test::NothingLeftBehind {
 protected:
  static void SetUpTestSuite() { tine::Lock first; }
};

TEST_F(Event, is_set_until_it_is_cleared) {
  tine::Event event;
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(event.is_set());
    EXPECT_FALSE(event.wait(0s));
    event.set();
    event.set();
    EXPECT_TRUE(event.is_set());
    EXPECT_TRUE(event.wait());
    EXPECT_TRUE(event.wait(0s));
    event.clear();
    event.clear();
  }
}

TEST_F(Event, waits_as_long_as_it_was_told) {
  tine::Event event;
  const auto began = Clock::now();
  EXPECT_FALSE(event.wait(130ms));
  EXPECT_GE(Clock::now() - began, 130ms);
  EXPECT_THROW(event.wait(-1ns), tine::InvalidArgument);
}

TEST_F(Event, wakes_all_who_wait_wherever_they_are) {
  tine::Event event;
  tine::Semaphore there(0);
  tine::Pool pool({.workers = 3});
  auto woken = pool.array<int>(3);
  std::atomic<int> here = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      there.release();
      here += event.wait();
    });
  std::thread setter([&] {
    for (int i = 0; i < 5; ++i) there.acquire();
    tine_test::sleep_ms(20);
    event.set();
  });
  tine::for_each_slice(
      pool, tine::slices(3, 1),
      [e = event.view(), t = there.view()](const tine::Slice&, std::span<int> w) {
        t.release();
        w[0] = e.wait();
      },
      tine::out(woken));
  for (auto& t : threads) t.join();
  setter.join();
  EXPECT_EQ(here, 2);
  EXPECT_EQ(std::accumulate(woken.begin(), woken.end(), 0), 3);
}

TEST_F(Event, set_and_cleared_at_once_is_missed_by_nobody_who_waited) {
  tine::Event event;
  for (int round = 0; round < 30; ++round) {
    std::atomic<int> id = 0;
    std::thread waiting([&] {
      id = gettid();
      EXPECT_TRUE(event.wait(10s));
    });
    // From there on it sleeps only to wait for the event.
    EXPECT_TRUE(tine_test::eventually([&] { return id != 0 && tine_test::state_of(id) == 'S'; }));
    event.set();
    event.clear();
    waiting.join();
    EXPECT_FALSE(event.is_set());
  }
}

TEST_F(Event, handle_without_an_event_throws) {
  tine::EventView nothing, left;
  EXPECT_THROW(nothing.set(), tine::InvalidArgument);
  auto event = std::make_unique<tine::Event>();
  left = event->view();
  std::thread waiting([left] { EXPECT_THROW(left.wait(), tine::InvalidArgument); });
  tine_test::sleep_ms(20);
  event.reset();
  waiting.join();
  EXPECT_THROW(left.is_set(), tine::InvalidArgument);
  EXPECT_THROW(left.clear(), tine::InvalidArgument);
}

}  // namespace
