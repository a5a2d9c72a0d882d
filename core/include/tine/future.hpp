/// @file
/// The result of a task that may not be there yet. Needs the headers of cereal, as queue.hpp does.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <tine/detail/item_archive.hpp>
#include <tine/detail/next_iterator.hpp>
#include <tine/detail/task_core.hpp>
#include <tine/error.hpp>

namespace tine {

namespace detail {

template <class T>
class TypedTask : public Task {
 public:
  T& value() { return *value_; }

 private:
  void read_value(ItemBytes& from) override { value_.emplace(decode<T>(from)); }
  std::optional<T> value_;
};
template <>
class TypedTask<void> : public Task {
  void read_value(ItemBytes&) override {}
};

[[noreturn]] void throw_no_future();

}  // namespace detail

/// A handle on the result of a task that was submitted to an Executor. Copies are handles on the
/// same task; a default-constructed one has none, and its members throw InvalidArgument.
///
/// |             | pending    | running      | finished       | cancelled               |
/// |-------------|------------|--------------|----------------|-------------------------|
/// | done()      | false      | false        | true           | true                    |
/// | running()   | false      | true         | false          | false                   |
/// | cancelled() | false      | false        | false          | true                    |
/// | cancel()    | true       | false        | false          | true                    |
/// | cancel(true)| true       | true         | false          | true                    |
/// | result()    | waits      | waits        | value, or what the task threw | CancelledError |
/// | exception() | waits      | waits        | what it threw, or nullptr     | CancelledError |
///
/// Every member may be called from any thread of the process that submitted the task. The future
/// may outlive its executor: then the task is over.
template <class T>
class Future {
 public:
  using value_type = T;

  Future() = default;
  explicit Future(std::shared_ptr<detail::TypedTask<T>> task) : task_(std::move(task)) {}

  bool valid() const noexcept { return task_ != nullptr; }
  /// Finished or cancelled.
  bool done() const { return task().over(); }
  /// A worker is at it.
  bool running() const { return task().state() == detail::Task::State::running; }
  bool cancelled() const { return task().state() == detail::Task::State::cancelled; }

  /// Cancels a task that no worker has begun; with `force` also one that is running: its worker is
  /// killed, and replaced when there is work for another. Returns whether the task is cancelled;
  /// with `force`, after its worker is dead.
  bool cancel(bool force = false) const { return task().cancel(force); }

  /// The task's value. Waits until it is over, at most that long; then throws TimeoutError. Throws
  /// what the task threw (see TaskTrace), WorkerDied when its worker died, CancelledError,
  /// BrokenExecutor, SupervisorLost, InvalidArgument for a negative timeout. May be called again
  /// and again: the value is read from shared memory once, in the thread that first asks, and what
  /// its own deserialisation throws is what result() throws.
  ///
  /// The reference is good as long as a handle on the task lives.
  decltype(auto) result(const Timeout& timeout = {}) const& {
    get(timeout);
    if constexpr (!std::is_void_v<T>) return static_cast<const T&>(task_->value());
  }
  /// Of a temporary, a value: a copy, or the value itself when it cannot be copied.
  T result(const Timeout& timeout = {}) && {
    get(timeout);
    if constexpr (std::is_copy_constructible_v<T>)
      return static_cast<const T&>(task_->value());
    else if constexpr (!std::is_void_v<T>)
      return std::move(task_->value());
  }

  /// What the task threw, for std::rethrow_exception(); nullptr when it has a value. Waits and
  /// throws as result().
  std::exception_ptr exception(const Timeout& timeout = {}) const {
    wait(timeout);
    return task().error();
  }

  /// Calls `callback(future)` when the task is over: in the order they were added; at once, here,
  /// when it is over already. Otherwise in the thread that next waits on the executor (result(),
  /// exception(), wait(), as_completed(), shutdown(), cancel(), or submit() when there is no room)
  /// or, with ExecutorOptions::callback_thread, in a thread of their own. What a callback throws is
  /// written to standard error.
  template <class F>
  void add_done_callback(F callback) const {
    task();
    detail::Task::on_done(
        task_, [callback = std::move(callback)](const std::shared_ptr<detail::Task>& over) mutable {
          callback(Future(std::static_pointer_cast<detail::TypedTask<T>>(over)));
        });
  }

  /// Whether they are handles on the same task.
  friend bool operator==(const Future& a, const Future& b) { return a.task_ == b.task_; }

  /// For wait() and as_completed().
  std::shared_ptr<detail::Task> handle() const {
    task();
    return task_;
  }

 private:
  detail::Task& task() const {
    if (task_ == nullptr) detail::throw_no_future();
    return *task_;
  }
  void wait(const Timeout& timeout) const {
    if (!task().wait(detail::deadline_of(true, timeout)))
      throw TimeoutError("tine: the task is not over; wait longer, or cancel(true) it");
    if (cancelled())
      throw CancelledError(
          "tine: the task was cancelled, so it has no result; ask cancelled() first");
  }
  void get(const Timeout& timeout) const {
    wait(timeout);
    if (const std::exception_ptr error = task_->error()) std::rethrow_exception(error);
  }

  std::shared_ptr<detail::TypedTask<T>> task_;
};

/// What wait() waits for.
enum class ReturnWhen : unsigned char {
  FIRST_COMPLETED,  ///< one is finished or cancelled
  FIRST_EXCEPTION,  ///< one has thrown, or its worker died; if none does: ALL_COMPLETED
  ALL_COMPLETED,
};
using enum ReturnWhen;

template <class T>
struct WaitResult {
  std::vector<Future<T>> done;
  std::vector<Future<T>> not_done;
};

namespace detail {

/// Without those that are there already, in the same order.
template <class T>
std::vector<Future<T>> distinct(const std::vector<Future<T>>& futures) {
  std::vector<Future<T>> result;
  std::vector<const Task*> seen;
  for (const Future<T>& f : futures) seen.push_back(f.handle().get());
  std::vector<std::size_t> order(seen.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return std::less<>()(seen[a], seen[b]); });
  std::vector<bool> again(seen.size());
  for (std::size_t i = 1; i < order.size(); ++i)
    again[order[i]] = seen[order[i]] == seen[order[i - 1]];
  for (std::size_t i = 0; i < futures.size(); ++i)
    if (!again[i]) result.push_back(futures[i]);
  return result;
}
template <class T>
std::vector<std::shared_ptr<Task>> tasks_of(const std::vector<Future<T>>& futures) {
  std::vector<std::shared_ptr<Task>> tasks;
  for (const Future<T>& f : futures) tasks.push_back(f.handle());
  return tasks;
}

}  // namespace detail

/// Waits for futures, which may be of several executors, at most that long. Returns those that are
/// done and those that are not, each in the order given; one that is there twice is returned once.
/// Throws InvalidArgument for a negative timeout and for a future without a task.
template <class T>
WaitResult<T> wait(const std::vector<Future<T>>& futures, ReturnWhen when = ALL_COMPLETED,
                   const Timeout& timeout = {}) {
  const std::int64_t deadline = detail::deadline_of(true, timeout);
  const std::vector<Future<T>> all = detail::distinct(futures);
  const auto tasks = detail::tasks_of(all);
  std::size_t over = 0;  // all before this one are over
  auto is_enough = [&] {
    while (over < tasks.size() && tasks[over]->over() &&
           (when != FIRST_EXCEPTION || !tasks[over]->failed()))
      ++over;
    if (over == tasks.size() || (when == FIRST_COMPLETED && over > 0)) return true;
    if (when == ALL_COMPLETED) return false;
    for (std::size_t i = over; i < tasks.size(); ++i)
      if (when == FIRST_COMPLETED ? tasks[i]->over() : tasks[i]->failed()) return true;
    return false;
  };
  detail::wait_for_tasks(tasks, deadline, is_enough);
  WaitResult<T> result;
  for (const Future<T>& f : all) (f.done() ? result.done : result.not_done).push_back(f);
  return result;
}

/// The range that as_completed() returns; see there. To be gone through once.
template <class T>
class CompletedFutures {
 public:
  CompletedFutures(const std::vector<Future<T>>& futures, std::int64_t deadline)
      : waiting_(detail::distinct(futures)),
        tasks_(detail::tasks_of(waiting_)),
        deadline_(deadline) {}

  /// The next that is done; nothing when there are no more. Throws TimeoutError.
  std::optional<Future<T>> next() {
    if (at_ == ready_.size()) {
      ready_.clear();
      at_ = 0;
      if (waiting_.empty()) return std::nullopt;
      const bool any = detail::wait_for_tasks(tasks_, deadline_, [&] {
        std::erase_if(waiting_, [&](const Future<T>& f) {
          if (!f.done()) return false;
          ready_.push_back(f);
          return true;
        });
        return !ready_.empty();
      });
      if (!any)
        throw TimeoutError("tine: " + std::to_string(waiting_.size()) +
                           " of the tasks are not over; wait longer, or cancel(true) them");
    }
    return std::move(ready_[at_++]);
  }

  using iterator = detail::NextIterator<CompletedFutures, const Future<T>>;
  iterator begin() { return iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::vector<Future<T>> waiting_;
  std::vector<std::shared_ptr<detail::Task>> tasks_;  // all of them, for their executors
  std::vector<Future<T>> ready_;
  std::size_t at_ = 0;
  std::int64_t deadline_;
};

/// Futures as their tasks come to an end, those that are done already first; one that is there
/// twice comes once. When `timeout` has passed since the call, and one is not done, the range
/// throws TimeoutError.
///
///     for (const auto& future : tine::as_completed(futures)) use(future.result());
template <class T>
CompletedFutures<T> as_completed(const std::vector<Future<T>>& futures,
                                 const Timeout& timeout = {}) {
  return CompletedFutures<T>(futures, detail::deadline_of(true, timeout));
}

}  // namespace tine
