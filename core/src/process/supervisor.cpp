#include "process/supervisor.hpp"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "process/crash.hpp"
#include "sync/clock.hpp"
#include "sync/proc.hpp"
#include "sync/role.hpp"
#include "sync/system.hpp"
#include "toolbox/context.hpp"
#include "toolbox/task_table.hpp"

// One thread, one poll(). The hot path of a job never comes here: only deaths, stops, deadlines,
// the commit of memory, and the end do.
//
// The order of recovery is what makes it right: first the worker is dead and reaped, so that it can
// write no more; then every ledger word in its name is put right; then its slot is declared parked;
// then somebody may be forked in its place. Each step may be repeated without harm.

namespace tine::detail {

namespace {

enum class Reason : std::uint8_t { none, deadline, cpu_time, stopped, cancelled };

struct Child {
  pid_t pid = 0;  // 0: vacant
  Reason killed_for = Reason::none;
  bool stopped = false;
  std::int64_t stopped_for = 0;  // on the deadline clock
  std::uint32_t run = 0;         // the slice whose time is being measured
  std::int64_t run_for = 0;
  std::int64_t cpu_before = 0;  // CPU time it had used when that began
  CpuWait wait;
};

// From a millisecond, doubling, to a second.
constexpr std::int64_t backoff(unsigned failures) {
  return std::min(seconds, ms << std::min(failures, 20u));
}

// Of the kind after which a process may have written anywhere. Sanitizers that end a process
// themselves do it before the stray write.
bool is_memory_fault(const siginfo_t& end) {
  return end.si_code != CLD_EXITED && (end.si_status == SIGSEGV || end.si_status == SIGBUS ||
                                       end.si_status == SIGABRT || end.si_status == SIGILL);
}

class Supervisor {
 public:
  explicit Supervisor(const Inherited& inherited)
      : inherited_(inherited),
        control_(*inherited.control),
        board_(control_.board()),
        slots_(control_.slots()),
        occupants_(control_.occupants()),
        children_(control_.workers) {
    if (control_.tasks)
      tasks_.emplace(*Context::existing(), Context::existing()->object(control_.tasks.table,
                                                                       ObjectKind::tasks));
  }

  [[noreturn]] void run();

 private:
  // The job that is open, kept from being closed while this lives; null when none is.
  class OpenJob {
   public:
    explicit OpenJob(Control& control) : control_(control) {
      const std::uint64_t number = control.open_job.load();
      control.in_job.store(number);
      open_ = number != 0 && control.open_job.load() == number;
      if (!open_) control.in_job.store(0);
    }
    ~OpenJob() {
      if (!open_) return;
      control_.in_job.store(0);
      control_.board().report_finished();
    }
    OpenJob(const OpenJob&) = delete;
    const JobDescriptor* operator->() const { return &control_.job; }
    const JobDescriptor& operator*() const { return control_.job; }
    explicit operator bool() const { return open_; }

   private:
    Control& control_;
    bool open_;
  };

  bool spawn(unsigned index);
  bool is_worker(pid_t pid) const {
    return std::any_of(children_.begin(), children_.end(),
                       [&](const Child& c) { return c.pid == pid; });
  }
  void obey();
  void reap();
  void reap_descendants();
  void recover(unsigned index, const siginfo_t& info);
  Cause cause_of(unsigned index, const siginfo_t& info) const;
  void note_fault(unsigned index, const siginfo_t& info, std::uint64_t slice, unsigned attempt,
                  bool ends_job);
  void replace_missing();
  void hand_over_dirty_slices(const JobDescriptor& job);
  void begin_budget(const JobDescriptor& job);
  // Of an executor's pool.
  TaskTable* tasks() { return tasks_ ? &*tasks_ : nullptr; }
  bool times_tasks();
  void cancel_tasks();
  void note_task_death(unsigned index, const siginfo_t& info);
  void replace_for_tasks();
  Lanes lanes(const JobDescriptor& job) const {
    return {board_.lanes(), job.schedule, control_.workers, job.slices};
  }
  // Deaths that may follow each other without progress: outside of slices, and in them, where each
  // worker may use up the attempts of one.
  unsigned few() const { return std::max(10u, 2 * control_.workers); }
  unsigned budget(const JobDescriptor& job) const {
    return std::max(few(), job.attempts * control_.workers);
  }
  void tick();
  void kill_worker(unsigned index, Reason reason);
  void commit_memory();
  std::int64_t patience();
  [[noreturn]] void end();
  [[noreturn]] void master_is_gone();

  Inherited inherited_;
  Control& control_;
  Board& board_;
  Slot* slots_;
  Occupant* occupants_;
  std::vector<Child> children_;
  pid_t committer_ = 0;
  std::uint32_t committed_ = 0;  // the last commit request that was taken up

  // Restarts without progress, of the job numbered budget_job_.
  std::uint64_t budget_job_ = 0;
  std::size_t most_over_ = 0;
  unsigned fruitless_ = 0;
  unsigned outside_ = 0;  // how many of them were not in a slice
  std::int64_t not_before_ = 0;
  bool waiting_to_fork_ = false;  // until then

  std::optional<TaskTable> tasks_;
  std::uint64_t tasks_over_ = 0;      // when the last worker died
  std::uint32_t tasks_cancelled_ = 0;  // orders that were taken up

  std::int64_t last_tick_ = 0;
  int signals_ = -1;
  bool look_again_ = false;  // for children that have ended

  static constexpr std::int64_t tick_ns = 10 * ms;
};

void Supervisor::run() {
  signals_ = sys::signalfd_child();
  for (unsigned i = 0; i < control_.workers; ++i)
    if (!spawn(i) && control_.alive.load() == 0) break;
  control_.started.store(1);
  sys::futex_wake(control_.started, INT_MAX);

  for (;;) {
    pollfd fds[] = {{inherited_.master_pidfd, POLLIN, 0},
                    {inherited_.exec_pipe, POLLIN, 0},
                    {inherited_.event, POLLIN, 0},
                    {signals_, POLLIN, 0}};
    const std::int64_t wait = patience();
    const timespec timeout{wait / seconds, wait % seconds};
    const int ready = ppoll(fds, signals_ >= 0 ? 4 : 3, wait < 0 ? nullptr : &timeout, nullptr);
    if (ready > 0) {
      if (fds[0].revents != 0 || fds[1].revents != 0) master_is_gone();
      if (fds[2].revents != 0) {
        std::uint64_t count;
        [[maybe_unused]] const auto n = read(inherited_.event, &count, sizeof count);
      }
      if (signals_ >= 0 && fds[3].revents != 0) {
        char buffer[sizeof(uint64_t) * 256];
        while (read(signals_, buffer, sizeof buffer) > 0) {
        }
      }
    }
    reap();
    obey();
    tick();
    replace_missing();
  }
}

// How long to sleep; -1: until something happens.
std::int64_t Supervisor::patience() {
  std::int64_t wait = signals_ >= 0 ? -1 : tick_ns;  // without signals we have to look
  auto at_most = [&](std::int64_t ns) { wait = wait < 0 ? ns : std::min(wait, ns); };
  const bool open = control_.open_job.load() != 0;
  if (open && control_.job.is_timed()) at_most(tick_ns);
  if (times_tasks()) at_most(tick_ns);
  if (look_again_) at_most(ms);
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
  if (tasks() != nullptr) cancel_tasks();
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

void Supervisor::reap() {
  for (;;) {
    siginfo_t info{};
    int failed = sys::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
    const bool ended = failed == 0 && info.si_pid != 0;
    if (ended) {
      // What it left in its process group; until it is reaped, the number is nobody else's.
      if (is_worker(info.si_pid)) kill(-info.si_pid, SIGKILL);
      failed = sys::waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED);
    } else if (failed == 0) {
      failed = sys::waitid(P_ALL, 0, &info, WSTOPPED | WCONTINUED | WNOHANG);
    }
    // Who waits to be reaped is not announced again.
    look_again_ = failed != 0 && errno != ECHILD;
    if (failed != 0 || info.si_pid == 0) return;
    if (info.si_pid == committer_) {
      if (!ended) continue;
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
      continue;
    }
    const auto child = std::find_if(children_.begin(), children_.end(),
                                    [&](const Child& c) { return c.pid == info.si_pid; });
    if (child == children_.end()) {
      if (ended) reap_descendants();  // its own children have come to us
    } else if (ended) {
      recover(static_cast<unsigned>(child - children_.begin()), info);
    } else {
      child->stopped = info.si_code == CLD_STOPPED;
      child->stopped_for = 0;
      last_tick_ = now_ns();
    }
  }
}

// What a dead worker had forked came to us. It cannot write the arena, which it did not inherit,
// but nothing shall be left running.
void Supervisor::reap_descendants() {
  std::string text(4096, '\0');
  std::size_t length;
  // Whole, or the last number might be the beginning of another one.
  while ((length = sys::read_file("/proc/thread-self/children", text.data(), text.size())) + 1 ==
         text.size())
    text.resize(2 * text.size());
  text.resize(length);
  char* rest = nullptr;
  for (char* word = strtok_r(text.data(), " ", &rest); word != nullptr;
       word = strtok_r(nullptr, " ", &rest)) {
    const pid_t pid = atoi(word);
    if (pid > 0 && pid != committer_ && !is_worker(pid)) kill(pid, SIGKILL);
  }
}

Cause Supervisor::cause_of(unsigned index, const siginfo_t& info) const {
  switch (children_[index].killed_for) {
    case Reason::deadline:
      return Cause::deadline;
    case Reason::cpu_time:
      return Cause::cpu_time;
    case Reason::stopped:
      return Cause::stopped;
    case Reason::none:
    case Reason::cancelled:
      return info.si_code == CLD_EXITED ? Cause::exited : Cause::signal;
  }
  return Cause::signal;
}

void Supervisor::note_fault(unsigned index, const siginfo_t& info, std::uint64_t slice,
                            unsigned attempt, bool ends_job) {
  const CrashNote& note = slots_[index].crash;
  const Cause cause = cause_of(index, info);
  FaultRecord* fault = board_.new_fault(cause, index, slice, attempt, ends_job);
  if (fault == nullptr) return;
  if (cause == Cause::exited) fault->exit_status = info.si_status;
  if (cause == Cause::signal) {
    fault->signal = info.si_status;
    if (note.written.load(std::memory_order_acquire) == by_signal &&
        note.signal == info.si_status) {
      fault->code = note.code;
      if (note.signal == SIGSEGV || note.signal == SIGBUS) fault->address = note.address;
      fault->frames = std::min<std::uint32_t>(note.frames, max_frames);
      std::copy(note.frame, note.frame + fault->frames, fault->frame);
    }
  }
  fault->job.store(control_.job.number);
}

void Supervisor::recover(unsigned index, const siginfo_t& info) {
  Child& child = children_[index];
  Slot& slot = slots_[index];
  child.pid = 0;
  reap_descendants();
  occupants_[index].pid.store(0);
  slot.asleep.store(0);
  control_.alive.fetch_sub(1);
  if (inherited_.first_party != 0) {
    Death death{.pid = info.si_pid, .cause = cause_of(index, info), .status = info.si_status};
    if (const CrashNote& note = slot.crash; death.cause == Cause::signal &&
                                            note.written.load() == by_signal &&
                                            note.signal == info.si_status) {
      if (note.signal == SIGSEGV || note.signal == SIGBUS) death.address = note.address;
      death.frame = note.frame;
      death.frames = std::min<std::uint32_t>(note.frames, max_frames);
    }
    Context::existing()->repair(inherited_.first_party + index, death);
  }
  if (tasks() != nullptr) note_task_death(index, info);

  OpenJob job(control_);
  if (job) {
    // Unless the signal met him in the next job already, whose loss this is.
    const bool cancelled =
        child.killed_for == Reason::cancelled && board_.stop_claims.load() != 0;
    LedgerWord* ledger = job->ledger;
    std::uint64_t hit = no_slice;
    unsigned hit_attempt = 0;
    std::size_t done = 0, given_up = 0;
    const Lanes lanes = this->lanes(*job);
    for (unsigned l = 0; l < lanes.count(); ++l) {
      std::size_t first_free = lanes.end(l);
      for (std::size_t i = lanes.begin(l); i < lanes.end(l); ++i) {
        Word word = load(ledger[i]);
        const bool his = (word.state == SliceState::claimed || word.state == SliceState::running) &&
                         word.slot == index;
        if (his) {
          // He is dead, so nobody else changes this word.
          Word next{SliceState::free, 0, word.attempt, job->incarnation_base};
          const bool saved = job->has_inout && slot.undo_slice.load() == i;
          // He had saved it before he ran it; somebody has written over the note of that.
          if (job->has_inout && !saved && word.state == SliceState::running)
            board_.condemn(Verdict::corrupt, i);
          // Killed for the deadline of an earlier slice, or for the end of a job: this slice is
          // not to blame.
          const bool innocent =
              child.killed_for == Reason::cancelled ||
              ((child.killed_for == Reason::deadline || child.killed_for == Reason::cpu_time) &&
               slot.runs.load() != child.run);
          if (word.state == SliceState::running) {
            if (!innocent) next.attempt = std::min(word.attempt + 1, max_attempts);
            hit = i;
            hit_attempt = next.attempt;
          }
          // Claimed and saved: he was putting the original back, or about to begin.
          if (saved) {
            next.state = SliceState::dirty;
            next.slot = index;
            if (word.state == SliceState::running) control_.undone.fetch_add(1);
          }
          replace(ledger[i], word, next);
          word = next;
        }
        if (word.state == SliceState::done) ++done;
        if (word.state == SliceState::quarantined) ++given_up;
        if (word.state == SliceState::free) first_free = std::min(first_free, i);
      }
      // Slices between the lane's start and its cursor may have been passed over by the dead.
      if (first_free < lanes.next(l).load()) lanes.next(l).store(first_free);
    }
    begin_budget(*job);
    if (done + given_up > most_over_) {
      fruitless_ = outside_ = 0;
      most_over_ = done + given_up;
    }
    // To give up a slice is progress, too, but not when nothing else ever comes of it.
    if (done == 0 &&
        given_up > std::max<std::size_t>(few(), std::min<std::size_t>(job->slices / 8, 64)))
      board_.condemn(Verdict::workers, no_slice >> 8);
    const bool recycled = info.si_code == CLD_EXITED && hit == no_slice &&
                          slot.crash.written.load() == Ending::recycled;
    if (!cancelled && !recycled) {
      bool ends_job = false;
      if (job->spmd && slot.active.load() != 0) {
        ends_job = board_.condemn(Verdict::barrier, index);
        board_.barrier.broken.store(1);
        sys::futex_wake(board_.barrier.phase, INT_MAX);
      } else if (hit != no_slice && hit_attempt >= job->attempts &&
                 job->on_failure == OnFailure::fail) {
        ends_job = board_.condemn(Verdict::slice, hit);
      } else if (job->strict && is_memory_fault(info)) {
        board_.condemn(Verdict::distrust, hit);
      }
      note_fault(index, info, hit, hit_attempt, ends_job);
      ++fruitless_;
      outside_ += hit == no_slice;
      // At once the first time; then ever more slowly, up to a second.
      not_before_ = now_ns() + (fruitless_ < 2 ? 0 : backoff(fruitless_ - 2));
      if (outside_ > few() || fruitless_ > budget(*job))
        board_.condemn(Verdict::workers, no_slice >> 8);
    }
  }
  slot.active.store(0);
  control_.ring(INT_MAX);
  board_.report_finished();
}

void Supervisor::begin_budget(const JobDescriptor& job) {
  if (budget_job_ == job.number) return;
  budget_job_ = job.number;
  most_over_ = 0;
  fruitless_ = outside_ = 0;
  not_before_ = 0;
}

// Forks workers for vacant slots, as long as there is work for them.
void Supervisor::replace_missing() {
  waiting_to_fork_ = false;
  if (std::none_of(children_.begin(), children_.end(), [](const Child& c) { return c.pid == 0; }))
    return;
  if (tasks() != nullptr) return replace_for_tasks();
  OpenJob job(control_);
  if (!job || board_.stop_claims.load() != 0) return;
  begin_budget(*job);
  if (now_ns() < not_before_) {
    waiting_to_fork_ = true;
    return;
  }
  std::size_t free = 0;
  std::vector<bool> own(control_.workers);  // slots with a slice that only they may take
  for (std::size_t i = 0; i < job->slices; ++i) {
    const Word word = load(job->ledger[i]);
    if (word.state == SliceState::free) {
      if (job->spmd && i < own.size())
        own[i] = true;
      else if (job->schedule == Schedule::fixed)
        own[lanes(*job).of(i)] = true;
      else
        ++free;
    }
    if (word.state == SliceState::dirty && word.slot < own.size()) own[word.slot] = true;
  }
  for (unsigned i = 0; i < control_.workers; ++i) {
    if (children_[i].pid != 0 || (free == 0 && !own[i])) continue;
    if (!spawn(i)) {
      // The others go on; where nobody can, trying for ever would be a hang.
      ++fruitless_;
      not_before_ = now_ns() + backoff(fruitless_);
      waiting_to_fork_ = true;
      if ((control_.alive.load() == 0 || job->spmd) && fruitless_ > budget(*job))
        board_.condemn(Verdict::workers, no_slice >> 8);
      hand_over_dirty_slices(*job);
      board_.report_finished();
      control_.ring(INT_MAX);  // a fixed schedule is shared out among those who are there
      return;
    }
    control_.restarts.fetch_add(1);
    if (!own[i]) --free;
  }
}

// Whether there are tasks whose deadline may pass. Either we see here what was submitted, or the
// master sees that we do not look.
bool Supervisor::times_tasks() {
  if (control_.tasks.deadline_ns == 0) return false;
  control_.watching.store(0);
  bool any = tasks()->perhaps_pending() != 0;
  for (unsigned i = 0; i < control_.workers; ++i) any = any || slots_[i].inside.load() != 0;
  if (any) control_.watching.store(1);
  return any;
}

void Supervisor::cancel_tasks() {
  const std::uint32_t orders = tasks()->header().cancels.load();
  if (orders == tasks_cancelled_) return;
  tasks_cancelled_ = orders;
  tasks()->for_each_cancelling([&](unsigned party) {
    if (party >= inherited_.first_party && party - inherited_.first_party < control_.workers)
      kill_worker(party - inherited_.first_party, Reason::cancelled);
  });
}

// Deaths without any task that came to its end, while there are some to do, use up the budget.
void Supervisor::note_task_death(unsigned index, const siginfo_t& info) {
  const std::uint64_t over = tasks()->header().over.load();
  const bool progress = over != tasks_over_ || tasks()->pending(1) == 0;
  tasks_over_ = over;
  if (progress) {
    fruitless_ = 0;
    return;
  }
  if (slots_[index].crash.written.load() == Ending::recycled) return;
  ++fruitless_;
  not_before_ = now_ns() + (fruitless_ < 2 ? 0 : backoff(fruitless_ - 2));
  if (fruitless_ <= std::max(few(), tasks()->header().attempts.load() * control_.workers)) return;
  char text[128];
  const char* name = info.si_code == CLD_EXITED ? nullptr : sigabbrev_np(info.si_status);
  if (name != nullptr)
    snprintf(text, sizeof text, "the last was killed by SIG%s", name);
  else
    snprintf(text, sizeof text, "the last ended with status %d", info.si_status);
  tasks()->give_up(Broken::workers, "", text);
}

// Forks workers for vacant slots, as long as there are tasks for them.
void Supervisor::replace_for_tasks() {
  if (tasks()->header().broken.load() != 0) return;
  std::size_t pending = tasks()->pending(control_.workers);
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
      tasks()->give_up(Broken::workers, "",
                       (std::string("no worker could be forked: ") +
                        strerror(control_.fork_error.load()) +
                        "; look at the limit on processes (ulimit -u, pids.max)")
                           .c_str());
    return;
  }
}

// When a slot stays vacant, nobody comes who would restore its slice: then we do, for once, and
// anybody may take it.
void Supervisor::hand_over_dirty_slices(const JobDescriptor& job) {
  for (std::size_t i = 0; i < job.slices; ++i) {
    const Word word = load(job.ledger[i]);
    if (word.state != SliceState::dirty || word.slot >= children_.size() ||
        children_[word.slot].pid != 0)
      continue;
    if (slots_[word.slot].undo_slice.load() == i)
      restore(job, job.partition.slice(i), job.undo + word.slot * job.undo_stride);
    else
      board_.condemn(Verdict::corrupt, i);
    replace(job.ledger[i], word, Word{SliceState::free, 0, word.attempt, job.incarnation_base});
    lanes(job).put_back(i);
  }
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
  const char master = process_state(inherited_.master);
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
         tasks()->mark_overdue(inherited_.first_party + i, slots_[i].slice.load(),
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
  master_is_gone();
}

void Supervisor::master_is_gone() {
  for (const Child& child : children_)
    if (child.pid != 0) {
      kill(-child.pid, SIGKILL);
      kill(child.pid, SIGKILL);
    }
  if (committer_ != 0) kill(committer_, SIGKILL);
  for (Child& child : children_) child.pid = 0;
  // Everybody, and what comes to us from them.
  for (int round = 0; round < 1000; ++round) {
    reap_descendants();
    siginfo_t info{};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0) break;  // ECHILD: nobody left
    if (info.si_pid != 0) continue;
    const timespec moment{0, ms};
    nanosleep(&moment, nullptr);
  }
  leave(0);
}

}  // namespace

void supervisor_main(const Inherited& inherited) {
  process_role = Role::supervisor;
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_SETMASK, &set, nullptr);
  setsid();  // Ctrl-C and Ctrl-Z are for the master
  sys::prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_NAME, "tine-supervisor");
  if (getppid() != inherited.master) _exit(0);
  static Supervisor* supervisor = new Supervisor(inherited);
  supervisor->run();
}

}  // namespace tine::detail
