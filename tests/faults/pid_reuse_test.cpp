// Process numbers come again. In a namespace of its own, where the next number can be chosen, a
// stranger gets the number of a dead worker at once: nobody takes him for it.
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/deaths.hpp"
#include "support/processes.hpp"
#include "support/workload.hpp"

namespace {

using tine_test::Workload;

// Forks a stranger with this number: an innocent child of the application. The number of one who was
// just reaped is free only a moment later.
pid_t stranger(int number) {
  pid_t pid = 0;
  EXPECT_TRUE(tine_test::eventually([&] {
    std::ofstream("/proc/sys/kernel/ns_last_pid") << std::to_string(number - 1) << std::flush;
    pid = fork();
    if (pid == 0) {
      setsid();
      for (;;) pause();
    }
    if (pid == number) return true;
    kill(pid, SIGKILL);
    tine_test::end_of(pid);
    return false;
  }));
  return pid;
}

void expect_alive_and_end(pid_t pid) {
  const char state = tine_test::state_of(pid);
  EXPECT_TRUE(state == 'S' || state == 'R') << "nobody has killed or stopped him: " << state;
  kill(pid, SIGKILL);
  EXPECT_EQ(tine_test::end_of(pid), 1000 + SIGKILL);
}

class PidReuse : public tine_test::NothingLeftBehind {
 protected:
  // Runs `body` as the first process of a process namespace with its own /proc. 77: there is none
  // to be had.
  template <class F>
  int in_namespace(F body) {
    return tine_test::in_child([&] {
      const uid_t uid = geteuid();
      const gid_t gid = getegid();
      if (unshare(CLONE_NEWPID | CLONE_NEWNS | (uid != 0 ? CLONE_NEWUSER : 0)) != 0) _exit(77);
      if (uid != 0) {
        std::ofstream("/proc/self/setgroups") << "deny";
        std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
        std::ofstream("/proc/self/gid_map") << "0 " << gid << " 1";
      }
      const int end = tine_test::in_child([&] {
        if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            mount("proc", "/proc", "proc", 0, nullptr) != 0 ||
            access("/proc/sys/kernel/ns_last_pid", W_OK) != 0)
          _exit(77);
        body();
      });
      if (end != 0) _exit(end < 256 ? end : 3);
    });
  }
};

constexpr const char* no_namespace =
    "no process namespace with its own /proc can be made here; nothing else can choose numbers";

// Jobs with deaths while strangers have the numbers of workers that died before.
void share_numbers_with_strangers(int rounds) {
  tine::Pool pool({.workers = 2});
  Workload work(pool, 2000, 100);
  for (int round = 0; round < rounds; ++round) {
    std::vector<pid_t> strangers;
    for (const int pid : pool.worker_pids()) {
      if (pid == 0) continue;  // not replaced yet
      ASSERT_TRUE(tine_test::signal_child(pool.supervisor_pid(), pid, SIGKILL));
      ASSERT_TRUE(tine_test::eventually([&] { return tine_test::state_of(pid) == 0; }));
      strangers.push_back(stranger(pid));
      ASSERT_EQ(strangers.back(), pid);
    }
    auto tries = pool.array<int>(1);
    work.inout({.slice_deadline = std::chrono::seconds(5)},
               [t = tries.view()](const tine::Slice& s) {
                 if (s.index == 3 && t[0]++ == 0) raise(SIGKILL);
               });
    work.out();
    EXPECT_FALSE(strangers.empty());
    for (const pid_t pid : strangers) expect_alive_and_end(pid);
  }
}

TEST_F(PidReuse, of_dead_workers_hits_no_stranger_and_disturbs_no_job) {
  const int end = in_namespace([] { share_numbers_with_strangers(20); });
  if (end == 77) GTEST_SKIP() << no_namespace;
  EXPECT_EQ(end, 0);
}

TEST_F(PidReuse, right_after_a_worker_was_reaped_hits_no_stranger) {
  const int end = in_namespace([] {
    setenv("TINE_FAIL", "supervisor.waitid@1+=WAIT", 1);
    share_numbers_with_strangers(3);
  });
  if (end == 77) GTEST_SKIP() << no_namespace;
  EXPECT_EQ(end, 0);
}

TEST_F(PidReuse, of_one_number_for_one_worker_after_the_other_loses_no_slice) {
  const int end = in_namespace([] {
    tine::Pool pool({.workers = 1});
    Workload work(pool, 2000, 100);
    const int number = pool.worker_pids()[0];
    int again = 0;
    for (int round = 0; round < 20; ++round) {
      auto tries = pool.array<int>(1);
      const auto report = work.inout({}, [t = tries.view()](const tine::Slice& s) {
        if (s.index != 5 || t[0]++ != 0) return;
        // The next process to be made, which is our successor, gets our own number.
        std::ofstream("/proc/sys/kernel/ns_last_pid") << std::to_string(getpid() - 1) << std::flush;
        raise(SIGKILL);
      });
      EXPECT_EQ(report.done, 20u);
      EXPECT_EQ(report.faults.size(), 1u);
      again += pool.worker_pids()[0] == number;
    }
    EXPECT_GT(again, 0) << "no successor ever got the number";
  });
  if (end == 77) GTEST_SKIP() << no_namespace;
  EXPECT_EQ(end, 0);
}

TEST_F(PidReuse, of_the_supervisor_whose_status_the_application_took_hits_no_stranger) {
  const int end = in_namespace([] {
    pid_t innocent = 0;
    {
      tine::Pool pool({.workers = 2});
      const int supervisor = pool.supervisor_pid();
      Workload(pool, 1000, 100).inout();
      ASSERT_TRUE(tine_test::signal_child(getpid(), supervisor, SIGKILL));
      ASSERT_EQ(tine_test::end_of(supervisor), 1000 + SIGKILL);  // as waitpid(-1) would
      ASSERT_TRUE(tine_test::eventually([&] { return tine_test::state_of(supervisor) == 0; }));
      innocent = stranger(supervisor);
      ASSERT_EQ(innocent, supervisor);
      auto x = pool.array<int>(10);
      EXPECT_THROW(tine::for_each(pool, tine::inout(x), [](int& v) { v = 1; }),
                   tine::SupervisorLost);
      pool.refresh();
      tine::for_each(pool, tine::inout(x), [](int& v) { v = 1; });
      EXPECT_EQ(x[9], 1);
    }
    expect_alive_and_end(innocent);
  });
  if (end == 77) GTEST_SKIP() << no_namespace;
  EXPECT_EQ(end, 0);
}

}  // namespace
