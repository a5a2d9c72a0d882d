// A program that uses OpenMP, which does not survive a fork: before the pool is made, afterwards, and
// in a kernel.
#include <omp.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/workload.hpp"

namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using tine_test::Workload;

class OpenMp : public tine_test::NothingLeftBehind {
 protected:
  // Has OpenMP start its threads, which stay.
  static void use_openmp() {
    std::vector<int> v(1000);
#pragma omp parallel for num_threads(3)
    for (int i = 0; i < 1000; ++i) v[i] = omp_get_num_threads();
    EXPECT_EQ(std::count(v.begin(), v.end(), 3), 1000);
  }
  // In a kernel: without a number of its own it runs on the one thread it may have.
  static int threads_of_a_kernel(tine::Pool& pool) {
    return tine::reduce_slices(
        pool, tine::slices(4, 1), 0, [](int a, int b) { return std::max(a, b); },
        [](tine::Slice) {
          int threads = 0;
#pragma omp parallel
#pragma omp single
          threads = omp_get_num_threads();
          return threads;
        });
  }
};

TEST_F(OpenMp, used_before_the_pool_is_a_warning_and_work_goes_on) {
  const int end = tine_test::in_child([] {
    use_openmp();
    tine::Pool pool({.workers = 2});
    ASSERT_EQ(pool.warnings().size(), 1u);
    EXPECT_THAT(pool.warnings()[0], HasSubstr("threads"));
    EXPECT_THAT(pool.warnings()[0], HasSubstr("60 s"));
    Workload work(pool, 5000, 100);
    for (int round = 0; round < 10; ++round) {
      EXPECT_THAT(work.inout().warnings, Contains(HasSubstr("threads")));
      use_openmp();
      work.out();
      work.reduce();
    }
    EXPECT_EQ(threads_of_a_kernel(pool), 1);
  });
  EXPECT_EQ(end, 0);
}

TEST_F(OpenMp, used_after_the_pool_is_no_matter) {
  const int end = tine_test::in_child([] {
    tine::Pool pool({.workers = 2});
    EXPECT_TRUE(pool.warnings().empty());
    Workload work(pool, 5000, 100);
    auto tries = pool.array<int>(1);
    for (int round = 0; round < 10; ++round) {
      use_openmp();
      // A replaced worker comes from the supervisor, who knows nothing of those threads.
      tries[0] = 0;
      const auto report = work.inout({}, [t = tries.view()](const tine::Slice& s) {
        if (s.index == 3 && t[0]++ == 0) raise(SIGKILL);
      });
      EXPECT_EQ(report.faults.size(), 1u);
      EXPECT_TRUE(report.warnings.empty());
    }
    EXPECT_EQ(threads_of_a_kernel(pool), 1);
  });
  EXPECT_EQ(end, 0);
}

TEST_F(OpenMp, of_two_threads_in_a_kernel_hangs_and_is_ended_by_the_deadline_and_explained) {
  const int end = tine_test::in_child([] {
    use_openmp();
    tine::Pool pool({.workers = 2});
    auto x = pool.array<int>(20);
    std::fill(x.begin(), x.end(), 5);
    auto kernel = [](tine::Slice s, std::span<int> part) {
      part[0] = 6;
      if (s.index != 7) return;
      int threads = 0;
#pragma omp parallel num_threads(2) reduction(+ : threads)
      threads += 1;
      part[0] = threads;
    };
    // The deadline that such a pool has anyway is a minute.
    const tine::Policy policy{.attempts = 2, .slice_deadline = 500ms};
    try {
      tine::for_each_slice(pool.with(policy), tine::slices(20, 1), kernel, tine::inout(x));
      ADD_FAILURE() << "OpenMP of this compiler does survive a fork";
    } catch (const tine::SliceFailed& error) {
      EXPECT_EQ(error.slice(), 7u);
      ASSERT_EQ(error.report().faults.size(), 2u);
      EXPECT_EQ(error.report().faults[0].cause, tine::Cause::deadline);
      EXPECT_THAT(error.what(), HasSubstr("slice 7"));
      EXPECT_THAT(error.what(), HasSubstr("deadline"));
      EXPECT_THAT(error.what(), HasSubstr("OpenMP"));
      EXPECT_THAT(error.what(), HasSubstr("make pools before threads"));
    }
    EXPECT_EQ(x[7], 5);
    std::fill(x.begin(), x.end(), 5);
    auto lenient = policy;
    lenient.on_failure = tine::OnFailure::quarantine;
    const auto report =
        tine::for_each_slice(pool.with(lenient), tine::slices(20, 1), kernel, tine::inout(x));
    EXPECT_EQ(report.done, 19u);
    EXPECT_EQ(std::count(x.begin(), x.end(), 6), 19);
    EXPECT_THAT(report.warnings, Contains(HasSubstr("OpenMP")));
  });
  EXPECT_EQ(end, 0);
}

}  // namespace
