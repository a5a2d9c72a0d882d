// Processes that are put aside for a while: stopped, held by a debugger, or kept from the CPU. Time
// in which they could do nothing counts against nobody.
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/cgroup.hpp"
#include "support/child.hpp"
#include "support/processes.hpp"
#include "support/workload.hpp"

namespace {

using namespace std::chrono_literals;

class Stop : public tine_test::NothingLeftBehind {
 protected:
  // Some jobs under tight deadlines, in whose result every slice and every attempt counts.
  static void work_under_deadlines() {
    tine::Pool pool({.workers = 2});
    tine_test::Workload work(pool, 4000, 100);
    const auto pids = pool.worker_pids();
    for (int round = 0; round < 2; ++round) {
      const auto report = work.inout({.slice_deadline = 500ms, .job_deadline = 60s},
                                     [](const tine::Slice&) { usleep(40'000); });
      EXPECT_TRUE(report.faults.empty()) << report.to_string();
      EXPECT_EQ(report.attempts, 40u);
    }
    EXPECT_EQ(pool.worker_pids(), pids) << "nobody was replaced";
  }

  // The supervisor and the workers of a child that runs work_under_deadlines().
  static std::vector<int> family_of(pid_t child) {
    std::vector<int> pids;
    EXPECT_TRUE(tine_test::eventually([&] {
      pids.clear();
      for (const int pid : tine_test::descendants())
        if (pid == child || tine_test::parent_of(pid) == child ||
            tine_test::parent_of(tine_test::parent_of(pid)) == child)
          pids.push_back(pid);
      return pids.size() == 4;
    }));
    return pids;
  }
  static void all(const std::vector<int>& pids, int signal) {
    for (const int pid : pids) kill(pid, signal);
  }
  tine_test::Orphanage orphanage_;
};

TEST_F(Stop, of_all_processes_at_once_and_going_on_in_any_order_is_no_fault) {
  std::vector<pid_t> children;
  std::vector<std::vector<int>> families;
  // Four at the same time: each has its own order.
  for (int i = 0; i < 4; ++i) {
    children.push_back(tine_test::start_child(work_under_deadlines));
    families.push_back(family_of(children.back()));  // master, supervisor, workers
  }
  tine_test::sleep_ms(100);
  for (const auto& family : families) all(family, SIGSTOP);
  tine_test::sleep_ms(1500);
  std::reverse(families[1].begin(), families[1].end());
  std::rotate(families[2].begin(), families[2].begin() + 1, families[2].end());
  std::rotate(families[3].begin(), families[3].begin() + 2, families[3].end());
  for (std::size_t i = 0; i < 4; ++i)
    for (const auto& family : families) {
      kill(family[i], SIGCONT);
      tine_test::sleep_ms(20);
    }
  for (const pid_t child : children) EXPECT_EQ(tine_test::end_of(child), 0);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(Stop, of_supervisor_and_workers_but_not_the_master_is_no_fault) {
  const pid_t child = tine_test::start_child(work_under_deadlines);
  auto family = family_of(child);
  std::erase(family, child);
  tine_test::sleep_ms(100);
  all(family, SIGSTOP);
  tine_test::sleep_ms(1500);
  all(family, SIGCONT);
  EXPECT_EQ(tine_test::end_of(child), 0);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(Stop, of_a_worker_while_the_master_is_stopped_is_no_fault) {
  const pid_t child = tine_test::start_child(work_under_deadlines);
  auto family = family_of(child);
  tine_test::sleep_ms(100);
  kill(child, SIGSTOP);
  const int worker = family.back();
  kill(worker, SIGSTOP);
  tine_test::sleep_ms(1500);
  kill(worker, SIGCONT);
  kill(child, SIGCONT);
  EXPECT_EQ(tine_test::end_of(child), 0);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(Stop, in_a_debugger_is_no_fault) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<int>(8);
  auto begun = pool.array<int>(1);
  int* seen = begun.data();
  const auto pids = pool.worker_pids();
  std::string refused;
  std::thread debugger([&] {
    EXPECT_TRUE(tine_test::eventually([&] { return std::atomic_ref(*seen).load() > 1; }));
    if (ptrace(PTRACE_SEIZE, pids[0], nullptr, nullptr) != 0) {
      refused = strerror(errno);
      return;
    }
    EXPECT_EQ(ptrace(PTRACE_INTERRUPT, pids[0], nullptr, nullptr), 0);
    int status = 0;
    EXPECT_EQ(waitpid(pids[0], &status, __WALL), pids[0]);
    EXPECT_EQ(tine_test::state_of(pids[0]), 't');
    tine_test::sleep_ms(1500);
    EXPECT_EQ(ptrace(PTRACE_DETACH, pids[0], nullptr, nullptr), 0);
  });
  const auto report = tine::for_each_slice(
      pool.with({.slice_deadline = 400ms}), tine::slices(8, 1),
      [b = begun.view()](tine::Slice, std::span<int> part) {
        std::atomic_ref(b[0]).fetch_add(1);
        usleep(100'000);
        part[0] += 1;
      },
      tine::inout(x));
  debugger.join();
  if (!refused.empty()) GTEST_SKIP() << "no process can be debugged here: " << refused;
  EXPECT_TRUE(report.faults.empty()) << report.to_string();
  EXPECT_EQ(report.attempts, 8u);
  EXPECT_EQ(std::count(x.begin(), x.end(), 1), 8);
  EXPECT_EQ(pool.worker_pids(), pids);
}

// CPU time that this process has used.
std::int64_t used_ms() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1'000'000;
}

void stay_on_the_first_cpu() {
  cpu_set_t set;
  sched_getaffinity(0, sizeof set, &set);
  for (int cpu = 0, seen = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set) && seen++ > 0) CPU_CLR(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}

TEST_F(Stop, by_others_that_take_the_cpu_is_no_fault) {
  const int end = tine_test::in_child([] {
    // Workers get what is left of one CPU, which is nothing as long as the hog is there.
    tine::on_worker_start([] {
      stay_on_the_first_cpu();
      const sched_param none{};
      sched_setscheduler(0, SCHED_IDLE, &none);
    });
    tine::Pool pool({.workers = 2});
    auto x = pool.array<int>(6);
    auto begun = pool.array<int>(1);
    int* seen = begun.data();
    std::thread hog([&] {
      EXPECT_TRUE(tine_test::eventually([&] { return std::atomic_ref(*seen).load() > 0; }));
      stay_on_the_first_cpu();
      for (const auto until = used_ms() + 1500; used_ms() < until;) {
      }
    });
    const auto report = tine::for_each_slice(
        pool.with({.slice_deadline = 300ms}), tine::slices(6, 1),
        [b = begun.view()](tine::Slice, std::span<int> part) {
          std::atomic_ref(b[0]).fetch_add(1);
          for (const auto until = used_ms() + 40; used_ms() < until;) {
          }
          part[0] += 1;
        },
        tine::inout(x));
    hog.join();
    EXPECT_TRUE(report.faults.empty()) << report.to_string();
    EXPECT_EQ(std::count(x.begin(), x.end(), 1), 6);
  });
  EXPECT_EQ(end, 0);
}

TEST_F(Stop, by_a_quota_of_cpu_time_is_no_fault) {
  tine_test::Cgroup group("cpu", "cpu.cfs_quota_us", "cpu.max");
  // A slice of 60 ms of work takes a second then.
  if (!group.usable() || !group.set(group.v2() ? "12000 100000" : "12000"))
    GTEST_SKIP() << group.why_not()
                 << "; Stop.by_others_that_take_the_cpu_is_no_fault is what is tested of this here";
  const int end = tine_test::in_child([&] {
    ASSERT_TRUE(group.join());
    tine::Pool pool({.workers = 2});
    auto x = pool.array<int>(6);
    const auto pids = pool.worker_pids();
    const auto began = std::chrono::steady_clock::now();
    const auto report = tine::for_each_slice(
        pool.with({.slice_deadline = 500ms}), tine::slices(6, 1),
        [](tine::Slice, std::span<int> part) {
          for (const auto until = used_ms() + 60; used_ms() < until;) {
          }
          part[0] += 1;
        },
        tine::inout(x));
    printf("  6 slices of 60 ms of CPU time took %.1f s\n",
           std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    EXPECT_TRUE(report.faults.empty()) << report.to_string();
    EXPECT_EQ(std::count(x.begin(), x.end(), 1), 6);
    EXPECT_EQ(pool.worker_pids(), pids);
  });
  EXPECT_EQ(end, 0);
  EXPECT_TRUE(orphanage_.empties());
}

}  // namespace
