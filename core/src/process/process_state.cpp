#include "process/process_state.hpp"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cxxabi.h>
#include <algorithm>
#include <iostream>
#include <limits>
#include <typeinfo>
#include <utility>

#include "memory/shared_range.hpp"
#include "process/children.hpp"
#include "process/crash.hpp"
#include "process/descriptors.hpp"
#include "sync/clock.hpp"
#include "sync/role.hpp"
#include "sync/system.hpp"
#include "toolbox/pipe.hpp"
#include "toolbox/signal.hpp"

namespace tine::detail {

namespace {

void flush_streams() {
  std::cout.flush();
  std::cerr.flush();
  std::clog.flush();
  fflush(nullptr);
}

// The end of a Process as of a program of its own: nothing of the parent's exit handlers.
[[noreturn]] void end_of_child(int status) noexcept {
  Children::of_this_process().finish();
  flush_streams();
  leave(status);
}

// Called in a catch block.
void note_exception(ProcessNote& note, const std::string& name) {
  const std::type_info* type = abi::__cxa_current_exception_type();
  snprintf(note.type, sizeof note.type, "%s",
           type != nullptr ? demangled(type->name()).c_str() : "unknown");
  note.message[0] = '\0';
  try {
    throw;
  } catch (const std::exception& e) {
    snprintf(note.message, sizeof note.message, "%s", e.what());
  } catch (const char* text) {
    snprintf(note.message, sizeof note.message, "%s", text);
  } catch (...) {
  }
  note.thrown.store(1);
  fprintf(stderr, "tine: %s ended by an exception that nobody caught: %s: %s\n", name.c_str(),
          note.type, note.message);
}

std::string text(const char* from, std::size_t size) {
  return std::string(from, strnlen(from, size));
}

std::optional<ProcessFailure> failure_of(const ProcessNote& note, int exitcode) {
  if (note.thrown.load() != 0 && exitcode == 1)
    return ProcessFailure{text(note.type, sizeof note.type),
                          text(note.message, sizeof note.message)};
  if (exitcode >= 0) return {};
  const char* name = sigabbrev_np(-exitcode);
  return ProcessFailure{"signal", "killed by signal " + std::to_string(-exitcode) +
                                      (name != nullptr ? std::string(" (SIG") + name + ")" : "")};
}

// Whether a descriptor became readable until then.
bool readable(int fd, std::int64_t deadline) {
  for (;;) {
    const std::int64_t left = deadline == 0 ? 0 : std::max<std::int64_t>(0, deadline - now_ns());
    const timespec timeout{left / seconds, left % seconds};
    pollfd p{fd, POLLIN, 0};
    const int ready = ppoll(&p, 1, &timeout, nullptr);
    if (ready > 0) return true;
    if (left == 0 && (ready == 0 || errno == EINTR)) return false;
  }
}

}  // namespace

ProcessState::ProcessState(const ProcessOptions& options) {
  Identity& me = Identity::of_this_process();
  number = (me.number.empty() ? "" : me.number + ":") +
           std::to_string(std::atomic_ref(me.made).fetch_add(1) + 1);
  name = options.name.empty() ? "Process-" + number : options.name;
  daemon = options.daemon.value_or(me.self.daemon);
}

ProcessState::~ProcessState() {
  close();
}

void ProcessState::fail(const char* what, int error) {
  parties_.release();
  close();
  throw ProcessError("tine: could not start " + name + ": " + what + ": " + strerror(error) +
                     "; look at the limits on processes and open files (ulimit -u, ulimit -n)");
}

void ProcessState::start(ProcessBody& body) {
  // Those that ended unseen count against the limit on processes.
  Children& siblings = Children::of_this_process();
  siblings.alive();
  std::lock_guard own_lock(mutex);
  if (stage != Stage::made)
    throw std::logic_error("tine: " + name +
                           " was started before; a Process can be started once, make another one");
  static const bool registered =
      std::atexit([] { Children::of_this_process().finish(); }) == 0;  // joined at exit
  (void)registered;
  look_for_the_dead.store([] { Children::of_this_process().alive(); });

  fork_supervisor(body);
  meet_child();
}

void ProcessState::fork_supervisor(ProcessBody& body) {
  Descriptors& descriptors = Descriptors::of_this_process();
  std::unique_lock siblings_lock = Children::of_this_process().lock();
  std::unique_lock descriptors_lock = descriptors.lock();
  void* shared = sys::mmap(nullptr, sizeof(ProcessNote), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) fail("mmap", errno);
  note_ = new (shared) ProcessNote();
  int exec_pipe[2] = {-1, -1}, alive_pipe[2] = {-1, -1}, self = -1;
  auto failed = [&](const char* what) {
    const int error = errno;
    close_each({&exec_pipe[0], &exec_pipe[1], &alive_pipe[0], &alive_pipe[1], &self});
    descriptors_lock.unlock();
    fail(what, error);
  };
  if (sys::pipe(exec_pipe) != 0 || sys::pipe(alive_pipe) != 0) failed("pipe");
  if ((self = sys::pidfd_open(owner)) < 0) failed("pidfd_open");
  try {
    parties_.take(1);
  } catch (...) {
    close_each({&exec_pipe[0], &exec_pipe[1], &alive_pipe[0], &alive_pipe[1], &self});
    descriptors_lock.unlock();
    close();
    throw;
  }
  if (parties_.first() != 0)
    inherit_connections(Context::existing()->party(), parties_.first());

  std::optional<Context::Fork> with_context(std::in_place);
  std::unique_lock ranges_lock = SharedRange::lock_all();
  for (SharedRange* range : SharedRange::all()) {
    range->settle_all();
    range->inherit_in_children(true);
  }
  flush_streams();  // or what is buffered now would be written once more
  // No handler of the application runs in the supervisor.
  sigset_t all, mask;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &mask);

  // Whoever goes on after the fork, in parent and child, gives all this back.
  auto end_fork = [&] {
    for (SharedRange* range : SharedRange::all()) range->inherit_in_children(false);
    ranges_lock.unlock();
    with_context.reset();
    descriptors_lock.unlock();
    siblings_lock.unlock();
  };
  const pid_t supervisor = sys::fork();
  if (supervisor == 0) {
    ::close(exec_pipe[1]);
    ::close(alive_pipe[0]);
    descriptors.close_all();
    SharedRange::close_files_of(owner, {});
    const Birth birth{
        {owner, self, -1, exec_pipe[0], alive_pipe[1]}, note_, parties_.first(), daemon, [&] {
          end_fork();
          be_child(body, mask);
        }};
    guardian_main(birth);
  }
  const int fork_error = errno;
  if (supervisor > 0) supervisor_pidfd = sys::pidfd_open(supervisor);
  const int pidfd_error = errno;
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  close_each({&exec_pipe[0], &alive_pipe[1], &self});
  exec_pipe_ = exec_pipe[1];
  alive_pipe_ = alive_pipe[0];
  descriptors.add({exec_pipe_, alive_pipe_});
  if (supervisor_pidfd >= 0) descriptors.add({supervisor_pidfd});
  end_fork();
  if (supervisor < 0) {
    parties_.repair();  // it has inherited connections
    fail("fork", fork_error);
  }
  if (supervisor_pidfd < 0) {
    ::kill(supervisor, SIGKILL);
    while (waitpid(supervisor, nullptr, 0) < 0 && errno == EINTR) {
    }
    readable(alive_pipe_, now_ns() + seconds);
    parties_.repair();
    fail("pidfd_open", pidfd_error);
  }
}

void ProcessState::meet_child() {
  while (note_->stage.load() == ProcessNote::forking) {
    sys::futex_wait(note_->stage, ProcessNote::forking, 100 * ms);
    if (sys::process_ended(supervisor_pidfd)) break;
  }
  stage = Stage::running;
  pid = note_->pid.load();
  int error = note_->fork_error.load();
  const char* what = error != 0 ? "fork of the process itself" : nullptr;
  if (pid != 0) {
    {
      Descriptors& descriptors = Descriptors::of_this_process();
      const std::unique_lock lock = descriptors.lock();
      child_pidfd_ = sys::pidfd_open(pid);
      error = errno;
      if (child_pidfd_ >= 0) descriptors.add({child_pidfd_});
    }
    // Once it is about to be reaped, the number may be another process's, and there is nobody to
    // send a signal to.
    const bool ending = note_->ending.load() != 0;
    if (ending) close_one(child_pidfd_);
    if (child_pidfd_ >= 0 || ending) {
      Children& siblings = Children::of_this_process();
      const std::unique_lock lock = siblings.lock();
      siblings.add(shared_from_this());
      return;
    }
    what = "pidfd_open";
    syscall(SYS_pidfd_send_signal, supervisor_pidfd, SIGKILL, nullptr, 0);
  }
  readable(supervisor_pidfd, std::numeric_limits<std::int64_t>::max());
  take_result();
  stage = Stage::made;
  failure.reset();
  if (what != nullptr) fail(what, error);
  close();
  throw ProcessError("tine: could not start " + name + ": somebody killed its supervisor");
}

// The fork's child, in the midst of the frames of start(): they will never be returned to.
void ProcessState::be_child(ProcessBody& body, const sigset_t& mask) noexcept {
  Identity& me = Identity::of_this_process();
  me.parent = me.self;
  me.parent->pid = owner;
  me.self = {getpid(), name, daemon};
  me.number = number;
  me.made = 0;
  // First of all handlers, after those that the process registers itself.
  on_exit([](int status, void*) { end_of_child(status); }, nullptr);
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  try {
    body.run();
  } catch (...) {
    note_exception(*note_, name);
    end_of_child(1);
  }
  end_of_child(0);
}

bool ProcessState::wait(std::int64_t deadline) {
  int fd;
  {
    std::lock_guard lock(mutex);
    if (stage != Stage::running) return true;
    fd = supervisor_pidfd;
  }
  if (!readable(fd, deadline)) return false;
  {
    std::lock_guard lock(mutex);
    if (stage == Stage::running) take_result();
  }
  Children::of_this_process().remove(this);
  return true;
}

// The supervisor has ended. With the mutex held.
void ProcessState::take_result() {
  stage = Stage::over;
  siginfo_t info;
  // The application may have taken the status: it is not in it that we believe.
  int tries = 0;
  while (sys::waitid(P_PIDFD, static_cast<id_t>(supervisor_pidfd), &info, WEXITED) != 0 &&
         errno != ECHILD && ++tries < 3) {
  }
  bool gone = true;
  if (note_->stage.load() == ProcessNote::over) {
    exitcode = note_->exitcode.load();
    failure = failure_of(*note_, exitcode);
    gone = note_->survivors.load() == 0;
  } else {
    exitcode = -SIGKILL;
    failure = {
        "supervisor",
        "somebody killed the process's supervisor, and so the process, by signal 9 (SIGKILL)"};
    gone = readable(alive_pipe_, now_ns() + seconds);
    if (gone) parties_.repair();
  }
  if (gone)
    parties_.release();
  else
    parties_.abandon();
  // The supervisor's descriptor is the sentinel.
  for (int* fd : {&child_pidfd_, &exec_pipe_, &alive_pipe_}) close_one(*fd);
}

void ProcessState::send(int signal) noexcept {
  std::lock_guard lock(mutex);
  if (child_pidfd_ >= 0) syscall(SYS_pidfd_send_signal, child_pidfd_, signal, nullptr, 0);
}

void ProcessState::put_down() noexcept {
  send(SIGKILL);
  if (wait(now_ns() + 3 * seconds)) return;
  // The supervisor may be stopped: the process dies with it.
  syscall(SYS_pidfd_send_signal, supervisor_pidfd, SIGKILL, nullptr, 0);
  wait(now_ns() + 3 * seconds);
}

void ProcessState::close() noexcept {
  for (int* fd : {&child_pidfd_, &exec_pipe_, &alive_pipe_, &supervisor_pidfd}) close_one(*fd);
  if (note_ != nullptr) munmap(note_, sizeof(ProcessNote));
  note_ = nullptr;
}

// In a Process its parent's are closed already.
void ProcessState::close_one(int& fd) noexcept {
  if (fd >= 0 && Descriptors::of_this_process().remove({fd})) ::close(fd);
  fd = -1;
}

}  // namespace tine::detail
