#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <memory>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/message.hpp"
#include "support/shared_words.hpp"
#include "support/worker_counts.hpp"

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;
using tine_test::message_of;

static_assert(std::is_trivially_copyable_v<tine::BarrierView> && sizeof(tine::BarrierView) == 8);

class Barrier : public tine_test::NothingLeftBehind {
 protected:
  static void SetUpTestSuite() { tine::Lock first; }
};

/// Runs in so many threads, and waits for them.
template <class F>
void in_threads(int count, F f) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(f);
  for (auto& t : threads) t.join();
}

void expect_usable(tine::Barrier& barrier) {
  std::atomic<int> passed = 0;
  in_threads(static_cast<int>(barrier.parties()), [&] {
    barrier.wait(10s);
    ++passed;
  });
  EXPECT_EQ(passed, static_cast<int>(barrier.parties()));
}

TEST_F(Barrier, of_one_lets_it_pass_at_once) {
  tine::Barrier barrier(1);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(barrier.wait(), 0u);
  EXPECT_EQ(barrier.wait(0s), 0u);
  EXPECT_EQ(barrier.parties(), 1u);
}

TEST_F(Barrier, refuses_parties_and_timeouts_that_cannot_be) {
  EXPECT_THROW(tine::Barrier(0), tine::InvalidArgument);
  EXPECT_THROW(tine::Barrier(-1), tine::InvalidArgument);
  EXPECT_THROW(tine::Barrier(4097), tine::InvalidArgument);
  EXPECT_THROW(tine::Barrier(2, -1s), tine::InvalidArgument);
  tine::Barrier barrier(2);
  EXPECT_THROW(barrier.wait(-1ns), tine::InvalidArgument);
  EXPECT_FALSE(barrier.broken());
  EXPECT_EQ(barrier.n_waiting(), 0u);
}

TEST_F(Barrier, gives_each_another_index_a_thousand_times_in_threads) {
  constexpr int parties = 4, passes = 1000;
  tine::Barrier barrier(parties);
  std::array<std::atomic<int>, passes> sum{}, zeros{};
  in_threads(parties, [&] {
    for (std::size_t pass = 0; pass < passes; ++pass) {
      const std::size_t index = barrier.wait();
      sum[pass] += static_cast<int>(index);
      zeros[pass] += index == 0;
    }
  });
  for (std::size_t pass = 0; pass < passes; ++pass) {
    ASSERT_EQ(sum[pass], 0 + 1 + 2 + 3);
    ASSERT_EQ(zeros[pass], 1);
  }
  EXPECT_EQ(barrier.n_waiting(), 0u);
}

TEST_F(Barrier, lets_nobody_pass_before_all_have_come_a_thousand_times_in_workers) {
  for (const unsigned workers : tine_test::worker_counts) {
    tine::Barrier barrier(workers + 1);
    tine::Pool pool({.workers = workers});
    auto phase = pool.array<int>(workers + 1);
    auto wrong = pool.array<int>(workers + 1);
    auto member = [](tine::BarrierView b, tine::View<int> phase, tine::View<int> wrong,
                     std::size_t rank) {
      for (int pass = 0; pass < 500; ++pass) {
        phase[rank] = pass;
        b.wait();
        for (std::size_t r = 0; r < phase.size(); ++r) wrong[rank] += phase[r] != pass;
        b.wait();
      }
    };
    std::thread here([&] { member(barrier, phase.view(), wrong.view(), workers); });
    tine::for_each_slice(pool.with({.schedule = tine::Schedule::fixed}), tine::slices(workers, 1),
                         [member, b = barrier.view(), p = phase.view(),
                          w = wrong.view()](const tine::Slice& s) { member(b, p, w, s.index); });
    here.join();
    EXPECT_EQ(std::accumulate(wrong.begin(), wrong.end(), 0), 0) << workers << " workers";
  }
}

TEST_F(Barrier, serves_more_than_belong_to_it_in_turns) {
  tine::Barrier barrier(2);
  std::atomic<int> waits = 0, zeros = 0;
  in_threads(6, [&] {
    while (waits++ < 2000) zeros += barrier.wait() == 0;
  });
  EXPECT_EQ(zeros, 1000);
}

TEST_F(Barrier, counts_who_waits) {
  tine::Barrier barrier(3);
  std::thread a([&] { barrier.wait(); });
  EXPECT_TRUE(tine_test::eventually([&] { return barrier.n_waiting() == 1; }));
  std::thread b([&] { barrier.wait(); });
  EXPECT_TRUE(tine_test::eventually([&] { return barrier.n_waiting() == 2; }));
  barrier.wait();
  EXPECT_EQ(barrier.n_waiting(), 0u);
  a.join();
  b.join();
}

TEST_F(Barrier, runs_its_action_once_each_time_before_anybody_goes_on) {
  tine_test::SharedWords words(1);
  constexpr unsigned workers = 3;
  tine::Barrier barrier(workers, [w = words.view()] { w[0] = w[0] + 1; });  // not atomic
  tine::Pool pool({.workers = workers});
  auto wrong = pool.array<int>(workers);
  tine::for_each_slice(
      pool.with({.schedule = tine::Schedule::fixed}), tine::slices(workers, 1),
      [b = barrier.view(), w = words.view(), wrong = wrong.view()](const tine::Slice& s) {
        for (std::uint64_t pass = 1; pass <= 1000; ++pass) {
          b.wait();
          wrong[s.index] += w[0] != 2 * pass - 1;
          b.wait();
          wrong[s.index] += w[0] != 2 * pass;
        }
      });
  EXPECT_EQ(std::accumulate(wrong.begin(), wrong.end(), 0), 0);
  EXPECT_EQ(words[0], 2000u);
}

TEST_F(Barrier, timeout_breaks_it_for_all) {
  tine::Barrier barrier(3);
  std::atomic<int> broken = 0;
  const auto began = Clock::now();
  std::thread patient([&] {
    EXPECT_THAT(message_of([&] { barrier.wait(); }), HasSubstr("ran out of time"));
    ++broken;
  });
  EXPECT_TRUE(tine_test::eventually([&] { return barrier.n_waiting() == 1; }));
  EXPECT_THROW(barrier.wait(120ms), tine::BrokenBarrier);
  EXPECT_GE(Clock::now() - began, 120ms);
  patient.join();
  EXPECT_EQ(broken, 1);
  EXPECT_TRUE(barrier.broken());
  EXPECT_EQ(barrier.n_waiting(), 0u);
  EXPECT_THROW(barrier.wait(), tine::BrokenBarrier) << "it stays so";
  barrier.reset();
  EXPECT_FALSE(barrier.broken());
  EXPECT_THROW(barrier.wait(0s), tine::BrokenBarrier) << "alone and without waiting";
  barrier.reset();
  expect_usable(barrier);
}

TEST_F(Barrier, default_timeout_is_for_waits_that_give_none) {
  tine::Barrier barrier(2, 60ms);
  const auto began = Clock::now();
  EXPECT_THROW(barrier.wait(), tine::BrokenBarrier);
  EXPECT_GE(Clock::now() - began, 60ms);
  barrier.reset();
  std::thread other([&] {
    tine_test::sleep_ms(200);
    barrier.wait();
  });
  EXPECT_NO_THROW(barrier.wait(20s));
  other.join();
  tine::Barrier with_action(
      2, [] {}, 10ms);
  EXPECT_THROW(with_action.wait(), tine::BrokenBarrier);
}

TEST_F(Barrier, abort_breaks_it_for_all_until_reset) {
  constexpr int parties = 5;
  tine::Barrier barrier(parties);
  std::atomic<int> passed = 0, broken = 0;
  std::atomic<int> number = 0;
  in_threads(parties, [&] {
    const bool culprit = number++ == 2;
    try {
      barrier.wait();
      if (culprit) {
        barrier.abort();
        return;
      }
      barrier.wait();
      ++passed;
    } catch (const tine::BrokenBarrier& error) {
      EXPECT_THAT(error.what(), HasSubstr("abort"));
      EXPECT_TRUE(error.report().faults.empty());
      ++broken;
    }
  });
  EXPECT_EQ(passed, 0);
  EXPECT_EQ(broken, parties - 1);
  EXPECT_TRUE(barrier.broken());
  barrier.abort();
  EXPECT_TRUE(barrier.broken());
  barrier.reset();
  expect_usable(barrier);
}

TEST_F(Barrier, reset_breaks_it_for_those_who_wait_and_is_new_for_others) {
  constexpr int parties = 4;
  tine::Barrier barrier(parties);
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> broken = 0;
    std::vector<std::thread> waiting;
    for (int i = 0; i + 1 < parties; ++i)
      waiting.emplace_back([&] {
        EXPECT_THAT(message_of([&] { barrier.wait(); }), HasSubstr("reset"));
        ++broken;
      });
    EXPECT_TRUE(tine_test::eventually([&] { return barrier.n_waiting() == parties - 1; }));
    barrier.reset();
    EXPECT_FALSE(barrier.broken());
    expect_usable(barrier);
    for (auto& t : waiting) t.join();
    EXPECT_EQ(broken, parties - 1);
  }
  barrier.reset();
  EXPECT_FALSE(barrier.broken());
}

TEST_F(Barrier, abort_and_reset_leaves_it_as_new) {
  constexpr int parties = 4;
  tine::Barrier barrier(parties), after(parties);
  std::atomic<int> number = 0, passed = 0, broken = 0;
  in_threads(parties, [&] {
    const bool culprit = number++ == 0;
    try {
      if (culprit) {
        EXPECT_TRUE(tine_test::eventually([&] { return barrier.n_waiting() == parties - 1; }));
        barrier.abort();
      } else {
        barrier.wait();
      }
    } catch (const tine::BrokenBarrier&) {
      ++broken;
    }
    if (after.wait() == 0) barrier.reset();
    after.wait();
    barrier.wait();
    ++passed;
  });
  EXPECT_EQ(broken, parties - 1);
  EXPECT_EQ(passed, parties);
}

// Whoever has passed was let go, whatever is done to the barrier next.
TEST_F(Barrier, that_was_passed_is_never_broken_for_who_is_slow_to_leave) {
  tine::Barrier barrier(3);
  for (int round = 0; round < 500; ++round) {
    std::atomic<int> passed = 0;
    in_threads(3, [&] {
      const std::size_t index = barrier.wait();
      ++passed;
      if (index == 0) barrier.abort();
      if (index == 1) barrier.reset();
    });
    EXPECT_EQ(passed, 3) << "round " << round;
    barrier.reset();
    if (HasFailure()) break;
  }
}

TEST_F(Barrier, action_that_throws_breaks_it_and_is_thrown_to_who_ran_it) {
  constexpr int parties = 3;
  tine::Barrier barrier(parties, [] { throw std::range_error("action failed"); });
  std::atomic<int> threw = 0, broken = 0;
  in_threads(parties, [&] {
    try {
      barrier.wait();
    } catch (const std::range_error& error) {
      EXPECT_STREQ(error.what(), "action failed");
      ++threw;
    } catch (const tine::BrokenBarrier& error) {
      EXPECT_THAT(error.what(), HasSubstr("its action threw"));
      ++broken;
    }
  });
  EXPECT_EQ(threw, 1);
  EXPECT_EQ(broken, parties - 1);
  EXPECT_TRUE(barrier.broken());
}

TEST_F(Barrier, timeout_breaks_it_also_while_the_action_runs) {
  tine::Barrier barrier(2, [] { tine_test::sleep_ms(300); });
  std::atomic<int> broken = 0;
  in_threads(2, [&] {
    try {
      barrier.wait(50ms);
    } catch (const tine::BrokenBarrier&) {
      ++broken;
    }
  });
  EXPECT_EQ(broken, 2) << "who ran the action, too";
}

TEST_F(Barrier, refuses_actions_that_capture_private_memory) {
  int here = 0;
  EXPECT_THROW(tine::Barrier(2, [&here] { ++here; }), tine::BadCallable);
  auto heap = std::make_unique<int>(1);
  EXPECT_THROW(tine::Barrier(2, [p = heap.get()] { ++*p; }), tine::BadCallable);
  tine::Pool pool({.workers = 1});
  auto x = pool.array<int>(1);
  tine::Barrier barrier(1, [x = x.view()] { ++x[0]; });
  tine::for_each_slice(pool, tine::slices(1, 1),
                       [b = barrier.view()](const tine::Slice&) { b.wait(); });
  barrier.wait();
  EXPECT_EQ(x[0], 2);
}

struct WaitsForItself {
  tine::View<std::uint64_t> where;
  void operator()() const { std::bit_cast<tine::BarrierView>(where[0]).wait(); }
};

TEST_F(Barrier, action_that_waits_for_its_own_barrier_is_told) {
  tine_test::SharedWords words(1);
  tine::Barrier barrier(1, WaitsForItself{words.view()});
  words[0] = std::bit_cast<std::uint64_t>(barrier.view());
  EXPECT_THAT(message_of([&] { barrier.wait(); }), HasSubstr("for itself"));
  EXPECT_TRUE(barrier.broken());
}

TEST_F(Barrier, death_inside_names_the_culprit) {
  for (const auto& [die, signal, text] :
       {std::tuple<void (*)(), int, const char*>{[] { raise(SIGKILL); }, SIGKILL, "SIGKILL"},
        {[] { raise(SIGTERM); }, SIGTERM, "SIGTERM"},
        {[] { _exit(3); }, 0, "status 3"}}) {
    tine::Barrier barrier(3);
    tine::Value<int> victim(0);
    tine::Pool pool({.workers = 1});
    std::thread job([&, die = die] {
      EXPECT_THROW(
          tine::for_each_slice(pool.with({.attempts = 1}), tine::slices(1, 1),
                               [b = barrier.view(), v = victim.view(), die](const tine::Slice&) {
                                 v.set(getpid());
                                 // Dies while it waits, by a thread of its own.
                                 std::thread killer([b, die] {
                                   while (b.n_waiting() != 2) usleep(100);
                                   die();
                                 });
                                 b.wait();
                                 killer.join();
                               }),
          tine::SliceFailed);
    });
    try {
      barrier.wait();
      ADD_FAILURE() << "it passed";
    } catch (const tine::BrokenBarrier& error) {
      EXPECT_THAT(error.what(), HasSubstr(text));
      EXPECT_THAT(error.what(), HasSubstr(std::to_string(victim.get())));
      ASSERT_EQ(error.report().faults.size(), 1u);
      const tine::Fault& fault = error.report().faults[0];
      EXPECT_EQ(fault.cause, signal != 0 ? tine::Cause::signal : tine::Cause::exited);
      EXPECT_EQ(fault.signal, signal);
      EXPECT_EQ(fault.exit_status, signal != 0 ? 0 : 3);
    }
    job.join();
    EXPECT_THROW(barrier.wait(), tine::BrokenBarrier);
    barrier.reset();
    expect_usable(barrier);
  }
}

TEST_F(Barrier, handle_without_a_barrier_throws) {
  tine::BarrierView nothing, left;
  EXPECT_THROW(nothing.wait(), tine::InvalidArgument);
  auto barrier = std::make_unique<tine::Barrier>(2);
  left = barrier->view();
  std::thread waiting([left] { EXPECT_THROW(left.wait(), tine::InvalidArgument); });
  tine_test::sleep_ms(20);
  barrier.reset();
  waiting.join();
  EXPECT_THROW(left.abort(), tine::InvalidArgument);
  EXPECT_THROW(left.reset(), tine::InvalidArgument);
  EXPECT_THROW(left.broken(), tine::InvalidArgument);
  EXPECT_THROW(left.n_waiting(), tine::InvalidArgument);
  EXPECT_THROW(left.parties(), tine::InvalidArgument);
}

}  // namespace
