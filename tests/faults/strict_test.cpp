// MemoryFaults::strict: after a memory fault nothing that the job wrote is believed.
#include <signal.h>
#include <sys/mman.h>

#include <atomic>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/workload.hpp"

namespace {

using ::testing::HasSubstr;
using tine_test::Workload;

constexpr tine::MemoryFaults strict = tine::MemoryFaults::strict;

/// Raises a signal in the first `times` attempts of a slice.
struct Raise {
  std::atomic<int>* tries;
  std::size_t slice;
  int times;
  int signal;
  void operator()(const tine::Slice& s) const {
    if (s.index == slice && tries->fetch_add(1) < times) raise(signal);
  }
};

class Strict : public tine_test::NothingLeftBehind {
 protected:
  // Outside of the arena, in which a strict job can write nothing but its own arrays. Made before
  // any pool.
  Strict()
      : tries_(static_cast<std::atomic<int>*>(
            mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~Strict() override { munmap(tries_, 4096); }

  std::atomic<int>* fresh_tries() {
    *tries_ = 0;
    return tries_;
  }

 private:
  std::atomic<int>* tries_;
};

TEST_F(Strict, runs_the_whole_job_again_after_a_memory_fault_and_only_then) {
  for (const unsigned workers : tine_test::worker_counts) {
    SCOPED_TRACE(std::to_string(workers) + " workers");
    tine::Pool pool({.workers = workers});
    Workload work(pool, 20'011, 1000);
    for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGABRT, SIGKILL, SIGFPE}) {
      SCOPED_TRACE(std::to_string(signal));
      const std::size_t expected = signal == SIGKILL || signal == SIGFPE ? 0 : 1;
      const auto once = [&] { return Raise{fresh_tries(), 13, 1, signal}; };
      const tine::Report reports[] = {work.out({.memory_faults = strict}, once()),
                                      work.inout({.memory_faults = strict}, once()),
                                      work.reduce({.memory_faults = strict}, once())};
      for (const tine::Report& report : reports) {
        EXPECT_EQ(report.reruns, expected);
        EXPECT_EQ(report.done, report.slices);
        ASSERT_EQ(report.faults.size(), 1u) << report.to_string();
        EXPECT_EQ(report.faults[0].signal, signal);
        EXPECT_EQ(report.faults[0].slice, 13u);
        EXPECT_EQ(report.faults[0].attempt, 1u);
      }
    }
  }
}

// What strict is for: the worker wrote into a neighbour's slice, which was done, and then crashed.
TEST_F(Strict, takes_back_what_a_kernel_wrote_into_other_slices_before_it_crashed) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<std::uint64_t>(1000);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = i;
  const auto kernel = [t = fresh_tries(), all = x.view()](const tine::Slice& s,
                                                          std::span<std::uint64_t> part) {
    for (auto& v : part) v += 1'000'000;
    if (s.index == 9 && t->fetch_add(1) == 0) {
      all[5] = 42;  // done long ago
      raise(SIGSEGV);
    }
  };
  const auto report =
      tine::for_each_slice(pool.with({.memory_faults = strict, .schedule = tine::Schedule::fixed}),
                           tine::slices(x.size(), 100), kernel, tine::inout(x));
  EXPECT_EQ(report.reruns, 1u);
  for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(x[i], i + 1'000'000);
}

TEST_F(Strict, lets_a_job_write_its_own_arrays_and_no_others) {
  tine::Pool pool({.workers = 2});
  Workload work(pool, 10'000, 500);
  auto bystander = pool.array<std::uint64_t>(8);  // too small for guards of its own
  const auto stray_write = [p = bystander.data()](const tine::Slice& s) {
    if (s.index == 7) *p = *p + 1;
  };
  work.out({}, stray_write);  // fast: nobody minds
  EXPECT_EQ(bystander[0], 1u);
  try {
    work.inout({.memory_faults = strict}, stray_write);
    FAIL();
  } catch (const tine::SliceFailed& error) {
    EXPECT_THAT(error.what(), HasSubstr("SIGSEGV"));
    EXPECT_EQ(error.slice(), 7u);
    EXPECT_EQ(error.report().reruns, 2u);
  }
  EXPECT_EQ(bystander[0], 1u);
  work.out({}, stray_write);  // and then it is writable again
  EXPECT_EQ(bystander[0], 2u);
}

TEST_F(Strict, that_fails_leaves_inout_as_it_was_and_out_as_zeros) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<int>(1000);
  auto y = pool.array<int>(1000);
  for (auto& v : x) v = 7;
  for (auto& v : y) v = 7;
  EXPECT_THROW(tine::for_each_slice(
                   pool.with({.memory_faults = strict}), tine::slices(x.size(), 100),
                   [](const tine::Slice& s, std::span<int> a, std::span<int> b) {
                     for (auto& v : a) v += 1;
                     for (auto& v : b) v = 1;
                     if (s.index == 9) raise(SIGSEGV);
                   },
                   tine::inout(x), tine::out(y)),
               tine::SliceFailed);
  for (const int v : x) ASSERT_EQ(v, 7);
  for (const int v : y) ASSERT_EQ(v, 0);
}

TEST_F(Strict, quarantines_a_poison_slice_after_its_attempts) {
  tine::Pool pool({.workers = 3});
  auto x = pool.array<int>(1000);
  for (auto& v : x) v = 7;
  const auto report = tine::for_each_slice(
      pool.with(
          {.attempts = 2, .on_failure = tine::OnFailure::quarantine, .memory_faults = strict}),
      tine::slices(x.size(), 100),
      [](const tine::Slice& s, std::span<int> part) {
        for (auto& v : part) v += 1;
        if (s.index == 4 || s.index == 8) raise(SIGSEGV);
      },
      tine::inout(x));
  EXPECT_EQ(report.done, 8u);
  ASSERT_EQ(report.quarantined.size(), 2u);
  EXPECT_EQ(report.quarantined[0].begin, 4u);
  EXPECT_GE(report.reruns, 2u);  // when both die in the same runs
  EXPECT_LE(report.reruns, 4u);
  for (std::size_t i = 0; i < x.size(); ++i)
    ASSERT_EQ(x[i], i / 100 == 4 || i / 100 == 8 ? 7 : 8) << i;
}

TEST_F(Strict, survives_kills_at_random_as_fast_does) {
  tine::Pool pool({.workers = 3});
  Workload work(pool, 20'000, 500);
  for (int round = 0; round < 30; ++round) {
    work.inout({.attempts = 10, .memory_faults = strict},
               Raise{fresh_tries(), static_cast<std::size_t>(round), 3,
                     round % 2 == 0 ? SIGKILL : SIGSEGV});
    work.inout();
  }
}

}  // namespace
