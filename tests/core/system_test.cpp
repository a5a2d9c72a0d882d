// Any system call may fail at any time: that is an error which says so, or makes no difference.
#include <stdlib.h>
#include <unistd.h>

#include <numeric>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/child.hpp"

namespace {

class System : public tine_test::NothingLeftBehind {
 protected:
  // A life of a pool in a child in which system calls fail as planned.
  int life(const std::string& plan) {
    const int end = tine_test::in_child([&] {
      alarm(60);
      setenv("TINE_FAIL", plan.c_str(), 1);
      try {
        tine::Pool pool({.workers = 3, .reserve = std::size_t{1} << 30});
        auto x = pool.array<int>(1 << 20), y = pool.array<int>(1 << 20);
        auto deaths = pool.array<int>(1);
        tine::for_each(pool, tine::inout(x), [](int& v) { v = 1; });
        tine::for_each_slice(pool, tine::slices(x.size(), 1 << 16),
                             [d = deaths.view()](tine::Slice s, auto in, auto inout) {
                               for (std::size_t i = 0; i < in.size(); ++i) inout[i] += in[i];
                               if (s.index == 3 && d[0]++ == 0) raise(SIGKILL);
                             },
                             tine::in(x), tine::inout(y));
        const long sum = tine::reduce(pool, tine::in(y), 0L);
        EXPECT_EQ(sum, 1 << 20);
        tine::spmd(pool, [](tine::Team t) { t.barrier(); });
        pool.refresh();
        auto z = pool.array<char>(20 << 20);
        tine::for_each(pool, tine::inout(y), [](int& v) { v += 1; });
        EXPECT_EQ(std::accumulate(y.begin(), y.end(), 0L), 2 << 20);
      } catch (const tine::Error& error) {
        EXPECT_GT(std::string(error.what()).size(), 20u);
        printf("  %s: %s\n", plan.c_str(), error.what());
      }
    });
    return end;
  }
  tine_test::Orphanage orphanage_;
};

struct Plan {
  const char* call;
  const char* error;
  int uses;  // how many of them are tried
};

class EveryCall : public System, public ::testing::WithParamInterface<Plan> {};

TEST_P(EveryCall, may_fail_at_any_one_of_its_uses) {
  for (int n = 1; n <= GetParam().uses; ++n) {
    const std::string plan =
        std::string(GetParam().call) + "@" + std::to_string(n) + "=" + GetParam().error;
    EXPECT_EQ(life(plan), 0) << plan;
    EXPECT_TRUE(orphanage_.empties()) << plan;
  }
}

TEST_P(EveryCall, may_fail_for_good_from_any_of_its_uses_on) {
  for (int n = 1; n <= GetParam().uses; n += n < 4 ? 1 : 3) {
    const std::string plan =
        std::string(GetParam().call) + "@" + std::to_string(n) + "+=" + GetParam().error;
    EXPECT_EQ(life(plan), 0) << plan;
    EXPECT_TRUE(orphanage_.empties()) << plan;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Calls, EveryCall,
    ::testing::Values(Plan{"fork", "EAGAIN", 10}, Plan{"mmap", "ENOMEM", 3},
                      Plan{"ftruncate", "EFBIG", 2}, Plan{"memfd_create", "EMFILE", 2},
                      Plan{"fallocate", "ENOSPC", 6}, Plan{"pidfd_open", "EMFILE", 4},
                      Plan{"pipe", "EMFILE", 4}, Plan{"eventfd", "EMFILE", 2},
                      Plan{"signalfd", "EMFILE", 2}, Plan{"open", "EMFILE", 12},
                      Plan{"futex", "EINTR", 6}),
    [](const auto& plan) { return plan.param.call; });

TEST_F(System, an_error_says_which_call_failed_and_why) {
  for (const auto& [plan, words] : {std::pair{"memfd_create@1=EMFILE", "memfd_create"},
                                    std::pair{"pipe@1=EMFILE", "ulimit -n"},
                                    std::pair{"fork@1=EAGAIN", "Resource temporarily unavailable"},
                                    std::pair{"fork@2+=EAGAIN", "no worker could be forked"}}) {
    const int end = tine_test::in_child([&] {
      setenv("TINE_FAIL", plan, 1);
      try {
        tine::Pool pool({.workers = 2});
        ADD_FAILURE() << plan;
      } catch (const tine::PoolError& error) {
        EXPECT_THAT(error.what(), ::testing::HasSubstr(words));
      }
    });
    EXPECT_EQ(end, 0);
    EXPECT_TRUE(orphanage_.empties());
  }
}

TEST_F(System, fewer_workers_than_asked_for_do_the_work_and_there_is_a_warning) {
  const int end = tine_test::in_child([] {
    setenv("TINE_FAIL", "fork@3+=EAGAIN", 1);  // the supervisor and one worker
    tine::Pool pool({.workers = 4});
    ASSERT_EQ(pool.warnings().size(), 1u);
    EXPECT_THAT(pool.warnings()[0], ::testing::HasSubstr("only 1 of 4 workers"));
    for (const auto schedule : {tine::Schedule::sticky, tine::Schedule::fixed,
                                tine::Schedule::dynamic, tine::Schedule::guided}) {
      auto x = pool.array<int>(1000);
      const auto report = tine::for_each(pool.with({.schedule = schedule}), tine::inout(x),
                                         [](int& v) { v += 1; });
      EXPECT_EQ(report.done, report.slices);
      EXPECT_FALSE(report.warnings.empty());
      EXPECT_EQ(std::accumulate(x.begin(), x.end(), 0), 1000);
    }
  });
  EXPECT_EQ(end, 0);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(System, a_slice_whose_worker_cannot_be_replaced_is_done_by_another) {
  const int end = tine_test::in_child([] {
    alarm(60);
    setenv("TINE_FAIL", "fork@4+=EAGAIN", 1);  // the supervisor and two workers
    tine::Pool pool({.workers = 2});
    auto x = pool.array<int>(10);
    auto deaths = pool.array<int>(1);
    const auto report = tine::for_each_slice(
        pool, tine::slices(10, 1),
        [d = deaths.view()](tine::Slice s, std::span<int> part) {
          part[0] += 1;
          if (s.index == 2 && d[0]++ == 0) raise(SIGKILL);
        },
        tine::inout(x));
    EXPECT_EQ(report.done, 10u);
    for (const int v : x) EXPECT_EQ(v, 1);
  });
  EXPECT_EQ(end, 0);
  EXPECT_TRUE(orphanage_.empties());
}

}  // namespace
