// Kills workers of the command.
#pragma once

#include <signal.h>

#include <chrono>
#include <random>
#include <thread>

#include "support/fixture.hpp"
#include "support/processes.hpp"

namespace tine_test {

/// Waits for a worker of a command, lets it work for less than `us` microseconds and kills it. Returns
/// whether there was one still.
inline bool kill_a_worker(pid_t command, std::mt19937& random, unsigned us) {
  int victim = 0;
  eventually([&] {
    for (const int pid : descendants())
      if (parent_of(parent_of(pid)) == command) victim = pid;
    return victim != 0 || has_ended(command);
  });
  std::this_thread::sleep_for(std::chrono::microseconds(random() % us));
  return signal_child(parent_of(victim), victim, SIGKILL);
}

}  // namespace tine_test
