// Waiting for what another process does. A wake-up is a hint: who waits looks again after a tenth
// of a second at the latest, so one that is lost with its sender costs a moment and never a hang.
#pragma once

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "sync/clock.hpp"
#include "sync/role.hpp"
#include "sync/system.hpp"

namespace tine::detail {

/// What a process that has started others does now and then while it waits: look whether one has died
/// together with its supervisor, so that nobody else would put right what it held.
inline std::atomic<void (*)()> look_for_the_dead{nullptr};

struct alignas(128) Signal {
  std::atomic<std::uint32_t> changes;   // futex
  std::atomic<std::uint32_t> sleepers;  // who died asleep is counted until reset()

  /// Something has changed that `count` sleepers may wait for. Enters the kernel only when there
  /// are some.
  void notify(int count) noexcept {
    if (sleepers.load() == 0) return;
    changes.fetch_add(1);
    sys::futex_wake(changes, count);
  }
  /// Wakes all; they count themselves again.
  void reset() noexcept {
    sleepers.store(0);
    changes.fetch_add(1);
    sys::futex_wake(changes, INT_MAX);
  }

  /// Calls `look` until it returns true, which is returned, or until the deadline.
  template <class Look>
  bool wait(std::int64_t deadline, Look look) {
    if (look()) return true;
    if (deadline == 0) return false;
    if (spin(deadline, look)) return true;
    for (bool slept = false;; slept = true) {
      if (const auto look_for = look_for_the_dead.load(std::memory_order_relaxed);
          slept && look_for != nullptr && process_role == Role::master)
        look_for();
      sleepers.fetch_add(1);
      const std::uint32_t seen = changes.load();
      const bool done = look();
      const std::int64_t left = deadline - now_ns();
      if (!done && left > 0) sys::futex_wait(changes, seen, std::min(left, 100 * ms));
      // Never below zero: somebody may have reset it.
      std::uint32_t n = sleepers.load();
      while (n != 0 && !sleepers.compare_exchange_weak(n, n - 1)) {
      }
      if (done) return true;
      if (left <= 0) return look();
    }
  }

 private:
  static constexpr std::int64_t longest_spin = 20 * us;

  // The answer often follows within microseconds, and to wake a sleeper takes tens of them. But where
  // CPUs are scarce, whoever looks for it keeps the other from giving it; so a look in vain is not
  // repeated for a while.
  template <class Look>
  static bool spin(std::int64_t deadline, Look& look) {
    static const bool several = sysconf(_SC_NPROCESSORS_ONLN) > 1;
    static thread_local unsigned pause = 0;
    if (!several || (pause != 0 && pause-- != 0)) return false;
    for (std::int64_t began = now_ns(), now = began; now - began < longest_spin && now < deadline;
         now = now_ns()) {
      for (int i = 0; i < 32; ++i) pause_cpu();
      if (look()) return true;
    }
    pause = 32;
    return false;
  }
};
static_assert(sizeof(Signal) == 128);

}  // namespace tine::detail
