// Kills workers while they work.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <thread>

#include <gtest/gtest.h>
#include <tine/pool.hpp>

#include "support/processes.hpp"
#include "support/shared_words.hpp"

namespace tine_test {

/// Kills workers of a pool at random moments while it lives; not faster than the job goes on, or a
/// slow machine would have the pool give up.
class Killer {
 public:
  Killer(tine::Pool& pool, int mean_us)
      : thread_([this, &pool, mean_us] {
          std::mt19937 random(std::random_device{}());
          std::uint64_t seen = 0;
          while (!stop_) {
            usleep(random() % static_cast<unsigned>(2 * mean_us));
            const std::uint64_t now = slices().load();
            if (now == seen) continue;
            seen = now;
            const auto pids = pool.worker_pids();
            kills_ += signal_child(pool.supervisor_pid(), pids[random() % pids.size()], SIGKILL);
          }
        }) {}
  ~Killer() { stop(); }
  std::size_t stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return kills_;
  }
  std::size_t kills() const { return kills_; }
  /// Kernels count here. To be called once before there is any pool.
  static std::atomic_ref<std::uint64_t> slices() {
    static const SharedWords count(1);
    return count[0];
  }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<std::size_t> kills_ = 0;
  std::thread thread_;
};

/// How many workers are to be killed, in at most so many rounds of work, and how long after the begin of each: a
/// step later every time, from the first moment again after a dozen.
struct Kills {
  std::size_t wanted;
  int rounds;
  unsigned first_us, step_us;
};

/// That same(round), which works on the pool, finds the result the same each time although a worker is killed.
template <class Same>
void expect_same_while_killed(tine::Pool& pool, const Kills& how, Same same) {
  std::size_t kills = 0;
  for (int round = 0; round < how.rounds && kills < how.wanted; ++round) {
    const auto step = static_cast<unsigned>(round);
    std::jthread killer([&] {
      usleep(how.first_us + how.step_us * (step % 12));
      const auto pids = pool.worker_pids();
      kills += signal_child(pool.supervisor_pid(), pids[step % pids.size()], SIGKILL);
    });
    const bool is_same = same(round);
    killer.join();
    ASSERT_TRUE(is_same) << "round " << round;
  }
  EXPECT_GE(kills, how.wanted);
}

}  // namespace tine_test
