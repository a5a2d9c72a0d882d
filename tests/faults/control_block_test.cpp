// A kernel that writes over tine's own memory is stopped, or found out: never a wrong result, never
// a hang.
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "process/control.hpp"
#include "support/fixture.hpp"
#include "support/workload.hpp"

namespace {

using ::testing::HasSubstr;
using tine::detail::Control;
using tine::detail::LedgerWord;
using tine_test::Workload;

Control& control_of(tine::Pool& pool) {
  return *reinterpret_cast<Control*>(pool.arena()->control());
}

/// Does something once, in the first attempt of a slice.
template <class F>
struct Once {
  tine::View<int> done;
  std::size_t slice;
  F what;
  void operator()(const tine::Slice& s) const {
    if (s.index == slice && std::atomic_ref(done[0]).exchange(1) == 0) what();
  }
};

class ControlBlock : public tine_test::NothingLeftBehind {};

TEST_F(ControlBlock, of_master_and_supervisor_cannot_be_written_by_a_kernel) {
  tine::Pool pool({.workers = 2});
  Workload work(pool, 10'000, 500);
  auto* const begin = reinterpret_cast<std::byte*>(&control_of(pool));
  const std::size_t bytes = Control::own_bytes(2);
  ASSERT_GE(bytes, 4096u);
  for (std::size_t at = 0; at < bytes; at += 1000) {
    auto once = pool.array<int>(1);
    volatile auto* target = begin + at;
    const auto report = work.out({}, Once{once.view(), 7, [target] { *target = std::byte{0x5a}; }});
    ASSERT_EQ(report.faults.size(), 1u) << "offset " << at;
    EXPECT_EQ(report.faults[0].signal, SIGSEGV);
    EXPECT_EQ(report.faults[0].slice, 7u);
    EXPECT_EQ(report.faults[0].address, reinterpret_cast<std::uintptr_t>(target));
  }
}

// For code that has taken over a worker, not for one that goes astray.
TEST_F(ControlBlock, cannot_be_made_writable_again_where_the_kernel_seals_mappings) {
  tine::Pool pool({.workers = 1});
  void* const page = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool seals = syscall(462 /* mseal */, page, 4096ul, 0ul) == 0;
  std::cout << (seals ? "this kernel seals mappings\n" : "this kernel cannot seal mappings\n");
  auto results = pool.array<int>(2);
  tine::for_each_slice(
      pool, tine::slices(2, 2),
      [control = pool.arena()->control(), small = pool.arena()->small_begin()](const tine::Slice&,
                                                                               std::span<int> out) {
        out[0] = mprotect(control, 4096, PROT_READ | PROT_WRITE);
        out[1] = mprotect(small, 4096, PROT_READ | PROT_WRITE);
      },
      tine::out(results));
  EXPECT_EQ(results[0], seals ? -1 : 0);
  EXPECT_EQ(results[1], seals ? -1 : 0);
  if (!seals) munmap(page, 4096);
}

TEST_F(ControlBlock, of_small_objects_cannot_be_written_by_a_kernel) {
  tine::Pool pool({.workers = 2});
  Workload work(pool, 10'000, 500);
  auto once = pool.array<int>(1);
  volatile auto* target = pool.arena()->small_begin();
  const auto report = work.inout({}, Once{once.view(), 3, [target] { *target = std::byte{1}; }});
  ASSERT_EQ(report.faults.size(), 1u);
  EXPECT_EQ(report.faults[0].signal, SIGSEGV);
}

// Every way to change the state of a slice's word, on slices that are done, running and free.
TEST_F(ControlBlock, with_a_ledger_word_written_over_is_noticed_and_the_job_run_again) {
  tine::Pool pool({.workers = 2});
  Workload work(pool, 10'000, 500);
  work.out();  // makes the ledger
  LedgerWord* ledger = control_of(pool).job.ledger;
  std::size_t reruns = 0;
  for (const std::size_t victim : {0u, 7u, 19u})
    for (std::uint64_t bits = 1; bits < 8; ++bits) {
      SCOPED_TRACE("slice " + std::to_string(victim) + ", state bits " + std::to_string(bits));
      auto once = pool.array<int>(1);
      const auto report = work.out({}, Once{once.view(), 7, [word = ledger + victim, bits] {
                                              word->fetch_xor(bits << 61);
                                            }});
      EXPECT_EQ(report.done, report.slices);
      reruns += report.reruns;
    }
  EXPECT_GT(reruns, 10u);
}

TEST_F(ControlBlock, with_a_ledger_word_written_over_ends_an_inout_job_in_an_error) {
  tine::Pool pool({.workers = 2});
  Workload work(pool, 10'000, 500);
  work.inout();
  LedgerWord* ledger = control_of(pool).job.ledger;
  auto once = pool.array<int>(1);
  try {
    work.inout({}, Once{once.view(), 7, [ledger] { ledger[3].store(0xdeadbeef12345678); }});
    FAIL();
  } catch (const tine::MemoryCorrupted& error) {
    EXPECT_THAT(error.what(), HasSubstr("seen at slice 3"));
    EXPECT_THAT(error.what(), HasSubstr("MemoryFaults::strict"));
  }
  work.reset();
  work.inout();
}

TEST_F(ControlBlock, written_over_by_every_attempt_ends_the_job) {
  tine::Pool pool({.workers = 2});
  Workload work(pool, 10'000, 500);
  work.out();
  LedgerWord* ledger = control_of(pool).job.ledger;
  try {
    work.out({.attempts = 4}, [ledger](const tine::Slice& s) {
      if (s.index == 7) ledger[3].store(7ull << 61);
    });
    FAIL();
  } catch (const tine::MemoryCorrupted& error) {
    EXPECT_EQ(error.report().reruns, 3u);
    EXPECT_THAT(error.what(), HasSubstr("AddressSanitizer"));
  }
  work.out();
}

// The slice that the verdict blames has used up no attempt, and must not get another for ever.
TEST_F(ControlBlock, with_a_verdict_that_blames_a_slice_in_every_attempt_ends_the_job) {
  tine::Pool pool({.workers = 2});
  Workload work(pool, 10'000, 500);
  auto* const verdict = &control_of(pool).board().verdict;
  EXPECT_THROW(
      work.out({.attempts = 2},
               [verdict](const tine::Slice& s) {
                 if (s.index == 7)
                   verdict->store(static_cast<std::uint64_t>(tine::detail::Verdict::distrust));
               }),
      tine::MemoryCorrupted);
  work.out();
}

// With a deadline the supervisor is at work every 10 ms, and the master hears of it each time.
TEST_F(ControlBlock,
       with_an_order_to_stop_that_nobody_gave_does_not_keep_the_dead_from_being_replaced) {
  for (const unsigned workers : {1u, 2u}) {
    tine::Pool pool({.workers = workers});
    Workload work(pool, 10'000, 500);
    auto* const stop = &control_of(pool).board().stop_claims;
    auto once = pool.array<int>(1);
    const auto report =
        work.inout({.slice_deadline = std::chrono::seconds(10)}, Once{once.view(), 7, [stop] {
                                                                        stop->store(1);
                                                                        raise(SIGKILL);
                                                                      }});
    EXPECT_EQ(report.restarts, 1u);
  }
}

// The board is full of hints, any of which may be anything; a word of the ledger is believed only
// when its owner can have written it.
TEST_F(ControlBlock, with_random_words_in_it_costs_no_bit_of_a_result_and_never_hangs) {
  const char* const given = getenv("TINE_TEST_SEED");
  const unsigned seed =
      given != nullptr ? static_cast<unsigned>(atol(given)) : std::random_device{}();
  std::cout << "TINE_TEST_SEED=" << seed << std::endl;
  std::mt19937_64 random(seed);
  tine::Pool pool({.workers = 3});
  Workload work(pool, 6'000, 200);
  work.out();
  work.inout();
  auto& control = control_of(pool);
  auto* const board = reinterpret_cast<std::uint64_t*>(&control.board());
  const std::size_t words = tine::detail::Board::bytes(3) / sizeof(std::uint64_t);
  // The faults are text and most of it; the rest is small.
  const std::size_t faults_at = offsetof(tine::detail::Board, faults) / sizeof(std::uint64_t);
  const std::size_t faults_words = sizeof(control.board().faults) / std::size_t{8};
  auto* const ledger = reinterpret_cast<std::uint64_t*>(control.job.ledger);
  std::size_t errors = 0;
  constexpr int rounds = 400;
  for (int round = 0; round < rounds; ++round) {
    std::size_t at = random() % (words - faults_words);
    if (at >= faults_at) at += faults_words;
    std::uint64_t* const target = random() % 2 == 0 ? board + at : ledger + random() % 30;
    std::uint64_t value = random();
    switch (random() % 3) {
      case 0:
        value = ~std::uint64_t{0};
        break;
      case 1:
        value %= 3;
        break;
    }
    const bool flips = random() % 4 == 0;  // a bit
    if (flips) value = std::uint64_t{1} << value % 64;
    SCOPED_TRACE("round " + std::to_string(round) + ": word " +
                 std::to_string(target - (target >= ledger ? ledger : board)) +
                 (target >= ledger ? " of the ledger" : " of the board") + (flips ? " ^ " : " = ") +
                 std::to_string(value));
    auto once = pool.array<int>(1);
    const bool dies = round % 3 == 0;
    const auto deed = Once{once.view(), random() % 30, [target, value, flips, dies] {
                             const std::atomic_ref word(*target);
                             if (flips)
                               word.fetch_xor(value);
                             else
                               word.store(value);
                             if (dies) raise(SIGKILL);
                           }};
    try {
      if (round % 2 == 0)
        work.out({}, deed);
      else
        work.inout({.memory_faults = tine::MemoryFaults::strict}, deed);
    } catch (const tine::JobError&) {  // noticed: as good
      ++errors;
      work.reset();
    }
  }
  EXPECT_LT(errors, std::size_t{rounds});
  work.out();
  work.inout();
}

}  // namespace
