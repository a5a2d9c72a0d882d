// What the system does not give: processes, descriptors, memory. Fewer workers do the work, or an
// error says which limit it was, before a job has begun; the application lives and goes on.
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/executor.hpp>
#include <tine/tine.hpp>

#include "support/cgroup.hpp"
#include "support/child.hpp"
#include "support/deaths.hpp"
#include "support/processes.hpp"

namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr std::size_t MiB = std::size_t{1} << 20;

class Limits : public tine_test::NothingLeftBehind {
 protected:
  tine_test::Orphanage orphanage_;
};

void limit(__rlimit_resource which, rlim_t value) {
  const rlimit both{value, value};
  ASSERT_EQ(setrlimit(which, &both), 0);
}

// A job in which a worker dies, and whose result is known.
void expect_work(tine::Pool& pool) {
  auto x = pool.array<int>(1000);
  auto deaths = pool.array<int>(1);
  const auto report = tine::for_each_slice(
      pool, tine::slices(1000, 10),
      [d = deaths.view()](tine::Slice s, std::span<int> part) {
        for (int& v : part) v += 1;
        if (s.index == 30 && d[0]++ == 0) raise(SIGKILL);
      },
      tine::inout(x));
  EXPECT_EQ(report.done, 100u);
  EXPECT_EQ(std::count(x.begin(), x.end(), 1), 1000);
}

// Becomes a user of whom there is no other process. False when that cannot be.
bool become_a_user_alone() {
  if (geteuid() == 0) {
    const uid_t uid = 4'000'000 + static_cast<uid_t>(getpid());
    return setgroups(0, nullptr) == 0 && setresgid(uid, uid, uid) == 0 &&
           setresuid(uid, uid, uid) == 0;
  }
  return unshare(CLONE_NEWUSER) == 0;  // processes are counted anew in it
}

TEST_F(Limits, on_processes_leave_fewer_workers_or_an_error_that_names_them) {
  const int end = tine_test::in_child([] {
    if (!become_a_user_alone()) {
      printf("  no user namespace can be made here: only a limit of one process is tried\n");
      limit(RLIMIT_NPROC, 1);
      EXPECT_THROW(tine::Pool({.workers = 2}), tine::PoolError);
      return;
    }
    {
      limit(RLIMIT_NPROC, 4);  // this one, the supervisor, and two more
      tine::Pool pool({.workers = 6});
      ASSERT_EQ(pool.warnings().size(), 1u);
      EXPECT_THAT(pool.warnings()[0],
                  HasSubstr("only 2 of 6 workers could be forked: Resource temporarily"));
      for (int round = 0; round < 5; ++round) expect_work(pool);
      auto y = pool.array<char>(100 * MiB);  // no process is left that could commit it
      tine::for_each(pool, tine::inout(y), [](char& v) { v = 1; });
      EXPECT_EQ(y[100 * MiB - 1], 1);
    }
    limit(RLIMIT_NPROC, 2);
    try {
      tine::Pool pool({.workers = 2});
      ADD_FAILURE();
    } catch (const tine::PoolError& error) {
      EXPECT_THAT(error.what(), HasSubstr("no worker could be forked: Resource temporarily"));
      EXPECT_THAT(error.what(), HasSubstr("ulimit -u"));
    }
    limit(RLIMIT_NPROC, 1);
    try {
      tine::Pool pool({.workers = 2});
      ADD_FAILURE();
    } catch (const tine::PoolError& error) {
      EXPECT_THAT(error.what(), HasSubstr("fork: Resource temporarily"));
    }
  });
  EXPECT_EQ(end, 0);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(Limits, on_descriptors_leave_a_pool_that_works_or_an_error_that_names_them) {
  if (tine_test::address_sanitizer)
    GTEST_SKIP()
        << "the undefined behaviour sanitizer needs descriptors for its own checks; core's "
           "system_test makes each call that gives one fail";
  int refused = 0, worked = 0;
  for (int more = 0; more < 16; ++more) {
    const int end = tine_test::in_child([&] {
      close_range(3, ~0u, 0);  // what the program was started with is not the same everywhere
      limit(RLIMIT_NOFILE, static_cast<rlim_t>(3 + more));
      bool made = false;
      try {
        tine::Pool pool({.workers = 2, .reserve = 64 * MiB});
        made = true;
        expect_work(pool);
        auto y = pool.array<char>(20 * MiB);
        pool.refresh();
        expect_work(pool);
      } catch (const tine::PoolError& error) {
        EXPECT_FALSE(made) << error.what();
        EXPECT_THAT(error.what(), HasSubstr("Too many open files"));
        EXPECT_THAT(error.what(), HasSubstr("ulimit -n"));
        _exit(testing::Test::HasFailure() ? 1 : 42);
      }
    });
    EXPECT_THAT(end, AnyOf(0, 42)) << more;
    ++(end == 0 ? worked : refused);
    EXPECT_TRUE(orphanage_.empties());
  }
  EXPECT_GT(refused, 3);
  EXPECT_GT(worked, 3);
}

TEST_F(Limits, of_a_memory_cgroup_refuse_what_would_kill) {
  tine_test::Cgroup group("memory", "memory.limit_in_bytes", "memory.max");
  if (!group.usable() || !group.set(std::to_string(256 * MiB)))
    GTEST_SKIP() << group.why_not()
                 << "; Limits.as_if_there_were_no_memory_* are what is tested of this here";
  group.set(group.v2() ? "memory.swap.max" : "memory.memsw.limit_in_bytes",
            group.v2() ? "0" : std::to_string(256 * MiB));
  const int end = tine_test::in_child([&] {
    ASSERT_TRUE(group.join());
    tine::Pool pool({.workers = 2});
    auto x = pool.array<int>(1 * MiB);
    std::fill(x.begin(), x.end(), 3);
    // Too much at once.
    try {
      auto y = pool.array<char>(512 * MiB);
      ADD_FAILURE();
    } catch (const tine::OutOfMemory& error) {
      EXPECT_EQ(error.requested(), 512 * MiB);
      EXPECT_LT(error.available(), 256 * MiB);
      EXPECT_THAT(error.limit(), HasSubstr(group.directory()));
    }
    // Too much bit by bit.
    std::vector<tine::Array<char>> hoard;
    try {
      for (;;) hoard.push_back(pool.array<char>(4 * MiB));
    } catch (const tine::OutOfMemory& error) {
      EXPECT_THAT(error.limit(), HasSubstr(group.directory()));
    }
    EXPECT_GT(hoard.size(), 10u);
    EXPECT_LT(hoard.size(), 64u);
    hoard.clear();
    pool.arena()->trim();
    expect_work(pool);
    // A worker that takes it without asking dies of it, and nobody else does.
    const auto report = tine::for_each_slice(
        pool.with({.attempts = 2, .on_failure = tine::OnFailure::quarantine}),
        tine::slices(x.size(), x.size() / 16),
        [](tine::Slice s, std::span<int> part) {
          for (int& v : part) v += 1;
          if (s.index != 9) return;
          std::vector<std::vector<char>> bomb;
          for (;;) bomb.emplace_back(4 * MiB, 1);
        },
        tine::inout(x));
    EXPECT_EQ(report.done, 15u) << report.to_string();
    ASSERT_FALSE(report.faults.empty());
    for (const tine::Fault& fault : report.faults)
      EXPECT_TRUE(tine_test::is_death_by(fault, SIGKILL)) << fault.to_string();
    EXPECT_THAT(report.faults[0].to_string(), HasSubstr("slice 9"));
    EXPECT_THAT(report.faults[0].to_string(), HasSubstr("out of memory"));
    EXPECT_EQ(std::count(x.begin(), x.end(), 3), std::ptrdiff_t{MiB / 16});
    EXPECT_EQ(std::count(x.begin(), x.end(), 4), std::ptrdiff_t{15 * MiB / 16});
    expect_work(pool);
  });
  EXPECT_EQ(end, 0);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(Limits, on_processes_fail_the_tasks_of_an_executor_whose_workers_cannot_be_replaced) {
  const int end = tine_test::in_child([] {
    setenv("TINE_FAIL", "supervisor.fork@2+=EAGAIN", 1);
    tine::Executor executor({.workers = 1});
    const auto first = executor.submit([] { raise(SIGKILL); });
    EXPECT_THROW(first.result(), tine::WorkerDied);
    const auto next = executor.submit([] {});
    EXPECT_THROW(next.result(), tine::BrokenExecutor);
    try {
      next.result();
    } catch (const tine::BrokenExecutor& broken) {
      EXPECT_THAT(broken.what(), HasSubstr("no worker could be forked"));
      EXPECT_THAT(broken.what(), HasSubstr("ulimit -u"));
    }
  });
  EXPECT_EQ(end, 0);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(Limits, on_processes_for_a_while_delay_the_tasks_of_an_executor) {
  const int end = tine_test::in_child([] {
    setenv("TINE_FAIL", "supervisor.fork@2=EAGAIN,supervisor.fork@3=EAGAIN", 1);
    tine::Executor executor({.workers = 1});
    EXPECT_THROW(executor.submit([] { raise(SIGKILL); }).result(), tine::WorkerDied);
    EXPECT_EQ(executor.submit([] { return 42; }).result(), 42);
  });
  EXPECT_EQ(end, 0);
}

TEST_F(Limits, as_if_there_were_no_memory_an_array_is_refused_before_the_job) {
  for (const char* error : {"ENOMEM", "ENOSPC"}) {
    const int end = tine_test::in_child([&] {
      // With no process to be had for it, the supervisor itself commits: here for the second time.
      const std::string plan =
          std::string("supervisor.fork@3+=EAGAIN,supervisor.fallocate@2=") + error;
      setenv("TINE_FAIL", plan.c_str(), 1);
      tine::Pool pool({.workers = 2, .reserve = 256 * MiB});
      auto x = pool.array<int>(1000);
      std::fill(x.begin(), x.end(), 3);
      const auto before = pool.arena()->stats();
      EXPECT_THROW(pool.array<char>(100 * MiB), tine::OutOfMemory);
      const auto after = pool.arena()->stats();
      EXPECT_EQ(before.used, after.used);
      EXPECT_EQ(before.committed, after.committed);
      tine::for_each(pool, tine::inout(x), [](int& v) { v += 1; });
      EXPECT_EQ(std::count(x.begin(), x.end(), 4), 1000);
      auto y = pool.array<char>(100 * MiB);
      EXPECT_EQ(y[100 * MiB - 1], 0);
    });
    EXPECT_EQ(end, 0) << error;
    EXPECT_TRUE(orphanage_.empties());
  }
}

TEST_F(Limits, as_if_there_were_no_memory_the_kernel_takes_the_one_who_commits_it) {
  const int end = tine_test::in_child([] {
    // Time to find it in: it waits after each commit.
    setenv("TINE_FAIL", "supervisor.fallocate@1+=WAIT", 1);
    tine::Pool pool({.workers = 2, .reserve = 256 * MiB});
    const auto workers = pool.worker_pids();
    std::thread killer([&] {
      EXPECT_TRUE(tine_test::eventually([&] {
        for (const int pid : tine_test::descendants())
          if (tine_test::parent_of(pid) == pool.supervisor_pid() &&
              std::find(workers.begin(), workers.end(), pid) == workers.end())
            return tine_test::signal_child(pool.supervisor_pid(), pid, SIGKILL);
        return false;
      }));
    });
    try {
      auto y = pool.array<char>(100 * MiB);
      ADD_FAILURE();
    } catch (const tine::OutOfMemory& error) {
      EXPECT_EQ(error.requested(), 100 * MiB);
    }
    killer.join();
    EXPECT_EQ(pool.worker_pids(), workers);
    expect_work(pool);
    auto y = pool.array<char>(100 * MiB);
    EXPECT_EQ(y[100 * MiB - 1], 0);
  });
  EXPECT_EQ(end, 0);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(Limits, of_a_full_dev_shm_and_tmp_are_no_matter) {
  const int end = tine_test::in_child([] {
    const int rights = geteuid() == 0 ? 0 : CLONE_NEWUSER;
    if (unshare(CLONE_NEWNS | rights) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      _exit(77);
    for (const char* place : {"/dev/shm", "/tmp"}) {
      if (mount("none", place, "tmpfs", 0, "size=64k") != 0) _exit(77);
      std::ofstream file(std::string(place) + "/all");
      while (file << std::string(4096, 'x') << std::flush) {
      }
      ASSERT_FALSE(std::ofstream(std::string(place) + "/more") << 'x' << std::flush);
    }
    tine::Pool pool({.workers = 2});
    expect_work(pool);
    auto y = pool.array<char>(64 * MiB);
    tine::for_each(pool, tine::inout(y), [](char& v) { v = 1; });
    EXPECT_EQ(std::count(y.begin(), y.end(), 1), std::ptrdiff_t{64 * MiB});
  });
  if (end == 77) GTEST_SKIP() << "no file system can be mounted here";
  EXPECT_EQ(end, 0);
  EXPECT_TRUE(orphanage_.empties());
}

// A program that gave up rights, or forbids core dumps, is denied most of /proc about itself and
// its children.
TEST_F(Limits, on_what_may_be_read_in_proc_change_nothing) {
  const int end = tine_test::in_child([] {
    ASSERT_EQ(prctl(PR_SET_DUMPABLE, 0), 0);
    tine::Pool pool({.workers = 3});
    for (int round = 0; round < 3; ++round) expect_work(pool);
    // A stopped worker is still seen, a captured pointer still refused, a deadline still kept.
    auto tries = pool.array<int>(2);
    const auto report =
        tine::for_each_slice(pool.with({.slice_deadline = std::chrono::milliseconds(300)}),
                             tine::slices(4, 1), [t = tries.view()](tine::Slice s) {
                               if (s.index == 1 && t[0]++ == 0) raise(SIGSTOP);
                               while (s.index == 2 && t[1] == 0) {
                                 t[1] = 1;
                                 for (;;) pause();
                               }
                             });
    ASSERT_EQ(report.faults.size(), 2u) << report.to_string();
    int local = 1;
    EXPECT_THROW(tine::for_each_slice(pool, tine::slices(1), [&local](tine::Slice) { local = 2; }),
                 tine::BadCallable);
    auto y = pool.array<char>(64 * MiB);
    EXPECT_EQ(y[64 * MiB - 1], 0);
  });
  EXPECT_EQ(end, 0);
  EXPECT_TRUE(orphanage_.empties());
}

}  // namespace
