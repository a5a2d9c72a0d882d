// PoolOptions::recycle_above: a worker that grows is replaced before it hurts, and that is no fault.
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <set>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/workload.hpp"

namespace {

using tine_test::Workload;

constexpr std::size_t MiB = std::size_t{1} << 20;

class Recycling : public tine_test::NothingLeftBehind {};

// Writes to each page, in a way that no compiler leaves out.
void touch(void* memory, std::size_t bytes) {
  for (std::size_t i = 0; memory != nullptr && i < bytes; i += 4096)
    static_cast<volatile char*>(memory)[i] = 1;
}

// Leaks, and takes long enough for somebody to look.
struct Leak {
  std::size_t bytes;
  void operator()(const tine::Slice&) const {
    touch(malloc(bytes), bytes);
    usleep(11'000);
  }
};

TEST_F(Recycling, replaces_a_leaking_worker_without_a_fault_or_a_wrong_bit) {
  for (const unsigned workers : {1u, 2u, 3u}) {
    tine::Pool pool({.workers = workers, .recycle_above = 16 * MiB});
    Workload work(pool, 24'000, 1000);
    for (const tine::Report& report : {work.inout({}, Leak{10 * MiB}), work.out({}, Leak{10 * MiB}),
                                       work.reduce({}, Leak{10 * MiB})}) {
      EXPECT_TRUE(report.faults.empty()) << report.to_string();
      EXPECT_EQ(report.attempts, 24u) << "a slice was run twice";
      EXPECT_GE(report.restarts, 12u / 2 - workers);
    }
  }
}

TEST_F(Recycling, bounds_the_memory_of_a_job_that_leaks_more_than_a_worker_may_have) {
  tine::Pool pool({.workers = 2, .memory_per_worker = 200 * MiB, .recycle_above = 32 * MiB});
  Workload work(pool, 40'000, 1000);
  const auto report = work.out({}, Leak{20 * MiB});  // 400 MiB for each worker
  EXPECT_TRUE(report.faults.empty()) << report.to_string();
}

TEST_F(Recycling, happens_between_jobs_too) {
  tine::Pool pool({.workers = 1, .recycle_above = 4 * MiB});
  std::set<int> pids;
  auto pid = pool.array<int>(1);
  for (int job = 0; job < 6; ++job) {
    tine::for_each_slice(
        pool, tine::slices(1, 1),
        [](const tine::Slice& s, std::span<int> mine) {
          Leak{10 * MiB}(s);
          mine[0] = getpid();
        },
        tine::out(pid));
    pids.insert(pid[0]);
  }
  EXPECT_EQ(pids.size(), 6u);
}

TEST_F(Recycling, leaves_alone_who_gives_memory_back_and_what_lies_in_the_arena) {
  tine::Pool pool({.workers = 1, .recycle_above = 16 * MiB});
  const int worker = pool.worker_pids()[0];
  auto x = pool.array<char>(200 * MiB);
  const auto report = tine::for_each_slice(
      pool, tine::slices(x.size(), 20 * MiB),
      [](const tine::Slice&, std::span<char> part) {
        memset(part.data(), 1, part.size());
        // Not malloc: sanitizers keep for a while what is freed.
        void* p =
            mmap(nullptr, 40 * MiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        touch(p, 40 * MiB);
        munmap(p, 40 * MiB);
        usleep(11'000);
      },
      tine::out(x));
  EXPECT_EQ(report.restarts, 0u);
  EXPECT_EQ(pool.worker_pids()[0], worker);
}

TEST_F(Recycling, does_not_hide_that_a_kernel_calls_exit) {
  tine::Pool pool({.workers = 1, .recycle_above = 16 * MiB});
  EXPECT_THROW(tine::for_each_slice(pool, tine::slices(1, 1), [](const tine::Slice&) { exit(0); }),
               tine::SliceFailed);
}

}  // namespace
