// Without its supervisor a pool ends in a clear error, keeps its arrays, and can be started again.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/processes.hpp"
#include "support/workload.hpp"

namespace {

using ::testing::HasSubstr;
using tine_test::Workload;

class SupervisorDeath : public tine_test::NothingLeftBehind {
 protected:
  // Its workers follow on their own, a moment later.
  void kill_supervisor() {
    std::vector<int> pids = pool.worker_pids();
    pids.push_back(pool.supervisor_pid());
    EXPECT_TRUE(tine_test::signal_child(getpid(), pool.supervisor_pid(), SIGKILL));
    EXPECT_TRUE(tine_test::eventually(
        [&] { return std::all_of(pids.begin(), pids.end(), tine_test::has_ended); }));
  }
  tine::Pool pool{tine::PoolOptions{.workers = 3}};
};

TEST_F(SupervisorDeath, takes_the_workers_along) {
  kill_supervisor();
}

TEST_F(SupervisorDeath, while_idle_ends_the_next_job_in_an_error_that_says_what_to_do) {
  auto x = pool.array<int>(1000);
  for (int& v : x) v = 5;
  kill_supervisor();
  for (int round = 0; round < 2; ++round) {
    try {
      tine::for_each(pool, tine::inout(x), [](int& v) { v = 6; });
      FAIL();
    } catch (const tine::SupervisorLost& error) {
      EXPECT_THAT(error.what(), HasSubstr("refresh"));
    }
  }
  EXPECT_EQ(std::count(x.begin(), x.end(), 5), 1000);
  pool.refresh();
  tine::for_each(pool, tine::inout(x), [](int& v) { v = 6; });
  EXPECT_EQ(std::count(x.begin(), x.end(), 6), 1000);
}

TEST_F(SupervisorDeath, does_not_keep_arrays_from_being_made_and_freed) {
  kill_supervisor();
  std::vector<tine::Array<char>> arrays;
  for (int i = 0; i < 20; ++i) {
    try {
      arrays.push_back(pool.array<char>(3'000'000));
    } catch (const tine::SupervisorLost&) {  // who would have committed it
    }
  }
  pool.refresh();
  for (int i = 0; i < 20; ++i) arrays.push_back(pool.array<char>(i * 100'000));
  for (auto& array : arrays) std::fill(array.begin(), array.end(), 1);
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    EXPECT_EQ(std::count(arrays[i].begin(), arrays[i].end(), 1),
              static_cast<std::ptrdiff_t>(arrays[i].size()));
    std::fill(arrays[i].begin(), arrays[i].end(), 2);  // seen by any that lies across it
  }
}

TEST_F(SupervisorDeath, at_random_moments_of_a_job_leaves_every_slice_whole) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Workload work(pool, 100'000, 1000);
  int lost = 0;
  for (int round = 0; round < 40; ++round) {
    std::thread killer([&, delay = random() % 2000] {
      usleep(delay);
      kill_supervisor();
    });
    try {
      for (int i = 0; i < 1000; ++i) work.inout({}, [](const tine::Slice&) { usleep(20); });
      ADD_FAILURE() << "nobody noticed";
    } catch (const tine::SupervisorLost&) {
      ++lost;
      EXPECT_TRUE(work.each_slice_is_whole());
    }
    killer.join();
    work.reset();
    pool.refresh();
    work.out();
    work.inout();
  }
  EXPECT_EQ(lost, 40);
}

TEST_F(SupervisorDeath, together_with_workers_leaves_every_slice_whole) {
  std::mt19937 random(7);
  Workload work(pool, 100'000, 1000);
  for (int round = 0; round < 20; ++round) {
    std::thread killer([&, delay = random() % 2000] {
      usleep(delay);
      const auto pids = pool.worker_pids();
      tine_test::signal_child(pool.supervisor_pid(), pids[round % 3], SIGKILL);
      kill_supervisor();
    });
    try {
      for (int i = 0; i < 1000; ++i) work.inout({}, [](const tine::Slice&) { usleep(20); });
      ADD_FAILURE();
    } catch (const tine::SupervisorLost&) {
      EXPECT_TRUE(work.each_slice_is_whole());
    }
    killer.join();
    work.reset();
    pool.refresh();
    work.inout();
  }
}

TEST_F(SupervisorDeath, is_no_matter_for_the_end_of_the_pool) {
  auto x = pool.array<int>(10);
  kill_supervisor();
  tine::Pool gone(std::move(pool));
  pool = tine::Pool({.workers = 1});
  x[5] = 1;
}

TEST_F(SupervisorDeath, is_not_what_a_stop_of_it_is) {
  Workload work(pool, 50'000, 1000);
  const int supervisor = pool.supervisor_pid();
  ASSERT_TRUE(tine_test::signal_child(getpid(), supervisor, SIGSTOP));
  ASSERT_TRUE(tine_test::eventually([&] { return tine_test::state_of(supervisor) == 'T'; }));
  work.inout();  // the way of a job without faults does not lead past it
  std::atomic<bool> continued = false;
  std::thread other([&] {
    tine_test::sleep_ms(1500);
    continued = true;
    tine_test::signal_child(getpid(), supervisor, SIGCONT);
  });
  // A death has to wait for it, a deadline must not pass meanwhile.
  auto tries = pool.array<int>(1);
  const auto report = work.inout({.slice_deadline = std::chrono::milliseconds(500)},
                                 [t = tries.view()](const tine::Slice& s) {
                                   if (s.index == 7 && t[0]++ == 0) raise(SIGKILL);
                                 });
  EXPECT_TRUE(continued);
  ASSERT_EQ(report.faults.size(), 1u) << report.to_string();
  EXPECT_EQ(report.faults[0].cause, tine::Cause::signal);
  other.join();
}

// Whether there is an order that no supervisor of this process has read.
bool an_order_waits() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream info(entry.path());
    for (std::string name, value; info >> name >> value;)
      if (name == "eventfd-count:" && value != "0") return true;
  }
  return false;
}

// A master that has lost its patience orders the workers of a cancelled job to be killed; here the
// supervisor gets to it only when they are in the next one.
TEST_F(SupervisorDeath, is_not_what_a_stop_is_after_which_an_old_order_hits_no_new_job) {
  tine::Pool one({.workers = 1});
  auto shared = one.array<int>(2);
  int* const begun = shared.data();
  int* const may_end = begun + 1;
  const auto kernel = [s = shared.view()](const tine::Slice&) {
    std::atomic_ref(s[0]).fetch_add(1);
    while (std::atomic_ref(s[1]).load() < std::atomic_ref(s[0]).load()) usleep(100);
  };
  auto begins = [&](int jobs) {
    return tine_test::eventually([&] { return std::atomic_ref(*begun).load() == jobs; });
  };

  std::stop_source stop;
  std::thread first([&] {
    EXPECT_THROW(
        tine::for_each_slice(one.with({.stop = stop.get_token()}), tine::slices(2, 1), kernel),
        tine::Cancelled);
  });
  EXPECT_TRUE(begins(1));
  EXPECT_TRUE(tine_test::signal_child(getpid(), one.supervisor_pid(), SIGSTOP));
  stop.request_stop();
  EXPECT_TRUE(tine_test::eventually(an_order_waits));
  std::atomic_ref(*may_end).store(1);
  first.join();

  std::thread second([&] {
    const auto report = tine::for_each_slice(one.with({.attempts = 1}), tine::slices(1, 1), kernel);
    EXPECT_TRUE(report.faults.empty()) << report.to_string();
  });
  EXPECT_TRUE(begins(2));
  EXPECT_TRUE(tine_test::signal_child(getpid(), one.supervisor_pid(), SIGCONT));
  // Memory is committed by a later look at the orders.
  const auto committed = one.array<char>(std::size_t{65} << 20);
  EXPECT_TRUE(tine_test::eventually([] { return !an_order_waits(); }));
  std::atomic_ref(*may_end).store(2);
  second.join();
}

}  // namespace
