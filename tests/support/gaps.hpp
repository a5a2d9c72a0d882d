// The moments between two system calls of ours, widened so that a kill falls into them.
#pragma once

#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/child.hpp"
#include "support/processes.hpp"

namespace tine_test {

/// Runs `body`, which goes on for ever, in a child that waits at the gap ("supervisor.fork@2") when it
/// comes there, and kills it meanwhile, `rounds` times; every third time its supervisors, too. Calls
/// `check(round)` after each death.
template <class Body, class Check>
void kill_in_gap(const std::string& gap, int rounds, Body body, Check check) {
  std::mt19937 random(11);
  for (int round = 0; round < rounds; ++round) {
    int told[2];
    ASSERT_EQ(pipe2(told, O_CLOEXEC), 0);
    const pid_t child = start_child([&] {
      dup2(told[1], STDERR_FILENO);
      close(told[0]);
      close(told[1]);
      setenv("TINE_FAIL", (gap + "=WAIT").c_str(), 1);
      body();
    });
    close(told[1]);
    char byte;
    EXPECT_EQ(read(told[0], &byte, 1), 1) << "nobody came to the gap";
    usleep(random() % 30'000);
    const std::vector<int> children = descendants();
    kill(child, SIGKILL);
    if (round % 3 == 2)  // its supervisor, too
      for (const int pid : children) signal_child(child, pid, SIGKILL);
    EXPECT_EQ(end_of(child), 1000 + SIGKILL);
    check(round);
    close(told[0]);
  }
}

/// A gap as the name of a test.
inline std::string name_of_gap(const ::testing::TestParamInfo<const char*>& gap) {
  std::string name = gap.param;
  for (char& c : name)
    if (!isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

}  // namespace tine_test
