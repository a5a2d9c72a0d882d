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
#include <string>
#include <vector>

#include "process/crash.hpp"
#include "sync/clock.hpp"
#include "sync/role.hpp"
#include "sync/system.hpp"

// One thread, one poll(). The hot path of a job never comes here: only deaths, stops, deadlines,
// the commit of memory, and the end do.
//
// The order of recovery is what makes it right: first the worker is dead and reaped, so that it can
// write no more; then every ledger word in its name is put right; then its slot is declared parked;
// then somebody may be forked in its place. Each step may be repeated without harm.

namespace tine::detail {

namespace {

enum class Reason : std::uint8_t { none, deadline, stopped, cancelled };

struct Child {
  pid_t pid = 0;  // 0: vacant
  Reason killed_for = Reason::none;
  bool stopped = false;
  std::int64_t stopped_for = 0;  // on the deadline clock
  std::uint32_t run = 0;         // the slice whose time is being measured
  std::int64_t run_for = 0;
};

// State letter of a process, and whether somebody traces it.
char process_state(pid_t pid) {
  char path[32], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  if (sys::read_file(path, text, sizeof text) == 0) return '?';
  const char* end = strrchr(text, ')');  // the name may contain anything
  return end != nullptr && end[1] == ' ' ? end[2] : '?';
}
bool traced(pid_t pid) {
  char path[32], text[2048];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  sys::read_file(path, text, sizeof text);
  const char* line = strstr(text, "TracerPid:");
  return line != nullptr && atoi(line + strlen("TracerPid:")) != 0;
}

// From a millisecond, doubling, to a second.
constexpr std::int64_t backoff(unsigned failures) {
  return std::min(seconds, ms << std::min(failures, 20u));
}

class Supervisor {
 public:
  explicit Supervisor(const Inherited& inherited)
      : inherited_(inherited),
        control_(*inherited.control),
        slots_(control_.slots()),
        children_(control_.workers) {}

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
      control_.report_finished();
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
  void obey();
  void reap();
  void reap_descendants();
  void recover(unsigned index, const siginfo_t& info);
  void note_fault(unsigned index, const siginfo_t& info, std::uint64_t slice, unsigned attempt,
                  bool ends_job);
  void replace_missing();
  void hand_over_dirty_slices(const JobDescriptor& job);
  void begin_budget(const JobDescriptor& job);
  // The lane that hands out slice i; laid out as in lay_out().
  unsigned lane_of(const JobDescriptor& job, std::size_t i) const {
    const unsigned lanes = lane_count(job.schedule, control_.workers);
    auto lane = static_cast<unsigned>(i * lanes / job.slices);
    while (lane + 1 < lanes && i >= job.slices * (lane + 1) / lanes) ++lane;
    return lane;
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
  std::int64_t patience() const;
  [[noreturn]] void end();
  [[noreturn]] void master_is_gone();

  Inherited inherited_;
  Control& control_;
  Slot* slots_;
  std::vector<Child> children_;
  pid_t committer_ = 0;
  std::uint32_t committed_ = 0;  // the last commit request that was taken up

  // Restarts without progress, of the job numbered budget_job_.
  std::uint64_t budget_job_ = 0;
  std::size_t most_over_ = 0;
  unsigned fruitless_ = 0;
  std::int64_t not_before_ = 0;
  bool waiting_to_fork_ = false;  // until then

  std::int64_t last_tick_ = 0;
  int signals_ = -1;

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
std::int64_t Supervisor::patience() const {
  std::int64_t wait = signals_ >= 0 ? -1 : tick_ns;  // without signals we have to look
  auto at_most = [&](std::int64_t ns) { wait = wait < 0 ? ns : std::min(wait, ns); };
  const bool open = control_.open_job.load() != 0;
  if (open && control_.job.slice_deadline_ns != 0) at_most(tick_ns);
  if (waiting_to_fork_) at_most(std::max<std::int64_t>(not_before_ - now_ns(), ms));
  for (const Child& child : children_)
    if (child.stopped) at_most(tick_ns);
  return wait;
}

bool Supervisor::spawn(unsigned index) {
  Slot& slot = slots_[index];
  // The new number first: from the moment it lives, a worker's words are told from its
  // predecessor's.
  slot.spawn.store(control_.spawns.fetch_add(1) + 1);
  slot.asleep.store(0);
  slot.inside.store(0);
  slot.crash.written.store(0);
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
  slot.pid.store(pid);
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
  if (control_.commit_request.load() != committed_) commit_memory();
  // Seen late, it must not hit the next job.
  if (const std::uint64_t job = control_.kill_active.exchange(0); job != 0)
    for (unsigned i = 0; i < control_.workers; ++i)
      if (slots_[i].active.load() == job) kill_worker(i, Reason::cancelled);
}

// Memory is committed by a process that may die of it.
void Supervisor::commit_memory() {
  if (committer_ != 0) return;
  committed_ = control_.commit_request.load();
  const auto offset = static_cast<off_t>(control_.commit_offset.load());
  const auto bytes = static_cast<off_t>(control_.commit_bytes.load());
  auto work = [&] {
    return sys::fallocate(inherited_.arena->descriptor(), 0, offset, bytes) == 0 ? 0 : errno;
  };
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
    if (sys::waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WCONTINUED | WNOHANG) != 0 ||
        info.si_pid == 0)
      return;
    const bool ended =
        info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
    if (info.si_pid == committer_) {
      if (!ended) continue;
      committer_ = 0;
      const int error = info.si_code == CLD_EXITED ? info.si_status : ENOMEM;
      if (error != 0)  // what was committed before it failed would stay taken
        ::fallocate(inherited_.arena->descriptor(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                    static_cast<off_t>(control_.commit_offset.load()),
                    static_cast<off_t>(control_.commit_bytes.load()));
      control_.commit_error.store(error);
      control_.commit_reply.store(committed_);
      sys::futex_wake(control_.commit_reply, 1);
      continue;
    }
    bool known = false;
    for (unsigned i = 0; i < children_.size(); ++i) {
      if (children_[i].pid != info.si_pid) continue;
      known = true;
      if (ended) {
        recover(i, info);
      } else {
        children_[i].stopped = info.si_code == CLD_STOPPED;
        children_[i].stopped_for = 0;
        last_tick_ = now_ns();
      }
      break;
    }
    if (!known && ended) reap_descendants();  // its own children have come to us
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
    const bool ours =
        pid == committer_ || std::any_of(children_.begin(), children_.end(),
                                         [&](const Child& c) { return c.pid == pid; });
    if (pid > 0 && !ours) kill(pid, SIGKILL);
  }
}

void Supervisor::note_fault(unsigned index, const siginfo_t& info, std::uint64_t slice,
                            unsigned attempt, bool ends_job) {
  const CrashNote& note = slots_[index].crash;
  const Reason reason = children_[index].killed_for;
  const Cause cause = reason == Reason::deadline   ? Cause::deadline
                      : reason == Reason::stopped  ? Cause::stopped
                      : info.si_code == CLD_EXITED ? Cause::exited
                                                   : Cause::signal;
  FaultRecord* fault = control_.new_fault(cause, index, slice, attempt, ends_job);
  if (fault == nullptr) return;
  if (cause == Cause::exited) fault->exit_status = info.si_status;
  if (cause == Cause::signal) {
    fault->signal = info.si_status;
    if (note.written.load(std::memory_order_acquire) == 1 && note.signal == info.si_status) {
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
  kill(-child.pid, SIGKILL);  // what it forked and left in its process group
  child.pid = 0;
  reap_descendants();
  slot.pid.store(0);
  slot.asleep.store(0);
  control_.alive.fetch_sub(1);

  OpenJob job(control_);
  if (job) {
    // Unless the signal met him in the next job already, whose loss this is.
    const bool cancelled =
        child.killed_for == Reason::cancelled && control_.stop_claims.load() != 0;
    LedgerWord* ledger = job->ledger;
    std::uint64_t hit = no_slice;
    unsigned hit_attempt = 0;
    std::size_t done = 0, given_up = 0;
    const unsigned lanes = lane_count(job->schedule, control_.workers);
    for (unsigned l = 0; l < lanes; ++l) {
      Lane& lane = control_.lanes()[l];
      const std::size_t end = job->slices * (l + 1) / lanes;
      std::size_t first_free = end;
      for (std::size_t i = job->slices * l / lanes; i < end; ++i) {
        Word word = load(ledger[i]);
        const bool his = (word.state == SliceState::claimed || word.state == SliceState::running) &&
                         word.slot == index;
        if (his) {
          // He is dead, so nobody else changes this word.
          Word next{SliceState::free, 0, word.attempt, job->incarnation_base};
          const bool saved = job->has_inout && slot.undo_slice.load() == i;
          // Killed for the deadline of an earlier slice, or for the end of a job: this slice is
          // not to blame.
          const bool innocent =
              child.killed_for == Reason::cancelled ||
              (child.killed_for == Reason::deadline && slot.runs.load() != child.run);
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
      if (first_free < lane.next.load()) lane.next.store(first_free);
    }
    begin_budget(*job);
    if (done + given_up > most_over_) {
      fruitless_ = 0;
      most_over_ = done + given_up;
    }
    // To give up a slice is progress, too, but not when nothing else ever comes of it.
    if (done == 0 &&
        given_up > std::max<std::size_t>(few(), std::min<std::size_t>(job->slices / 8, 64)))
      control_.condemn(Verdict::workers, no_slice >> 8);
    if (!cancelled) {
      bool ends_job = false;
      if (job->spmd && slot.active.load() != 0) {
        ends_job = control_.condemn(Verdict::barrier, index);
        control_.barrier.broken.store(1);
        sys::futex_wake(control_.barrier.phase, INT_MAX);
      } else if (hit != no_slice && hit_attempt >= job->attempts &&
                 job->on_failure == OnFailure::fail) {
        ends_job = control_.condemn(Verdict::slice, hit);
      }
      note_fault(index, info, hit, hit_attempt, ends_job);
      ++fruitless_;
      // At once the first time; then ever more slowly, up to a second.
      not_before_ = now_ns() + (fruitless_ < 2 ? 0 : backoff(fruitless_ - 2));
      if (fruitless_ > (hit == no_slice ? few() : budget(*job)))
        control_.condemn(Verdict::workers, no_slice >> 8);
    }
  }
  slot.active.store(0);
  control_.ring(INT_MAX);
  control_.report_finished();
}

void Supervisor::begin_budget(const JobDescriptor& job) {
  if (budget_job_ == job.number) return;
  budget_job_ = job.number;
  most_over_ = 0;
  fruitless_ = 0;
  not_before_ = 0;
}

// Forks workers for vacant slots, as long as there is work for them.
void Supervisor::replace_missing() {
  waiting_to_fork_ = false;
  if (std::none_of(children_.begin(), children_.end(), [](const Child& c) { return c.pid == 0; }))
    return;
  OpenJob job(control_);
  if (!job || control_.stop_claims.load() != 0) return;
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
        own[lane_of(*job, i)] = true;
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
        control_.condemn(Verdict::workers, no_slice >> 8);
      hand_over_dirty_slices(*job);
      control_.report_finished();
      control_.ring(INT_MAX);  // a fixed schedule is shared out among those who are there
      return;
    }
    control_.restarts.fetch_add(1);
    if (!own[i]) --free;
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
    restore(job, job.partition.slice(i), job.undo + word.slot * job.undo_stride);
    replace(job.ledger[i], word, Word{SliceState::free, 0, word.attempt, job.incarnation_base});
    Lane& lane = control_.lanes()[lane_of(job, i)];
    if (i < lane.next.load()) lane.next.store(i);
  }
}

// The clock of deadlines. It stands still while the master is stopped, and does not jump when we
// were: a pool that was put aside as a whole has missed no deadline.
void Supervisor::tick() {
  const bool measuring = control_.open_job.load() != 0 && control_.job.slice_deadline_ns != 0;
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

  const std::int64_t deadline = measuring ? control_.job.slice_deadline_ns : 0;
  for (unsigned i = 0; i < children_.size(); ++i) {
    Child& child = children_[i];
    if (child.pid == 0) continue;
    if (child.stopped) {
      child.stopped_for += step;
      if (child.stopped_for > seconds && !traced(child.pid)) kill_worker(i, Reason::stopped);
      continue;
    }
    if (deadline == 0) continue;
    const std::uint32_t run = slots_[i].runs.load();
    if (slots_[i].inside.load() == 0 || run != child.run) {
      child.run = run;
      child.run_for = 0;
      continue;
    }
    child.run_for += step;
    if (child.run_for > deadline && !traced(child.pid)) kill_worker(i, Reason::deadline);
  }
}

void Supervisor::end() {
  control_.ring(INT_MAX);
  // Parked workers leave by themselves within microseconds; nobody else is worth waiting for.
  const std::int64_t until = now_ns() + 100 * ms;
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
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_NAME, "tine-supervisor");
  if (getppid() != inherited.master) _exit(0);
  static Supervisor* supervisor = new Supervisor(inherited);
  supervisor->run();
}

}  // namespace tine::detail
