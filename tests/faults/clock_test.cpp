// The wall clock jumps by hours, forwards and back: no deadline is missed by that, and none is put
// off. Whatever in this program asks for the wall clock gets one that jumps.
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/workload.hpp"

namespace {

// In memory that workers share: seconds to add, and how often somebody asked.
struct WallClock {
  std::atomic<long> offset, asked;
};
WallClock& wall_clock() {
  static WallClock& instance = *new (mmap(nullptr, sizeof(WallClock), PROT_READ | PROT_WRITE,
                                          MAP_SHARED | MAP_ANONYMOUS, -1, 0)) WallClock{};
  return instance;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const auto result = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    time->tv_sec += wall_clock().offset;
    ++wall_clock().asked;
  }
  return result;
}

extern "C" int gettimeofday(timeval* time, void*) noexcept {
  timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  *time = {t.tv_sec, t.tv_nsec / 1000};
  return 0;
}

extern "C" time_t time(time_t* result) noexcept {
  timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  if (result != nullptr) *result = t.tv_sec;
  return t.tv_sec;
}

namespace {

using namespace std::chrono_literals;
using tine_test::Workload;

class Clock : public tine_test::NothingLeftBehind {
 protected:
  // Sets the clock somewhere between three days ago and three days from now, again and again.
  class Jumps {
   public:
    Jumps()
        : thread_([this] {
            std::mt19937 random(3);
            for (; !stop_; usleep(2000))
              wall_clock().offset = static_cast<long>(random() % 500'000) - 250'000;
          }) {}
    ~Jumps() {
      stop_ = true;
      thread_.join();
      wall_clock().offset = 0;
    }

   private:
    std::atomic<bool> stop_ = false;
    std::thread thread_;
  };
};

TEST_F(Clock, that_jumps_is_the_one_the_program_sees) {
  const auto before = std::chrono::system_clock::now();
  wall_clock().offset = 7200;
  EXPECT_GE(std::chrono::system_clock::now() - before, 2h);
  EXPECT_GE(time(nullptr), std::chrono::system_clock::to_time_t(before) + 7200);
  wall_clock().offset = 0;
}

TEST_F(Clock, that_jumps_is_no_reason_for_a_fault) {
  tine::Pool pool({.workers = 2});
  Workload work(pool, 4000, 100);
  const auto pids = pool.worker_pids();
  const Jumps jumps;
  for (int round = 0; round < 3; ++round) {
    const auto report =
        work.inout({.slice_deadline = 2s, .job_deadline = 100s}, [](const tine::Slice&) {
          usleep(20'000);
          static_cast<void>(std::chrono::system_clock::now());
        });
    EXPECT_TRUE(report.faults.empty()) << report.to_string();
    EXPECT_GT(report.wall, 0s);
    EXPECT_LT(report.wall, 1h);
    auto y = pool.array<char>(20 << 20);
  }
  EXPECT_GT(wall_clock().asked, 100) << "nobody asked for the time";
  EXPECT_EQ(pool.worker_pids(), pids);
}

TEST_F(Clock, that_jumps_puts_no_deadline_off) {
  tine::Pool pool({.workers = 2});
  const Jumps jumps;
  auto x = pool.array<int>(8);
  auto endless = [](tine::Slice s, std::span<int> part) {
    part[0] = 1;
    while (s.index == 3) usleep(1000);
  };
  try {
    tine::for_each_slice(pool.with({.attempts = 2, .slice_deadline = 300ms}), tine::slices(8, 1),
                         endless, tine::inout(x));
    ADD_FAILURE();
  } catch (const tine::SliceFailed& error) {
    EXPECT_EQ(error.slice(), 3u);
    ASSERT_EQ(error.report().faults.size(), 2u);
    EXPECT_EQ(error.report().faults[1].cause, tine::Cause::deadline);
  }
  EXPECT_EQ(x[3], 0);
  EXPECT_THROW(tine::for_each_slice(pool.with({.job_deadline = 300ms}), tine::slices(8, 1), endless,
                                    tine::inout(x)),
               tine::DeadlineExceeded);
}

}  // namespace
