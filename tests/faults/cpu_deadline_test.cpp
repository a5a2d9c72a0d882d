// Policy::slice_cpu_time: who computes for too long is killed, who waits is not.
#include <unistd.h>

#include <atomic>
#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/workload.hpp"

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using tine_test::Workload;

class CpuDeadline : public tine_test::NothingLeftBehind {};

TEST_F(CpuDeadline, ends_an_endless_loop_and_the_slice_is_tried_again) {
  for (const unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    Workload work(pool, 10'000, 500);
    auto tries = pool.array<int>(1);
    const auto report =
        work.inout({.slice_cpu_time = 50ms}, [t = tries.view()](const tine::Slice& s) {
          if (s.index == 7 && std::atomic_ref(t[0]).fetch_add(1) == 0)
            for (std::atomic<int> i = 0;;) i.fetch_add(1);
        });
    ASSERT_EQ(report.faults.size(), 1u) << report.to_string();
    EXPECT_EQ(report.faults[0].cause, tine::Cause::cpu_time);
    EXPECT_EQ(report.faults[0].slice, 7u);
    EXPECT_THAT(report.faults[0].to_string(), HasSubstr("CPU time"));
  }
}

TEST_F(CpuDeadline, does_not_count_waiting) {
  tine::Pool pool({.workers = 2});
  const auto report = tine::for_each_slice(pool.with({.slice_cpu_time = 100ms}), tine::slices(4, 1),
                                           [](const tine::Slice&) { usleep(400'000); });
  EXPECT_TRUE(report.faults.empty()) << report.to_string();
}

TEST_F(CpuDeadline, counts_each_slice_by_itself) {
  tine::Pool pool({.workers = 1});
  const auto report = tine::for_each_slice(pool.with({.slice_cpu_time = 1s}), tine::slices(60, 1),
                                           [](const tine::Slice&) {
                                             const auto begin = clock();
                                             while (clock() - begin < CLOCKS_PER_SEC / 20) {
                                             }
                                           });
  EXPECT_TRUE(report.faults.empty()) << report.to_string();
}

TEST_F(CpuDeadline, that_is_negative_is_refused) {
  tine::Pool pool({.workers = 1});
  EXPECT_THROW(tine::for_each_slice(pool.with({.slice_cpu_time = -1ns}), tine::slices(1, 1),
                                    [](const tine::Slice&) {}),
               tine::InvalidArgument);
}

}  // namespace
