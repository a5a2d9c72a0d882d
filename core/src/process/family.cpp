#include "process/family.hpp"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "process/crash.hpp"
#include "sync/clock.hpp"
#include "sync/role.hpp"
#include "sync/system.hpp"

namespace tine::detail {

void become_supervisor(const Links& links) {
  process_role = Role::supervisor;
  sys::prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_NAME, "tine-supervisor");
  if (getppid() != links.master) _exit(0);
}

void Family::run() {
  signals_ = sys::signalfd_child();
  begin();
  for (;;) {
    pollfd fds[] = {{links_.master_pidfd, POLLIN, 0},
                    {links_.exec_pipe, POLLIN, 0},
                    {links_.event, POLLIN, 0},
                    {signals_, POLLIN, 0}};
    std::int64_t wait = patience();
    auto at_most = [&](std::int64_t ns) { wait = wait < 0 ? ns : std::min(wait, ns); };
    if (signals_ < 0) at_most(10 * ms);  // without signals we have to look
    if (look_again_) at_most(ms);
    const timespec timeout{wait / seconds, wait % seconds};
    const int ready = ppoll(fds, signals_ >= 0 ? 4 : 3, wait < 0 ? nullptr : &timeout, nullptr);
    if (ready > 0) {
      if (fds[0].revents != 0 || fds[1].revents != 0) master_is_gone();
      if (fds[2].revents != 0) {
        std::uint64_t count;
        [[maybe_unused]] const auto n = read(links_.event, &count, sizeof count);
      }
      if (signals_ >= 0 && fds[3].revents != 0) {
        char buffer[sizeof(uint64_t) * 256];
        while (read(signals_, buffer, sizeof buffer) > 0) {
        }
      }
    }
    reap();
    look();
  }
}

void Family::reap() {
  for (;;) {
    siginfo_t info{};
    int failed = sys::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
    const bool has_ended = failed == 0 && info.si_pid != 0;
    if (has_ended) {
      if (is_own(info.si_pid)) ending(info.si_pid);
      failed = sys::waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED);
    } else if (failed == 0) {
      failed = sys::waitid(P_ALL, 0, &info, WSTOPPED | WCONTINUED | WNOHANG);
    }
    // Who waits to be reaped is not announced again.
    look_again_ = failed != 0 && errno != ECHILD;
    if (failed != 0 || info.si_pid == 0) return;
    if (!is_own(info.si_pid)) {
      if (has_ended) stranger_ended();
    } else if (has_ended) {
      ended(info);
    } else {
      stopped(info.si_pid, info.si_code == CLD_STOPPED);
    }
  }
}

void Family::kill_strangers() {
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
    if (pid > 0 && !is_own(pid)) kill(pid, SIGKILL);
  }
}

bool Family::end_all() {
  disown_all();
  for (int round = 0; round < 1000; ++round) {
    kill_strangers();
    siginfo_t info{};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0) return true;  // ECHILD: nobody left
    if (info.si_pid != 0) continue;
    const timespec moment{0, ms};
    nanosleep(&moment, nullptr);
  }
  return false;
}

void Family::disband() {
  end_all();
  leave(0);
}

}  // namespace tine::detail
