// What the templates of <tine/executor.hpp> call.
#include <string>

#include <tine/error.hpp>

#include "process/executor_state.hpp"

namespace tine::detail {

namespace {

void check_options(const ExecutorOptions& o) {
  auto refuse = [](const std::string& what) {
    throw InvalidArgument("tine: an executor's " + what);
  };
  if (o.workers && (*o.workers < 1 || *o.workers > static_cast<int>(max_slots)))
    refuse("number of workers is " + std::to_string(*o.workers) + "; it must be 1 to " +
           std::to_string(max_slots) + ", or left out for one per CPU");
  if (o.max_tasks_per_child && *o.max_tasks_per_child < 1)
    refuse("max_tasks_per_child is " + std::to_string(*o.max_tasks_per_child) +
           "; it must be at least 1, or left out");
  if (o.attempts < 1 || o.attempts > static_cast<int>(max_attempts))
    refuse("attempts are " + std::to_string(o.attempts) + "; they must be 1 to " +
           std::to_string(max_attempts));
  if (o.task_timeout.count() < 0) refuse("task_timeout is negative; give 0 for none");
}

}  // namespace

std::shared_ptr<ExecutorState> make_executor(const ExecutorOptions& options) {
  check_options(options);
  return std::make_shared<ExecutorState>(options);
}

void check_executor(const std::shared_ptr<ExecutorState>& executor) {
  if (executor == nullptr)
    throw InvalidArgument("tine: the executor was moved from; use the one it was moved to");
}

void check_submit(const std::shared_ptr<ExecutorState>& executor) {
  check_executor(executor);
  executor->check();
}

void check_travels(ExecutorState& executor, const void* bytes, std::size_t size, const char* what) {
  if (const auto pool = executor.pool())
    pool->code().check_captures(bytes, size, pool->arena()->begin(), pool->arena()->end(), what);
}

void check_function(ExecutorState& executor, RunTask run) {
  if (const auto pool = executor.pool())
    pool->code().check_function(reinterpret_cast<const void*>(run));
}

void check_span(ExecutorState& executor, const void* begin, std::size_t bytes) {
  const auto pool = executor.pool();
  if (bytes == 0 || pool == nullptr) return;
  const auto* at = static_cast<const std::byte*>(begin);
  const Arena& arena = *pool->arena();
  if (arena.contains(at) && bytes <= static_cast<std::size_t>(arena.end() - at)) return;
  throw InvalidArgument(
      "tine: an argument of the task is a std::span of memory that workers do not have; pass a "
      "std::vector, which is copied, or a span of an array of this executor "
      "(executor.array_from(values))");
}

void submit(const std::shared_ptr<ExecutorState>& executor, Parcel& arguments,
            const std::shared_ptr<Task>& task) {
  executor->submit(arguments, task);
}
void shutdown(ExecutorState& executor, bool wait, bool cancel_futures) {
  executor.shutdown(wait, cancel_futures);
}
void kill_workers(ExecutorState& executor, bool terminate) {
  executor.kill_workers(terminate ? Shutdown::terminate : Shutdown::kill);
}
unsigned executor_workers(const ExecutorState& executor) {
  return executor.workers();
}
std::shared_ptr<Arena> executor_arena(ExecutorState& executor) {
  const auto pool = executor.pool();
  if (pool == nullptr) throw Closed("tine: the executor was shut down, and makes no more arrays");
  return pool->arena();
}
int executor_supervisor(ExecutorState& executor) {
  const auto pool = executor.pool();
  return pool != nullptr ? pool->supervisor_pid() : 0;
}
std::vector<int> executor_pids(ExecutorState& executor) {
  const auto pool = executor.pool();
  return pool != nullptr ? pool->worker_pids() : std::vector<int>();
}
std::vector<std::string> executor_warnings(ExecutorState& executor) {
  const auto pool = executor.pool();
  return pool != nullptr ? pool->warnings() : std::vector<std::string>();
}

}  // namespace tine::detail
