// However the application ends, nothing of its pools is left.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/deaths.hpp"
#include "support/processes.hpp"
#include "support/workload.hpp"

namespace {

// As applications have them: there before main(), filled in it.
std::unique_ptr<tine::Pool> global_pool;
std::optional<tine::Array<int>> global_array;

class MasterDeath : public tine_test::NothingLeftBehind {
 protected:
  tine_test::Orphanage orphanage_;
};

// How often the master is killed: more on demand, fewer where a fork takes tens of milliseconds.
int kills() {
  const char* wanted = getenv("TINE_MASTER_KILLS");
  if (wanted != nullptr) return atoi(wanted);
  return tine_test::address_sanitizer ? 100 : 1000;
}

TEST_F(MasterDeath, by_sigkill_at_any_moment_leaves_no_process_and_no_shared_memory) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::chrono::nanoseconds slowest{0};
  for (int round = 0; round < kills(); ++round) {
    alarm(120);  // each round has the time that a test has
    const pid_t child = tine_test::start_child([&] { tine_test::work_for_ever(round % 4 == 3); });
    usleep(random() % 20'000);
    kill(child, SIGKILL);
    const auto killed = std::chrono::steady_clock::now();
    EXPECT_EQ(tine_test::end_of(child), 1000 + SIGKILL);
    ASSERT_TRUE(orphanage_.empties()) << "round " << round;
    slowest = std::max<std::chrono::nanoseconds>(slowest,
                                                 std::chrono::steady_clock::now() - killed);
    // Memory without a name goes with the last who holds it.
    ASSERT_EQ(tine_test::holders_of_arenas(), std::vector<int>{}) << "round " << round;
  }
  printf("  seed %u: %d kills, everything was gone after at most %.0f ms\n", seed, kills(),
         static_cast<double>(slowest.count()) / 1e6);
}

TEST_F(MasterDeath, by_a_signal_like_that_of_ctrl_c_leaves_no_process) {
  for (const int signal : {SIGINT, SIGTERM, SIGSEGV, SIGABRT}) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = tine_test::start_child([&] {
      ::signal(signal, SIG_DFL);  // whatever a sanitizer does with it
      tine::Pool pool({.workers = 2});
      [[maybe_unused]] const auto n = write(ready[1], "x", 1);
      tine::for_each_slice(pool, tine::slices(2, 1), [](tine::Slice) { pause(); });
    });
    close(ready[1]);
    char byte;
    EXPECT_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    kill(child, signal);
    EXPECT_EQ(tine_test::end_of(child), 1000 + signal);
    EXPECT_TRUE(orphanage_.empties());
  }
}

TEST_F(MasterDeath, by_exit_with_pools_in_globals_is_clean) {
  const pid_t child = tine_test::start_child([] {
    global_pool = std::make_unique<tine::Pool>(tine::PoolOptions{.workers = 2});
    global_array = global_pool->array<int>(1000);
    static tine::Pool local_static({.workers = 2});
    tine::for_each(*global_pool, tine::inout(*global_array), [](int& v) { v = 1; });
    exit((*global_array)[999] == 1 ? 0 : 2);
  });
  EXPECT_EQ(tine_test::end_of(child), 0);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(MasterDeath, by__exit_leaves_no_process) {
  const pid_t child = tine_test::start_child([] {
    tine::Pool pool({.workers = 2});
    _exit(5);
  });
  EXPECT_EQ(tine_test::end_of(child), 5);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(MasterDeath, in_the_middle_of_a_job_of_another_thread_leaves_no_process) {
  const pid_t child = tine_test::start_child([] {
    tine::Pool pool({.workers = 2});
    std::thread([&] {
      tine::for_each_slice(pool, tine::slices(2, 1), [](tine::Slice) { pause(); });
    }).detach();
    tine_test::sleep_ms(20);
    _exit(0);
  });
  EXPECT_EQ(tine_test::end_of(child), 0);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(MasterDeath, by_exec_ends_the_pool_though_the_process_lives_on) {
  int input[2];
  ASSERT_EQ(pipe2(input, O_CLOEXEC), 0);
  const pid_t child = tine_test::start_child([&] {
    tine::Pool pool({.workers = 2});
    tine::for_each_slice(pool, tine::slices(2, 1), [](tine::Slice) {});
    dup2(input[0], STDIN_FILENO);
    execlp("cat", "cat", nullptr);
    _exit(9);
  });
  close(input[0]);
  EXPECT_TRUE(tine_test::eventually([&] {
    const auto left = tine_test::descendants();
    return std::ifstream("/proc/" + std::to_string(child) + "/comm").get() == 'c' &&
           std::all_of(left.begin(), left.end(),
                       [&](int pid) { return pid == child || tine_test::has_ended(pid); });
  }));
  EXPECT_FALSE(tine_test::has_ended(child));
  close(input[1]);  // the end of its input
  EXPECT_EQ(tine_test::end_of(child), 0);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(MasterDeath, of_a_fork_of_the_application_does_not_hurt_the_pool) {
  tine::Pool pool({.workers = 2});
  EXPECT_EQ(tine_test::holders_of_arenas().size(), 3u) << "as long as it lives";
  auto x = pool.array<int>(1000);
  const pid_t by_exit = tine_test::start_child([] { exit(0); });
  EXPECT_EQ(tine_test::end_of(by_exit), 0);
  const pid_t killed = tine_test::start_child([] { pause(); });
  kill(killed, SIGKILL);
  tine_test::end_of(killed);
  tine::for_each(pool, tine::inout(x), [](int& v) { v = 1; });
  EXPECT_EQ(x[999], 1);
}

TEST_F(MasterDeath, of_a_fork_made_during_a_job_is_clean) {
  tine::Pool pool({.workers = 2});
  auto gate = pool.array<int>(1);
  int* state = gate.data();
  global_array = pool.array<int>(1000);
  std::thread job([&] {
    tine::for_each_slice(pool, tine::slices(1000, 500),
                         [g = gate.view()](tine::Slice, std::span<int> part) {
                           part[0] = 1;
                           std::atomic_ref<int> seen(g[0]);
                           seen.fetch_add(1);
                           while (seen.load() < 100) usleep(100);
                         },
                         tine::inout(*global_array));
  });
  EXPECT_TRUE(tine_test::eventually([&] { return std::atomic_ref(*state).load() > 0; }));
  // Its destructors run while the array is in use here.
  const pid_t child = tine_test::start_child([] { exit(0); });
  EXPECT_EQ(tine_test::end_of(child), 0);
  std::atomic_ref(*state).store(100);
  job.join();
  EXPECT_EQ((*global_array)[500], 1);
  global_array.reset();
}

TEST_F(MasterDeath, is_not_what_a_stop_of_it_is) {
  const pid_t child = tine_test::start_child([] {
    tine::Pool pool({.workers = 2});
    for (int round = 0; round < 3; ++round) {
      const auto report =
          tine::for_each_slice(pool.with({.slice_deadline = std::chrono::milliseconds(400),
                                          .job_deadline = std::chrono::seconds(60)}),
                               tine::slices(20, 1), [](tine::Slice) { usleep(50'000); });
      EXPECT_TRUE(report.faults.empty()) << report.to_string();
    }
  });
  for (int i = 0; i < 2; ++i) {
    tine_test::sleep_ms(200);
    kill(child, SIGSTOP);
    tine_test::sleep_ms(1200);
    kill(child, SIGCONT);
  }
  EXPECT_EQ(tine_test::end_of(child), 0);
  EXPECT_TRUE(orphanage_.empties());
}

}  // namespace
