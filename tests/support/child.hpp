// Runs part of a test in a child process, for what must not happen to the test itself: limits,
// environment variables, exits and deaths.
#pragma once

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include <gtest/gtest.h>

#include "support/fixture.hpp"

namespace tine_test {

/// Forks a child that runs `body` and ends; returns its pid. Its status is 0 unless a check in
/// `body` failed. Like a test, it is ended after two minutes.
template <class F>
pid_t start_child(F body) {
  fflush(nullptr);
  const pid_t pid = fork();
  if (pid != 0) return pid;
  alarm(120);
  try {
    body();
  } catch (const std::exception& e) {
    ADD_FAILURE() << "in the child: " << e.what();
  }
  fflush(nullptr);
  _exit(::testing::Test::HasFailure() ? 1 : 0);
}

/// Waits for a child: its exit status, or 1000 + the signal that ended it.
inline int end_of(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// start_child() and end_of(): 0 when all went well.
template <class F>
int in_child(F body) {
  return end_of(start_child(body));
}

/// While it lives, whatever a dead child leaves behind comes to this process, which can then see
/// whether it ends.
class Orphanage {
 public:
  Orphanage() { prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~Orphanage() { prctl(PR_SET_CHILD_SUBREAPER, 0); }
  Orphanage(const Orphanage&) = delete;

  /// Whether all descendants of this process end by themselves, in the time eventually() gives.
  bool empties() {
    return eventually([] {
      while (waitpid(-1, nullptr, WNOHANG) > 0) {
      }
      return descendants().empty();
    });
  }
};

}  // namespace tine_test
