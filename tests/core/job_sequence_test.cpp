#include <tine/job_sequence.hpp>

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"

namespace {

using JobSequence = tine_test::NothingLeftBehind;

/// A job of five slices, which all add one to `x`.
auto add_one(tine::Array<int>& x) {
  return [&x](const tine::PoolWith& on) {
    return tine::for_each_slice(
        on, tine::slices(x.size(), 2),
        [](tine::Slice, std::span<int> part) {
          for (int& v : part) ++v;
        },
        tine::inout(x));
  };
}

TEST_F(JobSequence, reports_and_progress_count_through_all_jobs) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<int>(10);
  tine::Report seen;
  std::size_t slices = 0;
  tine::Policy policy{.report = &seen};
  policy.progress = [&](const tine::Progress& p) {
    slices = p.slices;
    EXPECT_LE(p.done, p.slices);
  };
  tine::JobSequence jobs(pool.with(policy), 10);
  jobs.run(add_one(x));
  jobs.run(add_one(x));
  const int sum =
      jobs.run([&](const tine::PoolWith& on) { return tine::reduce(on, tine::in(x), 0); });
  EXPECT_EQ(sum, 20);
  const tine::Report report = jobs.finish();
  EXPECT_GT(report.slices, 10u);
  EXPECT_EQ(report.done, report.slices);
  EXPECT_EQ(seen.slices, report.slices);
  EXPECT_TRUE(slices == 0 || slices >= 10) << slices;  // nobody asks when jobs are short
}

TEST_F(JobSequence, a_job_that_fails_leaves_the_report_of_all_so_far) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<int>(10);
  tine::Report seen;
  const tine::Policy policy{.attempts = 1, .report = &seen};
  tine::JobSequence jobs(pool.with(policy));
  jobs.run(add_one(x));
  EXPECT_THROW(jobs.run([&](const tine::PoolWith& on) {
    return tine::for_each_slice(
        on, tine::slices(x.size(), 2),
        [](tine::Slice s, std::span<int>) {
          if (s.index == 3) throw std::runtime_error("the fourth");
        },
        tine::inout(x));
  }),
               tine::JobError);
  EXPECT_EQ(seen.slices, 10u);
  ASSERT_EQ(seen.faults.size(), 1u);
  EXPECT_EQ(seen.faults[0].slice, 5u + 3u);
}

TEST_F(JobSequence, the_deadline_is_for_the_whole) {
  tine::Pool pool({.workers = 1});
  auto x = pool.array<int>(10);
  const tine::Policy policy{.job_deadline = std::chrono::milliseconds(200)};
  tine::JobSequence jobs(pool.with(policy));
  jobs.run(add_one(x));
  tine_test::sleep_ms(250);
  EXPECT_THROW(jobs.run([&](const tine::PoolWith& on) {
    return tine::for_each_slice(
        on, tine::slices(x.size(), 1),
        [](tine::Slice, std::span<int>) {
          for (;;) {
          }
        },
        tine::inout(x));
  }),
               tine::JobError);
}

}  // namespace
