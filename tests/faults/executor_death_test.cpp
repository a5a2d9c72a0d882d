// Whoever dies, and wherever: a task is done once, or fails with an error that says why; the others
// are done; nothing hangs, and nothing is left behind.
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/executor.hpp>
#include <tine/queue.hpp>

#include "support/child.hpp"
#include "support/deaths.hpp"
#include "support/fixture.hpp"
#include "support/items.hpp"
#include "support/processes.hpp"
#include "toolbox/context.hpp"
#include "toolbox/task_table.hpp"

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tine_test::message_of;

class ExecutorDeath : public tine_test::NoItemLeftBehind {};

int twice(int x) {
  return 2 * x;
}

/// Kills one worker, and waits until that is known.
void kill_worker(tine::Executor& executor, std::size_t which = 0) {
  // One that was just forked may have done a task before its number is written down.
  int pid = 0;
  ASSERT_TRUE(tine_test::eventually([&] { return (pid = executor.worker_pids().at(which)) > 0; }));
  ASSERT_TRUE(tine_test::signal_child(executor.supervisor_pid(), pid, SIGKILL));
  ASSERT_TRUE(tine_test::eventually([&] { return executor.worker_pids().at(which) != pid; }));
}

// --- The crash matrix: where, and how. A crash while an argument is encoded, or a result decoded,
// is one of the caller's own process; of that nothing but a throw can be survived.

enum class Stage { encode_argument, decode_argument, run, encode_result, decode_result };
enum class How { not_at_all, throws, exits, exits_at_once, segfaults, is_killed, aborts };

void crash(How how) {
  switch (how) {
    case How::not_at_all:
      return;
    case How::throws:
      throw std::range_error("thrown on purpose");
    case How::exits:
      exit(3);
    case How::exits_at_once:
      _exit(0);
    case How::segfaults:
      tine_test::segfault();
      return;
    case How::is_killed:
      raise(SIGKILL);
      return;
    case How::aborts:
      abort();
  }
}

/// Crashes at one stage of its way there and back.
struct Bomb {
  Stage stage = Stage::run;
  How how = How::not_at_all;
  std::string bulk;  // so that the way takes several chunks

  template <class Archive>
  void save(Archive& archive) const {
    archive(stage, how, bulk.substr(0, bulk.size() / 2));
    if (stage == (tine::in_worker() ? Stage::encode_result : Stage::encode_argument)) crash(how);
    archive(bulk.substr(bulk.size() / 2));
  }
  template <class Archive>
  void load(Archive& archive) {
    std::string first, second;
    archive(stage, how, first);
    if (stage == (tine::in_worker() ? Stage::decode_argument : Stage::decode_result)) crash(how);
    archive(second);
    bulk = first + second;
  }
};

Bomb bomb(Stage stage, How how) {
  return {stage, how, std::string(3000, 'x')};
}

Bomb handle(Bomb b) {
  if (b.stage == Stage::run) crash(b.how);
  return b;
}

/// What is to be read of it in the error.
auto tells_of(How how) {
  switch (how) {
    case How::exits:
      return std::vector<std::string>{"exit status 3"};
    case How::exits_at_once:
      return std::vector<std::string>{"exit status 0"};
    case How::segfaults:
      return std::vector<std::string>{"SIGSEGV", "exit status 1"};  // with address sanitizer
    case How::is_killed:
      return std::vector<std::string>{"SIGKILL"};
    case How::aborts:
      return std::vector<std::string>{"SIGABRT", "exit status 1"};
    default:
      return std::vector<std::string>{"thrown on purpose"};
  }
}

void expect_error(const tine::Future<Bomb>& future, How how) {
  if (how == How::throws)
    EXPECT_THROW(future.result(), std::range_error);
  else
    EXPECT_THROW(future.result(), tine::WorkerDied);
  const std::string what = message_of([&] { future.result(); });
  bool told = false;
  for (const std::string& text : tells_of(how)) told = told || what.find(text) != what.npos;
  EXPECT_TRUE(told) << what;
}

struct Case {
  const char* name;
  Stage stage;
  How how;
};
constexpr Case crashes[] = {
    {"encode argument, throw", Stage::encode_argument, How::throws},
    {"decode argument, throw", Stage::decode_argument, How::throws},
    {"decode argument, exit()", Stage::decode_argument, How::exits},
    {"decode argument, _exit(0)", Stage::decode_argument, How::exits_at_once},
    {"decode argument, SIGSEGV", Stage::decode_argument, How::segfaults},
    {"run, throw", Stage::run, How::throws},
    {"run, exit()", Stage::run, How::exits},
    {"run, _exit(0)", Stage::run, How::exits_at_once},
    {"run, SIGSEGV", Stage::run, How::segfaults},
    {"run, SIGKILL", Stage::run, How::is_killed},
    {"run, SIGABRT", Stage::run, How::aborts},
    {"encode result, throw", Stage::encode_result, How::throws},
    {"encode result, exit()", Stage::encode_result, How::exits},
    {"encode result, _exit(0)", Stage::encode_result, How::exits_at_once},
    {"encode result, SIGSEGV", Stage::encode_result, How::segfaults},
    {"decode result, throw", Stage::decode_result, How::throws},
};

TEST_F(ExecutorDeath, a_crash_anywhere_fails_its_own_task_and_no_other) {
  for (const Case& c : crashes) {
    SCOPED_TRACE(c.name);
    tine::Executor executor({.workers = 2});
    std::vector<tine::Future<Bomb>> good;
    for (int i = 0; i < 5; ++i)
      good.push_back(executor.submit(handle, bomb(c.stage, How::not_at_all)));
    if (c.stage == Stage::encode_argument) {
      EXPECT_THROW(executor.submit(handle, bomb(c.stage, c.how)), std::range_error);
    } else {
      const auto bad = executor.submit(handle, bomb(c.stage, c.how));
      for (int i = 0; i < 5; ++i)
        good.push_back(executor.submit(handle, bomb(c.stage, How::not_at_all)));
      expect_error(bad, c.how);
    }
    for (const auto& future : good) EXPECT_EQ(future.result().bulk.size(), 3000u);
  }
}

TEST_F(ExecutorDeath, a_crash_anywhere_of_what_a_callback_submits_is_the_same) {
  for (const Case& c : crashes) {
    SCOPED_TRACE(c.name);
    tine::Executor executor({.workers = 2});
    std::vector<tine::Future<Bomb>> inner;
    int refused = 0;
    const auto outer = executor.submit([] { usleep(2000); });
    outer.add_done_callback([&](const tine::Future<void>&) {
      try {
        inner.push_back(executor.submit(handle, bomb(c.stage, c.how)));
      } catch (const std::range_error&) {
        ++refused;
      }
      inner.push_back(executor.submit(handle, bomb(c.stage, How::not_at_all)));
    });
    outer.result();
    EXPECT_EQ(refused, c.stage == Stage::encode_argument ? 1 : 0);
    ASSERT_EQ(inner.size() + static_cast<std::size_t>(refused), 2u);
    if (refused == 0) expect_error(inner[0], c.how);
    EXPECT_EQ(inner.back().result().bulk.size(), 3000u);
  }
}

TEST_F(ExecutorDeath, tells_the_signal_the_address_and_the_place) {
  if (tine_test::address_sanitizer) GTEST_SKIP() << "a fault is an exit then";
  tine::Executor executor({.workers = 1});
  const auto future = executor.submit([] { tine_test::segfault(); });
  EXPECT_THAT(message_of([&] { future.result(); }),
              AllOf(HasSubstr("SIGSEGV at address 0x10"), HasSubstr("\n  at ")));
  try {
    future.result();
    FAIL();
  } catch (const tine::WorkerDied& died) {
    EXPECT_EQ(died.fault().signal, SIGSEGV);
    EXPECT_EQ(died.fault().address, 0x10u);
  }
}

TEST_F(ExecutorDeath, every_kind_of_death_is_told) {
  for (const tine_test::Death& death : tine_test::deaths) {
    SCOPED_TRACE(death.name);
    tine::Executor executor({.workers = 1});
    const auto future = executor.submit(death.die);
    const auto next = executor.submit(twice, 21);
    try {
      future.result();
      FAIL() << "it did not die";
    } catch (const tine::WorkerDied& died) {
      EXPECT_TRUE(tine_test::tells_of(died.fault(), death)) << died.what();
    }
    EXPECT_EQ(next.result(), 42);
  }
}

// --- Death from outside

TEST_F(ExecutorDeath, of_a_busy_worker_fails_its_task_and_the_next_is_done) {
  tine::Executor executor({.workers = 1});
  const auto busy = executor.submit([] { pause(); });
  ASSERT_TRUE(tine_test::eventually([&] { return busy.running(); }));
  const auto next = executor.submit(twice, 21);
  kill_worker(executor);
  EXPECT_THROW(busy.result(), tine::WorkerDied);
  EXPECT_THAT(message_of([&] { busy.result(); }), HasSubstr("SIGKILL"));
  EXPECT_EQ(next.result(), 42);
}

TEST_F(ExecutorDeath, of_an_idle_worker_is_noticed_by_nobody_who_submits) {
  for (const int workers : {1, 2, 4}) {
    SCOPED_TRACE(workers);
    tine::Executor executor({.workers = workers});
    for (std::size_t i = 0; i < static_cast<std::size_t>(workers); ++i) kill_worker(executor, i);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(executor.submit(twice, i).result(), 2 * i);
    kill_worker(executor);
    EXPECT_EQ(executor.submit(twice, 21).result(), 42);
  }
}

TEST_F(ExecutorDeath, of_an_idle_worker_that_nobody_has_noticed_yet) {
  for (int i = 0; i < 20; ++i) {
    tine::Executor executor({.workers = 1});
    tine_test::signal_child(executor.supervisor_pid(), executor.worker_pids()[0], SIGKILL);
    const auto future = executor.submit(twice, 21);
    try {
      EXPECT_EQ(future.result(), 42);
    } catch (const tine::WorkerDied&) {  // it had begun
    }
    EXPECT_EQ(executor.submit(twice, 21).result(), 42);
  }
}

TEST_F(ExecutorDeath, a_task_is_tried_again_as_often_as_was_said) {
  tine::Executor executor({.workers = 2, .attempts = 3});
  auto begun = executor.array<int>(2);
  const auto dies = [](tine::View<int> b, std::size_t at, int until) {
    if (std::atomic_ref(b[at]).fetch_add(1) + 1 < until) raise(SIGKILL);
    return 42;
  };
  const auto third_time = executor.submit(dies, begun.view(), 0, 3);
  const auto never = executor.submit(dies, begun.view(), 1, 1000);
  EXPECT_EQ(third_time.result(), 42);
  EXPECT_THROW(never.result(), tine::WorkerDied);
  EXPECT_THAT(message_of([&] { never.result(); }), HasSubstr("on all 3 attempts"));
  EXPECT_EQ(begun[0], 3);
  EXPECT_EQ(begun[1], 3);
}

TEST_F(ExecutorDeath, a_task_that_is_not_to_be_tried_again_is_begun_once) {
  tine::Executor executor({.workers = 2});
  auto begun = executor.array<int>(1);
  const auto future = executor.submit(
      [](tine::View<int> b) {
        ++b[0];
        raise(SIGKILL);
      },
      begun.view());
  EXPECT_THROW(future.result(), tine::WorkerDied);
  EXPECT_EQ(begun[0], 1);
}

TEST_F(ExecutorDeath, workers_that_kill_each_other_leave_an_executor_that_works) {
  for (const int n : {1, 2, 5, 13}) {
    SCOPED_TRACE(n);
    tine::Executor executor({.workers = n});
    auto pids = executor.array<int>(n);
    std::vector<tine::Future<void>> futures;
    for (int i = 0; i < n; ++i)
      futures.push_back(executor.submit(
          [](tine::View<int> all, int me) {
            std::atomic_ref(all[static_cast<std::size_t>(me)]).store(getpid());
            usleep(2000);
            for (std::size_t k = 0; k < all.size(); ++k) {
              const int pid = std::atomic_ref(all[k]).load();
              if (pid > 0) kill(pid, SIGKILL);
            }
          },
          pids.view(), i));
    for (const auto& future : futures) EXPECT_THROW(future.result(), tine::WorkerDied);
    for (int i = 0; i < 2 * n; ++i) EXPECT_EQ(executor.submit(twice, i).result(), 2 * i);
  }
}

TEST_F(ExecutorDeath, a_crash_with_the_table_full_fails_one_task) {
  tine::Executor executor({.workers = 2});
  auto gate = executor.array<int>(1);
  const auto bad = executor.submit(
      [](tine::View<int> g) {
        while (std::atomic_ref(g[0]).load() == 0) usleep(500);
        raise(SIGKILL);
      },
      gate.view());
  const auto held = executor.submit(
      [](tine::View<int> g) {
        while (std::atomic_ref(g[0]).load() == 0) usleep(500);
      },
      gate.view());
  std::thread opener([&] {
    usleep(300'000);
    std::atomic_ref(gate[0]).store(1);
  });
  // More than there is room for: submit() has to wait for the death.
  std::vector<tine::Future<int>> futures;
  for (int i = 0; i < 70'000; ++i) futures.push_back(executor.submit(twice, i));
  for (int i = 0; i < 70'000; ++i) ASSERT_EQ(futures[static_cast<std::size_t>(i)].result(), 2 * i);
  EXPECT_THROW(bad.result(), tine::WorkerDied);
  held.result();
  opener.join();
}

TEST_F(ExecutorDeath, after_the_result_was_sent_loses_nothing) {
  tine::Executor executor({.workers = 1});
  for (int i = 0; i < 20; ++i) {
    // The result stays in memory that is in the dead worker's name.
    const auto future =
        executor.submit([](int x) { return std::string(10'000, char('a' + x)); }, i);
    executor.submit([] {}).result();
    kill_worker(executor);
    // Whoever is given memory that was not his writes over it.
    for (int k = 0; k < 50; ++k)
      executor.submit([](const std::string& s) { return s; }, std::string(10'000, '.')).result();
    EXPECT_EQ(future.result(), std::string(10'000, static_cast<char>('a' + i)));
  }
}

TEST_F(ExecutorDeath, of_many_tasks_leaves_no_zombies) {
  tine::Executor executor({.workers = 3});
  std::vector<tine::Future<void>> futures;
  for (int i = 0; i < 60; ++i) futures.push_back(executor.submit([] { raise(SIGKILL); }));
  for (const auto& future : futures) EXPECT_THROW(future.result(), tine::WorkerDied);
  EXPECT_TRUE(tine_test::eventually([] {
    for (const int pid : tine_test::descendants())
      if (tine_test::state_of(pid) == 'Z') return false;
    return true;
  }));
}

TEST_F(ExecutorDeath, takes_along_what_a_task_has_forked) {
  tine::Executor executor({.workers = 1});
  const auto future = executor.submit([] {
    if (fork() == 0) {
      pause();
      _exit(0);
    }
    _exit(5);
  });
  EXPECT_THAT(message_of([&] { future.result(); }), HasSubstr("exit status 5"));
  EXPECT_TRUE(tine_test::eventually([] { return tine_test::descendants().size() <= 2; }));
}

TEST_F(ExecutorDeath, a_stopped_worker_is_killed_and_its_task_fails) {
  tine::Executor executor({.workers = 1});
  const auto stopped = executor.submit([] { raise(SIGSTOP); });
  const auto next = executor.submit(twice, 21);
  EXPECT_THROW(stopped.result(), tine::WorkerDied);
  EXPECT_THAT(message_of([&] { stopped.result(); }), HasSubstr("stopped for over a second"));
  EXPECT_EQ(next.result(), 42);
}

TEST_F(ExecutorDeath, workers_that_cannot_start_fail_all_futures_instead_of_hanging) {
  for (const bool by_signal : {true, false}) {
    tine::Executor executor(
        {.workers = 2, .initializer = by_signal ? [] { raise(SIGKILL); } : [] { _exit(9); }});
    std::vector<tine::Future<int>> futures;
    for (int i = 0; i < 5; ++i) futures.push_back(executor.submit(twice, i));
    for (const auto& future : futures) EXPECT_THROW(future.result(), tine::BrokenExecutor);
    EXPECT_THAT(message_of([&] { futures[0].result(); }),
                HasSubstr(by_signal ? "killed by SIGKILL" : "ended with status 9"));
    EXPECT_THROW(executor.submit(twice, 1), tine::BrokenExecutor);
  }
}

TEST_F(ExecutorDeath, of_the_supervisor_fails_all_futures_and_keeps_what_was_done) {
  tine::Executor executor({.workers = 2});
  const auto done = executor.submit([] { return std::string(1000, 'x'); });
  while (!done.done()) usleep(100);
  const auto busy = executor.submit([] { pause(); });
  ASSERT_TRUE(tine_test::eventually([&] { return busy.running(); }));
  std::vector<tine::Future<void>> pending;
  for (int i = 0; i < 10; ++i) pending.push_back(executor.submit([] { pause(); }));
  ASSERT_EQ(kill(executor.supervisor_pid(), SIGKILL), 0);
  EXPECT_THROW(busy.result(), tine::SupervisorLost);
  for (const auto& future : pending) EXPECT_THROW(future.result(), tine::SupervisorLost);
  EXPECT_EQ(done.result().size(), 1000u);
  EXPECT_THROW(executor.submit(twice, 1), tine::SupervisorLost);
  EXPECT_FALSE(busy.cancel(true));
}

TEST_F(ExecutorDeath, of_the_supervisor_while_the_caller_cancels_by_force_or_shuts_down) {
  for (const bool cancel : {true, false}) {
    tine::Executor executor({.workers = 1});
    const auto busy = executor.submit([] { pause(); });
    ASSERT_TRUE(tine_test::eventually([&] { return busy.running(); }));
    ASSERT_EQ(kill(executor.supervisor_pid(), SIGKILL), 0);
    if (cancel)
      busy.cancel(true);
    else
      executor.shutdown();
    EXPECT_TRUE(busy.done());
  }
}

TEST_F(ExecutorDeath, of_the_master_leaves_nothing) {
  tine_test::Orphanage orphanage;
  const pid_t master = tine_test::start_child([] {
    tine::Executor executor({.workers = 2});
    for (int i = 0; i < 10; ++i) executor.submit([] { pause(); });
    pause();
  });
  ASSERT_TRUE(tine_test::eventually([] { return tine_test::descendants().size() >= 4; }));
  kill(master, SIGKILL);
  EXPECT_TRUE(orphanage.empties());
}

// --- Traps for deadlocks

TEST_F(ExecutorDeath, a_hundred_failing_then_a_hundred_good_tasks) {
  for (const How how : {How::throws, How::exits_at_once, How::is_killed}) {
    tine::Executor executor({.workers = 2});
    std::vector<tine::Future<void>> bad;
    std::vector<tine::Future<int>> good;
    for (int i = 0; i < 100; ++i) bad.push_back(executor.submit(crash, how));
    for (int i = 0; i < 100; ++i) good.push_back(executor.submit(twice, i));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(good[static_cast<std::size_t>(i)].result(), 2 * i);
    for (const auto& future : bad) EXPECT_NE(future.exception(), nullptr);
  }
}

TEST_F(ExecutorDeath, a_hundred_submits_while_the_workers_are_stopped) {
  tine::Executor executor({.workers = 2});
  for (const int pid : executor.worker_pids())
    ASSERT_TRUE(tine_test::signal_child(executor.supervisor_pid(), pid, SIGSTOP));
  std::vector<tine::Future<int>> futures;
  for (int i = 0; i < 100; ++i) futures.push_back(executor.submit(twice, i));
  for (const int pid : executor.worker_pids())
    tine_test::signal_child(executor.supervisor_pid(), pid, SIGCONT);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(futures[static_cast<std::size_t>(i)].result(), 2 * i);
}

TEST_F(ExecutorDeath, a_hundred_submits_while_the_workers_are_stopped_for_good) {
  tine::Executor executor({.workers = 2});
  for (const int pid : executor.worker_pids())
    ASSERT_TRUE(tine_test::signal_child(executor.supervisor_pid(), pid, SIGSTOP));
  std::vector<tine::Future<int>> futures;
  for (int i = 0; i < 100; ++i) futures.push_back(executor.submit(twice, i));
  int died = 0;
  for (int i = 0; i < 100; ++i) try {
      EXPECT_EQ(futures[static_cast<std::size_t>(i)].result(), 2 * i);
    } catch (const tine::WorkerDied&) {
      ++died;  // at most what was begun
    }
  EXPECT_LE(died, 2);
}

TEST_F(ExecutorDeath, shutdown_while_workers_crash) {
  for (int round = 0; round < 20; ++round) {
    tine::Executor executor({.workers = 2});
    std::vector<tine::Future<void>> futures;
    for (int i = 0; i < 10; ++i) futures.push_back(executor.submit(crash, How::exits_at_once));
    executor.shutdown(true, round % 2 == 0);
    for (const auto& future : futures) EXPECT_TRUE(future.done());
  }
}

TEST_F(ExecutorDeath, submit_against_shutdown_from_another_thread) {
  for (int round = 0; round < 50; ++round) {
    tine::Executor executor({.workers = 2});
    std::vector<tine::Future<int>> futures;
    std::thread submits([&] {
      try {
        for (int i = 0;; ++i) futures.push_back(executor.submit(twice, i));
      } catch (const tine::Closed&) {
      }
    });
    usleep(static_cast<unsigned>(round * 20));
    executor.shutdown(true, round % 2 == 0);
    submits.join();
    for (std::size_t i = 0; i < futures.size(); ++i) {
      ASSERT_TRUE(futures[i].done());
      if (futures[i].cancelled()) continue;
      EXPECT_EQ(futures[i].result(), 2 * static_cast<int>(i));
    }
  }
}

TEST_F(ExecutorDeath, cancelling_while_large_data_moves) {
  tine::Executor executor({.workers = 2});
  const std::size_t bytes = tine_test::address_sanitizer ? 16 << 20 : 64 << 20;
  for (int round = 0; round < 10; ++round) {
    const auto large = executor.submit(
        [](std::vector<char> v) {
          v.resize(2 * v.size(), 'y');
          return v;
        },
        std::vector<char>(bytes, 'x'));
    usleep(static_cast<unsigned>(round * 5000));
    if (large.cancel(true))
      EXPECT_THROW(large.result(), tine::CancelledError);
    else
      EXPECT_EQ(large.result().size(), 2 * bytes);
    EXPECT_EQ(executor.submit(twice, 21).result(), 42);
  }
}

TEST_F(ExecutorDeath, killing_workers_at_random_fails_tasks_and_loses_none) {
  tine::Executor executor({.workers = 3, .attempts = 60});
  std::atomic<bool> stop = false;
  std::thread killer([&] {
    unsigned i = 0;
    while (!stop) {
      usleep(3000);
      const auto pids = executor.worker_pids();
      if (!pids.empty())
        tine_test::signal_child(executor.supervisor_pid(), pids[i++ % pids.size()], SIGKILL);
    }
  });
  for (int round = 0; round < 10; ++round) {
    std::vector<tine::Future<std::vector<int>>> futures;
    for (int i = 0; i < 300; ++i)
      futures.push_back(
          executor.submit([](std::vector<int> v) { return v; }, std::vector<int>(500, i)));
    for (int i = 0; i < 300; ++i)
      EXPECT_EQ(futures[static_cast<std::size_t>(i)].result(), std::vector<int>(500, i));
  }
  stop = true;
  killer.join();
}

// --- Stray writes

/// The only executor's table.
tine::detail::TaskHeader* find_table() {
  using namespace tine::detail;
  for (std::uint32_t slot = 0; slot < 16; ++slot)
    for (std::uint32_t generation = 1; generation < 1000; ++generation)
      if (std::byte* at = Context::existing()->object(
              ObjectId{generation, ObjectId::above_addresses | slot}, ObjectKind::tasks))
        return reinterpret_cast<TaskHeader*>(at);
  return nullptr;
}

TEST_F(ExecutorDeath, a_task_that_writes_over_the_hints_hangs_nothing) {
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1000}, ~std::uint64_t{0}}) {
    tine::Executor executor({.workers = 2});
    for (int i = 0; i < 10; ++i) executor.submit(twice, i).result();
    const auto bad = executor.submit(
        [](std::uint64_t v) {
          tine::detail::TaskHeader* header = find_table();
          header->tail.store(v);
          header->scan.store(v);
          header->over.store(v);
          header->wanted.store(v);
          header->cancels.store(static_cast<std::uint32_t>(v));
          header->finished.sleepers.store(0);
        },
        value);
    bad.result();
    std::vector<tine::Future<int>> futures;
    for (int i = 0; i < 100; ++i) futures.push_back(executor.submit(twice, i));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(futures[static_cast<std::size_t>(i)].result(), 2 * i);
  }
}

TEST_F(ExecutorDeath, a_task_that_writes_over_the_words_of_others_hangs_nothing) {
  using tine::detail::TaskWord;
  constexpr TaskWord::State states[] = {TaskWord::State::free,       TaskWord::State::running,
                                        TaskWord::State::cancelling, TaskWord::State::overdue,
                                        TaskWord::State::done,       TaskWord::State::failed,
                                        TaskWord::State::cancelled};
  for (const TaskWord::State state : states)
    for (const unsigned party : {0u, 2u, 700u}) {
      SCOPED_TRACE(static_cast<int>(state));
      SCOPED_TRACE(party);
      tine::Executor executor({.workers = 1});
      const auto bad = executor.submit(
          [](TaskWord::State s, unsigned p) {
            usleep(1000);  // until the next one is there
            auto* words = reinterpret_cast<std::atomic<std::uint64_t>*>(find_table() + 1);
            TaskWord word = TaskWord::unpack(words[1].load());
            word.state = s;
            word.party = p;
            word.chunk = TaskWord::nothing;
            words[1].store(word.pack());
          },
          state, party);
      const auto victim = executor.submit(twice, 21);
      try {
        victim.result();
      } catch (const std::exception&) {
      }
      EXPECT_TRUE(victim.done());
      bad.result();
      EXPECT_EQ(executor.submit(twice, 21).result(), 42);
    }
}

// --- Ending by force

TEST_F(ExecutorDeath, killing_or_terminating_all_workers_fails_pending_futures_and_forks_nobody) {
  for (const bool terminate : {true, false}) {
    SCOPED_TRACE(terminate);
    tine::Executor executor({.workers = 2});
    const auto done = executor.submit([] { return std::string("done"); });
    while (!done.done()) usleep(100);
    const auto busy = executor.submit([] {
      signal(SIGTERM, SIG_IGN);
      for (;;) pause();
    });
    ASSERT_TRUE(tine_test::eventually([&] { return busy.running(); }));
    std::vector<tine::Future<void>> pending;
    for (int i = 0; i < 10; ++i) pending.push_back(executor.submit([] { pause(); }));
    int called = 0;
    pending[3].add_done_callback([&](const auto&) { ++called; });
    if (terminate)
      executor.terminate_workers();
    else
      executor.kill_workers();
    EXPECT_TRUE(busy.done());
    EXPECT_EQ(called, 1);
    EXPECT_THROW(busy.result(), tine::BrokenExecutor);
    for (const auto& future : pending) EXPECT_THROW(future.result(), tine::BrokenExecutor);
    EXPECT_EQ(done.result(), "done");
    EXPECT_THAT(tine_test::descendants(), IsEmpty());
    EXPECT_THROW(executor.submit(twice, 1), tine::Closed);
    executor.kill_workers();
  }
}

TEST_F(ExecutorDeath, killing_all_workers_wakes_who_waits_in_another_thread) {
  tine::Executor executor({.workers = 1});
  const auto busy = executor.submit([] { pause(); });
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      try {
        busy.result();
      } catch (const tine::BrokenExecutor&) {
        ++failed;
      }
    });
  threads.emplace_back([&] { executor.shutdown(); });
  usleep(20'000);
  executor.kill_workers();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 3);
}

TEST_F(ExecutorDeath, terminated_workers_may_still_do_something_about_it) {
  tine::Executor executor({.workers = 1});
  auto word = executor.array<int>(2);
  static tine::View<int> seen;
  const auto busy = executor.submit(
      [](tine::View<int> w) {
        seen = w;
        signal(SIGTERM, [](int) {
          std::atomic_ref(seen[0]).store(42);
          _exit(0);
        });
        std::atomic_ref(w[1]).store(1);
        for (;;) pause();
      },
      word.view());
  ASSERT_TRUE(tine_test::eventually([&] { return std::atomic_ref(word[1]).load() == 1; }));
  executor.terminate_workers();
  EXPECT_EQ(word[0], 42);
}

}  // namespace
