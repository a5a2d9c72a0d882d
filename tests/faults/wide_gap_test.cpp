// The master is killed between two system calls, with the gap made wide: whoever sleeps in it is
// late for what the other processes do meanwhile.
#include <vector>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/gaps.hpp"
#include "support/processes.hpp"
#include "support/workload.hpp"

namespace {

class WideGap : public tine_test::NothingLeftBehind,
                public ::testing::WithParamInterface<const char*> {
 protected:
  tine_test::Orphanage orphanage_;
};

TEST_P(WideGap, in_which_the_master_is_killed_leaves_no_process_and_no_shared_memory) {
  tine_test::kill_in_gap(
      GetParam(), 12, [] { tine_test::work_for_ever(true); },
      [this](int round) {
        EXPECT_TRUE(orphanage_.empties()) << "round " << round;
        EXPECT_EQ(tine_test::holders_of_arenas(), std::vector<int>{}) << "round " << round;
      });
}

INSTANTIATE_TEST_SUITE_P(Gaps, WideGap,
                         ::testing::Values("master.memfd_create@1", "master.fork@1",
                                           "master.pidfd_open@2", "supervisor.prctl@1",
                                           "supervisor.fork@1", "supervisor.fork@2",
                                           "supervisor.fork@4", "supervisor.fork@5",
                                           "worker.prctl@1", "supervisor.waitid@3"),
                         tine_test::name_of_gap);

}  // namespace
