#include <tine/report.hpp>

#include <signal.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

tine::Fault fault(tine::Cause cause) {
  tine::Fault f;
  f.cause = cause;
  f.slice = 7;
  f.attempt = 2;
  f.worker = 3;
  return f;
}

TEST(Fault, names_slice_attempt_worker_and_signal) {
  tine::Fault f = fault(tine::Cause::signal);
  f.signal = SIGSEGV;
  f.address = 0xabc0;
  EXPECT_EQ(f.to_string(), "slice 7, attempt 2, worker 3: killed by SIGSEGV at address 0xabc0");
}

TEST(Fault, a_death_between_slices_names_none) {
  tine::Fault f = fault(tine::Cause::signal);
  f.slice = tine::Fault::no_slice;
  f.attempt = 0;
  f.signal = SIGABRT;
  EXPECT_EQ(f.to_string(), "between slices, worker 3: killed by SIGABRT");
}

TEST(Fault, a_kill_may_have_been_for_lack_of_memory) {
  tine::Fault f = fault(tine::Cause::signal);
  f.signal = SIGKILL;
  EXPECT_THAT(f.to_string(), HasSubstr("out of memory"));
}

TEST(Fault, every_cause_has_its_own_words) {
  tine::Fault f = fault(tine::Cause::exited);
  f.exit_status = 42;
  EXPECT_THAT(f.to_string(), HasSubstr("exit"));
  EXPECT_THAT(f.to_string(), HasSubstr("42"));
  f = fault(tine::Cause::exception);
  f.type = "std::bad_alloc";
  f.message = "no more";
  EXPECT_THAT(f.to_string(), HasSubstr("threw std::bad_alloc: no more"));
  f.message.clear();
  EXPECT_THAT(f.to_string(), Not(HasSubstr("bad_alloc:")));
  EXPECT_THAT(fault(tine::Cause::deadline).to_string(), HasSubstr("deadline"));
  EXPECT_THAT(fault(tine::Cause::stopped).to_string(), HasSubstr("stopped"));
}

TEST(Fault, a_cause_that_does_not_exist_is_unknown) {
  EXPECT_STREQ(to_string(static_cast<tine::Cause>(99)), "unknown");
  EXPECT_STREQ(to_string(tine::Cause::deadline), "deadline");
}

TEST(Report, shows_everything_that_is_not_as_it_should_be) {
  tine::Report report;
  report.slices = 10;
  report.done = 8;
  report.attempts = 13;
  report.restarts = 2;
  report.workers = {{5, std::chrono::milliseconds(2)}, {0, {}}, {3, std::chrono::milliseconds(1)}};
  report.faults = {fault(tine::Cause::deadline)};
  report.more_faults = 4;
  report.quarantined = {{2, 4}};
  report.warnings = {"beware"};
  const std::string text = report.to_string();
  EXPECT_THAT(text, HasSubstr("8 of 10 slices done"));
  EXPECT_THAT(text, HasSubstr("13 attempts"));
  EXPECT_THAT(text, HasSubstr("worker 0: 5 slices"));
  EXPECT_THAT(text, Not(HasSubstr("worker 1:")));
  EXPECT_THAT(text, HasSubstr("fault: slice 7"));
  EXPECT_THAT(text, HasSubstr("4 more faults"));
  EXPECT_THAT(text, HasSubstr("quarantined: slices 2 to 3"));
  EXPECT_THAT(text, HasSubstr("warning: beware"));
}

}  // namespace
