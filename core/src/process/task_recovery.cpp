// What a pool's supervisor does for the tasks of an executor.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <algorithm>
#include <string>

#include "process/supervisor.hpp"

namespace tine::detail {

// Whether there are tasks whose deadline may pass. Either we see here what was submitted, or the
// master sees that we do not look.
bool Supervisor::times_tasks() const {
  if (control_.tasks.deadline_ns == 0) return false;
  control_.watching.store(0);
  bool any = tasks_->perhaps_pending() != 0;
  for (unsigned i = 0; i < control_.workers; ++i) any = any || slots_[i].inside.load() != 0;
  if (any) control_.watching.store(1);
  return any;
}

void Supervisor::cancel_tasks() {
  const std::uint32_t orders = tasks_->header().cancels.load();
  if (orders == tasks_cancelled_) return;
  tasks_cancelled_ = orders;
  tasks_->for_each_cancelling([&](unsigned party) {
    if (party >= inherited_.first_party && party - inherited_.first_party < control_.workers)
      kill_worker(party - inherited_.first_party, Reason::cancelled);
  });
}

// Deaths without any task that came to its end, while there are some to do, use up the budget.
void Supervisor::note_task_death(unsigned index, const siginfo_t& info) {
  const std::uint64_t over = tasks_->header().over.load();
  const bool progress = over != tasks_over_ || tasks_->pending(1) == 0;
  tasks_over_ = over;
  if (progress) {
    fruitless_ = 0;
    return;
  }
  if (slots_[index].crash.written.load() == Ending::recycled) return;
  ++fruitless_;
  not_before_ = now_ns() + (fruitless_ < 2 ? 0 : backoff(fruitless_ - 2));
  if (fruitless_ <= std::max(few(), tasks_->header().attempts.load() * control_.workers)) return;
  char text[128];
  const char* name = info.si_code == CLD_EXITED ? nullptr : sigabbrev_np(info.si_status);
  if (name != nullptr)
    snprintf(text, sizeof text, "the last was killed by SIG%s", name);
  else
    snprintf(text, sizeof text, "the last ended with status %d", info.si_status);
  tasks_->give_up(Broken::workers, "", text);
}

// Forks workers for vacant slots, as long as there are tasks for them.
void Supervisor::replace_for_tasks() {
  if (tasks_->header().broken.load() != 0) return;
  std::size_t pending = tasks_->pending(control_.workers);
  if (pending == 0) return;
  if (now_ns() < not_before_) {
    waiting_to_fork_ = true;
    return;
  }
  for (unsigned i = 0; i < control_.workers && pending != 0; ++i) {
    if (children_[i].pid != 0) continue;
    if (spawn(i)) {
      --pending;
      continue;
    }
    // The others go on; where nobody can, trying for ever would be a hang.
    not_before_ = now_ns() + backoff(++fruitless_);
    waiting_to_fork_ = true;
    if (control_.alive.load() == 0 && fruitless_ > few())
      tasks_->give_up(
          Broken::workers, "",
          (std::string("no worker could be forked: ") + strerror(control_.fork_error.load()) +
           "; look at the limit on processes (ulimit -u, pids.max)")
              .c_str());
    return;
  }
}

}  // namespace tine::detail
