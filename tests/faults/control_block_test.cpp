// A kernel that writes where master, supervisor and workers keep what they share.
#include <cstring>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "process/control.hpp"
#include "support/deaths.hpp"
#include "support/fixture.hpp"

namespace {

using tine::detail::Control;

class ControlBlock : public tine_test::NothingLeftBehind {};

TEST_F(ControlBlock, cannot_be_written_where_workers_only_read) {
  constexpr std::size_t protected_bytes = offsetof(Control, stop_claims);
  constexpr std::size_t step = 248;  // of every group of words some
  constexpr std::size_t places = protected_bytes / step;
  tine::Pool pool({.workers = 2});
  auto done = pool.array<int>(2 * places);
  std::byte* const control = pool.arena()->control();
  const tine::Report report = tine::for_each_slice(
      pool.with({.attempts = 1, .on_failure = tine::OnFailure::quarantine}),
      tine::slices(done.size(), 1),
      [control](const tine::Slice& s, std::span<int> mine) {
        if (s.begin % 2 == 1) std::memset(control + s.begin / 2 * step, 0x41, 8);
        mine[0] = 1;
      },
      tine::out(done));
  EXPECT_EQ(report.faults.size(), places);
  for (const tine::Fault& fault : report.faults) {
    EXPECT_TRUE(tine_test::is_death_by(fault, SIGSEGV)) << fault.to_string();
    EXPECT_EQ(fault.slice % 2, 1u);
  }
  for (std::size_t i = 0; i < done.size(); ++i) EXPECT_EQ(done[i], i % 2 == 0) << i;
}

// Runs a job whose second slice does this to the control block.
template <class F>
void run_with(tine::Pool& pool, F damage) {
  constexpr std::size_t slices = 64;
  auto done = pool.array<int>(slices);
  auto* const control = reinterpret_cast<Control*>(pool.arena()->control());
  tine::for_each_slice(
      pool, tine::slices(slices, 1),
      [control, damage](const tine::Slice& s, std::span<int> mine) {
        if (s.begin == 1) damage(*control);
        mine[0] = 1;
      },
      tine::out(done));
  for (std::size_t i = 0; i < slices; ++i) EXPECT_EQ(done[i], 1) << i;
}

TEST_F(ControlBlock, is_mended_where_it_only_says_what_comes_next) {
  for (const unsigned workers : {1u, 2u}) {
    tine::Pool pool({.workers = workers});
    run_with(pool, [](Control& c) { c.stop_claims.store(1); });
    run_with(pool, [](Control& c) {
      for (unsigned i = 0; i < c.workers; ++i) c.lanes()[i].next.store(~std::uint64_t{0});
    });
    run_with(pool, [](Control& c) {
      for (unsigned i = 0; i < c.workers; ++i) c.lanes()[i].end = 0;
    });
  }
}

TEST_F(ControlBlock, ends_the_job_where_a_slice_is_nobodys) {
  using tine::detail::SliceState;
  using tine::detail::Word;
  const std::uint64_t words[] = {
      Word{SliceState::free, 0, 0, 7777}.pack(),    Word{SliceState::claimed, 0, 0, 7777}.pack(),
      Word{SliceState::running, 1, 0, 7777}.pack(), Word{SliceState::dirty, 0, 0, 7777}.pack(),
      Word{SliceState::free, 0, 60, 7777}.pack(),   ~std::uint64_t{0},
  };
  tine::Pool pool({.workers = 2});
  for (const std::uint64_t word : words) {
    try {
      run_with(pool, [word](Control& c) { c.job.ledger[40].store(word); });
      FAIL() << "a job with a damaged ledger succeeded";
    } catch (const tine::SliceFailed& error) {
      EXPECT_EQ(error.slice(), 40u);
      EXPECT_THAT(error.what(), testing::HasSubstr("was written over"));
    }
    run_with(pool, [](Control&) {});  // the pool is as good as new
  }
}

}  // namespace
