#include <tine/error.hpp>

#include <optional>
#include <type_traits>

#include <gtest/gtest.h>

namespace {

template <class E>
constexpr bool is_good_exception =
    std::is_base_of_v<tine::Error, E> && std::is_nothrow_copy_constructible_v<E> &&
    std::is_nothrow_copy_assignable_v<E>;
static_assert(is_good_exception<tine::InvalidArgument>);
static_assert(is_good_exception<tine::PoolError>);
static_assert(is_good_exception<tine::SupervisorLost>);
static_assert(is_good_exception<tine::BadCallable>);
static_assert(is_good_exception<tine::NestedParallelism>);
static_assert(is_good_exception<tine::JobError>);
static_assert(is_good_exception<tine::KernelError>);
static_assert(is_good_exception<tine::SliceFailed>);
static_assert(is_good_exception<tine::WorkersLost>);
static_assert(is_good_exception<tine::DeadlineExceeded>);
static_assert(is_good_exception<tine::Cancelled>);
static_assert(is_good_exception<tine::BrokenBarrier>);
static_assert(is_good_exception<tine::NotHeld>);
static_assert(std::is_copy_constructible_v<tine::OutOfMemory>);
static_assert(std::is_base_of_v<std::runtime_error, tine::Error>);

TEST(Error, out_of_memory_says_what_was_asked_what_was_free_and_who_refused) {
  const tine::OutOfMemory error("refused", 10, 5, "memory.max of /a");
  const tine::OutOfMemory copy = error;
  EXPECT_STREQ(copy.what(), "refused");
  EXPECT_EQ(copy.requested(), 10u);
  EXPECT_EQ(copy.available(), 5u);
  EXPECT_EQ(copy.limit(), "memory.max of /a");
}

TEST(Error, a_job_error_carries_its_report_also_when_copied) {
  tine::Report report;
  report.slices = 12;
  report.warnings = {"one"};
  std::optional<tine::JobError> copy;
  try {
    throw tine::SliceFailed("slice 3 failed", report, 3);
  } catch (const tine::JobError& error) {
    copy = error;
  }
  EXPECT_EQ(copy->report().slices, 12u);
  EXPECT_EQ(copy->report().warnings.front(), "one");
  EXPECT_STREQ(copy->what(), "slice 3 failed");
}

TEST(Error, a_kernel_error_names_type_message_and_slice) {
  tine::Fault fault;
  fault.cause = tine::Cause::exception;
  fault.slice = 4;
  fault.type = "std::range_error";
  fault.message = "too long";
  fault.backtrace = {"f (a.out+0x10)"};
  const tine::KernelError error("text", tine::Report{}, fault);
  const tine::KernelError copy = error;
  EXPECT_EQ(copy.type(), "std::range_error");
  EXPECT_EQ(copy.message(), "too long");
  EXPECT_EQ(copy.slice(), 4u);
  EXPECT_EQ(copy.fault().backtrace, fault.backtrace);
}

TEST(Error, everything_can_be_caught_as_tine_error) {
  EXPECT_THROW(throw tine::SupervisorLost("x"), tine::PoolError);
  EXPECT_THROW(throw tine::Cancelled("x", {}), tine::Error);
  EXPECT_THROW(throw tine::BadCallable("x"), std::runtime_error);
}

}  // namespace
