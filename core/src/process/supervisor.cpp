#include "process/supervisor.hpp"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync/system.hpp"
#include "toolbox/context.hpp"

namespace tine::detail {

void Supervisor::begin() {
  for (unsigned i = 0; i < control_.workers; ++i)
    if (!spawn(i) && control_.alive.load() == 0) break;
  control_.started.store(1);
  sys::futex_wake(control_.started, INT_MAX);
}

void Supervisor::look() {
  obey();
  tick();
  replace_missing();
}

std::int64_t Supervisor::patience() const {
  std::int64_t wait = -1;
  auto at_most = [&](std::int64_t ns) { wait = wait < 0 ? ns : std::min(wait, ns); };
  const bool open = control_.open_job.load() != 0;
  if ((open && control_.job.is_timed()) || times_tasks()) at_most(tick_ns);
  if (waiting_to_fork_) at_most(std::max<std::int64_t>(not_before_ - now_ns(), ms));
  for (const Child& child : children_)
    if (child.stopped) at_most(tick_ns);
  return wait;
}

bool Supervisor::spawn(unsigned index) {
  Slot& slot = slots_[index];
  // The new number first: from the moment it lives, a worker's words are told from its
  // predecessor's.
  occupants_[index].spawn.store(control_.spawns.fetch_add(1) + 1);
  slot.asleep.store(0);
  slot.inside.store(0);
  slot.crash.written.store(0);
  if (inherited_.first_party != 0) Context::existing()->begin_party(inherited_.first_party + index);
  fflush(nullptr);
  const pid_t self = getpid();
  const pid_t pid = sys::fork();
  if (pid == 0) {
    close(signals_);
    worker_main(inherited_, index, self);
  }
  if (pid < 0) {
    control_.fork_error.store(errno);
    return false;
  }
  children_[index] = Child{};
  children_[index].pid = pid;
  occupants_[index].pid.store(pid);
  control_.alive.fetch_add(1);
  control_.fork_error.store(0);
  return true;
}

void Supervisor::kill_worker(unsigned index, Reason reason) {
  Child& child = children_[index];
  if (child.pid == 0 || child.killed_for != Reason::none) return;
  child.killed_for = reason;
  kill(child.pid, SIGKILL);  // it is our child and not reaped, so the number is still its own
}

void Supervisor::obey() {
  if (control_.shutdown.load() != 0) end();
  if (tasks_) cancel_tasks();
  if (control_.commit_request.load() != committed_) commit_memory();
  // Seen late, it must not hit the next job.
  if (const std::uint64_t job = control_.kill_active.exchange(0);
      job != 0 && job == control_.job.number)
    for (unsigned i = 0; i < control_.workers; ++i) {
      if (slots_[i].active.load() == 0) continue;
      kill_worker(i, Reason::cancelled);
      // Nobody is in a vacant slot, whatever a kernel has written there.
      if (children_[i].pid == 0) slots_[i].active.store(0);
    }
}

// Memory is committed by a process that may die of it.
void Supervisor::commit_memory() {
  if (committer_ != 0) return;
  committed_ = control_.commit_request.load();
  const auto offset = static_cast<off_t>(control_.commit_offset.load());
  const auto bytes = static_cast<off_t>(control_.commit_bytes.load());
  Context* context = control_.commit_context.load() != 0 ? Context::existing() : nullptr;
  const int file = context != nullptr ? context->descriptor() : inherited_.arena->descriptor();
  auto work = [&] { return sys::fallocate(file, 0, offset, bytes) == 0 ? 0 : errno; };
  committer_ = sys::fork();
  if (committer_ == 0) {
    sys::write_file("/proc/self/oom_score_adj", "1000");
    _exit(work());
  }
  if (committer_ < 0) {  // no process to be had: then it is us who takes the risk
    committer_ = 0;
    control_.commit_error.store(work());
    control_.commit_reply.store(committed_);
    sys::futex_wake(control_.commit_reply, 1);
  }
}

void Supervisor::committed(const siginfo_t& info) {
  committer_ = 0;
  const int error = info.si_code == CLD_EXITED ? info.si_status : ENOMEM;
  // What was committed before it failed would stay taken; not so in the context, where another
  // party may have begun to use it.
  if (error != 0 && control_.commit_context.load() == 0)
    ::fallocate(inherited_.arena->descriptor(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                static_cast<off_t>(control_.commit_offset.load()),
                static_cast<off_t>(control_.commit_bytes.load()));
  control_.commit_error.store(error);
  control_.commit_reply.store(committed_);
  sys::futex_wake(control_.commit_reply, 1);
}

// What it left in its process group.
void Supervisor::ending(pid_t pid) {
  if (pid != committer_) kill(-pid, SIGKILL);
}

void Supervisor::ended(const siginfo_t& info) {
  if (info.si_pid == committer_)
    committed(info);
  else
    recover(static_cast<unsigned>(child(info.si_pid) - children_.data()), info);
}

void Supervisor::stopped(pid_t pid, bool yes) {
  if (pid == committer_) return;
  Child& it = children_[static_cast<std::size_t>(child(pid) - children_.data())];
  it.stopped = yes;
  it.stopped_for = 0;
  last_tick_ = now_ns();
}

// The clock of deadlines. It stands still while the master is stopped, and does not jump when we
// were: a pool that was put aside as a whole has missed no deadline.
void Supervisor::tick() {
  const bool timed_tasks = control_.tasks.deadline_ns != 0;
  const bool measuring =
      timed_tasks || (control_.open_job.load() != 0 && control_.job.is_timed());
  const bool any_stopped = std::any_of(children_.begin(), children_.end(),
                                       [](const Child& c) { return c.stopped && c.pid != 0; });
  const std::int64_t now = now_ns();
  std::int64_t step = now - last_tick_;
  if (!measuring && !any_stopped) {
    last_tick_ = now;
    return;
  }
  if (step < tick_ns / 2) return;  // woken for something else; this time counts at the next tick
  last_tick_ = now;
  if (step > 2 * tick_ns) step = tick_ns;
  const char master = process_state(links_.master);
  if (master == 'T' || master == 't') return;

  const std::int64_t deadline =
      timed_tasks ? control_.tasks.deadline_ns : control_.job.slice_deadline_ns;
  const std::int64_t cpu_limit = timed_tasks ? 0 : control_.job.slice_cpu_ns;
  for (unsigned i = 0; i < children_.size(); ++i) {
    Child& child = children_[i];
    if (child.pid == 0) continue;
    if (child.stopped) {
      child.stopped_for += step;
      if (child.stopped_for > seconds && !traced(child.pid)) kill_worker(i, Reason::stopped);
      continue;
    }
    if (!measuring) continue;
    const std::uint32_t run = slots_[i].runs.load();
    if (slots_[i].inside.load() == 0 || run != child.run) {
      child.run = run;
      child.run_for = 0;
      if (cpu_limit != 0) child.cpu_before = cpu_used(child.pid);
      continue;
    }
    if (child.run_for == 0) child.wait = CpuWait(child.pid);
    child.run_for += step;
    const bool greedy = cpu_limit != 0 && cpu_used(child.pid) - child.cpu_before > cpu_limit;
    bool late = deadline != 0 && child.run_for > deadline;
    if (late) {
      // Perhaps others had the CPU, or a cgroup's quota was used up.
      const auto waited = child.wait.so_far(child.pid);
      late = waited && child.run_for - *waited > deadline;
    }
    if ((late || greedy) && !traced(child.pid) &&
        (!timed_tasks ||
         tasks_->mark_overdue(inherited_.first_party + i, slots_[i].slice.load(),
                              [&] { return slots_[i].runs.load() == child.run; })))
      kill_worker(i, late ? Reason::deadline : Reason::cpu_time);
  }
}

void Supervisor::end() {
  control_.ring(INT_MAX);
  // Parked workers leave by themselves within microseconds; nobody else is worth waiting for.
  const auto how = static_cast<Shutdown>(control_.shutdown.load());
  if (how == Shutdown::terminate)
    for (const Child& child : children_)
      if (child.pid != 0) kill(child.pid, SIGTERM);
  const std::int64_t until = how == Shutdown::kill ? 0 : now_ns() + 100 * ms;
  auto any = [&] {
    return std::any_of(children_.begin(), children_.end(),
                       [](const Child& c) { return c.pid != 0; });
  };
  while (any() && now_ns() < until) {
    siginfo_t info{};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0) {
      for (Child& child : children_)
        if (child.pid == info.si_pid) child.pid = 0;
      continue;
    }
    const timespec moment{0, 50 * us};
    nanosleep(&moment, nullptr);
  }
  disband();
}

void Supervisor::disown_all() {
  for (Child& child : children_) {
    if (child.pid == 0) continue;
    kill(-child.pid, SIGKILL);
    kill(child.pid, SIGKILL);
    child.pid = 0;
  }
  committer_ = 0;
}

void supervisor_main(const Inherited& inherited) {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_SETMASK, &set, nullptr);
  setsid();  // Ctrl-C and Ctrl-Z are for the master
  become_supervisor(inherited.links);
  static Supervisor* supervisor = new Supervisor(inherited);
  supervisor->run();
}

}  // namespace tine::detail
