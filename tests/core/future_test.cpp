// What a future says and does in each state, callbacks, wait() and as_completed().
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/executor.hpp>
#include <tine/queue.hpp>

#include "support/fixture.hpp"
#include "support/items.hpp"
#include "toolbox/context.hpp"

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tine::Future;

/// A gate in shared memory that tasks wait at.
struct Gate {
  tine::View<int> word;
  void pass() const {
    std::atomic_ref(word[1]).fetch_add(1);
    while (std::atomic_ref(word[0]).load() == 0) usleep(200);
  }
  void open() const { std::atomic_ref(word[0]).store(1); }
  int arrived() const { return std::atomic_ref(word[1]).load(); }
};

class FutureTest : public tine_test::NoItemLeftBehind {};

/// One worker, and a gate that holds it.
class OneWorker {
 public:
  explicit OneWorker(tine::ExecutorOptions options = {}) : executor(with_one(std::move(options))) {}
  ~OneWorker() { gate.open(); }

  Future<int> running() {
    auto future = executor.submit(
        [](Gate g) {
          g.pass();
          return 42;
        },
        gate);
    EXPECT_TRUE(tine_test::eventually([&] { return future.running(); }));
    return future;
  }
  Future<int> pending() {
    return executor.submit([] { return 43; });
  }
  Future<int> cancelled() {
    EXPECT_TRUE(hold_.valid() || (hold_ = running()).valid());
    auto future = pending();
    EXPECT_TRUE(future.cancel());
    return future;
  }
  Future<int> finished() {
    auto future = executor.submit([] { return 44; });
    future.result();
    return future;
  }
  Future<int> failed() {
    auto future = executor.submit([]() -> int { throw std::out_of_range("too far"); });
    future.exception();
    return future;
  }

  tine::Executor executor;
  tine::Array<int> words = executor.array<int>(2);
  Gate gate{words.view()};

 private:
  static tine::ExecutorOptions with_one(tine::ExecutorOptions options) {
    options.workers = 1;
    return options;
  }
  Future<int> hold_;
};

// --- Every state and every method

TEST_F(FutureTest, pending) {
  OneWorker one;
  const auto first = one.running();
  const auto future = one.pending();
  EXPECT_TRUE(future.valid());
  EXPECT_FALSE(future.done());
  EXPECT_FALSE(future.running());
  EXPECT_FALSE(future.cancelled());
  EXPECT_THROW(future.result(0s), tine::TimeoutError);
  EXPECT_THROW(future.result(5ms), tine::TimeoutError);
  EXPECT_THROW(future.exception(0s), tine::TimeoutError);
  EXPECT_THROW(future.exception(5ms), tine::TimeoutError);
  int called = 0;
  future.add_done_callback([&](const Future<int>&) { ++called; });
  EXPECT_EQ(called, 0);
  EXPECT_TRUE(future.cancel());
  EXPECT_EQ(called, 1);
  EXPECT_TRUE(future.cancelled());
  one.gate.open();
  EXPECT_EQ(first.result(), 42);
}

TEST_F(FutureTest, pending_and_cancelled_by_force) {
  OneWorker one;
  const auto first = one.running();
  const auto future = one.pending();
  const auto pids = one.executor.worker_pids();
  EXPECT_TRUE(future.cancel(true));
  EXPECT_TRUE(future.cancelled());
  one.gate.open();
  EXPECT_EQ(first.result(), 42);
  EXPECT_EQ(one.executor.worker_pids(), pids) << "nobody was to be killed for it";
}

TEST_F(FutureTest, running) {
  OneWorker one;
  const auto future = one.running();
  EXPECT_FALSE(future.done());
  EXPECT_TRUE(future.running());
  EXPECT_FALSE(future.cancelled());
  EXPECT_FALSE(future.cancel());
  EXPECT_TRUE(future.running());
  EXPECT_THROW(future.result(0s), tine::TimeoutError);
  EXPECT_THROW(future.result(5ms), tine::TimeoutError);
  EXPECT_THROW(future.exception(5ms), tine::TimeoutError);
  int called = 0;
  future.add_done_callback([&](const Future<int>&) { ++called; });
  one.gate.open();
  EXPECT_EQ(future.result(), 42);
  EXPECT_EQ(called, 1);
}

TEST_F(FutureTest, running_and_cancelled_by_force) {
  OneWorker one;
  const int pid = one.executor.worker_pids()[0];
  const auto future = one.running();
  const auto next = one.pending();
  int called = 0;
  future.add_done_callback([&](const Future<int>& f) { called += f.cancelled() ? 1 : 100; });
  EXPECT_TRUE(future.cancel(true));
  EXPECT_TRUE(future.cancelled());
  EXPECT_FALSE(future.running());
  EXPECT_EQ(called, 1);
  EXPECT_THROW(future.result(), tine::CancelledError);
  EXPECT_EQ(next.result(), 43);
  EXPECT_NE(one.executor.worker_pids()[0], pid);
}

TEST_F(FutureTest, running_and_cancelled_by_force_at_its_very_end_never_costs_the_next_task) {
  OneWorker one;
  auto begun = one.executor.array<int>(1);
  for (int round = 0; round < 300; ++round) {
    begun[0] = 0;
    const auto first = one.executor.submit(
        [](tine::View<int> b) {
          std::atomic_ref(b[0]).store(1);
          const auto until = std::chrono::steady_clock::now() + 15us;
          while (std::chrono::steady_clock::now() < until) {
          }
          return std::string(200, 'x');
        },
        begun.view());
    const auto next = one.executor.submit([] {
      usleep(3000);  // long enough for a signal that was meant for the first
      return 43;
    });
    while (std::atomic_ref(begun[0]).load() == 0) {
    }
    const auto until = std::chrono::steady_clock::now() + round * 100ns;
    while (std::chrono::steady_clock::now() < until) {
    }
    const bool cancelled = first.cancel(true);
    EXPECT_EQ(first.cancelled(), cancelled);
    EXPECT_EQ(next.result(), 43);
  }
}

TEST_F(FutureTest, finished) {
  OneWorker one;
  const auto future = one.finished();
  EXPECT_TRUE(future.done());
  EXPECT_FALSE(future.running());
  EXPECT_FALSE(future.cancelled());
  EXPECT_FALSE(future.cancel());
  EXPECT_FALSE(future.cancel(true));
  EXPECT_EQ(future.result(), 44);
  EXPECT_EQ(future.result(), 44);
  EXPECT_EQ(future.result(0s), 44);
  EXPECT_EQ(future.exception(), nullptr);
  EXPECT_EQ(future.exception(0s), nullptr);
  int called = 0;
  future.add_done_callback([&](const Future<int>& f) { called += f.result(); });
  EXPECT_EQ(called, 44);
}

TEST_F(FutureTest, finished_by_an_exception) {
  OneWorker one;
  const auto future = one.failed();
  EXPECT_TRUE(future.done());
  EXPECT_FALSE(future.running());
  EXPECT_FALSE(future.cancelled());
  EXPECT_FALSE(future.cancel());
  EXPECT_FALSE(future.cancel(true));
  EXPECT_THROW(future.result(), std::out_of_range);
  EXPECT_THROW(future.result(0s), std::out_of_range);
  ASSERT_NE(future.exception(), nullptr);
  EXPECT_THROW(std::rethrow_exception(future.exception(0s)), std::out_of_range);
  int called = 0;
  future.add_done_callback([&](const Future<int>& f) { called += f.exception() != nullptr; });
  EXPECT_EQ(called, 1);
}

TEST_F(FutureTest, cancelled) {
  OneWorker one;
  const auto future = one.cancelled();
  EXPECT_TRUE(future.done());
  EXPECT_FALSE(future.running());
  EXPECT_TRUE(future.cancelled());
  EXPECT_TRUE(future.cancel());
  EXPECT_TRUE(future.cancel(true));
  EXPECT_THROW(future.result(), tine::CancelledError);
  EXPECT_THROW(future.result(0s), tine::CancelledError);
  EXPECT_THROW(future.exception(), tine::CancelledError);
  EXPECT_THROW(future.exception(0s), tine::CancelledError);
  int called = 0;
  future.add_done_callback([&](const Future<int>& f) { called += f.cancelled(); });
  EXPECT_EQ(called, 1);
}

TEST_F(FutureTest, of_no_task_throws_instead_of_waiting) {
  const Future<int> none;
  EXPECT_FALSE(none.valid());
  EXPECT_THROW(none.done(), tine::InvalidArgument);
  EXPECT_THROW(none.running(), tine::InvalidArgument);
  EXPECT_THROW(none.cancelled(), tine::InvalidArgument);
  EXPECT_THROW(none.cancel(), tine::InvalidArgument);
  EXPECT_THROW(none.result(), tine::InvalidArgument);
  EXPECT_THROW(none.exception(), tine::InvalidArgument);
  EXPECT_THROW(none.add_done_callback([](const Future<int>&) {}), tine::InvalidArgument);
  EXPECT_THROW(tine::wait(std::vector{none}), tine::InvalidArgument);
  EXPECT_THROW(tine::as_completed(std::vector{none}), tine::InvalidArgument);
}

TEST_F(FutureTest, negative_timeouts_throw_at_once) {
  OneWorker one;
  const auto future = one.finished();
  EXPECT_THROW(future.result(-1ns), tine::InvalidArgument);
  EXPECT_THROW(future.exception(-1ns), tine::InvalidArgument);
  EXPECT_THROW(tine::wait(std::vector{future}, tine::ALL_COMPLETED, -1ns), tine::InvalidArgument);
  EXPECT_THROW(tine::as_completed(std::vector{future}, -1ns), tine::InvalidArgument);
}

TEST_F(FutureTest, a_task_without_a_result_has_a_future_of_void) {
  OneWorker one;
  const Future<void> future = one.executor.submit([] {});
  future.result();
  future.result();
  EXPECT_EQ(future.exception(), nullptr);
}

TEST_F(FutureTest, copies_are_handles_on_the_same_task) {
  OneWorker one;
  const auto future = one.executor.submit([] { return std::string(1000, 'x'); });
  const auto copy = future;
  EXPECT_EQ(copy, future);
  EXPECT_EQ(&copy.result(), &future.result());
  EXPECT_NE(copy, one.executor.submit([] { return std::string(); }));
}

TEST_F(FutureTest, several_threads_may_ask_for_the_same_result) {
  OneWorker one;
  const auto future = one.running();
  std::atomic<int> sum = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { sum += future.result(); });
  one.gate.open();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum, 4 * 42);
}

TEST_F(FutureTest, outlives_its_executor) {
  Future<std::string> unread, read, cancelled;
  {
    OneWorker one;
    const auto hold = one.running();
    unread = one.executor.submit([] { return std::string("unread"); });
    read = one.executor.submit([] { return std::string("read"); });
    cancelled = one.executor.submit([] { return std::string("never"); });
    cancelled.cancel();
    one.gate.open();
    EXPECT_EQ(read.result(), "read");
  }
  EXPECT_EQ(unread.result(), "unread");
  EXPECT_EQ(read.result(), "read");
  EXPECT_THROW(cancelled.result(), tine::CancelledError);
  EXPECT_FALSE(unread.cancel(true));
}

TEST_F(FutureTest, that_nobody_kept_does_not_keep_its_task_from_running) {
  OneWorker one;
  auto count = one.executor.array<int>(1);
  for (int i = 0; i < 100; ++i)
    one.executor.submit([](tine::View<int> c) { ++c[0]; }, count.view());
  one.executor.shutdown();
  EXPECT_EQ(count[0], 100);
}

// --- Callbacks

TEST_F(FutureTest, callbacks_are_called_in_the_order_they_were_added) {
  OneWorker one;
  const auto future = one.running();
  std::vector<int> order;
  for (int i = 0; i < 10; ++i)
    future.add_done_callback([&order, i](const Future<int>&) { order.push_back(i); });
  one.gate.open();
  future.result();
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST_F(FutureTest, callbacks_run_in_the_thread_that_waits_and_before_it_returns) {
  OneWorker one;
  const auto first = one.running();
  const auto second = one.pending();
  std::thread::id where;
  first.add_done_callback([&](const Future<int>&) { where = std::this_thread::get_id(); });
  one.gate.open();
  EXPECT_EQ(second.result(), 43);  // of another task of the same executor
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST_F(FutureTest, callbacks_of_all_tasks_are_called_by_shutdown) {
  OneWorker one;
  int called = 0;
  for (int i = 0; i < 100; ++i)
    one.pending().add_done_callback([&](const Future<int>& f) { called += f.result() == 43; });
  one.executor.shutdown();
  EXPECT_EQ(called, 100);
}

TEST_F(FutureTest, what_a_callback_throws_is_logged_and_the_next_is_called) {
  OneWorker one;
  const auto future = one.running();
  std::vector<int> order;
  future.add_done_callback([&](const Future<int>&) { order.push_back(1); });
  future.add_done_callback([&](const Future<int>&) { throw std::range_error("out of reach"); });
  future.add_done_callback([&](const Future<int>&) { throw 7; });
  future.add_done_callback([&](const Future<int>&) { order.push_back(2); });
  one.gate.open();
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(future.result(), 42);
  future.add_done_callback([](const Future<int>&) { throw std::range_error("at once"); });
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("a callback of a future threw std::range_error: out of reach"));
  EXPECT_THAT(log, HasSubstr("threw int"));
  EXPECT_THAT(log, HasSubstr("at once"));
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST_F(FutureTest, a_callback_may_submit_and_wait) {
  OneWorker one;
  const auto future = one.running();
  std::optional<int> inner;
  future.add_done_callback([&](const Future<int>& f) {
    inner = one.executor.submit([](int x) { return x + 1; }, f.result()).result();
  });
  one.gate.open();
  EXPECT_EQ(future.result(), 42);
  EXPECT_EQ(inner, 43);
}

TEST_F(FutureTest, callbacks_have_a_thread_of_their_own_when_asked_for) {
  OneWorker one({.callback_thread = true});
  const auto future = one.running();
  std::atomic<bool> called = false;
  std::thread::id where;
  future.add_done_callback([&](const Future<int>& f) {
    EXPECT_EQ(f.result(), 42);
    where = std::this_thread::get_id();
    called = true;
  });
  one.gate.open();
  EXPECT_TRUE(tine_test::eventually([&] { return called.load(); })) << "nobody waits, and still";
  EXPECT_NE(where, std::this_thread::get_id());
}

TEST_F(FutureTest, the_callback_thread_calls_all_before_the_executor_ends) {
  std::atomic<int> called = 0;
  {
    OneWorker one({.callback_thread = true});
    for (int i = 0; i < 200; ++i)
      one.pending().add_done_callback([&](const Future<int>&) {
        usleep(100);
        ++called;
      });
  }
  EXPECT_EQ(called, 200);
}

TEST_F(FutureTest, a_callback_in_its_own_thread_may_submit_wait_and_shut_down) {
  std::atomic<int> inner = 0;
  OneWorker one({.callback_thread = true});
  const auto future = one.running();
  future.add_done_callback([&](const Future<int>& f) {
    inner = one.executor.submit([](int x) { return x + 1; }, f.result()).result();
    one.executor.shutdown();
  });
  one.gate.open();
  EXPECT_TRUE(tine_test::eventually([&] { return inner.load() == 43; }));
  one.executor.shutdown();
}

// --- wait()

TEST_F(FutureTest, wait_for_all_returns_each_in_the_order_given) {
  OneWorker one;
  std::vector<Future<int>> futures;
  for (int i = 0; i < 20; ++i) futures.push_back(one.executor.submit([](int x) { return x; }, i));
  const auto [done, not_done] = tine::wait(futures);
  EXPECT_EQ(done, futures);
  EXPECT_THAT(not_done, IsEmpty());
}

TEST_F(FutureTest, wait_for_nothing_returns_at_once) {
  const auto [done, not_done] = tine::wait(std::vector<Future<int>>());
  EXPECT_THAT(done, IsEmpty());
  EXPECT_THAT(not_done, IsEmpty());
}

TEST_F(FutureTest, wait_for_the_first) {
  OneWorker one;
  const auto ready = one.finished();
  const auto running = one.running();
  const auto pending = one.pending();
  const auto [done, not_done] =
      tine::wait(std::vector{pending, ready, running}, tine::FIRST_COMPLETED);
  EXPECT_THAT(done, ElementsAre(ready));
  EXPECT_THAT(not_done, ElementsAre(pending, running));
}

TEST_F(FutureTest, wait_for_the_first_that_is_not_there_yet) {
  OneWorker one;
  const auto running = one.running();
  std::thread opener([&] {
    usleep(5000);
    one.gate.open();
  });
  const auto [done, not_done] = tine::wait(std::vector{running}, tine::FIRST_COMPLETED);
  EXPECT_THAT(done, ElementsAre(running));
  opener.join();
}

TEST_F(FutureTest, wait_for_the_first_exception_when_one_has_failed_already) {
  OneWorker one;
  const auto failed = one.failed();
  const auto ready = one.finished();
  const auto running = one.running();
  const auto [done, not_done] =
      tine::wait(std::vector{ready, running, failed}, tine::FIRST_EXCEPTION);
  EXPECT_THAT(done, ElementsAre(ready, failed));
  EXPECT_THAT(not_done, ElementsAre(running));
}

TEST_F(FutureTest, wait_for_the_first_exception_that_comes) {
  OneWorker one;
  const auto running = one.running();
  const auto throws = one.executor.submit([]() -> int { throw 1; });
  const auto later = one.executor.submit(
      [](Gate g) {
        while (std::atomic_ref(g.word[1]).load() < 100) usleep(200);
        return 1;
      },
      one.gate);
  one.gate.open();
  const auto [done, not_done] =
      tine::wait(std::vector{running, later, throws}, tine::FIRST_EXCEPTION);
  EXPECT_THAT(done, ElementsAre(running, throws));
  EXPECT_THAT(not_done, ElementsAre(later));
  std::atomic_ref(one.words[1]).store(100);
}

TEST_F(FutureTest, wait_for_the_first_exception_waits_for_all_when_none_comes) {
  OneWorker one;
  const std::vector futures{one.finished(), one.cancelled(), one.pending()};
  one.gate.open();
  EXPECT_EQ(tine::wait(futures, tine::FIRST_EXCEPTION).done, futures)
      << "to be cancelled is no exception";
}

TEST_F(FutureTest, wait_returns_a_future_that_was_given_twice_once) {
  OneWorker one;
  const auto ready = one.finished();
  const auto other = one.finished();
  EXPECT_THAT(tine::wait(std::vector{ready, other, ready, ready}).done, ElementsAre(ready, other));
  const auto running = one.running();
  EXPECT_THAT(tine::wait(std::vector{running, ready, running}, tine::ALL_COMPLETED, 0s).not_done,
              ElementsAre(running));
}

TEST_F(FutureTest, wait_ends_at_its_timeout_and_looks_once_when_that_is_zero) {
  OneWorker one;
  const auto ready = one.finished();
  const auto running = one.running();
  for (const auto timeout : {0ms, 10ms}) {
    const auto [done, not_done] =
        tine::wait(std::vector{running, ready}, tine::ALL_COMPLETED, timeout);
    EXPECT_THAT(done, ElementsAre(ready));
    EXPECT_THAT(not_done, ElementsAre(running));
  }
}

TEST_F(FutureTest, wait_takes_futures_of_several_executors) {
  OneWorker one, other;
  const auto a = one.running();
  const auto b = other.running();
  std::thread opener([&] {
    usleep(3000);
    other.gate.open();
  });
  EXPECT_THAT(tine::wait(std::vector{a, b}, tine::FIRST_COMPLETED).done, ElementsAre(b));
  one.gate.open();
  EXPECT_THAT(tine::wait(std::vector{a, b}).done, ElementsAre(a, b));
  opener.join();
}

// --- as_completed()

TEST_F(FutureTest, as_completed_gives_what_is_done_first) {
  tine::Executor executor({.workers = 2});
  auto words = executor.array<int>(2);
  const Gate gate{words.view()};
  const auto slow = executor.submit(
      [](Gate g) {
        g.pass();
        return 1;
      },
      gate);
  const auto quick = executor.submit([] { return 2; });
  std::vector<int> order;
  for (const auto& future : tine::as_completed(std::vector{slow, quick, slow})) {
    order.push_back(future.result());
    gate.open();
  }
  EXPECT_THAT(order, ElementsAre(2, 1));
}

TEST_F(FutureTest, as_completed_gives_failed_and_cancelled_ones_too) {
  OneWorker one;
  const std::vector futures{one.failed(), one.cancelled()};
  std::vector<Future<int>> seen;
  for (const auto& future : tine::as_completed(futures)) seen.push_back(future);
  EXPECT_EQ(seen, futures);
}

TEST_F(FutureTest, as_completed_of_many_gives_each_once) {
  tine::Executor executor({.workers = 2});
  std::vector<Future<int>> futures;
  for (int i = 0; i < 1000; ++i) futures.push_back(executor.submit([](int x) { return x; }, i));
  std::vector<int> seen;
  for (const auto& future : tine::as_completed(futures)) seen.push_back(future.result());
  std::sort(seen.begin(), seen.end());
  ASSERT_EQ(seen.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
}

TEST_F(FutureTest, as_completed_throws_at_its_timeout_after_what_is_done) {
  OneWorker one;
  const auto ready = one.finished();
  const auto running = one.running();
  for (const auto timeout : {0ms, 10ms}) {
    auto range = tine::as_completed(std::vector{running, ready}, timeout);
    EXPECT_EQ(range.next(), ready);
    EXPECT_THROW(range.next(), tine::TimeoutError);
  }
}

}  // namespace
