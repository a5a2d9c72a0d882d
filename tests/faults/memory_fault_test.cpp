// A kernel that does with memory what it must not: it costs attempts, then the slice, and what is
// told names both.
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/deaths.hpp"
#include "support/fixture.hpp"
#include "support/workload.hpp"

namespace {

using ::testing::HasSubstr;
using tine_test::mixed;

class MemoryFault : public tine_test::NothingLeftBehind {};

// Those that the processor or the C library catches.
std::vector<tine_test::Death> traps() {
  std::vector<tine_test::Death> result;
  for (const tine_test::Death& death : tine_test::deaths)
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT})
      if (death.signal == signal) result.push_back(death);
  return result;
}

class EveryTrap : public MemoryFault, public ::testing::WithParamInterface<tine_test::Death> {
 protected:
  // What a message says of it: the sanitizer turns some of these into an exit.
  static auto is_named(const tine_test::Death& trap) {
    const auto as_signal = HasSubstr(std::string("SIG") + sigabbrev_np(trap.signal));
    return tine_test::address_sanitizer ? ::testing::Matcher<const std::string&>(::testing::AnyOf(
                                              as_signal, HasSubstr("exit or _exit with status 1")))
                                        : ::testing::Matcher<const std::string&>(as_signal);
  }

  static constexpr std::size_t slices = 40, poison = 17, per_slice = 50;
};

TEST_P(EveryTrap, is_tried_again_as_often_as_allowed_and_then_quarantined_or_the_end) {
  const tine_test::Death trap = GetParam();
  for (const unsigned workers : {1u, 3u}) {
    tine::Pool pool({.workers = workers});
    auto x = pool.array<std::uint64_t>(slices * per_slice);
    auto y = pool.array<std::uint64_t>(x.size());
    auto tries = pool.array<int>(1);
    auto run = [&](const tine::Policy& policy, int survive_from) {
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = i;
      std::fill(y.begin(), y.end(), 99);
      tries[0] = 0;
      return tine::for_each_slice(
          pool.with(policy), tine::slices(x.size(), per_slice),
          [spring = trap.die, t = tries.view(), survive_from](
              tine::Slice s, std::span<std::uint64_t> inout, std::span<std::uint64_t> out) {
            for (std::size_t i = 0; i < inout.size(); ++i) {
              if (i == per_slice / 2 && s.index == poison && ++t[0] < survive_from) spring();
              out[i] = mixed(inout[i]);
              inout[i] = out[i] ^ 1;
            }
          },
          tine::inout(x), tine::out(y));
    };
    auto expect_exact = [&](bool all) {
      for (std::size_t i = 0; i < x.size(); ++i) {
        const bool left_out = !all && i / per_slice == poison;
        ASSERT_EQ(x[i], left_out ? i : mixed(i) ^ 1) << i;
        ASSERT_EQ(y[i], left_out ? 0 : mixed(i)) << i;
      }
    };
    auto expect_named = [&](const tine::Report& report, std::size_t faults) {
      ASSERT_EQ(report.faults.size(), faults) << report.to_string();
      for (std::size_t i = 0; i < faults; ++i) {
        EXPECT_TRUE(tine_test::is_death_by(report.faults[i], trap.signal)) << report.to_string();
        EXPECT_EQ(report.faults[i].slice, poison);
        EXPECT_EQ(report.faults[i].attempt, i + 1);
        EXPECT_THAT(report.faults[i].to_string(), HasSubstr("slice 17"));
        EXPECT_THAT(report.faults[i].to_string(), is_named(trap));
      }
    };

    // The third and last attempt succeeds.
    const auto good = run({.attempts = 3}, 3);
    EXPECT_EQ(good.done, slices);
    expect_named(good, 2);
    expect_exact(true);

    const auto quarantined = run({.attempts = 2, .on_failure = tine::OnFailure::quarantine}, 100);
    EXPECT_EQ(quarantined.done, slices - 1);
    ASSERT_EQ(quarantined.quarantined.size(), 1u);
    EXPECT_EQ(quarantined.quarantined[0].begin, poison);
    expect_named(quarantined, 2);
    expect_exact(false);

    try {
      run({.attempts = 2}, 100);
      ADD_FAILURE();
    } catch (const tine::SliceFailed& error) {
      EXPECT_EQ(error.slice(), poison);
      EXPECT_THAT(error.what(), HasSubstr("slice 17 of 40 failed on all 2 attempts"));
      EXPECT_THAT(std::string(error.what()), is_named(trap));
      expect_named(error.report(), 2);
      for (std::size_t i = poison * per_slice; i < (poison + 1) * per_slice; ++i)
        ASSERT_EQ(x[i], i) << "undone";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, EveryTrap, ::testing::ValuesIn(traps()), [](const auto& trap) {
  std::string name = trap.param.name;
  for (char& c : name)
    if (!isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
});

TEST_F(MemoryFault, a_kernel_that_takes_memory_without_end_meets_its_limit_and_spares_the_rest) {
  if (tine_test::address_sanitizer) GTEST_SKIP() << "the sanitizer itself needs terabytes";
  tine::Pool pool({.workers = 2, .memory_per_worker = 64 << 20});
  auto x = pool.array<int>(20);
  const auto report = tine::for_each_slice(
      pool.with({.attempts = 2, .on_failure = tine::OnFailure::quarantine}), tine::slices(20, 1),
      [](tine::Slice s, std::span<int> part) {
        part[0] = 1;
        if (s.index != 5) return;
        std::vector<std::vector<char>> hoard;
        for (;;) hoard.emplace_back(1 << 20, 1);
      },
      tine::inout(x));
  EXPECT_EQ(report.done, 19u);
  ASSERT_FALSE(report.faults.empty());
  EXPECT_EQ(report.faults[0].slice, 5u);
  EXPECT_EQ(report.faults[0].type, "std::bad_alloc");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(x[i], i != 5);
}

TEST_F(MemoryFault, a_master_that_allocates_without_end_is_refused_and_goes_on) {
  // What is there is limited by the reservation here; by the machine and by a cgroup in
  // limits_test.cpp and core's arena_test.cpp.
  tine::Pool pool({.workers = 2, .reserve = 256 << 20});
  auto x = pool.array<int>(100'000);
  std::fill(x.begin(), x.end(), 5);
  std::vector<tine::Array<char>> hoard;
  std::size_t refused_at = 0;
  try {
    for (std::size_t bytes = 1 << 20;; bytes += 4099) hoard.push_back(pool.array<char>(bytes));
  } catch (const tine::OutOfMemory& error) {
    refused_at = hoard.size();
    EXPECT_GT(error.requested(), 1u << 20);
    EXPECT_THAT(error.what(), HasSubstr("arena"));
  }
  EXPECT_GT(refused_at, 100u);
  tine::for_each(pool, tine::inout(x), [](int& v) { v += 1; });
  EXPECT_EQ(std::count(x.begin(), x.end(), 6), 100'000);
  hoard.clear();
  auto y = pool.array<char>(100 << 20);
  tine::for_each(pool, tine::inout(y), [](char& v) { v = 1; });
  EXPECT_EQ(y[(100 << 20) - 1], 1);
}

// What a worker can do to the memory file: it has no descriptor of it, and what it can find in /proc
// can neither cut nor grow it.
TEST_F(MemoryFault, a_worker_cannot_cut_the_arena_by_any_descriptor_it_can_get) {
  tine::Pool pool({.workers = 1});
  auto x = pool.array<int>(1'000'000);
  std::fill(x.begin(), x.end(), 7);
  struct Tried {
    int own, by_mapping, of_supervisor, of_master;
    int mapping_opened;
  };
  auto tried = pool.array<Tried>(1);
  const int fd = pool.arena()->descriptor();
  tine::for_each_slice(
      pool, tine::slices(1),
      [fd, supervisor = pool.supervisor_pid(), master = getpid(), p = x.view()](
          tine::Slice, std::span<Tried> out) {
        auto cut = [](const std::string& path) {
          const int mine = open(path.c_str(), O_RDWR | O_CLOEXEC);
          if (mine < 0) return errno;
          const int error = ftruncate(mine, 4096) == 0 ? 0 : errno;
          const int grown = ftruncate(mine, off_t{1} << 50) == 0 ? 0 : errno;
          close(mine);
          return error == 0 || grown == 0 ? 0 : error;
        };
        const std::string number = std::to_string(fd);
        out[0].own = cut("/proc/self/fd/" + number);
        out[0].of_supervisor = cut("/proc/" + std::to_string(supervisor) + "/fd/" + number);
        out[0].of_master = cut("/proc/" + std::to_string(master) + "/fd/" + number);
        // The range that holds our array, as map_files names it.
        FILE* maps = fopen("/proc/self/maps", "r");
        char line[512];
        const auto at = reinterpret_cast<std::uintptr_t>(&p[0]);
        while (fgets(line, sizeof line, maps) != nullptr) {
          std::uintptr_t begin = 0, end = 0;
          if (sscanf(line, "%zx-%zx", &begin, &end) != 2 || at < begin || at >= end) continue;
          char path[64];
          snprintf(path, sizeof path, "/proc/self/map_files/%zx-%zx", begin, end);
          out[0].by_mapping = cut(path);
          out[0].mapping_opened = out[0].by_mapping == EPERM && access(path, R_OK) == 0;
        }
        fclose(maps);
      },
      tine::out(tried));
  EXPECT_EQ(tried[0].own, ENOENT) << "a worker does not have the descriptor";
  using ::testing::AnyOf;
  // Sealed for whoever may open it; not even opened by others.
  EXPECT_THAT(tried[0].by_mapping, AnyOf(EPERM, EACCES, ENOENT));
  EXPECT_THAT(tried[0].of_supervisor, AnyOf(EPERM, EACCES));
  EXPECT_THAT(tried[0].of_master, AnyOf(EPERM, EACCES));
  if (geteuid() == 0 && tried[0].mapping_opened == 0)
    printf("  root could not open the mapping's file here: error %d\n", tried[0].by_mapping);
  EXPECT_EQ(std::count(x.begin(), x.end(), 7), 1'000'000);
  // Nor can the master, by the descriptor it has.
  EXPECT_EQ(ftruncate(fd, 0), -1);
  EXPECT_EQ(errno, EPERM);
  tine::for_each(pool, tine::inout(x), [](int& v) { v += 1; });
  EXPECT_EQ(std::count(x.begin(), x.end(), 8), 1'000'000);
}

}  // namespace
