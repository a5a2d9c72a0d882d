/// @file
/// Tasks without types: what the templates of Executor and Future hand to the library.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <tine/arena.hpp>
#include <tine/detail/queue_core.hpp>

namespace tine {
struct ExecutorOptions;
}

namespace tine::detail {

class ExecutorState;

/// Reads the arguments of a task, runs it, and writes its result.
using RunTask = void (*)(ItemBytes& arguments, Parcel& result);

/// A task, as its futures see it. In the process that submitted it only.
class Task {
 public:
  enum class State : unsigned char { pending, running, finished, cancelled };
  using Callback = std::function<void(const std::shared_ptr<Task>&)>;

  Task() = default;
  virtual ~Task();
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  State state();
  bool over() { return state() >= State::finished; }
  /// Whether it is over by an exception, or by the death of its worker. Reads no result.
  bool failed();
  bool cancel(bool force);
  /// Until it is over; whether it was, in time.
  bool wait(std::int64_t deadline);
  /// Once it is over: what it threw, nullptr for nothing. The result is read when it is first asked
  /// for, in the caller's thread.
  std::exception_ptr error();

  static ExecutorState* executor_of(const Task& task) { return task.executor_.get(); }
  static void on_done(const std::shared_ptr<Task>& task, Callback callback);

 protected:
  virtual void read_value(ItemBytes& from) = 0;

 private:
  friend class ExecutorState;
  bool known_over() const { return state_.load(std::memory_order_acquire) >= State::finished; }

  std::shared_ptr<ExecutorState> executor_;
  std::atomic<State> state_{State::pending};  // `running` is known only to the table
  std::uint32_t cell_ = 0;
  std::uint32_t generation_ = 0;
  std::uint32_t arguments_ = 0;      // chain
  std::vector<Callback> callbacks_;  // guarded by the executor

  bool failed_ = false;

  std::mutex reading_;
  bool unread_ = false;  // the result is still a chain:
  std::uint32_t result_ = 0;
  bool threw_ = false;  // that holds an exception
  std::exception_ptr error_;
};

/// Runs `look` until it returns true or the deadline has passed, whenever something has happened to
/// one of these tasks. Returns whether it did.
bool wait_for_tasks(const std::vector<std::shared_ptr<Task>>& tasks, std::int64_t deadline,
                    const std::function<bool()>& look);

std::shared_ptr<ExecutorState> make_executor(const ExecutorOptions& options);
/// Throws for one that was moved from.
void check_executor(const std::shared_ptr<ExecutorState>& executor);
/// Throws unless a task may be submitted now.
void check_submit(const std::shared_ptr<ExecutorState>& executor);
/// Throws BadCallable when the bytes of `what` hold a pointer into memory that workers do not
/// share.
void check_travels(ExecutorState& executor, const void* bytes, std::size_t size, const char* what);
void check_function(ExecutorState& executor, RunTask run);
/// Throws InvalidArgument unless the bytes lie in the executor's arena.
void check_span(ExecutorState& executor, const void* begin, std::size_t bytes);
void submit(const std::shared_ptr<ExecutorState>& executor, Parcel& arguments,
            const std::shared_ptr<Task>& task);
void shutdown(ExecutorState& executor, bool wait, bool cancel_futures);
void kill_workers(ExecutorState& executor, bool terminate);
unsigned executor_workers(const ExecutorState& executor);
std::shared_ptr<Arena> executor_arena(ExecutorState& executor);
int executor_supervisor(ExecutorState& executor);
std::vector<int> executor_pids(ExecutorState& executor);
std::vector<std::string> executor_warnings(ExecutorState& executor);

}  // namespace tine::detail
