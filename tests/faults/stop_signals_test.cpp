// The first Ctrl-C ends jobs in order, the second one the program.
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/child.hpp"

namespace {

class StopSignals : public tine_test::NothingLeftBehind {
 protected:
  tine_test::Orphanage orphanage_;
};

// Slices of 20 ms that add one; the fourth sends a signal to the master.
tine::Report job(tine::Pool& pool, tine::Array<int>& x, int signal) {
  return tine::for_each_slice(
      pool, tine::slices(x.size(), 1),
      [master = getpid(), signal](const tine::Slice& s, std::span<int> part) {
        if (s.index == 3 && signal != 0) kill(master, signal);
        usleep(20'000);
        part[0] += 1;
      },
      tine::inout(x));
}

TEST_F(StopSignals, the_first_cancels_jobs_and_leaves_whole_slices) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const int end = tine_test::in_child([&] {
      tine::stop_on_signals();
      tine::Pool pool({.workers = 2});
      auto x = pool.array<int>(1000);
      EXPECT_FALSE(tine::stop_signalled());
      std::size_t done = 0;
      try {
        job(pool, x, signal);
        ADD_FAILURE() << "it was not cancelled";
      } catch (const tine::Cancelled& cancelled) {
        done = cancelled.report().done;
      }
      EXPECT_TRUE(tine::stop_signalled());
      EXPECT_GE(done, 3u);
      EXPECT_LT(done, 1000u);
      EXPECT_EQ(static_cast<std::size_t>(std::count(x.begin(), x.end(), 1)), done);
      EXPECT_EQ(static_cast<std::size_t>(std::count(x.begin(), x.end(), 0)), 1000 - done);
      EXPECT_THROW(job(pool, x, 0), tine::Cancelled);
    });
    EXPECT_EQ(end, 0);
    EXPECT_TRUE(orphanage_.empties());
  }
}

TEST_F(StopSignals, the_second_ends_the_program_and_all_its_workers) {
  const int end = tine_test::in_child([&] {
    tine::stop_on_signals();
    tine::Pool pool({.workers = 2});
    tine::for_each_slice(pool, tine::slices(1, 1), [master = getpid()](const tine::Slice&) {
      kill(master, SIGINT);
      usleep(1000);
      kill(master, SIGINT);
      for (;;) pause();
    });
  });
  EXPECT_EQ(end, 1000 + SIGINT);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(StopSignals, without_the_call_the_first_ends_the_program) {
  const int end = tine_test::in_child([&] {
    tine::Pool pool({.workers = 2});
    auto x = pool.array<int>(1000);
    job(pool, x, SIGINT);
  });
  EXPECT_EQ(end, 1000 + SIGINT);
  EXPECT_TRUE(orphanage_.empties());
}

}  // namespace
