#include <sched.h>
#include <stdlib.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/error.hpp>
#include <tine/pool.hpp>

#include "support/child.hpp"

namespace {

class CpuCount : public tine_test::NothingLeftBehind {};

TEST_F(CpuCount, is_at_least_one_and_no_more_than_the_affinity_mask_allows) {
  const int end = tine_test::in_child([] {
    unsetenv("TINE_WORKERS");
    unsetenv("SLURM_CPUS_PER_TASK");
    EXPECT_GE(tine::cpu_count(), 1u);
    cpu_set_t all, one;
    sched_getaffinity(0, sizeof all, &all);
    EXPECT_LE(tine::cpu_count(), static_cast<unsigned>(CPU_COUNT(&all)));
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i)
      if (CPU_ISSET(i, &all)) CPU_SET(i, &one);
    sched_setaffinity(0, sizeof one, &one);
    EXPECT_EQ(tine::cpu_count(), 1u);
  });
  EXPECT_EQ(end, 0);
}

TEST_F(CpuCount, the_environment_overrides_what_the_machine_has) {
  const int end = tine_test::in_child([] {
    setenv("SLURM_CPUS_PER_TASK", "1", 1);
    unsetenv("TINE_WORKERS");
    EXPECT_EQ(tine::cpu_count(), 1u);
    setenv("TINE_WORKERS", "5", 1);
    EXPECT_EQ(tine::cpu_count(), 5u);
    tine::Pool pool;
    EXPECT_EQ(pool.workers(), 5u);
    tine::Pool other({.workers = 2});
    EXPECT_EQ(other.workers(), 2u);
  });
  EXPECT_EQ(end, 0);
}

TEST_F(CpuCount, slurm_does_not_give_more_than_there_are) {
  const int end = tine_test::in_child([] {
    unsetenv("TINE_WORKERS");
    unsetenv("SLURM_CPUS_PER_TASK");
    const unsigned count = tine::cpu_count();
    setenv("SLURM_CPUS_PER_TASK", "4000", 1);
    EXPECT_EQ(tine::cpu_count(), count);
  });
  EXPECT_EQ(end, 0);
}

TEST_F(CpuCount, a_bad_number_in_the_environment_is_an_error_that_names_it) {
  const int end = tine_test::in_child([] {
    for (const char* name : {"TINE_WORKERS", "SLURM_CPUS_PER_TASK"}) {
      for (const char* value : {"0", "-1", "abc", "3x", " 2", "1.5", "99999999999999999999"}) {
        setenv(name, value, 1);
        try {
          tine::Pool pool;
          ADD_FAILURE() << name << "=" << value << " was taken";
        } catch (const tine::InvalidArgument& error) {
          EXPECT_THAT(error.what(), ::testing::HasSubstr(name));
          EXPECT_THAT(error.what(), ::testing::HasSubstr(value));
        }
      }
      setenv(name, "", 1);  // as if it were not set
      EXPECT_GE(tine::cpu_count(), 1u);
    }
    setenv("TINE_WORKERS", "100000", 1);
    EXPECT_THROW(tine::Pool(), tine::InvalidArgument);
  });
  EXPECT_EQ(end, 0);
}

}  // namespace
