// Any system call on the way of a Process may fail, and its parent may be killed after any: that is
// an error which says so, or makes no difference. This program starts no Process itself: the plan of
// what shall fail is read once, by the children.
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/queue.hpp>
#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/deaths.hpp"
#include "support/gaps.hpp"
#include "support/processes.hpp"

namespace {

using namespace std::chrono_literals;
using tine::Process;

[[noreturn]] void wait_for_ever() {
  for (;;) pause();
}

class ProcessCalls : public tine_test::NothingLeftBehind {
 protected:
  tine_test::Orphanage orphanage_;

  /// What a life tells; whether any call failed.
  bool life(const std::string& plan, std::string* error = nullptr) {
    const int told = memfd_create("told", MFD_CLOEXEC);
    const int end = tine_test::in_child([&] {
      alarm(60);
      dup2(told, STDERR_FILENO);
      setenv("TINE_FAIL", plan.c_str(), 1);
      try {
        tine::Queue<int> q;
        for (int round = 0; round < 2; ++round) {
          Process p([v = q.view()] {
            v.put(1);
            Process nested([v] { v.put(2); });
            nested.start();
            nested.join();
            _exit(3);
          });
          Process stopped([] { wait_for_ever(); });
          p.start();
          stopped.start();
          stopped.terminate();
          EXPECT_TRUE(stopped.join());
          EXPECT_LT(*stopped.exitcode(), 0);
          EXPECT_TRUE(p.join());
          const int code = *p.exitcode();
          EXPECT_TRUE(code == 3 || (code == 1 && p.error() && !p.error()->message.empty())) << code;
          if (code == 3) {
            EXPECT_EQ(q.get_nowait() + q.get_nowait(), 3);
          } else {
            while (q.try_get()) {
            }
          }
        }
      } catch (const tine::Error& e) {
        const std::string what = e.what();
        EXPECT_THAT(what, ::testing::StartsWith("tine: "));
        EXPECT_GT(what.size(), 20u);
        if (error != nullptr) dprintf(told, "ERROR %s\n", e.what());
      }
      while (!tine::active_children().empty()) usleep(1000);
      EXPECT_TRUE(tine_test::descendants().empty());
    });
    EXPECT_EQ(end, 0) << plan;
    EXPECT_TRUE(orphanage_.empties()) << plan;
    std::string text(static_cast<std::size_t>(lseek(told, 0, SEEK_END)), '\0');
    [[maybe_unused]] const auto n = pread(told, text.data(), text.size(), 0);
    close(told);
    if (error != nullptr) *error = text;
    if (HasFailure()) printf("%s\n", text.c_str());
    return text.find("TINE_FAIL: ") != std::string::npos;
  }
};

struct Site {
  const char* role;
  const char* call;
  std::vector<const char*> errors;
};
class EveryProcessCall : public ProcessCalls, public ::testing::WithParamInterface<Site> {};

TEST_P(EveryProcessCall, may_fail_at_any_one_of_its_uses) {
  for (const char* error : GetParam().errors) {
    long uses = 0;
    while (life(std::string(GetParam().role) + "." + GetParam().call + "@" +
                std::to_string(uses + 1) + "=" + error) &&
           !HasFailure()) {
      ++uses;
      alarm(120);
    }
    EXPECT_GT(uses, 0) << "a " << GetParam().role << " makes no such call";
    if (tine_test::address_sanitizer) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Calls, EveryProcessCall,
                         ::testing::Values(Site{"master", "fork", {"EAGAIN", "ENOMEM"}},
                                           Site{"master", "mmap", {"ENOMEM"}},
                                           Site{"master", "pipe", {"EMFILE", "ENFILE"}},
                                           Site{"master", "pidfd_open", {"EMFILE", "ENOMEM"}},
                                           Site{"master", "waitid", {"EAGAIN", "EINTR"}},
                                           Site{"master", "futex", {"EAGAIN", "EINTR"}},
                                           Site{"master", "prctl", {"EINVAL"}},
                                           Site{"supervisor", "fork", {"EAGAIN", "ENOMEM"}},
                                           Site{"supervisor", "waitid", {"EAGAIN", "EINTR"}},
                                           Site{"supervisor", "signalfd", {"EMFILE"}},
                                           Site{"supervisor", "open", {"EMFILE", "EINTR"}},
                                           Site{"supervisor", "futex", {"EAGAIN"}}),
                         [](const auto& site) {
                           return std::string(site.param.role) + "_" + site.param.call;
                         });

TEST_F(ProcessCalls, say_what_failed_and_which_limit_to_look_at) {
  for (const char* plan : {"master.fork@1=EAGAIN", "supervisor.fork@1=EAGAIN"}) {
    std::string text;
    life(plan, &text);
    EXPECT_THAT(text, ::testing::HasSubstr("ERROR tine: could not start Process-"));
    EXPECT_THAT(text, ::testing::HasSubstr("Resource temporarily unavailable"));
    EXPECT_THAT(text, ::testing::HasSubstr("ulimit -u"));
  }
}

TEST_F(ProcessCalls, that_failed_leave_a_process_that_may_be_started_again) {
  const int end = tine_test::in_child([] {
    setenv("TINE_FAIL", "master.pipe@2=EMFILE,master.fork@1=EAGAIN,master.pidfd_open@3=EMFILE", 1);
    Process p([] { _exit(6); });
    const auto before = tine_test::Holdings::now();
    for (int failures = 0; failures < 3; ++failures) {
      EXPECT_THROW(p.start(), tine::ProcessError);
      EXPECT_FALSE(p.is_alive());
      EXPECT_FALSE(p.pid());
      EXPECT_THROW(p.join(), std::logic_error);
      const auto after = tine_test::Holdings::now();
      EXPECT_EQ(before.descriptors, after.descriptors);
      EXPECT_EQ(before.children, after.children);
    }
    p.start();
    p.join();
    EXPECT_EQ(p.exitcode(), 6);
  });
  EXPECT_EQ(end, 0);
  EXPECT_TRUE(orphanage_.empties());
}

class ProcessGap : public ProcessCalls, public ::testing::WithParamInterface<const char*> {};

TEST_P(ProcessGap, in_which_the_parent_is_killed_leaves_nothing) {
  tine_test::kill_in_gap(
      GetParam(), 8,
      [] {
        for (;;) {
          Process p([] { wait_for_ever(); });
          p.start();
          p.join(5ms);
          p.kill();
          p.join();
        }
      },
      [this](int round) { EXPECT_TRUE(orphanage_.empties()) << "round " << round; });
}

INSTANTIATE_TEST_SUITE_P(Gaps, ProcessGap,
                         ::testing::Values("master.fork@1", "master.pidfd_open@2", "master.prctl@1",
                                           "supervisor.prctl@1", "supervisor.fork@1",
                                           "supervisor.waitid@2", "supervisor.futex@1"),
                         tine_test::name_of_gap);

}  // namespace
