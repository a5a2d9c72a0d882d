// Whatever a kernel does to its worker costs a retry of one slice, and never a bit of the result.
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/deaths.hpp"
#include "support/processes.hpp"
#include "support/workload.hpp"

namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;
using tine_test::Workload;

class WorkerDeath : public tine_test::NothingLeftBehind {};

// Dies in the middle of some slices, at the first `times` attempts of each.
struct DieInSlices {
  void (*die)();
  tine::View<int> tries;  // one for each slice
  std::size_t every;
  int times;
  void operator()(const tine::Slice& s) const {
    if (s.index % every == 1 && std::atomic_ref(tries[s.index]).fetch_add(1) < times) die();
  }
};

class EveryDeath : public WorkerDeath, public ::testing::WithParamInterface<tine_test::Death> {};

TEST_P(EveryDeath, costs_an_attempt_and_no_bit_of_the_result) {
  std::optional<double> sum;
  for (const unsigned workers : tine_test::worker_counts) {
    SCOPED_TRACE(std::to_string(workers) + " workers");
    tine::Pool pool({.workers = workers});
    Workload work(pool, 20'011, 1000);
    work.reduce();
    auto tries = pool.array<int>(21);
    auto dying = [&](auto job) {
      for (int& t : tries) t = 0;
      const tine::Report report = job(DieInSlices{GetParam().die, tries.view(), 8, 2});
      EXPECT_EQ(report.done, 21u);
      EXPECT_EQ(report.faults.size(), 6u) << report.to_string();
      EXPECT_EQ(report.attempts, 21u + 6);
      for (const tine::Fault& fault : report.faults) {
        EXPECT_TRUE(tells_of(fault, GetParam())) << fault.to_string();
        EXPECT_EQ(fault.slice % 8, 1u);
        if (GetParam().signal == 0 && !tine_test::address_sanitizer) {
          EXPECT_EQ(fault.exit_status, GetParam().exit_status);
        }
      }
      return report;
    };
    dying([&](auto die) { return work.out({}, die); });
    EXPECT_EQ(dying([&](auto die) { return work.inout({}, die); }).undone, 6u);
    dying([&](auto die) { return work.reduce({}, die); });
    if (sum) {
      EXPECT_EQ(work.sum(), *sum) << "another number of workers gave other bits";
    }
    sum = work.sum();
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, EveryDeath, ::testing::ValuesIn(tine_test::deaths),
                         [](const auto& way) {
                           std::string name = way.param.name;
                           for (char& c : name)
                             if (!isalnum(static_cast<unsigned char>(c))) c = '_';
                           return name;
                         });

TEST_F(WorkerDeath, of_a_poison_slice_ends_the_job_or_is_quarantined) {
  for (const unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    auto x = pool.array<int>(100);
    auto kernel = [](tine::Slice s, std::span<int> part) {
      part[0] = 1;
      if (s.index == 42) tine_test::segfault();
    };
    EXPECT_THROW(tine::for_each_slice(pool, tine::slices(100, 1), kernel, tine::inout(x)),
                 tine::SliceFailed);
    EXPECT_EQ(x[42], 0);
    const auto report =
        tine::for_each_slice(pool.with({.on_failure = tine::OnFailure::quarantine}),
                             tine::slices(100, 1), kernel, tine::inout(x));
    EXPECT_EQ(report.done, 99u);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(x[i], i != 42);
  }
}

TEST_F(WorkerDeath, in_every_slice_ends_the_job_soon) {
  for (const unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    auto all_poison = [](tine::Slice) { raise(SIGKILL); };
    EXPECT_THROW(tine::for_each_slice(pool, tine::slices(400, 1), all_poison), tine::SliceFailed);
    try {
      tine::for_each_slice(pool.with({.on_failure = tine::OnFailure::quarantine}),
                           tine::slices(400, 1), all_poison);
      ADD_FAILURE();
    } catch (const tine::WorkersLost& error) {
      EXPECT_THAT(error.what(), HasSubstr("SIGKILL"));
      EXPECT_LT(error.report().restarts, 400u) << "not every slice was tried";
    }
    EXPECT_EQ(tine::for_each_slice(pool, tine::slices(5, 1), [](tine::Slice) {}).done, 5u);
  }
}

TEST_F(WorkerDeath, at_the_start_of_every_worker_ends_the_job) {
  const int end = tine_test::in_child([] {
    tine::on_worker_start([] { raise(SIGKILL); });
    for (const unsigned workers : {1u, 3u}) {
      tine::Pool pool({.workers = workers});
      auto x = pool.array<int>(100);
      EXPECT_THROW(tine::for_each(pool, tine::inout(x), [](int& v) { v = 1; }), tine::WorkersLost);
      EXPECT_THROW(tine::spmd(pool, [](tine::Team) {}), tine::JobError);
      EXPECT_EQ(std::count(x.begin(), x.end(), 0), 100);
    }
  });
  EXPECT_EQ(end, 0);
}

TEST_F(WorkerDeath, outside_of_a_slice_does_not_use_up_the_attempts_of_a_slice) {
  const int end = tine_test::in_child([] {
    // The slice kills the first ten workers, and the eleventh dies on its way to it.
    static auto* const starts = static_cast<std::atomic<int>*>(
        mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    tine::on_worker_start([] {
      if (starts->fetch_add(1) == 10) raise(SIGKILL);
    });
    tine::Pool pool({.workers = 1});
    auto tries = pool.array<int>(1);
    const auto report = tine::for_each_slice(pool.with({.attempts = 60}), tine::slices(1),
                                             [tries = tries.view()](tine::Slice) {
                                               if (tries[0]++ < 10) raise(SIGKILL);
                                             });
    EXPECT_EQ(report.done, 1u);
    EXPECT_EQ(report.restarts, 11u);
  });
  EXPECT_EQ(end, 0);
}

TEST_F(WorkerDeath, while_the_pool_is_idle_is_made_good_by_the_next_job) {
  for (const unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    Workload work(pool, 5000, 100);
    for (int round = 0; round < 10; ++round) {
      const auto pids = pool.worker_pids();
      for (std::size_t i = 0; i <= static_cast<std::size_t>(round) % pids.size(); ++i)
        tine_test::signal_child(pool.supervisor_pid(), pids[i], SIGKILL);
      work.inout();
    }
  }
}

TEST_F(WorkerDeath, with_a_fixed_schedule_replaces_the_worker_whose_slices_are_left) {
  tine::Pool pool({.workers = 3});
  const auto pids = pool.worker_pids();
  for (const int i : {0, 2}) {
    ASSERT_TRUE(tine_test::signal_child(pool.supervisor_pid(), pids[i], SIGKILL));
    ASSERT_TRUE(tine_test::eventually([&] { return tine_test::state_of(pids[i]) == 0; }));
  }
  const auto report = tine::for_each_slice(pool.with({.schedule = tine::Schedule::fixed}),
                                           tine::slices(1, 1), [](tine::Slice) {});
  EXPECT_EQ(report.restarts, 1u) << "the only slice is the last worker's";
}

// Counts how often any worker came to the middle of a slice.
struct CountSlices {
  tine::View<long> count;
  void operator()(const tine::Slice&) const { std::atomic_ref(count[0]).fetch_add(1); }
};

// A second thread kills workers at random moments. Nearly always it waits for a few slices first:
// otherwise a slow machine would never come to the end of one.
class KillStorm {
 public:
  KillStorm(tine::Pool& pool, unsigned seed)
      : pool_(pool),
        count_(pool.array<long>(1)),
        seen_(count_.data()),
        thread_([this, seed] { run(seed); }) {}
  ~KillStorm() {
    stop_ = true;
    thread_.join();
  }
  CountSlices count() { return {count_.view()}; }
  long kills() const { return kills_; }

 private:
  void run(unsigned seed) {
    std::mt19937 random(seed);
    while (!stop_) {
      const long wanted = slices() + static_cast<long>(random() % 8);
      for (int i = 0; i < 100 && slices() < wanted && !stop_; ++i) usleep(100);
      for (unsigned spin = random() % 20'000; spin > 0; --spin) asm volatile("");
      const auto pids = pool_.worker_pids();
      kills_ += tine_test::signal_child(pool_.supervisor_pid(), pids[random() % pids.size()],
                                        SIGKILL);
    }
  }
  long slices() const { return std::atomic_ref(*seen_).load(); }

  tine::Pool& pool_;
  tine::Array<long> count_;
  long* seen_;
  std::atomic<bool> stop_ = false;
  std::atomic<long> kills_ = 0;
  std::thread thread_;
};

TEST_F(WorkerDeath, at_thousands_of_random_moments_costs_no_bit_of_any_result) {
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  long kills = 0, jobs = 0;
  for (const unsigned workers : {1u, 2u, 3u, 7u}) {
    tine::Pool pool({.workers = workers});
    Workload fine(pool, 100'000, 500), coarse(pool, 30'000, 3000);
    fine.reduce();
    coarse.reduce();
    KillStorm storm(pool, random());
    const auto until = std::chrono::steady_clock::now() + 3s;
    while (std::chrono::steady_clock::now() < until && !HasFailure()) {
      Workload& work = jobs % 2 == 0 ? fine : coarse;
      const tine::Policy policy{.attempts = 60,
                                .schedule = static_cast<tine::Schedule>(random() % 4)};
      switch (random() % 3) {
        case 0: work.out(policy, storm.count()); break;
        case 1: work.inout(policy, storm.count()); break;
        case 2: work.reduce(policy, storm.count()); break;
      }
      ++jobs;
    }
    kills += storm.kills();
  }
  printf("seed %u: %ld jobs, %ld kills\n", seed, jobs, kills);
  EXPECT_GT(kills, 100);
}

TEST_F(WorkerDeath, at_random_moments_of_jobs_that_fail_leaves_whole_slices) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  tine::Pool pool({.workers = 3});
  Workload work(pool, 100'000, 1000);
  KillStorm storm(pool, random());
  for (int round = 0; round < 100; ++round) {
    std::stop_source stop;
    std::thread other([&, delay = random() % 3000] {
      usleep(delay);
      stop.request_stop();
    });
    const tine::Policy policy{.attempts = 60, .stop = stop.get_token()};
    try {
      work.inout(policy, [count = storm.count()](const tine::Slice& s) {
        count(s);
        if (s.index == 77) throw std::runtime_error("77");
      });
    } catch (const tine::JobError&) {
      ASSERT_TRUE(work.each_slice_is_whole());
    }
    work.reset();
    other.join();
  }
}

TEST_F(WorkerDeath, is_what_happens_to_one_that_is_stopped) {
  tine::Pool pool({.workers = 2});
  auto stops = pool.array<int>(1);
  auto x = pool.array<int>(10);
  const auto report = tine::for_each_slice(pool, tine::slices(10, 1),
                                           [s = stops.view()](tine::Slice slice,
                                                              std::span<int> part) {
                                             part[0] += 1;
                                             if (slice.index == 3 && s[0]++ == 0) raise(SIGSTOP);
                                           },
                                           tine::inout(x));
  ASSERT_EQ(report.faults.size(), 1u) << report.to_string();
  EXPECT_EQ(report.faults[0].cause, tine::Cause::stopped);
  EXPECT_EQ(report.faults[0].slice, 3u);
  for (const int v : x) EXPECT_EQ(v, 1);
}

TEST_F(WorkerDeath, spares_one_that_is_stopped_for_a_moment) {
  tine::Pool pool({.workers = 2});
  auto stopped = pool.array<int>(1);
  int* pid = stopped.data();
  std::thread other([&] {
    EXPECT_TRUE(tine_test::eventually([&] {
      return std::atomic_ref(*pid).load() != 0 && tine_test::state_of(*pid) == 'T';
    }));
    tine_test::signal_child(pool.supervisor_pid(), *pid, SIGCONT);
  });
  const auto report = tine::for_each_slice(pool, tine::slices(4, 1),
                                           [s = stopped.view()](tine::Slice slice) {
                                             if (slice.index != 1) return;
                                             std::atomic_ref(s[0]).store(getpid());
                                             raise(SIGSTOP);
                                           });
  other.join();
  EXPECT_TRUE(report.faults.empty()) << report.to_string();
}

TEST_F(WorkerDeath, takes_along_whatever_the_kernel_had_forked) {
  tine::Pool pool({.workers = 2});
  auto pids = pool.array<int>(3);
  auto tries = pool.array<int>(1);
  tine::for_each_slice(pool, tine::slices(2, 1),
                       [p = pids.view(), t = tries.view()](tine::Slice s) {
                         if (s.index != 0 || t[0]++ != 0) return;
                         // In the worker's group, away from it, and a child of that.
                         int ready[2];
                         if (pipe(ready) != 0) throw 1;
                         for (int i = 0; i < 2; ++i) {
                           const pid_t pid = fork();
                           if (pid == 0) {
                             if (i == 1) setsid();
                             const pid_t child = i == 1 ? fork() : getpid();
                             if (child == 0) {
                               setsid();
                               for (;;) pause();
                             }
                             [[maybe_unused]] auto n = write(ready[1], &child, sizeof child);
                             for (;;) pause();
                           }
                           p[i] = pid;
                           pid_t child = 0;
                           [[maybe_unused]] auto n = read(ready[0], &child, sizeof child);
                           if (i == 1) p[2] = child;
                         }
                         raise(SIGKILL);
                       });
  for (const int pid : pids) {
    EXPECT_GT(pid, 0);
    EXPECT_TRUE(tine_test::eventually([&] { return tine_test::has_ended(pid); })) << pid;
  }
}

TEST_F(WorkerDeath, cannot_be_written_about_by_a_grandchild_that_lives_on_for_a_moment) {
  tine::Pool pool({.workers = 1});
  auto x = pool.array<int>(1);
  auto tries = pool.array<int>(1);
  tine::for_each_slice(pool, tine::slices(1),
                       [t = tries.view()](tine::Slice, std::span<int> part) {
                         if (t[0]++ == 0) {
                           if (fork() == 0)
                             for (;;) part[0] = 99;  // a fault: it did not inherit the arena
                           usleep(2000);
                           raise(SIGKILL);
                         }
                         part[0] = 1;
                       },
                       tine::inout(x));
  EXPECT_EQ(x[0], 1);
}

}  // namespace
