// What a job promises whatever its kernel does: results, errors, retries, and what the Report says.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <numeric>
#include <optional>
#include <stop_token>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/deaths.hpp"
#include "support/fixture.hpp"

namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

class JobTest : public tine_test::NothingLeftBehind {
 protected:
  tine::Pool pool{tine::PoolOptions{.workers = 2}};

  // The error that a call ends with.
  template <class E, class F>
  static std::optional<E> error_of(F call) {
    try {
      call();
    } catch (const E& error) {
      return error;
    }
    ADD_FAILURE() << "nothing of that type was thrown";
    return {};
  }
};

struct Custom {
  int code;
};

__attribute__((noinline)) void throw_from_a_named_function(int value) {
  throw std::out_of_range("value " + std::to_string(value));
}

TEST_F(JobTest, a_report_of_a_job_without_faults_has_plain_numbers) {
  auto x = pool.array<float>(1000);
  const tine::Report report = tine::for_each_slice(
      pool, tine::slices(1000, 10), [](tine::Slice, std::span<float> part) { part[0] = 1; },
      tine::out(x));
  EXPECT_EQ(report.slices, 100u);
  EXPECT_EQ(report.done, 100u);
  EXPECT_EQ(report.attempts, 100u);
  EXPECT_EQ(report.bytes, 4000u);
  EXPECT_EQ(report.undone, 0u);
  EXPECT_EQ(report.restarts, 0u);
  EXPECT_EQ(report.more_faults, 0u);
  EXPECT_TRUE(report.faults.empty() && report.quarantined.empty() && report.warnings.empty());
  EXPECT_GT(report.wall.count(), 0);
  ASSERT_EQ(report.workers.size(), 2u);
  EXPECT_EQ(report.workers[0].slices + report.workers[1].slices, 100u);
}

TEST_F(JobTest, an_empty_job_is_done_at_once) {
  tine::Report kept;
  kept.slices = 99;
  const auto report = tine::for_each_slice(pool.with({.report = &kept}), tine::slices(0),
                                           [](tine::Slice) { abort(); });
  EXPECT_EQ(report.slices, 0u);
  EXPECT_EQ(kept.slices, 0u);
}

TEST_F(JobTest, every_schedule_does_every_slice_once_also_with_fewer_slices_than_workers) {
  tine::Pool many({.workers = 7});
  for (const auto schedule : {tine::Schedule::sticky, tine::Schedule::fixed,
                              tine::Schedule::dynamic, tine::Schedule::guided})
    for (const std::size_t n : {1u, 2u, 5u, 7u, 8u, 1000u})
      for (int round = 0; round < 3; ++round) {
        auto x = many.array<int>(n);
        const auto report =
            tine::for_each_slice(many.with({.schedule = schedule}), tine::slices(n, 1),
                                 [](tine::Slice, std::span<int> part) { part[0] += 1; },
                                 tine::inout(x));
        EXPECT_EQ(report.attempts, n);
        for (const int v : x) ASSERT_EQ(v, 1);
        if (round == 1) usleep(10'000);  // past the time for which workers look for work
      }
}

TEST_F(JobTest, an_exception_arrives_with_type_message_slice_and_backtrace) {
  auto x = pool.array<int>(100);
  const auto error = error_of<tine::KernelError>([&] {
    tine::for_each_slice(pool, tine::slices(100, 10),
                         [](tine::Slice s, std::span<int>) {
                           if (s.index == 7) throw_from_a_named_function(31);
                         },
                         tine::out(x));
  });
  EXPECT_EQ(error->type(), "std::out_of_range");
  EXPECT_EQ(error->message(), "value 31");
  EXPECT_EQ(error->slice(), 7u);
  EXPECT_EQ(error->fault().cause, tine::Cause::exception);
  EXPECT_EQ(error->fault().attempt, 1u);
  EXPECT_LT(error->fault().worker, 2u);
  EXPECT_THAT(error->what(), HasSubstr("std::out_of_range: value 31"));
  EXPECT_THAT(error->what(), HasSubstr("slice 7"));
  EXPECT_FALSE(error->fault().backtrace.empty());
  EXPECT_LT(error->report().done, 10u);
  EXPECT_TRUE(pool.worker_pids()[0] > 0 && pool.worker_pids()[1] > 0);
  // The pool goes on.
  tine::for_each(pool, tine::inout(x), [](int& v) { v = 1; });
  EXPECT_EQ(std::accumulate(x.begin(), x.end(), 0), 100);
}

TEST_F(JobTest, exceptions_that_are_no_std_exceptions_arrive_by_type) {
  auto thrown_by = [&](auto kernel) {
    return error_of<tine::KernelError>(
        [&] { tine::for_each_slice(pool, tine::slices(1), kernel); });
  };
  auto error = thrown_by([](tine::Slice) { throw 42; });
  EXPECT_EQ(error->type(), "int");
  EXPECT_EQ(error->message(), "");
  error = thrown_by([](tine::Slice) { throw "a literal"; });
  EXPECT_EQ(error->message(), "a literal");
  error = thrown_by([](tine::Slice) { throw Custom{5}; });
  EXPECT_THAT(error->type(), HasSubstr("Custom"));
  error = thrown_by([](tine::Slice) { throw std::runtime_error(std::string(5000, 'x')); });
  EXPECT_GE(error->message().size(), 400u) << "cut, but not lost";
  error = thrown_by([](tine::Slice) { throw std::runtime_error(""); });
  EXPECT_EQ(error->type(), "std::runtime_error");
}

TEST_F(JobTest, an_exception_says_nothing_of_an_earlier_death) {
  auto deaths = pool.array<int>(1);
  tine::for_each_slice(pool, tine::slices(1), [d = deaths.view()](tine::Slice) {
    if (std::atomic_ref(d[0]).fetch_add(1) == 0) tine_test::segfault();
  });
  const auto error = error_of<tine::KernelError>(
      [&] { tine::for_each_slice(pool, tine::slices(1), [](tine::Slice) { throw 1; }); });
  EXPECT_EQ(error->fault().signal, 0);
  EXPECT_EQ(error->fault().address, 0u);
  EXPECT_EQ(error->fault().exit_status, 0);
}

TEST_F(JobTest, a_kernel_that_throws_leaves_inout_as_it_was) {
  auto x = pool.array<int>(1000);
  for (int& v : x) v = 5;
  EXPECT_THROW(tine::for_each_slice(pool, tine::slices(1000, 100),
                                    [](tine::Slice s, std::span<int> part) {
                                      for (int& v : part) v = 6;
                                      if (s.index == 4) throw 1;
                                    },
                                    tine::inout(x)),
               tine::KernelError);
  for (int i = 400; i < 500; ++i) ASSERT_EQ(x[i], 5);
  for (int i = 0; i < 1000; i += 100)
    EXPECT_TRUE(std::count(&x[i], &x[i] + 100, x[i]) == 100) << "a slice is done or undone";
}

TEST_F(JobTest, exceptions_are_retried_only_when_asked_for) {
  auto attempts = pool.array<int>(10);
  auto throw_twice = [a = attempts.view()](tine::Slice s, std::span<int> part) {
    part[0] += 1;
    if (s.index == 3 && ++a[3] < 3) throw std::runtime_error("not yet");
  };
  auto x = pool.array<int>(10);
  EXPECT_THROW(tine::for_each_slice(pool, tine::slices(10, 1), throw_twice, tine::inout(x)),
               tine::KernelError);
  EXPECT_EQ(attempts[3], 1);
  attempts[3] = 0;
  for (int& v : x) v = 0;
  const auto report = tine::for_each_slice(pool.with({.retry_exceptions = true}),
                                           tine::slices(10, 1), throw_twice, tine::inout(x));
  EXPECT_EQ(report.done, 10u);
  EXPECT_EQ(report.attempts, 12u);
  ASSERT_EQ(report.faults.size(), 2u);
  EXPECT_EQ(report.faults[1].attempt, 2u);
  EXPECT_EQ(report.faults[1].message, "not yet");
  for (const int v : x) EXPECT_EQ(v, 1);
}

TEST_F(JobTest, retried_exceptions_are_limited_by_attempts) {
  auto tries = pool.array<int>(1);
  const auto error = error_of<tine::KernelError>([&] {
    tine::for_each_slice(pool.with({.attempts = 5, .retry_exceptions = true}), tine::slices(1),
                         [t = tries.view()](tine::Slice) {
                           ++t[0];
                           throw 1;
                         });
  });
  EXPECT_EQ(tries[0], 5);
  EXPECT_EQ(error->fault().attempt, 5u);
  EXPECT_EQ(error->report().faults.size(), 5u);
}

TEST_F(JobTest, the_exception_that_ends_a_job_is_told_also_after_hundreds_of_others) {
  tine::Pool one({.workers = 1});  // which does one slice after another
  auto seen = one.array<int>(400);
  const auto error = error_of<tine::KernelError>([&] {
    tine::for_each_slice(one.with({.retry_exceptions = true}), tine::slices(400, 1),
                         [s = seen.view()](tine::Slice slice) {
                           if (s[slice.index]++ == 0) throw std::runtime_error("once");
                           if (slice.index == 398) throw std::range_error("for good");
                         });
  });
  EXPECT_EQ(error->type(), "std::range_error");
  EXPECT_EQ(error->message(), "for good");
  EXPECT_LE(error->report().faults.size(), 257u) << "the first ones, and the last";
  EXPECT_GT(error->report().more_faults, 0u);
}

TEST_F(JobTest, a_slice_that_always_dies_is_tried_as_often_as_the_policy_says) {
  for (const unsigned attempts : {1u, 2u, 3u, 12u}) {
    auto tries = pool.array<int>(1);
    const auto error = error_of<tine::SliceFailed>([&] {
      tine::for_each_slice(pool.with({.attempts = attempts}), tine::slices(4, 1),
                           [t = tries.view()](tine::Slice s) {
                             if (s.index != 2) return;
                             ++t[0];
                             raise(SIGKILL);
                           });
    });
    if (!error) continue;
    EXPECT_EQ(tries[0], static_cast<int>(attempts));
    EXPECT_EQ(error->slice(), 2u);
    EXPECT_THAT(error->what(), HasSubstr("slice 2 of 4 failed on all"));
    EXPECT_THAT(error->what(), HasSubstr("SIGKILL"));
    const auto& faults = error->report().faults;
    ASSERT_EQ(faults.size(), attempts);
    for (unsigned i = 0; i < attempts; ++i) EXPECT_EQ(faults[i].attempt, i + 1);
  }
}

TEST_F(JobTest, attempts_outside_their_range_are_refused) {
  for (const unsigned attempts : {0u, 61u, ~0u})
    EXPECT_THROW(tine::for_each_slice(pool.with({.attempts = attempts}), tine::slices(1),
                                      [](tine::Slice) {}),
                 tine::InvalidArgument);
  EXPECT_THROW(tine::for_each_slice(pool.with({.slice_deadline = -1ns}), tine::slices(1),
                                    [](tine::Slice) {}),
               tine::InvalidArgument);
  EXPECT_THROW(tine::for_each_slice(pool.with({.job_deadline = -1ns}), tine::slices(1),
                                    [](tine::Slice) {}),
               tine::InvalidArgument);
}

TEST_F(JobTest, the_other_slices_of_a_job_that_failed_are_whole) {
  for (int round = 0; round < 20; ++round) {
    auto x = pool.array<int>(200);
    const auto error = error_of<tine::SliceFailed>([&] {
      tine::for_each_slice(pool.with({.attempts = 1}), tine::slices(200, 2),
                           [](tine::Slice s, std::span<int> part) {
                             part[0] += 1;
                             if (s.index == 50) raise(SIGKILL);
                             part[1] += 1;
                           },
                           tine::inout(x));
    });
    ASSERT_TRUE(error);
    EXPECT_TRUE(error->report().quarantined.empty()) << "that was not asked for";
    std::size_t done = 0;
    for (int i = 0; i < 200; i += 2) {
      ASSERT_EQ(x[i], x[i + 1]);
      done += static_cast<std::size_t>(x[i]);
    }
    EXPECT_EQ(done, error->report().done);
    EXPECT_EQ(x[100], 0);
  }
}

// Dies in the slices of one list, and counts what it does to the others.
struct PoisonKernel {
  static bool poison(std::size_t slice) { return slice == 0 || slice == 5 || slice == 6; }
  bool throws;
  template <class... P>
  int operator()(tine::Slice s, P... parts) const {
    ((parts[0] += 3), ...);
    if (poison(s.index)) {
      if (throws) throw std::runtime_error("poison");
      raise(SIGKILL);
    }
    return 1;
  }
};

TEST_F(JobTest, quarantined_slices_keep_inout_zero_out_and_leave_reductions) {
  for (const bool throws : {false, true}) {
    const tine::Policy policy{.on_failure = tine::OnFailure::quarantine};
    auto x = pool.array<int>(10), y = pool.array<int>(10);
    for (int& v : x) v = 100;
    for (int& v : y) v = 55;
    const auto report = tine::for_each_slice(pool.with(policy), tine::slices(10, 1),
                                             PoisonKernel{throws}, tine::inout(x), tine::out(y));
    EXPECT_EQ(report.done, 7u);
    EXPECT_EQ(report.slices, 10u);
    ASSERT_EQ(report.quarantined.size(), 2u) << report.to_string();
    EXPECT_EQ(report.quarantined[0].begin, 0u);
    EXPECT_EQ(report.quarantined[0].end, 1u);
    EXPECT_EQ(report.quarantined[1].begin, 5u);
    EXPECT_EQ(report.quarantined[1].end, 7u);
    EXPECT_EQ(report.faults.size(), throws ? 3u : 9u) << report.to_string();
    for (std::size_t i = 0; i < 10; ++i) {
      EXPECT_EQ(x[i], PoisonKernel::poison(i) ? 100 : 103) << i;
      EXPECT_EQ(y[i], PoisonKernel::poison(i) ? 0 : 58) << i;
    }
    tine::Report kept;
    tine::Policy with_report = policy;
    with_report.report = &kept;
    EXPECT_EQ(tine::reduce_slices(pool.with(with_report), tine::slices(10, 1), 1000,
                                  std::plus<>{}, PoisonKernel{throws}),
              1007);
    EXPECT_EQ(kept.quarantined.size(), 2u);
    EXPECT_THAT(kept.to_string(), HasSubstr("quarantined: slices 5 to 6"));
  }
}

TEST_F(JobTest, a_reduction_of_which_every_slice_is_quarantined_is_init) {
  EXPECT_EQ(tine::reduce_slices(
                pool.with({.on_failure = tine::OnFailure::quarantine}), tine::slices(3, 1), 9,
                std::plus<>{}, [](tine::Slice) -> int { throw 1; }),
            9);
}

TEST_F(JobTest, as_many_poison_slices_as_workers_are_quarantined) {
  for (const unsigned workers : tine_test::worker_counts) {
    tine::Pool some({.workers = workers});
    const auto report = tine::for_each_slice(
        some.with({.on_failure = tine::OnFailure::quarantine}), tine::slices(20, 1),
        [workers](tine::Slice s) {
          if (s.index % 20 < workers) raise(SIGKILL);
        });
    EXPECT_EQ(report.done, 20 - workers);
  }
}

TEST_F(JobTest, a_slice_that_takes_too_long_is_killed_and_tried_again) {
  auto tries = pool.array<int>(1);
  auto x = pool.array<int>(6);
  const auto report = tine::for_each_slice(
      pool.with({.slice_deadline = 100ms}), tine::slices(6, 1),
      [t = tries.view()](tine::Slice s, std::span<int> part) {
        part[0] += 1;
        if (s.index == 2 && ++t[0] == 1)
          for (volatile int forever = 1; forever != 0;) {
          }
      },
      tine::inout(x));
  ASSERT_EQ(report.faults.size(), 1u) << report.to_string();
  EXPECT_EQ(report.faults[0].cause, tine::Cause::deadline);
  EXPECT_EQ(report.faults[0].slice, 2u);
  EXPECT_EQ(report.undone, 1u);
  for (const int v : x) EXPECT_EQ(v, 1);
}

TEST_F(JobTest, a_slice_that_always_takes_too_long_ends_the_job) {
  const auto error = error_of<tine::SliceFailed>([&] {
    tine::for_each_slice(pool.with({.attempts = 2, .slice_deadline = 50ms}), tine::slices(3, 1),
                         [](tine::Slice s) {
                           if (s.index == 1) pause();
                         });
  });
  EXPECT_EQ(error->slice(), 1u);
  EXPECT_THAT(error->what(), HasSubstr("deadline"));
}

TEST_F(JobTest, many_short_slices_miss_no_deadline) {
  const auto report = tine::for_each_slice(pool.with({.slice_deadline = 300ms}),
                                           tine::slices(1000, 1),
                                           [](tine::Slice) { usleep(1000); });
  EXPECT_TRUE(report.faults.empty()) << report.to_string();
}

TEST_F(JobTest, the_deadline_of_a_job_ends_it_also_when_a_slice_never_would) {
  auto x = pool.array<int>(8);
  for (int& v : x) v = 7;
  const auto error = error_of<tine::DeadlineExceeded>([&] {
    tine::for_each_slice(pool.with({.job_deadline = 100ms}), tine::slices(8, 1),
                         [](tine::Slice s, std::span<int> part) {
                           part[0] = 8;
                           if (s.index == 6) pause();
                         },
                         tine::inout(x));
  });
  EXPECT_THAT(error->what(), HasSubstr("of 8 slices were done"));
  EXPECT_EQ(x[6], 7) << "what was running is undone";
  EXPECT_EQ(std::count(x.begin(), x.end(), 8), static_cast<std::ptrdiff_t>(error->report().done));
  EXPECT_TRUE(error->report().faults.empty()) << "nobody did anything wrong";
  tine::for_each(pool, tine::inout(x), [](int& v) { v = 1; });
  EXPECT_EQ(std::accumulate(x.begin(), x.end(), 0), 8);
}

TEST_F(JobTest, a_job_deadline_that_is_not_reached_changes_nothing) {
  EXPECT_EQ(tine::for_each_slice(pool.with({.job_deadline = 1h}), tine::slices(5, 1),
                                 [](tine::Slice) {}).done, 5u);
}

TEST_F(JobTest, a_stop_requested_before_cancels_at_once) {
  std::stop_source stop;
  stop.request_stop();
  auto x = pool.array<int>(1000);
  const auto error = error_of<tine::Cancelled>([&] {
    tine::for_each_slice(pool.with({.stop = stop.get_token()}), tine::slices(1000, 1),
                         [](tine::Slice, std::span<int> part) { part[0] = 1; }, tine::out(x));
  });
  EXPECT_EQ(std::accumulate(x.begin(), x.end(), std::size_t{0}), error->report().done);
}

TEST_F(JobTest, a_stop_from_another_thread_lets_running_slices_finish) {
  std::stop_source stop;
  auto begun = pool.array<int>(1);
  int* state = begun.data();
  auto x = pool.array<int>(1000);
  std::thread other([&] {
    EXPECT_TRUE(tine_test::eventually([&] { return std::atomic_ref(*state).load() > 3; }));
    stop.request_stop();
  });
  const auto error = error_of<tine::Cancelled>([&] {
    tine::for_each_slice(pool.with({.stop = stop.get_token()}), tine::slices(1000, 1),
                         [b = begun.view()](tine::Slice, std::span<int> part) {
                           std::atomic_ref(b[0]).fetch_add(1);
                           usleep(2000);
                           part[0] = 1;
                         },
                         tine::inout(x));
  });
  other.join();
  EXPECT_LT(error->report().done, 1000u);
  EXPECT_EQ(std::accumulate(x.begin(), x.end(), std::size_t{0}), error->report().done);
  EXPECT_EQ(*state, static_cast<int>(error->report().done)) << "nobody was killed";
  EXPECT_EQ(tine::for_each(pool, tine::inout(x), [](int& v) { v = 1; }).restarts, 0u);
}

TEST_F(JobTest, a_stop_kills_and_undoes_slices_that_do_not_finish) {
  std::stop_source stop;
  auto begun = pool.array<int>(1);
  int* state = begun.data();
  auto x = pool.array<int>(2);
  std::thread other([&] {
    EXPECT_TRUE(tine_test::eventually([&] { return std::atomic_ref(*state).load() == 2; }));
    stop.request_stop();
  });
  error_of<tine::Cancelled>([&] {
    tine::for_each_slice(pool.with({.stop = stop.get_token()}), tine::slices(2, 1),
                         [b = begun.view()](tine::Slice, std::span<int> part) {
                           part[0] = 1;
                           std::atomic_ref(b[0]).fetch_add(1);
                           for (;;) pause();
                         },
                         tine::inout(x));
  });
  other.join();
  EXPECT_EQ(x[0] + x[1], 0);
  tine::for_each(pool, tine::inout(x), [](int& v) { v = 1; });
  EXPECT_EQ(x[0] + x[1], 2);
}

TEST_F(JobTest, progress_is_called_in_the_posting_thread_and_once_at_the_end) {
  std::vector<tine::Progress> seen;
  const auto id = std::this_thread::get_id();
  tine::for_each_slice(pool.with({.progress =
                                      [&](const tine::Progress& p) {
                                        EXPECT_EQ(std::this_thread::get_id(), id);
                                        seen.push_back(p);
                                      }}),
                       tine::slices(60, 1), [](tine::Slice) { usleep(10'000); });
  ASSERT_GE(seen.size(), 2u);
  EXPECT_EQ(seen.back().done, 60u);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].slices, 60u);
    if (i > 0) {
      EXPECT_GE(seen[i].done, seen[i - 1].done);
    }
  }
}

TEST_F(JobTest, progress_cannot_post_to_its_own_pool_and_may_to_another) {
  tine::Pool pool({.workers = 2}), other({.workers = 1});
  int refused = 0;
  tine::for_each_slice(
      pool.with({.progress =
                     [&](const tine::Progress&) {
                       tine::for_each_slice(other, tine::slices(1, 1), [](tine::Slice) {});
                       EXPECT_THROW(
                           tine::for_each_slice(pool, tine::slices(1, 1), [](tine::Slice) {}),
                           tine::NestedParallelism);
                       EXPECT_THROW(pool.refresh(), tine::NestedParallelism);
                       ++refused;
                     }}),
      tine::slices(2, 1), [](tine::Slice) {});
  EXPECT_GE(refused, 1);
  tine::for_each_slice(pool, tine::slices(1, 1), [](tine::Slice) {});
}

TEST_F(JobTest, a_partition_without_a_grain_is_refused) {
  tine::Pool pool({.workers = 1});
  tine::Partition none = tine::slices(10, 1);
  none.grain = 0;
  EXPECT_THROW(tine::for_each_slice(pool, none, [](tine::Slice) {}), tine::InvalidArgument);
}

TEST_F(JobTest, what_progress_throws_cancels_the_job_and_is_passed_on) {
  auto x = pool.array<int>(1000);
  EXPECT_THROW(tine::for_each_slice(pool.with({.progress = [](const tine::Progress&) {
                                      throw std::domain_error("enough");
                                    }}),
                                    tine::slices(1000, 1),
                                    [](tine::Slice, std::span<int> part) {
                                      usleep(1000);
                                      part[0] = 1;
                                    },
                                    tine::out(x)),
               std::domain_error);
  EXPECT_LT(std::accumulate(x.begin(), x.end(), 0), 1000);
  EXPECT_THROW(tine::for_each_slice(pool.with({.progress = [](const tine::Progress&) {
                                      throw Custom{1};
                                    }}),
                                    tine::slices(1), [](tine::Slice) {}),
               Custom);
  EXPECT_EQ(tine::for_each_slice(pool, tine::slices(5, 1), [](tine::Slice) {}).done, 5u);
}

TEST_F(JobTest, a_kernel_cannot_post_a_job_or_make_a_pool_or_an_array) {
  // A pool that kernels can reach, as a global would be.
  static tine::Pool* reachable = nullptr;
  reachable = &pool;
  pool.refresh();
  auto type_thrown = [&](auto kernel) {
    const auto error = error_of<tine::KernelError>(
        [&] { tine::for_each_slice(pool, tine::slices(1), kernel); });
    return error ? error->type() : "";
  };
  EXPECT_EQ(type_thrown([](tine::Slice) {
    tine::for_each_slice(*reachable, tine::slices(1), [](tine::Slice) {});
  }), "tine::NestedParallelism");
  EXPECT_EQ(type_thrown([](tine::Slice) { tine::Pool nested({.workers = 1}); }),
            "tine::NestedParallelism");
  EXPECT_EQ(type_thrown([](tine::Slice) { reachable->array<int>(5); }),
            "tine::NestedParallelism");
  EXPECT_EQ(type_thrown([](tine::Slice) { reachable->refresh(); }), "tine::PoolError");
}

TEST_F(JobTest, a_death_is_in_the_report_with_slice_worker_signal_and_address) {
  auto deaths = pool.array<int>(1);
  const auto report = tine::for_each_slice(pool, tine::slices(10, 1),
                                           [d = deaths.view()](tine::Slice s) {
                                             if (s.index == 4 && d[0]++ == 0)
                                               tine_test::segfault();
                                           });
  EXPECT_EQ(report.done, 10u);
  EXPECT_EQ(report.attempts, 11u);
  ASSERT_EQ(report.faults.size(), 1u);
  const tine::Fault& fault = report.faults[0];
  EXPECT_EQ(fault.slice, 4u);
  EXPECT_EQ(fault.attempt, 1u);
  EXPECT_LT(fault.worker, 2u);
  EXPECT_TRUE(tine_test::is_death_by(fault, SIGSEGV)) << fault.to_string();
  if (!tine_test::address_sanitizer) {
    EXPECT_EQ(fault.address, 0x10u);
    EXPECT_FALSE(fault.backtrace.empty());
  }
}

TEST_F(JobTest, calling_exit_is_a_death_with_its_status) {
  for (const bool quick : {false, true}) {
    auto deaths = pool.array<int>(1);
    const auto report = tine::for_each_slice(pool, tine::slices(10, 1),
                                             [d = deaths.view(), quick](tine::Slice s) {
                                               if (s.index != 4 || d[0]++ != 0) return;
                                               if (quick) _exit(3);
                                               exit(3);
                                             });
    ASSERT_EQ(report.faults.size(), 1u);
    EXPECT_EQ(report.faults[0].cause, tine::Cause::exited);
    EXPECT_EQ(report.faults[0].exit_status, 3);
    EXPECT_THAT(report.faults[0].to_string(), HasSubstr("exit"));
  }
}

TEST_F(JobTest, a_kernel_may_use_stdout_and_nothing_is_printed_twice) {
  // Buffered in the master, before the workers are forked again.
  testing::internal::CaptureStdout();
  printf("once ");
  pool.refresh();
  auto deaths = pool.array<int>(1);
  tine::for_each_slice(pool.with({.schedule = tine::Schedule::dynamic}), tine::slices(8, 1),
                       [d = deaths.view()](tine::Slice s) {
                         printf("<%zu>", s.index);
                         if (s.index == 7 && d[0]++ == 0) raise(SIGKILL);
                       });
  const std::string text = testing::internal::GetCapturedStdout();
  EXPECT_EQ(text.find("once"), text.rfind("once"));
  for (int i = 0; i < 8; ++i) {
    const std::string mark = "<" + std::to_string(i) + ">";
    EXPECT_NE(text.find(mark), std::string::npos) << text;
    EXPECT_EQ(text.find(mark), text.rfind(mark)) << text;
  }
}

}  // namespace
