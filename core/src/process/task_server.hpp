// What a worker of an executor does with tasks: claim, run, commit.
#pragma once

#include <optional>

#include "process/worker.hpp"
#include "toolbox/task_table.hpp"

namespace tine::detail {

/// Runs the task whose callable and arguments lie in a chain of chunks. Returns its result, or what
/// it threw, as one in the name of this process; no_chunk when there is no memory for that.
ChunkId run_task_of(ChunkId arguments);

class TaskServer {
 public:
  /// In a worker of a pool without tasks it serves none.
  TaskServer(const Inherited& inherited, unsigned index);

  /// Calls the executor's initializer. False when it threw: then no task is ever run.
  bool initialise() noexcept;
  /// Runs the first task that is pending. False when there is none.
  bool serve_one();
  /// Whether this worker has run as many tasks as it shall.
  bool limit_reached() const noexcept;

 private:
  const Inherited& inherited_;
  const TaskService& service_;
  Slot& slot_;
  std::optional<TaskTable> table_;
  unsigned served_ = 0;
};

}  // namespace tine::detail
