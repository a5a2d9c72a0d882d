#include "process/guardian.hpp"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "process/crash.hpp"
#include "sync/clock.hpp"
#include "sync/role.hpp"
#include "sync/system.hpp"
#include "toolbox/context.hpp"

// It stays in the session and process group of its master, so that its child does: nobody is ever
// killed by process group here, and signals from the terminal, which are for the master and the
// child, are ignored.

namespace tine::detail {

namespace {

// Write ends by which this process's ancestors see that it lives. They are passed on to all that it
// forks, since these may touch what the ancestor would put right.
std::vector<int>& lifelines() {
  static std::vector<int>& instance = *new std::vector<int>;
  return instance;
}

void close_all_but(std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  unsigned from = 0;
  auto close_up_to = [&](unsigned end) {
    if (from < end) syscall(SYS_close_range, from, end - 1, 0u);
    from = end + 1;
  };
  for (const int fd : keep)
    if (fd >= 0) close_up_to(static_cast<unsigned>(fd));
  close_up_to(UINT_MAX);
}

/// How the parent takes its signals, for the child.
struct Handlers {
  struct sigaction action[NSIG] = {};

  Handlers() {
    for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, nullptr, &action[signal]);
  }
  void restore() const {
    for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &action[signal], nullptr);
  }
};

class Guardian : public Family {
 public:
  Guardian(const Birth& birth, const Handlers& handlers, const char* name)
      : Family(birth.links), birth_(birth), note_(*birth.note), handlers_(handlers), name_(name) {}

 private:
  void begin() override;
  void look() override {}  // the end is all that matters
  bool is_own(pid_t pid) const override { return pid == child_; }
  void ending(pid_t) override { note_.ending.store(1); }
  void ended(const siginfo_t& info) override;
  void disown_all() override {
    if (child_ != 0) kill(child_, SIGKILL);
    child_ = 0;
  }
  void master_is_gone() override;
  void say(ProcessNote::Stage stage) {
    note_.stage.store(stage);
    sys::futex_wake(note_.stage, INT_MAX);
  }
  void be_child(pid_t supervisor);

  const Birth& birth_;
  ProcessNote& note_;
  const Handlers& handlers_;
  const char* name_;  // of the program, as the system has it
  pid_t child_ = 0;
};

void Guardian::begin() {
  if (birth_.party != 0) Context::existing()->begin_party(birth_.party);
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t self = getpid();
  child_ = sys::fork();
  if (child_ == 0) be_child(self);
  const int error = errno;
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (child_ < 0) {
    note_.fork_error.store(error);
    say(ProcessNote::not_forked);
    leave(0);
  }
  // Whoever waits for the other end of a pipe that the child has closed must not wait for us (where
  // the kernel has close_range: Linux 5.9).
  std::vector<int> keep = lifelines();
  keep.insert(keep.end(), {STDERR_FILENO, links_.master_pidfd, links_.event, links_.exec_pipe,
                           links_.alive_pipe, signals_});
  close_all_but(std::move(keep));
  note_.pid.store(child_);
  say(ProcessNote::running);
}

void Guardian::ended(const siginfo_t& info) {
  const bool exited = info.si_code == CLD_EXITED;
  child_ = 0;
  if (!end_all())
    note_.survivors.store(1);
  else if (birth_.party != 0)
    Context::existing()->repair(
        birth_.party, {info.si_pid, exited ? Cause::exited : Cause::signal, info.si_status});
  note_.exitcode.store(exited ? info.si_status : -info.si_status);
  say(ProcessNote::over);
  leave(0);
}

// Nobody is left to whom the end would matter; but a daemon is told before it is killed.
void Guardian::master_is_gone() {
  if (birth_.daemon) {
    kill(child_, SIGTERM);
    siginfo_t info{};
    for (int i = 0; i < 200; ++i) {
      if (waitid(P_PID, static_cast<id_t>(child_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
          info.si_pid != 0)
        break;
      const timespec moment{0, ms};
      nanosleep(&moment, nullptr);
    }
  }
  disband();
}

void Guardian::be_child(pid_t supervisor) {
  process_role = Role::master;
  first_process = false;
  sys::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != supervisor) _exit(0);
  for (const int fd : {links_.master_pidfd, links_.exec_pipe, signals_}) close(fd);
  lifelines().push_back(links_.alive_pipe);
  if (Context* context = Context::existing()) context->enter(birth_.party);
  mprotect(&note_, offsetof(ProcessNote, thrown), PROT_READ);
  prctl(PR_SET_NAME, name_);
  handlers_.restore();
  birth_.child();
}

}  // namespace

void guardian_main(const Birth& birth) noexcept {
  char name[16] = "";
  prctl(PR_GET_NAME, name);
  const Handlers handlers;
  // Its end is the master's, or the child's.
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_SETMASK, &set, nullptr);
  become_supervisor(birth.links);
  Guardian(birth, handlers, name).run();
}

}  // namespace tine::detail
