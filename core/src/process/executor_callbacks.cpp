// Callbacks of an executor's futures: who calls them, and when.
#include <signal.h>
#include <stdio.h>

#include <utility>

#include "process/executor_state.hpp"
#include "process/task_exception.hpp"
#include "sync/clock.hpp"

namespace tine::detail {

thread_local const ExecutorState* ExecutorState::calling_back_ = nullptr;

void ExecutorState::on_done(const std::shared_ptr<Task>& task, Task::Callback callback) {
  {
    Lock lock(mutex_);
    if (!settle(lock, *task)) {
      if (task->callbacks_.empty()) watched_.push_back(task);
      table_.header().wanted.store(0);
      task->callbacks_.push_back(std::move(callback));
      if (own_callback_thread_ && !callback_thread_.joinable() && !stop_callbacks_) {
        // The application's signals are not for it.
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        callback_thread_ = std::thread([self = shared_from_this()] { self->callback_loop(); });
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
      }
      callbacks_.notify_all();
      return;
    }
  }
  call_back(task, callback);
}

void ExecutorState::call_back(const std::shared_ptr<Task>& task,
                              const Task::Callback& callback) const noexcept {
  try {
    callback(task);
  } catch (...) {
    const ExceptionText text = current_exception_text();
    fprintf(stderr, "tine: a callback of a future threw %s%s%s\n", text.type.c_str(),
            text.message.empty() ? "" : ": ", text.message.c_str());
  }
}

// In the order in which their tasks came to an end, as far as is known.
void ExecutorState::run_callbacks() {
  if (!any_ready_.load() || (own_callback_thread_ && calling_back_ != this)) return;
  for (;;) {
    std::shared_ptr<Task> task;
    std::vector<Task::Callback> callbacks;
    {
      Lock lock(mutex_);
      if (ready_.empty()) {
        any_ready_.store(false);
        return;
      }
      task = std::move(ready_.front());
      ready_.pop_front();
      callbacks.swap(task->callbacks_);
    }
    for (const Task::Callback& callback : callbacks) call_back(task, callback);
  }
}

void ExecutorState::callback_loop() {
  calling_back_ = this;
  for (;;) {
    {
      Lock lock(mutex_);
      callbacks_.wait(lock,
                      [&] { return stop_callbacks_ || !watched_.empty() || !ready_.empty(); });
      if (stop_callbacks_ && ready_.empty()) return;
    }
    wait(now_ns() + seconds, nullptr, [&] {
      Lock lock(mutex_);
      return stop_callbacks_ || watched_.empty();
    });
  }
}

}  // namespace tine::detail
