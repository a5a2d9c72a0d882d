#include <tine/pool.hpp>

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/processes.hpp"

namespace {

using ::testing::HasSubstr;

int changed_later = 1;

class PoolTest : public tine_test::NothingLeftBehind {
 protected:
  // Pids of the workers that took part in a job in which every one gets a slice.
  static std::set<int> workers_at_work(tine::Pool& pool) {
    auto pids = pool.array<int>(pool.workers());
    tine::spmd(pool, [out = pids.view()](tine::Team t) {
      out[t.rank()] = getpid();
      t.barrier();
    });
    return {pids.begin(), pids.end()};
  }
  static int value_in_worker(tine::Pool& pool) {
    return tine::reduce_slices(pool, tine::slices(1), 0, std::plus<>{},
                               [](tine::Slice) { return changed_later; });
  }
};

TEST_F(PoolTest, has_as_many_workers_as_asked_for_and_each_is_a_process) {
  for (const unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    EXPECT_EQ(pool.workers(), workers);
    const std::vector<int> pids = pool.worker_pids();
    EXPECT_EQ(std::set<int>(pids.begin(), pids.end()).size(), workers);
    EXPECT_EQ(workers_at_work(pool), std::set<int>(pids.begin(), pids.end()));
    for (const int pid : pids) EXPECT_EQ(getpgid(pid), pid) << "away from our terminal";
    EXPECT_TRUE(pool.warnings().empty()) << pool.warnings().front();
  }
}

TEST_F(PoolTest, without_a_number_it_has_one_worker_per_cpu) {
  tine::Pool pool;
  EXPECT_EQ(pool.workers(), tine::cpu_count());
}

TEST_F(PoolTest, too_many_workers_are_refused) {
  EXPECT_THROW(tine::Pool({.workers = 100'000}), tine::InvalidArgument);
  EXPECT_THROW(tine::Pool({.workers = 1024}), tine::InvalidArgument);
}

TEST_F(PoolTest, works_with_hundreds_of_workers) {
  tine::Pool pool({.workers = 300});
  auto x = pool.array<int>(100'000);
  tine::for_each(pool, tine::inout(x), [](int& v) { v += 1; });
  EXPECT_EQ(std::accumulate(x.begin(), x.end(), 0), 100'000);
}

TEST_F(PoolTest, several_pools_live_side_by_side_and_end_in_any_order) {
  std::vector<std::optional<tine::Pool>> pools;
  for (int i = 0; i < 5; ++i)
    pools.emplace_back(std::in_place, tine::PoolOptions{.workers = 2, .reserve = 64 << 20});
  for (const int gone : {2, 0, 4, 1, 3}) {
    for (auto& pool : pools) {
      if (!pool) continue;
      auto x = pool->array<int>(1000);
      tine::for_each(*pool, tine::inout(x), [](int& v) { v = 2; });
      EXPECT_EQ(std::accumulate(x.begin(), x.end(), 0), 2000);
    }
    const int supervisor = pools[gone]->supervisor_pid();
    pools[gone].reset();
    EXPECT_EQ(tine_test::state_of(supervisor), 0);
  }
}

TEST_F(PoolTest, a_thousand_pools_leave_no_process_descriptor_or_page) {
  auto use = [] {
    tine::Pool pool({.workers = 2, .reserve = 256 << 20});
    auto x = pool.array<char>(1 << 20);
    tine::for_each(pool, tine::inout(x), [](char& v) { v = 1; });
  };
  for (int i = 0; i < 10; ++i) use();
  const auto before = tine_test::Holdings::now();
  const long shared = tine_test::kilobytes("/proc/meminfo", "Shmem");
  const long own = tine_test::kilobytes("/proc/self/status", "RssAnon");
#if defined(__SANITIZE_ADDRESS__)  // under which a fork takes tens of milliseconds
  constexpr int pools = 100;
#else
  constexpr int pools = 1000;
#endif
  for (int i = 0; i < pools; ++i) use();
  const auto after = tine_test::Holdings::now();
  EXPECT_EQ(before.descriptors, after.descriptors);
  EXPECT_EQ(before.children, after.children);
  EXPECT_EQ(before.arena_mappings, after.arena_mappings);
  // A leaked arena would be more than 1 MiB each time; other programs come and go, too.
  EXPECT_LT(tine_test::kilobytes("/proc/meminfo", "Shmem") - shared, 700'000);
  EXPECT_LT(tine_test::kilobytes("/proc/self/status", "RssAnon") - own, 64 << 10);
}

TEST_F(PoolTest, outlives_the_thread_that_made_it) {
  std::optional<tine::Pool> pool;
  std::thread([&] { pool.emplace(tine::PoolOptions{.workers = 2}); }).join();
  const std::vector<int> pids = pool->worker_pids();
  auto x = pool->array<int>(1000);
  for (int round = 0; round < 20; ++round) {
    tine::for_each(*pool, tine::inout(x), [](int& v) { v += 1; });
    tine_test::sleep_ms(5);
  }
  EXPECT_EQ(x[999], 20);
  EXPECT_EQ(pool->worker_pids(), pids) << "nobody had to be replaced";
}

TEST_F(PoolTest, of_a_threaded_program_warns_and_gives_slices_a_deadline) {
  std::atomic<bool> stop = false;
  std::thread other([&] {
    while (!stop) tine_test::sleep_ms(1);
  });
  {
    tine::Pool pool({.workers = 2});
    ASSERT_EQ(pool.warnings().size(), 1u);
    EXPECT_THAT(pool.warnings()[0], HasSubstr("threads"));
    auto x = pool.array<int>(10);
    const auto report = tine::for_each(pool, tine::inout(x), [](int& v) { v = 1; });
    EXPECT_THAT(report.warnings, ::testing::Contains(HasSubstr("deadline")));
  }
  stop = true;
  other.join();
}

TEST_F(PoolTest, workers_see_the_program_as_it_was_until_refresh) {
  changed_later = 1;
  tine::Pool pool({.workers = 2});
  changed_later = 2;
  EXPECT_EQ(value_in_worker(pool), 1);
  const int supervisor = pool.supervisor_pid();
  auto x = pool.array<int>(1000);
  for (int& v : x) v = 7;
  pool.refresh();
  EXPECT_NE(pool.supervisor_pid(), supervisor);
  EXPECT_EQ(value_in_worker(pool), 2);
  EXPECT_EQ(std::accumulate(x.begin(), x.end(), 0), 7000) << "arrays stay";
  tine::for_each(pool, tine::inout(x), [](int& v) { v += 1; });
  EXPECT_EQ(x[500], 8);
}

TEST_F(PoolTest, can_be_refreshed_again_and_again) {
  tine::Pool pool({.workers = 3});
  auto x = pool.array<int>(10'000);
  for (int i = 1; i <= 50; ++i) {
    changed_later = i;
    pool.refresh();
    EXPECT_EQ(value_in_worker(pool), i);
    tine::for_each(pool, tine::inout(x), [](int& v) { v += 1; });
  }
  EXPECT_EQ(x[0], 50);
}

TEST_F(PoolTest, can_be_moved_and_assigned) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<int>(100);
  tine::Pool moved = std::move(pool);
  tine::for_each(moved, tine::inout(x), [](int& v) { v = 1; });
  tine::Pool other({.workers = 3});
  const int supervisor = other.supervisor_pid();
  other = std::move(moved);
  EXPECT_EQ(tine_test::state_of(supervisor), 0) << "the pool that was there has ended";
  EXPECT_EQ(other.workers(), 2u);
  tine::for_each(other, tine::inout(x), [](int& v) { v += 1; });
  auto y = other.array<char>(100 << 20);  // memory is committed by the pool that moved
  EXPECT_EQ(x[99], 2);
}

TEST_F(PoolTest, jobs_from_several_threads_run_one_at_a_time_and_all_of_them) {
  tine::Pool pool({.workers = 3});
  auto inside = pool.array<int>(2);  // jobs at work, and the most there ever were
  auto total = pool.array<int>(1000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        tine::for_each_slice(pool, tine::slices(1), [in = inside.view()](tine::Slice) {
          const int now = std::atomic_ref(in[0]).fetch_add(1) + 1;
          if (now > in[1]) in[1] = now;
          usleep(50);
          std::atomic_ref(in[0]).fetch_sub(1);
        });
        tine::for_each(pool, tine::inout(total), [](int& v) { v += 1; });
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(inside[1], 1);
  for (const int v : total) ASSERT_EQ(v, 400);
}

TEST_F(PoolTest, jobs_run_in_the_order_in_which_they_were_posted) {
  tine::Pool pool({.workers = 1});
  auto log = pool.array<int>(20);
  auto next = pool.array<int>(2);  // place in the log, gate
  int* state = next.data();
  auto post = [&](int number) {
    tine::for_each_slice(pool, tine::slices(1),
                         [number, l = log.view(), n = next.view()](tine::Slice) {
                           l[n[0]++] = number;
                           if (number == 0)
                             while (std::atomic_ref(n[1]).load() == 0) usleep(100);
                         });
  };
  std::vector<std::thread> threads;
  threads.emplace_back(post, 0);
  ASSERT_TRUE(tine_test::eventually([&] { return std::atomic_ref(state[0]).load() == 1; }));
  for (int i = 1; i < 6; ++i) {
    std::atomic<int> id = 0;
    threads.emplace_back([&, i] {
      id = gettid();
      post(i);
    });
    // It waits for its turn before the next one comes.
    ASSERT_TRUE(tine_test::eventually(
        [&] { return id != 0 && tine_test::state_of(id) == 'S'; }));
    tine_test::sleep_ms(20);
  }
  std::atomic_ref(state[1]).store(1);
  for (auto& thread : threads) thread.join();
  for (int i = 0; i < 6; ++i) EXPECT_EQ(log[i], i);
}

TEST_F(PoolTest, that_is_idle_uses_no_cpu) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<int>(1000);
  tine::for_each(pool, tine::inout(x), [](int& v) { v = 1; });
  auto used = [] {
    long ticks = 0;
    for (const int pid : tine_test::descendants()) ticks += tine_test::ticks_of(pid);
    return ticks;
  };
  tine_test::sleep_ms(200);  // workers look for the next job for a while
  const long before = used();
  tine_test::sleep_ms(1000);
  EXPECT_LE(used() - before, 5) << "clock ticks in a second, of three processes";
}

TEST_F(PoolTest, tine_serial_runs_kernels_in_the_master) {
  const int end = tine_test::in_child([] {
    setenv("TINE_SERIAL", "1", 1);
    tine::Pool pool({.workers = 4});
    EXPECT_EQ(pool.workers(), 1u);
    EXPECT_TRUE(tine_test::descendants().empty());
    EXPECT_EQ(pool.warnings().size(), 1u);
    auto x = pool.array<int>(1000);
    auto pids = pool.array<int>(5);
    tine::Report report;
    tine::for_each_slice(pool, tine::slices(5, 1),
                         [](tine::Slice, std::span<int> out) {
                           out[0] = tine::in_worker() ? getpid() : -1;
                         },
                         tine::out(pids));
    for (const int pid : pids) EXPECT_EQ(pid, getpid());
    report = tine::for_each(pool, tine::inout(x), [](int& v) { v = 3; });
    EXPECT_EQ(report.done, report.slices);
    EXPECT_EQ(tine::reduce(pool, tine::in(x), 0), 3000);
    EXPECT_THROW(tine::for_each(pool, tine::inout(x), [](int&) { throw std::range_error("x"); }),
                 std::exception);
    int rank = 0;
    tine::spmd(pool, [rank](tine::Team t) mutable {
      t.barrier();
      rank = static_cast<int>(t.rank());
    });
    pool.refresh();
    // A nested job would wait for itself.
    tine::Pool* self = &pool;
    EXPECT_THROW(tine::for_each_slice(pool, tine::slices(1),
                                      [address = reinterpret_cast<std::uintptr_t>(self) ^ 1](
                                          tine::Slice) {
                                        auto& p = *reinterpret_cast<tine::Pool*>(address ^ 1);
                                        tine::for_each_slice(p, tine::slices(1),
                                                             [](tine::Slice) {});
                                      }),
                 std::exception);
    setenv("TINE_SERIAL", "0", 1);
    tine::Pool parallel({.workers = 2});
    EXPECT_EQ(parallel.worker_pids().size(), 2u);
  });
  EXPECT_EQ(end, 0);
}

TEST_F(PoolTest, a_fork_of_the_application_can_neither_use_nor_end_it_and_may_make_its_own) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<int>(1000);
  const int end = tine_test::in_child([&] {
    EXPECT_THROW(tine::for_each(pool, tine::inout(x), [](int& v) { v = 1; }), tine::PoolError);
    EXPECT_THROW(pool.array<int>(5), tine::PoolError);
    EXPECT_THROW(pool.allocator<int>().allocate(5), tine::PoolError);
    EXPECT_THROW(pool.refresh(), tine::PoolError);
    tine::Pool own({.workers = 2});
    auto y = own.array<int>(100);
    tine::for_each(own, tine::inout(y), [](int& v) { v = 1; });
    EXPECT_EQ(y[99], 1);
    tine::Pool gone(std::move(pool));  // as if the child returned from main
    tine::Array<int> also_gone(std::move(x));
  });
  EXPECT_EQ(end, 0);
  tine::for_each(pool, tine::inout(x), [](int& v) { v = 2; });
  EXPECT_EQ(x[999], 2);
}

TEST_F(PoolTest, a_fork_that_closes_all_descriptors_can_make_a_pool) {
  tine::Pool pool({.workers = 2});
  const int end = tine_test::in_child([&] {
    close_range(3, ~0u, 0);
    tine::Pool own({.workers = 2});
    auto y = own.array<int>(100);
    tine::for_each(own, tine::inout(y), [](int& v) { v = 1; });
    EXPECT_EQ(y[99], 1);
  });
  EXPECT_EQ(end, 0);
}

TEST_F(PoolTest, is_not_disturbed_by_what_the_application_does_with_sigchld) {
  for (const auto disposition : {SIG_IGN, SIG_DFL}) {
    const auto before = signal(SIGCHLD, disposition);
    {
      tine::Pool pool({.workers = 2});
      auto x = pool.array<int>(1000);
      const auto report = tine::for_each_slice(
          pool, tine::slices(1000, 100),
          [flag = x.view()](tine::Slice s, std::span<int> part) {
            for (int& v : part) v += 1;
            if (s.index == 3 && tine::in_worker()) {
              auto& seen = flag[999 - 5];
              if (std::atomic_ref(seen).fetch_add(100) < 50) raise(SIGKILL);
              std::atomic_ref(seen).fetch_sub(100);
            }
          },
          tine::inout(x));
      EXPECT_EQ(report.done, 10u);
      // The application takes every status it can get.
      while (waitpid(-1, nullptr, WNOHANG) > 0) {
      }
    }
    signal(SIGCHLD, before);
  }
}

TEST_F(PoolTest, gives_a_kernel_that_wants_too_much_memory_bad_alloc) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer itself needs terabytes";
#endif
  tine::Pool pool({.workers = 1, .memory_per_worker = 64 << 20});
  try {
    tine::for_each_slice(pool, tine::slices(1), [](tine::Slice) {
      std::vector<char> large(512 << 20, 1);
      if (large[5] != 1) throw 1;
    });
    FAIL();
  } catch (const tine::KernelError& error) {
    EXPECT_EQ(error.type(), "std::bad_alloc");
  }
  EXPECT_EQ(tine::for_each_slice(pool, tine::slices(1), [](tine::Slice) {
              std::vector<char> small(16 << 20, 1);
              if (small[5] != 1) throw 1;
            }).done, 1u);
}

TEST_F(PoolTest, a_start_hook_runs_in_every_worker) {
  const int end = tine_test::in_child([] {
    tine::on_worker_start([] { changed_later = 77; });
    changed_later = 0;
    tine::Pool pool({.workers = 2});
    EXPECT_EQ(value_in_worker(pool), 77);
    EXPECT_EQ(changed_later, 0);
  });
  EXPECT_EQ(end, 0);
}

// What the start hooks below note; a copy in each worker.
int hook_calls = 0;
unsigned hook_slot = 1000;

void note_slot(unsigned worker) {
  ++hook_calls;
  hook_slot = worker;
}

TEST_F(PoolTest, its_own_start_hook_runs_once_in_each_worker_and_each_replacement) {
  tine::Pool pool({.workers = 3, .worker_start = note_slot});
  tine::Pool other({.workers = 1});
  auto slots = pool.array<unsigned>(3);
  auto calls = pool.array<int>(3);
  for (int round = 0; round < 3; ++round) {
    std::fill(slots.begin(), slots.end(), 1000);
    tine::spmd(pool, [slots = slots.view(), calls = calls.view()](tine::Team t) {
      slots[t.rank()] = hook_slot;
      calls[t.rank()] = hook_calls;
      t.barrier();
    });
    EXPECT_EQ(std::vector(slots.begin(), slots.end()), (std::vector{0u, 1u, 2u}));
    EXPECT_EQ(std::vector(calls.begin(), calls.end()), (std::vector{1, 1, 1}));
    const std::vector<int> before = pool.worker_pids();
    EXPECT_TRUE(tine_test::signal_child(pool.supervisor_pid(), before[1], SIGKILL));
    EXPECT_TRUE(tine_test::eventually([&] { return pool.worker_pids()[1] != before[1]; }));
  }
  EXPECT_EQ(hook_calls, 0) << "it ran in the master";
  EXPECT_EQ(tine::reduce_slices(other, tine::slices(1), 0, std::plus<>{},
                                [](tine::Slice) { return hook_calls; }), 0) << "of another pool";
}

TEST_F(PoolTest, workers_whose_start_hook_fails_end_the_job_with_the_cause_of_their_deaths) {
  struct Case {
    void (*hook)(unsigned);
    const char* cause;
  };
  for (const Case& c :
       {Case{[](unsigned) { _exit(7); }, " x exit"},
        Case{[](unsigned) { throw std::runtime_error("no sandbox here"); }, " x SIGABRT"}}) {
    testing::internal::CaptureStderr();  // where std::terminate says what was thrown
    try {
      tine::Pool pool({.workers = 2, .worker_start = c.hook});
      tine::for_each_slice(pool, tine::slices(4, 1), [](tine::Slice) {});
      ADD_FAILURE() << "the job went through";
    } catch (const tine::WorkersLost& lost) {
      EXPECT_THAT(lost.what(), HasSubstr(c.cause));
      EXPECT_EQ(lost.report().done, 0u);
    } catch (const std::runtime_error& other) {
      ADD_FAILURE() << "what the hook threw came to a handler of the master: " << other.what();
    }
    testing::internal::GetCapturedStderr();
  }
}

TEST_F(PoolTest, in_worker_tells_kernels_from_the_master) {
  tine::Pool pool({.workers = 1});
  EXPECT_FALSE(tine::in_worker());
  EXPECT_EQ(tine::reduce_slices(pool, tine::slices(1), 0, std::plus<>{},
                                [](tine::Slice) { return tine::in_worker() ? 1 : 0; }), 1);
}

}  // namespace
