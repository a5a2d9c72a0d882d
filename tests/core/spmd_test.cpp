#include <tine/spmd.hpp>

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <numeric>
#include <stop_token>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/deaths.hpp"
#include "support/fixture.hpp"

namespace {

using ::testing::HasSubstr;

class Spmd : public tine_test::NothingLeftBehind {
 protected:
  // A job after the one that broke.
  static void expect_usable(tine::Pool& pool) {
    auto x = pool.array<int>(1000);
    tine::for_each(pool, tine::inout(x), [](int& v) { v += 1; });
    EXPECT_EQ(std::accumulate(x.begin(), x.end(), 0), 1000);
    tine::spmd(pool, [](tine::Team t) { t.barrier(); });
  }
};

TEST_F(Spmd, every_rank_runs_once) {
  for (const unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    auto runs = pool.array<int>(workers);
    for (int round = 0; round < 20; ++round) {
      const auto report = tine::spmd(pool, [r = runs.view()](tine::Team t) {
        if (t.size() != r.size()) throw 1;
        ++r[t.rank()];
      });
      EXPECT_EQ(report.done, workers);
    }
    for (const int n : runs) EXPECT_EQ(n, 20);
  }
}

TEST_F(Spmd, what_was_written_before_a_barrier_is_seen_after_it_in_every_phase) {
  for (const unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    const int phases = 400;
    auto x = pool.array<int>(workers);
    auto wrong = pool.array<int>(workers);
    tine::spmd(pool, [x = x.view(), wrong = wrong.view()](tine::Team t) {
      for (int phase = 0; phase < phases; ++phase) {
        x[t.rank()] = phase;
        t.barrier();
        for (unsigned r = 0; r < t.size(); ++r) wrong[t.rank()] += x[r] != phase;
        t.barrier();
      }
    });
    for (const int n : wrong) EXPECT_EQ(n, 0) << workers << " workers";
  }
}

// A member may be gone before another one has seen that the last barrier is open.
TEST_F(Spmd, the_last_barrier_of_a_body_is_never_broken_by_those_who_leave_first) {
  tine::Pool pool({.workers = 7});
  for (int round = 0; round < 3000; ++round)
    ASSERT_NO_THROW(tine::spmd(pool, [](tine::Team t) { t.barrier(); })) << "round " << round;
}

TEST_F(Spmd, a_member_that_dies_breaks_the_barrier_of_all_others) {
  for (const unsigned workers : {2u, 3u, 7u}) {
    tine::Pool pool({.workers = workers});
    for (unsigned victim = 0; victim < workers; victim += 2) {
      auto passed = pool.array<int>(workers);
      try {
        tine::spmd(pool, [victim, p = passed.view()](tine::Team t) {
          t.barrier();
          if (t.rank() == victim) raise(SIGKILL);
          t.barrier();
          p[t.rank()] = 1;
        });
        ADD_FAILURE();
      } catch (const tine::BrokenBarrier& error) {
        EXPECT_THAT(error.what(), HasSubstr("SIGKILL"));
        ASSERT_EQ(error.report().faults.size(), 1u);
        EXPECT_EQ(error.report().faults[0].worker, victim);
      }
      EXPECT_EQ(std::accumulate(passed.begin(), passed.end(), 0), 0);
      expect_usable(pool);
    }
  }
}

TEST_F(Spmd, nobody_is_tried_again) {
  tine::Pool pool({.workers = 3});
  auto runs = pool.array<int>(3);
  EXPECT_THROW(tine::spmd(pool.with({.attempts = 10}),
                          [r = runs.view()](tine::Team t) {
                            ++r[t.rank()];
                            if (t.rank() == 1) raise(SIGKILL);
                            t.barrier();
                          }),
               tine::BrokenBarrier);
  EXPECT_EQ(runs[1], 1);
}

TEST_F(Spmd, what_a_member_throws_arrives) {
  tine::Pool pool({.workers = 3});
  try {
    tine::spmd(pool, [](tine::Team t) {
      t.barrier();
      if (t.rank() == 2) throw std::range_error("out");
      t.barrier();
    });
    FAIL();
  } catch (const tine::KernelError& error) {
    EXPECT_EQ(error.type(), "std::range_error");
    EXPECT_EQ(error.message(), "out");
    EXPECT_EQ(error.slice(), 2u);
  }
  expect_usable(pool);
}

TEST_F(Spmd, a_member_that_returns_early_breaks_the_barrier) {
  for (const unsigned workers : {2u, 3u, 7u}) {
    tine::Pool pool({.workers = workers});
    try {
      tine::spmd(pool, [](tine::Team t) {
        t.barrier();
        if (t.rank() == 1) return;
        t.barrier();
      });
      ADD_FAILURE();
    } catch (const tine::BrokenBarrier& error) {
      EXPECT_THAT(error.what(), HasSubstr("member 1"));
      EXPECT_THAT(error.what(), HasSubstr("returned"));
    }
    expect_usable(pool);
  }
}

TEST_F(Spmd, members_that_need_no_barrier_may_leave_when_they_like) {
  tine::Pool pool({.workers = 3});
  const auto report = tine::spmd(pool, [](tine::Team t) { usleep(1000 * t.rank()); });
  EXPECT_EQ(report.done, 3u);
}

TEST_F(Spmd, can_be_cancelled_at_a_barrier) {
  tine::Pool pool({.workers = 3});
  auto waiting = pool.array<int>(1);
  int* state = waiting.data();
  std::stop_source stop;
  std::thread other([&] {
    EXPECT_TRUE(tine_test::eventually([&] { return std::atomic_ref(*state).load() == 2; }));
    stop.request_stop();
  });
  EXPECT_THROW(tine::spmd(pool.with({.stop = stop.get_token()}),
                          [w = waiting.view()](tine::Team t) {
                            if (t.rank() == 0) pause();
                            std::atomic_ref(w[0]).fetch_add(1);
                            t.barrier();
                          }),
               tine::Cancelled);
  other.join();
  expect_usable(pool);
}

TEST_F(Spmd, members_may_write_arrays_that_were_inputs_before) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<char>(1 << 20);
  EXPECT_EQ(tine::reduce(pool, tine::in(x), 0), 0);
  tine::spmd(pool, [x = x.view()](tine::Team t) {
    for (std::size_t i = t.rank(); i < x.size(); i += t.size()) x[i] = 1;
  });
  EXPECT_EQ(tine::reduce(pool, tine::in(x), 0), 1 << 20);
}

TEST_F(Spmd, members_who_died_before_the_job_are_replaced) {
  tine::Pool pool({.workers = 3});
  for (int round = 0; round < 10; ++round) {
    kill(pool.worker_pids()[round % 3], SIGKILL);
    EXPECT_EQ(tine::spmd(pool, [](tine::Team t) { t.barrier(); }).done, 3u);
  }
}

}  // namespace
