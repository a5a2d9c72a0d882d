// The master is killed between two system calls, with the gap made wide: whoever sleeps in it is
// late for what the other processes do meanwhile.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/processes.hpp"
#include "support/workload.hpp"

namespace {

class WideGap : public tine_test::NothingLeftBehind,
                public ::testing::WithParamInterface<const char*> {
 protected:
  tine_test::Orphanage orphanage_;
};

TEST_P(WideGap, in_which_the_master_is_killed_leaves_no_process_and_no_shared_memory) {
  std::mt19937 random(11);
  for (int round = 0; round < 12; ++round) {
    int told[2];
    ASSERT_EQ(pipe2(told, O_CLOEXEC), 0);
    const pid_t child = tine_test::start_child([&] {
      dup2(told[1], STDERR_FILENO);
      close(told[0]);
      close(told[1]);
      setenv("TINE_FAIL", (std::string(GetParam()) + "=WAIT").c_str(), 1);
      tine_test::work_for_ever(true);
    });
    close(told[1]);
    char byte;
    EXPECT_EQ(read(told[0], &byte, 1), 1) << "nobody came to the gap";
    usleep(random() % 30'000);
    const std::vector<int> children = tine_test::descendants();
    kill(child, SIGKILL);
    if (round % 3 == 2)  // its supervisor, too
      for (const int pid : children) tine_test::signal_child(child, pid, SIGKILL);
    EXPECT_EQ(tine_test::end_of(child), 1000 + SIGKILL);
    EXPECT_TRUE(orphanage_.empties()) << "round " << round;
    EXPECT_EQ(tine_test::holders_of_arenas(), std::vector<int>{}) << "round " << round;
    close(told[0]);
  }
}

INSTANTIATE_TEST_SUITE_P(Gaps, WideGap,
                         ::testing::Values("master.memfd_create@1", "master.fork@1",
                                           "master.pidfd_open@2", "supervisor.prctl@1",
                                           "supervisor.fork@1", "supervisor.fork@2",
                                           "supervisor.fork@4", "supervisor.fork@5",
                                           "worker.prctl@1", "supervisor.waitid@3"),
                         [](const auto& gap) {
                           std::string name = gap.param;
                           for (char& c : name)
                             if (!isalnum(static_cast<unsigned char>(c))) c = '_';
                           return name;
                         });

}  // namespace
