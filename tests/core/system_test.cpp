// Any system call may fail at any time: that is an error which says so, or makes no difference.
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <numeric>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/deaths.hpp"

namespace {

class System : public tine_test::NothingLeftBehind {
 protected:
  // A life of a pool in a child in which system calls fail as planned. Returns whether one did.
  bool life(const std::string& plan) {
    // Where all of its processes tell what failed.
    const int told = memfd_create("told", MFD_CLOEXEC);
    const int end = tine_test::in_child([&] {
      alarm(60);
      dup2(told, STDERR_FILENO);
      setenv("TINE_FAIL", plan.c_str(), 1);
      try {
        tine::Pool pool({.workers = 3, .reserve = std::size_t{1} << 30});
        auto x = pool.array<int>(1 << 18), y = pool.array<int>(1 << 18);
        auto deaths = pool.array<int>(1);
        tine::for_each(pool, tine::inout(x), [](int& v) { v = 1; });
        tine::for_each_slice(
            pool, tine::slices(x.size(), 1 << 14),
            [d = deaths.view()](tine::Slice s, auto in, auto inout) {
              for (std::size_t i = 0; i < in.size(); ++i) inout[i] += in[i];
              if (s.index == 3 && d[0]++ == 0) raise(SIGKILL);
            },
            tine::in(x), tine::inout(y));
        tine_test::sleep_ms(10);  // until the workers sleep
        const long sum = tine::reduce(pool, tine::in(y), 0L);
        EXPECT_EQ(sum, 1 << 18);
        tine::spmd(pool, [](tine::Team t) { t.barrier(); });
        pool.refresh();
        auto z = pool.array<char>(8 << 20);
        tine::for_each(pool, tine::inout(y), [](int& v) { v += 1; });
        EXPECT_EQ(std::accumulate(y.begin(), y.end(), 0L), 2 << 18);
      } catch (const tine::Error& error) {
        const std::string what = error.what();
        EXPECT_THAT(what, ::testing::StartsWith("tine: "));
        EXPECT_GT(what.size(), 20u);
      }
    });
    EXPECT_EQ(end, 0) << plan;
    EXPECT_TRUE(orphanage_.empties()) << plan;
    const bool any = lseek(told, 0, SEEK_END) > 0;
    close(told);
    return any;
  }
  tine_test::Orphanage orphanage_;
};

// A call that a process of some role makes, and the ways in which it may fail.
struct Site {
  const char* role;
  const char* call;
  std::vector<const char*> errors;
};

class EveryCall : public System, public ::testing::WithParamInterface<Site> {
 protected:
  // Under the sanitizer, where a fork takes tens of milliseconds, one error has to do.
  std::vector<const char*> errors() const {
    const auto& all = GetParam().errors;
    return {all.begin(), tine_test::address_sanitizer ? all.begin() + 1 : all.end()};
  }
  std::string plan(long use, const char* how, const char* error) const {
    return std::string(GetParam().role) + "." + GetParam().call + "@" + std::to_string(use) + how +
           error;
  }
  void watch() { alarm(120); }  // each use has the time that a test has
};

TEST_P(EveryCall, may_fail_at_any_one_of_its_uses) {
  long uses = 0;
  for (const char* error : errors()) {
    uses = 0;
    while (life(plan(uses + 1, "=", error)) && !HasFailure()) {
      ++uses;
      watch();
    }
    EXPECT_GT(uses, 0) << "a " << GetParam().role << " makes no such call";
  }
  printf("  %ld uses of %s in a %s\n", uses, GetParam().call, GetParam().role);
}

TEST_P(EveryCall, may_fail_for_good_from_any_of_its_uses_on) {
  // An interruption is over at some time, and so is whatever keeps a status from being taken.
  if (std::string(GetParam().call) == "waitid") return;
  const char* error = GetParam().errors.front();
  // Later ones matter less: the calls before have all succeeded.
  for (long n = 1; life(plan(n, "+=", error)) && !HasFailure(); n += n < 4 ? 1 : 3) watch();
}

INSTANTIATE_TEST_SUITE_P(
    Calls, EveryCall,
    ::testing::Values(Site{"master", "fork", {"EAGAIN", "ENOMEM", "EMFILE"}},
                      Site{"master", "mmap", {"ENOMEM", "EAGAIN", "EPERM"}},
                      Site{"master", "ftruncate", {"ENOSPC", "EIO", "EPERM", "EINTR"}},
                      Site{"master", "fallocate", {"ENOSPC", "ENOMEM", "EIO", "EPERM", "EINTR"}},
                      Site{"master", "memfd_create", {"EMFILE", "ENFILE", "ENOMEM"}},
                      Site{"master", "futex", {"EAGAIN", "EINTR"}},
                      Site{"master", "pidfd_open", {"EMFILE", "ENFILE", "ENOMEM"}},
                      Site{"master", "waitid", {"EAGAIN", "ECHILD", "EINTR"}},
                      Site{"master", "open", {"EMFILE", "ENFILE", "ENOMEM", "EIO", "EINTR"}},
                      Site{"master", "write", {"EAGAIN", "EIO", "EINTR"}},
                      Site{"master", "pipe", {"EMFILE", "ENFILE"}},
                      Site{"master", "eventfd", {"EMFILE", "ENFILE", "ENOMEM"}},
                      Site{"supervisor", "fork", {"EAGAIN", "ENOMEM", "EMFILE"}},
                      Site{"supervisor", "fallocate", {"ENOSPC", "ENOMEM", "EIO", "EINTR"}},
                      Site{"supervisor", "futex", {"EAGAIN", "EINTR"}},
                      Site{"supervisor", "waitid", {"EAGAIN", "EINTR"}},
                      Site{"supervisor", "open", {"EMFILE", "ENFILE", "EIO", "EINTR"}},
                      Site{"supervisor", "write", {"EIO", "EPERM", "EINTR"}},
                      Site{"supervisor", "signalfd", {"EMFILE", "ENFILE", "ENOMEM"}},
                      Site{"worker", "futex", {"EAGAIN", "EINTR"}},
                      Site{"worker", "open", {"EMFILE", "ENFILE", "ENOMEM", "EIO", "EINTR"}},
                      Site{"worker", "write", {"EIO", "EPERM", "EINTR"}}),
    [](const auto& site) { return std::string(site.param.role) + "_" + site.param.call; });

TEST_F(System, an_error_says_which_call_failed_and_why) {
  for (const auto& [plan, words] :
       {std::pair{"memfd_create@1=EMFILE", "memfd_create"}, std::pair{"pipe@1=EMFILE", "ulimit -n"},
        std::pair{"fork@1=EAGAIN", "Resource temporarily unavailable"},
        std::pair{"fork@2+=EAGAIN", "no worker could be forked"}}) {
    const int end = tine_test::in_child([&] {
      setenv("TINE_FAIL", plan, 1);
      try {
        tine::Pool pool({.workers = 2});
        ADD_FAILURE() << plan;
      } catch (const tine::PoolError& error) {
        EXPECT_THAT(error.what(), ::testing::HasSubstr(words));
      }
    });
    EXPECT_EQ(end, 0);
    EXPECT_TRUE(orphanage_.empties());
  }
}

TEST_F(System, fewer_workers_than_asked_for_do_the_work_and_there_is_a_warning) {
  const int end = tine_test::in_child([] {
    setenv("TINE_FAIL", "fork@3+=EAGAIN", 1);  // the supervisor and one worker
    tine::Pool pool({.workers = 4});
    ASSERT_EQ(pool.warnings().size(), 1u);
    EXPECT_THAT(pool.warnings()[0], ::testing::HasSubstr("only 1 of 4 workers"));
    for (const auto schedule : {tine::Schedule::sticky, tine::Schedule::fixed,
                                tine::Schedule::dynamic, tine::Schedule::guided}) {
      auto x = pool.array<int>(1000);
      const auto report =
          tine::for_each(pool.with({.schedule = schedule}), tine::inout(x), [](int& v) { v += 1; });
      EXPECT_EQ(report.done, report.slices);
      EXPECT_FALSE(report.warnings.empty());
      EXPECT_EQ(std::accumulate(x.begin(), x.end(), 0), 1000);
    }
  });
  EXPECT_EQ(end, 0);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(System, a_slice_whose_worker_cannot_be_replaced_is_done_by_another) {
  const int end = tine_test::in_child([] {
    alarm(60);
    setenv("TINE_FAIL", "fork@4+=EAGAIN", 1);  // the supervisor and two workers
    tine::Pool pool({.workers = 2});
    auto x = pool.array<int>(10);
    auto deaths = pool.array<int>(1);
    const auto report = tine::for_each_slice(
        pool, tine::slices(10, 1),
        [d = deaths.view()](tine::Slice s, std::span<int> part) {
          part[0] += 1;
          if (s.index == 2 && d[0]++ == 0) raise(SIGKILL);
        },
        tine::inout(x));
    EXPECT_EQ(report.done, 10u);
    for (const int v : x) EXPECT_EQ(v, 1);
  });
  EXPECT_EQ(end, 0);
  EXPECT_TRUE(orphanage_.empties());
}

}  // namespace
