// A task as its futures see it, in the process that submitted it.
#include <algorithm>
#include <utility>

#include <tine/error.hpp>

#include "process/executor_state.hpp"
#include "process/task_exception.hpp"
#include "process/task_server.hpp"
#include "sync/clock.hpp"
#include "toolbox/context.hpp"

namespace tine::detail {

Task::~Task() {
  Context* context = Context::existing();
  if (unread_ && context != nullptr) context->chunks().give_chain(result_);
}

Task::State Task::state() {
  return known_over() ? state_.load() : executor_->state_of(*this);
}

bool Task::failed() {
  return over() && failed_;
}

bool Task::cancel(bool force) {
  return executor_->cancel(*this, force);
}

bool Task::wait(std::int64_t deadline) {
  return executor_->wait(deadline, this, [this] { return over(); });
}

std::exception_ptr Task::error() {
  std::lock_guard lock(reading_);
  if (!unread_) return error_;
  Context& context = Context::for_use();
  ItemBytes bytes(context, result_);
  try {
    ResultKind kind;
    bytes.read(&kind, sizeof kind);
    if (threw_)
      error_ = unpack_exception(bytes);
    else
      read_value(bytes);
  } catch (...) {
    error_ = std::current_exception();
  }
  context.chunks().give_chain(result_);
  unread_ = false;
  return error_;
}

void Task::on_done(const std::shared_ptr<Task>& task, Callback callback) {
  task->executor_->on_done(task, std::move(callback));
}

bool wait_for_tasks(const std::vector<std::shared_ptr<Task>>& tasks, std::int64_t deadline,
                    const std::function<bool()>& look) {
  ExecutorState* only = nullptr;
  bool several = false;
  for (const auto& task : tasks) {
    several = several || (only != nullptr && only != Task::executor_of(*task));
    only = Task::executor_of(*task);
  }
  if (only == nullptr) return look();
  if (!several) return only->wait(deadline, nullptr, look);
  // Each tells of its own only; so in turn.
  for (;;)
    for (const auto& task : tasks) {
      const std::int64_t until = std::min(deadline, now_ns() + ms);
      if (Task::executor_of(*task)->wait(until, nullptr, look)) return true;
      if (now_ns() >= deadline) return look();
    }
}

void throw_no_future() {
  throw InvalidArgument("tine: the future belongs to no task; take one that submit() returned");
}

}  // namespace tine::detail
