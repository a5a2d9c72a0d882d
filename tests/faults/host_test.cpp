// What the application around a pool does: it throws, its threads end, it takes every child's status,
// it is one of many. None of that touches the pool.
#include <grp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/deaths.hpp"
#include "support/processes.hpp"
#include "support/workload.hpp"

namespace {

using namespace std::chrono_literals;
using tine_test::Workload;

class Host : public tine_test::NothingLeftBehind {};

// Looks, while an exception passes by, whether anybody is still at work.
struct Witness {
  const tine::Array<int>& pids;
  int* running;
  ~Witness() {
    *running = static_cast<int>(std::count_if(pids.begin(), pids.end(), [](int pid) {
      return pid != 0 && tine_test::state_of(pid) != 0;
    }));
  }
};

TEST_F(Host, an_exception_in_the_master_is_passed_on_after_the_job_was_cancelled_and_reaped) {
  tine::Pool pool({.workers = 3});
  auto x = pool.array<int>(12);
  auto pids = pool.array<int>(12);
  std::fill(x.begin(), x.end(), 5);
  int running = -1;
  try {
    const Witness witness{pids, &running};
    tine::for_each_slice(
        pool.with({.progress = [](const tine::Progress&) { throw std::domain_error("enough"); }}),
        tine::slices(12, 1),
        [p = pids.view()](tine::Slice s, std::span<int> part) {
          part[0] = 6;
          p[s.index] = getpid();
          for (;;) pause();
        },
        tine::inout(x));
    ADD_FAILURE();
  } catch (const std::domain_error& error) {
    EXPECT_STREQ(error.what(), "enough");
  }
  EXPECT_EQ(running, 0) << "before the stack was unwound";
  EXPECT_EQ(std::count(x.begin(), x.end(), 5), 12) << "what was running is undone";
  EXPECT_GE(std::count_if(pids.begin(), pids.end(), [](int pid) { return pid != 0; }), 1);
  Workload(pool, 1000, 10).inout();
}

TEST_F(Host, a_pool_outlives_the_thread_that_made_it_and_still_replaces_its_workers) {
  std::optional<tine::Pool> pool;
  std::thread([&] { pool.emplace(tine::PoolOptions{.workers = 2}); }).join();
  Workload work(*pool, 5000, 100);
  auto tries = pool->array<int>(1);
  const auto report = work.inout({}, [t = tries.view()](const tine::Slice& s) {
    if (s.index == 7 && t[0]++ == 0) raise(SIGKILL);
  });
  EXPECT_EQ(report.faults.size(), 1u);
  std::thread([&] { work.out(); }).join();
  const auto pids = pool->worker_pids();
  tine_test::sleep_ms(50);
  EXPECT_EQ(pool->worker_pids(), pids) << "nobody dies with the thread";
  work.reduce();
}

// Kills one worker in each job.
void work_with_deaths(int jobs, unsigned workers) {
  tine::Pool pool({.workers = workers, .reserve = 64 << 20});
  Workload work(pool, 3000, 100);
  auto tries = pool.array<int>(1);
  for (int i = 0; i < jobs; ++i) {
    tries[0] = 0;
    const auto report = work.inout({}, [t = tries.view()](const tine::Slice& s) {
      if (s.index == 11 && std::atomic_ref(t[0]).fetch_add(1) == 0) raise(SIGKILL);
    });
    ASSERT_EQ(report.faults.size(), 1u) << report.to_string();
    EXPECT_EQ(report.faults[0].slice, 11u);
    EXPECT_TRUE(tine_test::is_death_by(report.faults[0], SIGKILL));
  }
}

TEST_F(Host, an_application_that_takes_the_status_of_any_child_takes_nothing_from_a_pool) {
  const int end = tine_test::in_child([] {
    std::atomic<bool> stop = false;
    std::thread thief([&] {
      while (!stop)
        if (waitpid(-1, nullptr, WNOHANG) <= 0) usleep(50);
    });
    for (int i = 0; i < 10; ++i) work_with_deaths(3, 2);
    stop = true;
    thief.join();
  });
  EXPECT_EQ(end, 0);
}

TEST_F(Host, an_application_that_ignores_sigchld_or_handles_it_badly_changes_nothing) {
  for (const auto handler : {SIG_IGN, sighandler_t{[](int) {
                               while (waitpid(-1, nullptr, WNOHANG) > 0) {
                               }
                             }}}) {
    const int end = tine_test::in_child([&] {
      signal(SIGCHLD, handler);
      for (int i = 0; i < 10; ++i) work_with_deaths(3, 2);
    });
    EXPECT_EQ(end, 0);
  }
}

TEST_F(Host, an_application_that_blocks_or_handles_every_signal_changes_nothing) {
  const int end = tine_test::in_child([] {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, nullptr);
    work_with_deaths(3, 2);
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    for (int s = 1; s < NSIG; ++s)
      if (s != SIGKILL && s != SIGSTOP && s != SIGALRM) signal(s, [](int) {});
    work_with_deaths(3, 2);
  });
  EXPECT_EQ(end, 0);
}

// Many programs at once, of two users where we may become another one. Some are killed in the middle
// of their work, which the others must not notice.
TEST_F(Host, is_one_of_fifty_of_two_users_that_do_not_touch_each_other) {
  tine_test::Orphanage orphanage;
  const int masters = tine_test::address_sanitizer ? 12 : 50;
  std::vector<pid_t> children;
  for (int i = 0; i < masters; ++i)
    children.push_back(tine_test::start_child([&] {
      if (i % 2 == 1 && geteuid() == 0) {
        ASSERT_EQ(setgroups(0, nullptr), 0);
        ASSERT_EQ(setresgid(65534, 65534, 65534), 0);
        ASSERT_EQ(setresuid(65534, 65534, 65534), 0);
      }
      if (i % 5 == 4) tine_test::work_for_ever(true);
      work_with_deaths(10, 1 + static_cast<unsigned>(i) % 3);
    }));
  for (int i = 4; i < masters; i += 5) {
    tine_test::sleep_ms(20);
    kill(children[i], SIGKILL);
  }
  for (int i = 0; i < masters; ++i)
    EXPECT_EQ(tine_test::end_of(children[i]), i % 5 == 4 ? 1000 + SIGKILL : 0) << i;
  EXPECT_TRUE(orphanage.empties());
  EXPECT_EQ(tine_test::holders_of_arenas(), std::vector<int>{});
}

}  // namespace
