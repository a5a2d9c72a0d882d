#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <forward_list>
#include <list>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/executor.hpp>
#include <tine/queue.hpp>
#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/deaths.hpp"
#include "support/fixture.hpp"
#include "support/items.hpp"
#include "support/processes.hpp"
#include "toolbox/context.hpp"

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using tine_test::chunks_taken;
using tine_test::message_of;

class Executor : public tine_test::NoItemLeftBehind {};

int twice(int x) {
  return 2 * x;
}

// --- What travels

TEST_F(Executor, calls_functions_lambdas_and_objects_with_their_arguments) {
  tine::Executor executor({.workers = 2});
  struct Adder {
    int a;
    int operator()(int b) const { return a + b; }
  };
  int captured = 40;
  EXPECT_EQ(executor.submit(twice, 21).result(), 42);
  EXPECT_EQ(executor.submit([captured](int x) { return captured + x; }, 2).result(), 42);
  EXPECT_EQ(executor.submit(Adder{40}, 2).result(), 42);
  EXPECT_EQ(executor.submit([] { return 42; }).result(), 42);
  executor.submit([] {}).result();
}

TEST_F(Executor, runs_tasks_in_worker_processes_of_its_own) {
  tine::Executor executor({.workers = 2});
  const auto pids = executor.worker_pids();
  for (int i = 0; i < 20; ++i)
    EXPECT_THAT(pids, ::testing::Contains(executor.submit([] { return getpid(); }).result()));
}

TEST_F(Executor, passes_strings_containers_and_text_literals_as_copies) {
  tine::Executor executor({.workers = 2});
  EXPECT_EQ(executor.submit([](std::string s) { return s + "!"; }, "text").result(), "text!");
  EXPECT_EQ(executor.submit([](const std::string& s) { return s.size(); }, std::string(100000, 'x'))
                .result(),
            100000u);
  EXPECT_EQ(executor.submit([](std::string_view s) { return s.size(); }, std::string_view("abc"))
                .result(),
            3u);
  std::vector<int> values(100000);
  std::iota(values.begin(), values.end(), 0);
  EXPECT_EQ(
      executor.submit([](std::vector<int> v) { return std::vector(v.rbegin(), v.rend()); }, values)
          .result(),
      std::vector(values.rbegin(), values.rend()));
  const std::map<std::string, std::vector<double>> map{{"a", {1, 2}}, {"b", {}}};
  EXPECT_EQ(
      executor.submit([](std::map<std::string, std::vector<double>> m) { return m; }, map).result(),
      map);
}

struct Person {
  std::string name;
  int age = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(name, age);
  }
  bool operator==(const Person&) const = default;
};

TEST_F(Executor, passes_types_that_have_a_serialisation) {
  tine::Executor executor({.workers = 1});
  EXPECT_EQ(
      executor.submit(
                  [](Person p) {
                    return Person{p.name + "!", p.age + 1};
                  },
                  Person{"Ada", 36})
          .result(),
      (Person{"Ada!", 37}));
}

TEST_F(Executor, passes_views_and_spans_of_its_arrays_without_copying) {
  tine::Executor executor({.workers = 2});
  auto array = executor.array<int>(100000);
  executor.submit([](tine::View<int> v) { v[7] = 42; }, array.view()).result();
  EXPECT_EQ(array[7], 42);
  executor.submit([](std::span<int> s) { std::iota(s.begin(), s.end(), 0); }, array.span())
      .result();
  EXPECT_EQ(array[99999], 99999);
  EXPECT_EQ(chunks_taken(), 0u);
  const auto copied = executor.array_from(std::vector<int>{1, 2, 3});
  EXPECT_EQ(
      executor.submit([](std::span<const int> s) { return s[0] + s[1] + s[2]; }, copied.span())
          .result(),
      6);
  const std::span<int> part =
      executor.submit([](std::span<int> s) { return s.subspan(10, 5); }, array.span()).result();
  EXPECT_EQ(part.data(), array.data() + 10);
}

TEST_F(Executor, refuses_a_span_of_other_memory_and_says_what_to_do) {
  tine::Executor executor({.workers = 1});
  std::vector<int> mine(10);
  EXPECT_THROW(executor.submit([](std::span<int>) {}, std::span(mine)), tine::InvalidArgument);
  EXPECT_THAT(message_of([&] { executor.submit([](std::span<int>) {}, std::span(mine)); }),
              HasSubstr("pass a std::vector"));
  executor.submit([](std::span<int> s) { return s.size(); }, std::span<int>()).result();
}

TEST_F(Executor, refuses_captures_and_arguments_that_hold_pointers_into_private_memory) {
  tine::Executor executor({.workers = 1});
  std::vector<int> mine(10);
  EXPECT_THROW(executor.submit([&mine] { return mine.size(); }), tine::BadCallable);
  EXPECT_THAT(message_of([&] { executor.submit([&mine] { return mine.size(); }); }),
              HasSubstr("the task captures a pointer or reference"));
  EXPECT_THROW(executor.submit([](tine::View<int>) {}, tine::View<int>(mine.data(), {10})),
               tine::BadCallable);
}

TEST_F(Executor, gives_results_that_can_only_be_moved) {
  tine::Executor executor({.workers = 1});
  std::unique_ptr<int> result = executor.submit([] { return std::make_unique<int>(42); }).result();
  EXPECT_EQ(*result, 42);
}

TEST_F(Executor, moves_large_arguments_and_results) {
  tine::Executor executor({.workers = 2});
  std::vector<double> values(4 << 20, 1.5);
  const auto back = executor.submit([](std::vector<double> v) { return v; }, values);
  EXPECT_EQ(back.result(), values);
}

// --- What tasks throw

template <class E>
void expect_kept(tine::Executor& executor, const char* type) {
  SCOPED_TRACE(type);
  const auto future = executor.submit([] { throw E("what happened"); });
  EXPECT_THROW(future.result(), E);
  try {
    future.result();
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), AllOf(StartsWith("what happened"), HasSubstr(type)));
    const auto* trace = dynamic_cast<const tine::TaskTrace*>(&error);
    ASSERT_NE(trace, nullptr);
    EXPECT_EQ(trace->type(), type);
    EXPECT_EQ(trace->message(), "what happened");
    EXPECT_THAT(executor.worker_pids(), ::testing::Contains(trace->pid()));
  }
}

TEST_F(Executor, exceptions_of_the_standard_library_keep_their_type_and_text) {
  tine::Executor executor({.workers = 1});
  expect_kept<std::logic_error>(executor, "std::logic_error");
  expect_kept<std::invalid_argument>(executor, "std::invalid_argument");
  expect_kept<std::domain_error>(executor, "std::domain_error");
  expect_kept<std::length_error>(executor, "std::length_error");
  expect_kept<std::out_of_range>(executor, "std::out_of_range");
  expect_kept<std::runtime_error>(executor, "std::runtime_error");
  expect_kept<std::range_error>(executor, "std::range_error");
  expect_kept<std::overflow_error>(executor, "std::overflow_error");
  expect_kept<std::underflow_error>(executor, "std::underflow_error");
  expect_kept<tine::InvalidArgument>(executor, "tine::InvalidArgument");
  EXPECT_THROW(executor.submit([] { throw std::bad_alloc(); }).result(), std::bad_alloc);
  EXPECT_THROW(executor.submit([] { throw std::bad_array_new_length(); }).result(),
               std::bad_array_new_length);
  EXPECT_THROW(executor.submit([] { return std::optional<int>().value(); }).result(),
               std::bad_optional_access);
  EXPECT_THROW(executor.submit([] { return std::vector<int>().at(3); }).result(),
               std::out_of_range);
}

struct OwnError : std::out_of_range {
  using std::out_of_range::out_of_range;
};
struct Strange {};

TEST_F(Executor, other_exceptions_come_as_their_nearest_base_and_tell_their_type) {
  tine::Executor executor({.workers = 1});
  const auto derived = executor.submit([] { throw OwnError("mine"); });
  EXPECT_THROW(derived.result(), std::out_of_range);
  EXPECT_THAT(message_of([&] { derived.result(); }),
              AllOf(StartsWith("mine"), HasSubstr("OwnError")));
  EXPECT_THROW(executor.submit([] { throw Strange(); }).result(), tine::TaskError);
  EXPECT_THAT(message_of([&] { executor.submit([] { throw Strange(); }).result(); }),
              HasSubstr("Strange"));
  EXPECT_THAT(message_of([&] { executor.submit([] { throw "just text"; }).result(); }),
              HasSubstr("just text"));
  EXPECT_THAT(message_of([&] { executor.submit([] { throw 42; }).result(); }), HasSubstr("int"));
}

}  // namespace

// Of a name that a backtrace can show.
[[gnu::noinline]] void throws_deep_down(int depth) {
  if (depth == 0) throw std::range_error("deep down");
  throws_deep_down(depth - 1);
  asm volatile("");
}

namespace {

TEST_F(Executor, an_exception_tells_where_in_the_worker_it_was_thrown) {
  tine::Executor executor({.workers = 1});
  const auto future = executor.submit(throws_deep_down, 2);
  const std::string what = message_of([&] { future.result(); });
  EXPECT_THAT(what, HasSubstr("\n  at throws_deep_down(int)"));
  EXPECT_THAT(what, ::testing::Not(HasSubstr("worker_main"))) << "frames of tine tell nothing";
}

TEST_F(Executor, a_task_that_throws_leaves_its_worker_and_the_other_tasks_alone) {
  tine::Executor executor({.workers = 2});
  const auto pids = executor.worker_pids();
  std::vector<tine::Future<int>> futures;
  for (int i = 0; i < 100; ++i)
    futures.push_back(executor.submit(
        [](int x) {
          if (x % 3 == 0) throw std::domain_error("a third of us");
          return x;
        },
        i));
  for (int i = 0; i < 100; ++i) {
    const auto& future = futures[static_cast<std::size_t>(i)];
    if (i % 3 == 0)
      EXPECT_THROW(future.result(), std::domain_error);
    else
      EXPECT_EQ(future.result(), i);
  }
  EXPECT_EQ(executor.worker_pids(), pids);
}

// --- Misuse

TEST_F(Executor, options_that_make_no_sense_throw_at_once) {
  for (const int n : {0, -1, -1000, 1024}) {
    EXPECT_THROW(tine::Executor({.workers = n}), tine::InvalidArgument) << n;
    if (n < 1) {
      EXPECT_THROW(tine::Executor({.max_tasks_per_child = n}), tine::InvalidArgument);
    }
    EXPECT_THROW(tine::Executor({.attempts = n}), tine::InvalidArgument);
  }
  EXPECT_THROW(tine::Executor({.task_timeout = -1ns}), tine::InvalidArgument);
}

TEST_F(Executor, a_task_cannot_submit_nor_make_an_executor_or_pool) {
  tine::Executor executor({.workers = 1});
  const std::string submits =
      message_of([&] { executor.submit([] { tine::Executor inner({.workers = 1}); }).result(); });
  EXPECT_THAT(submits, HasSubstr("a worker cannot make an executor"));
  EXPECT_THROW(executor.submit([] { tine::Executor inner({.workers = 1}); }).result(),
               tine::NestedParallelism);
  EXPECT_THROW(executor.submit([] { tine::Pool inner({.workers = 1}); }).result(),
               tine::NestedParallelism);
}

TEST_F(Executor, a_task_that_submits_gets_a_clear_error) {
  // An executor that workers see: made before them.
  static tine::Executor* outer;
  tine::Executor first({.workers = 1});
  outer = &first;
  tine::Executor second({.workers = 1});
  const auto future = second.submit([] { outer->submit([] {}); });
  EXPECT_THROW(future.result(), tine::NestedParallelism);
  EXPECT_THAT(message_of([&] { future.result(); }), HasSubstr("a task submitted a task"));
}

TEST_F(Executor, that_was_moved_from_throws_and_the_other_goes_on) {
  tine::Executor executor({.workers = 1});
  tine::Executor other = std::move(executor);
  EXPECT_THROW(executor.submit([] {}), tine::InvalidArgument);  // NOLINT: on purpose
  EXPECT_THROW(executor.shutdown(), tine::InvalidArgument);
  EXPECT_EQ(other.submit(twice, 3).result(), 6);
  tine::Executor third({.workers = 1});
  third = std::move(other);
  EXPECT_EQ(third.submit(twice, 4).result(), 8);
}

TEST_F(Executor, of_the_parent_cannot_be_used_in_a_fork) {
  tine::Executor executor({.workers = 1});
  EXPECT_EQ(tine_test::in_child([&] { EXPECT_THROW(executor.submit([] {}), tine::PoolError); }), 0);
  EXPECT_EQ(executor.submit(twice, 21).result(), 42);
}

// --- Errors on the way are the task's alone

struct Travels {
  enum class Fails { nowhere, save_here, load_there, save_there, load_here };
  Fails fails = Fails::nowhere;
  std::string text;

  template <class Archive>
  void save(Archive& archive) const {
    archive(static_cast<int>(fails), text);
    const bool worker = tine::in_worker();
    if (fails == (worker ? Fails::save_there : Fails::save_here)) throw std::range_error("in save");
  }
  template <class Archive>
  void load(Archive& archive) {
    int f = 0;
    archive(f, text);
    fails = static_cast<Fails>(f);
    const bool worker = tine::in_worker();
    if (fails == (worker ? Fails::load_there : Fails::load_here)) throw std::range_error("in load");
  }
};

TEST_F(Executor, an_argument_that_throws_while_it_is_encoded_throws_from_submit) {
  tine::Executor executor({.workers = 1});
  const Travels value{Travels::Fails::save_here, std::string(100000, 'x')};
  EXPECT_THROW(executor.submit([](Travels) {}, value), std::range_error);
  EXPECT_EQ(chunks_taken(), 0u);
  EXPECT_EQ(executor.submit(twice, 21).result(), 42);
}

TEST_F(Executor, what_throws_while_it_is_decoded_or_encoded_fails_that_task_alone) {
  tine::Executor executor({.workers = 1});
  const auto echo = [](Travels t) { return t; };
  using enum Travels::Fails;
  const auto before = executor.submit(echo, Travels{nowhere, "before"});
  const auto argument = executor.submit(echo, Travels{load_there, "a"});
  const auto result = executor.submit(echo, Travels{save_there, std::string(100000, 'r')});
  const auto here = executor.submit(echo, Travels{load_here, "h"});
  const auto after = executor.submit(echo, Travels{nowhere, "after"});
  EXPECT_EQ(before.result().text, "before");
  for (const auto& failed : {argument, result, here}) {
    EXPECT_THROW(failed.result(), std::range_error);
    EXPECT_THROW(failed.result(), std::range_error);
    EXPECT_NE(failed.exception(), nullptr);
  }
  EXPECT_EQ(after.result().text, "after");
}

// --- Lifetime

TEST_F(Executor, submit_after_shutdown_throws) {
  tine::Executor executor({.workers = 1});
  const auto future = executor.submit(twice, 21);
  executor.shutdown();
  EXPECT_THROW(executor.submit(twice, 1), tine::Closed);
  EXPECT_THROW(executor.map(twice, std::vector<int>{1}), tine::Closed);
  EXPECT_THROW(executor.array<int>(1), tine::Closed);
  EXPECT_EQ(future.result(), 42);
  executor.shutdown();
  executor.shutdown(false, true);
  EXPECT_THAT(executor.worker_pids(), IsEmpty());
}

void sleep_for_ms(int ms) {
  tine_test::sleep_ms(ms);
}

TEST_F(Executor, shutdown_waits_for_all_tasks_and_ends_all_processes) {
  tine::Executor executor({.workers = 2});
  std::vector<tine::Future<void>> futures;
  for (int i = 0; i < 20; ++i) futures.push_back(executor.submit(sleep_for_ms, 2));
  executor.shutdown();
  for (const auto& future : futures) EXPECT_TRUE(future.done());
  EXPECT_THAT(tine_test::descendants(), IsEmpty());
  for (const auto& future : futures) future.result();
}

TEST_F(Executor, shutdown_without_waiting_lets_the_tasks_be_done) {
  tine::Executor executor({.workers = 1});
  std::vector<tine::Future<void>> futures;
  for (int i = 0; i < 20; ++i) futures.push_back(executor.submit(sleep_for_ms, 2));
  executor.shutdown(false);
  EXPECT_THROW(executor.submit(twice, 1), tine::Closed);
  for (const auto& future : futures) future.result();
}

TEST_F(Executor, shutdown_that_cancels_runs_what_is_running_only) {
  for (const bool wait : {true, false}) {
    SCOPED_TRACE(wait);
    tine::Executor executor({.workers = 1});
    const auto running = executor.submit(sleep_for_ms, 20);
    ASSERT_TRUE(tine_test::eventually([&] { return running.running(); }));
    std::vector<tine::Future<void>> futures;
    for (int i = 0; i < 20; ++i) futures.push_back(executor.submit(sleep_for_ms, 1000));
    executor.shutdown(wait, true);
    for (const auto& future : futures) EXPECT_TRUE(future.cancelled());
    running.result();
  }
}

TEST_F(Executor, destruction_without_shutdown_waits_for_all_tasks) {
  tine::Array<int> count;
  {
    tine::Executor executor({.workers = 2});
    count = executor.array<int>(1);
    for (int i = 0; i < 50; ++i)
      executor.submit([](tine::View<int> c) { std::atomic_ref(c[0]).fetch_add(1); }, count.view());
  }
  EXPECT_EQ(count[0], 50);
}

TEST_F(Executor, a_thousand_executors_leave_nothing_behind) {
  const int count = tine_test::address_sanitizer ? 50 : 200;
  for (int i = 0; i < count; ++i) {
    tine::Executor executor({.workers = 1});
    ASSERT_EQ(executor.submit(twice, i).result(), 2 * i);
  }
}

// --- Recycling

TEST_F(Executor, a_worker_has_one_process_for_as_many_tasks_as_it_may_and_then_another) {
  tine::Executor executor({.workers = 1, .max_tasks_per_child = 3});
  std::vector<tine::Future<int>> futures;
  for (int i = 0; i < 12; ++i) futures.push_back(executor.submit([] { return getpid(); }));
  std::vector<int> pids;
  for (const auto& future : futures) pids.push_back(future.result());
  for (std::size_t i = 0; i < pids.size(); ++i)
    EXPECT_EQ(pids[i] == pids[i / 3 * 3], true) << "task " << i;
  for (std::size_t i = 3; i < pids.size(); i += 3) EXPECT_NE(pids[i], pids[i - 3]);
}

TEST_F(Executor, a_backlog_of_tasks_is_done_once_each_while_workers_are_replaced) {
  tine::Executor executor({.workers = 3, .max_tasks_per_child = 1});
  auto count = executor.array<int>(100);
  std::vector<tine::Future<void>> futures;
  for (int i = 0; i < 100; ++i)
    futures.push_back(executor.submit(
        [](tine::View<int> c, int at) { ++c[static_cast<std::size_t>(at)]; }, count.view(), i));
  for (const auto& future : futures) future.result();
  for (const int n : count) EXPECT_EQ(n, 1);
}

TEST_F(Executor, recycled_workers_are_replaced_when_there_is_work_again) {
  tine::Executor executor({.workers = 2, .max_tasks_per_child = 1});
  std::set<int> pids;
  for (int i = 0; i < 10; ++i) pids.insert(executor.submit([] { return getpid(); }).result());
  EXPECT_EQ(pids.size(), 10u);
}

// --- Initializer

int initialised = 0;

TEST_F(Executor, calls_its_initializer_in_every_worker_before_the_first_task) {
  int value = 41;
  tine::Executor executor({.workers = 2, .initializer = [&value] { initialised = value + 1; }});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(executor.submit([] { return initialised; }).result(), 42);
  EXPECT_EQ(initialised, 0);
}

TEST_F(Executor, calls_its_initializer_in_replaced_workers_too) {
  tine::Executor executor(
      {.workers = 1, .initializer = [] { initialised = 42; }, .max_tasks_per_child = 1});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(executor.submit([] { return initialised; }).result(), 42);
}

TEST_F(Executor, an_initializer_that_throws_fails_all_futures_and_leaves_nothing_behind) {
  tine::Executor executor(
      {.workers = 2, .initializer = [] { throw std::runtime_error("no licence"); }});
  std::vector<tine::Future<int>> futures;
  try {
    for (int i = 0; i < 10; ++i) futures.push_back(executor.submit(twice, i));
  } catch (const tine::BrokenExecutor&) {
  }
  for (const auto& future : futures) {
    EXPECT_THROW(future.result(), tine::BrokenExecutor);
    EXPECT_TRUE(future.done());
    EXPECT_FALSE(future.cancelled());
  }
  ASSERT_TRUE(tine_test::eventually(
      [&] { return message_of([&] { executor.submit(twice, 1).result(); }) != ""; }));
  EXPECT_THAT(message_of([&] { executor.submit(twice, 1).result(); }),
              AllOf(HasSubstr("initializer threw std::runtime_error"), HasSubstr("no licence")));
  EXPECT_THROW(executor.submit(twice, 1), tine::BrokenExecutor);
  EXPECT_TRUE(tine_test::eventually([&] { return tine_test::descendants().size() <= 1; }))
      << "the workers are gone, and nobody forks others";
}

// --- Time

TEST_F(Executor, a_task_that_takes_too_long_is_ended_and_its_worker_replaced) {
  tine::Executor executor({.workers = 1, .task_timeout = 100ms});
  const int pid = executor.worker_pids()[0];
  const auto slow = executor.submit([] {
    for (;;) usleep(1000);
  });
  const auto quick = executor.submit(twice, 21);
  EXPECT_THROW(slow.result(), tine::WorkerDied);
  EXPECT_THAT(message_of([&] { slow.result(); }), HasSubstr("longer than task_timeout"));
  EXPECT_EQ(quick.result(), 42);
  EXPECT_NE(executor.worker_pids()[0], pid);
}

TEST_F(Executor, the_time_of_a_task_begins_when_it_runs) {
  tine::Executor executor({.workers = 1, .task_timeout = 300ms});
  std::vector<tine::Future<void>> futures;
  for (int i = 0; i < 20; ++i) futures.push_back(executor.submit(sleep_for_ms, 20));
  for (const auto& future : futures) future.result();
}

TEST_F(Executor, tasks_are_begun_in_the_order_they_were_submitted) {
  tine::Executor executor({.workers = 1});
  auto log = executor.array<int>(1001);
  for (int i = 0; i < 1000; ++i)
    executor.submit([](tine::View<int> l, int x) { l[static_cast<std::size_t>(++l[0])] = x; },
                    log.view(), i);
  executor.shutdown();
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(log[static_cast<std::size_t>(i + 1)], i);
}

TEST_F(Executor, more_tasks_than_the_table_holds_are_done) {
  tine::Executor executor({.workers = 2});
  const int n = tine_test::address_sanitizer ? 70'000 : 150'000;
  std::vector<tine::Future<int>> futures;
  for (int i = 0; i < n; ++i) futures.push_back(executor.submit(twice, i));
  for (int i = 0; i < n; ++i) ASSERT_EQ(futures[static_cast<std::size_t>(i)].result(), 2 * i);
}

TEST_F(Executor, may_be_used_from_many_threads) {
  tine::Executor executor({.workers = 2});
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::vector<tine::Future<int>> futures;
      for (int i = 0; i < 500; ++i) futures.push_back(executor.submit(twice, t * 1000 + i));
      for (int i = 0; i < 500; ++i)
        wrong += futures[static_cast<std::size_t>(i)].result() != 2 * (t * 1000 + i);
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(Executor, runs_tasks_in_the_master_when_asked_to_be_serial) {
  EXPECT_EQ(tine_test::in_child([] {
              setenv("TINE_SERIAL", "1", 1);
              tine::Executor executor({.workers = 3});
              int called = 0;
              auto future = executor.submit([] { return getpid(); });
              future.add_done_callback([&](const auto&) { ++called; });
              EXPECT_EQ(future.result(), getpid());
              EXPECT_EQ(called, 1);
              EXPECT_THROW(executor.submit([] { throw std::out_of_range("x"); }).result(),
                           std::out_of_range);
              int sum = 0;
              for (const int x : executor.map(twice, std::vector<int>{1, 2, 3})) sum += x;
              EXPECT_EQ(sum, 12);
            }),
            0);
}

}  // namespace
