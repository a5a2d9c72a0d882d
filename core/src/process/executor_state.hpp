// The master's side of an executor: its pool, and the tasks that are not over.
//
// No thread of ours runs here. Whoever waits, or submits, looks what has come to its end. The table
// in shared memory decides; `by_cell_` says whose each of its words is.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <tine/detail/task_core.hpp>
#include <tine/executor.hpp>

#include "process/pool_state.hpp"
#include "toolbox/task_table.hpp"

namespace tine::detail {

class ExecutorState : public std::enable_shared_from_this<ExecutorState> {
 public:
  explicit ExecutorState(const ExecutorOptions& options);
  ~ExecutorState();
  ExecutorState(const ExecutorState&) = delete;
  ExecutorState& operator=(const ExecutorState&) = delete;

  /// Throws unless a task may be submitted.
  void check();
  void submit(Parcel& arguments, const std::shared_ptr<Task>& task);
  void shutdown(bool wait, bool cancel_futures);
  void kill_workers(Shutdown how);

  Task::State state_of(Task& task);
  bool cancel(Task& task, bool force);
  void on_done(const std::shared_ptr<Task>& task, Task::Callback callback);
  /// Waits until `look` returns true, and runs the callbacks of what has come to its end meanwhile.
  /// `one`: the only task that `look` looks at.
  bool wait(std::int64_t deadline, Task* one, const std::function<bool()>& look);

  unsigned workers() const { return workers_; }
  /// nullptr once it is shut down.
  std::shared_ptr<PoolState> pool() {
    std::lock_guard lock(mutex_);
    return pool_;
  }

 private:
  using Lock = std::unique_lock<std::mutex>;
  class Sleeper;

  void check(const Lock&) const;
  /// Takes note of what the table says of a task. Whether it is over.
  bool settle(const Lock&, Task& task);
  void settle_all(const Lock& lock);
  void settle_watched(const Lock& lock);
  void finish(const Lock&, Task& task, Task::State how);
  void fail(const Lock& lock, Task& task, std::exception_ptr error);
  void fail_all(const Lock& lock, const std::exception_ptr& error);
  bool find_cell(Lock& lock, std::uint64_t& position);
  void run_here(Lock& lock, const std::shared_ptr<Task>& task);
  void run_callbacks();
  void call_back(const std::shared_ptr<Task>& task, const Task::Callback& callback) const noexcept;
  void callback_loop();
  void look_after_workers();
  bool is_nobodys(std::uint64_t cell, const TaskWord& word) const;
  /// A look that takes no lock and note of nothing.
  bool is_open(const Task& task) const;
  void spin(Task* one, std::uint64_t over) const;
  void end_pool(Lock& lock);
  std::exception_ptr broken_error() const;
  void announce();  // something came to its end by our own doing

  static thread_local const ExecutorState* calling_back_;  // the one whose callback thread this is

  const unsigned attempts_;
  const std::function<void()> initializer_;
  const bool own_callback_thread_;
  const pid_t owner_;
  unsigned workers_ = 0;
  Context& context_;
  ObjectId table_id_;
  TaskTable table_;

  std::mutex mutex_;  // of all that follows, and of the tasks' callbacks
  std::shared_ptr<PoolState> pool_;
  bool timed_ = false;
  bool shut_down_ = false;
  std::exception_ptr end_;                      // why nothing more is run
  std::vector<std::shared_ptr<Task>> by_cell_;  // nullptr: the cell is free
  std::uint64_t tail_ = 0;                      // positions given out
  std::uint64_t committed_ = 0;                 // cells with memory behind them
  std::size_t unfinished_ = 0;
  unsigned sleepers_ = 0;                       // threads in wait()
  std::uint64_t swept_ = 0;                     // cell that submit() looks at next
  std::vector<std::shared_ptr<Task>> watched_;  // not over, with callbacks
  std::uint64_t watched_at_ = 0;                // header().over when they were looked at
  std::deque<std::shared_ptr<Task>> ready_;     // over, with callbacks that are not called
  std::atomic<bool> any_ready_{false};

  std::thread callback_thread_;
  std::condition_variable callbacks_;
  bool stop_callbacks_ = false;
};

}  // namespace tine::detail
