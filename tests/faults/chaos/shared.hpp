// What the processes of a storm see of each other, beside the pool's own memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <iterator>

#include "chaos/plan.hpp"
#include "support/deaths.hpp"

namespace chaos {

/// Whatever may happen to a worker, the supervisor or the master, and how often it did.
enum Strike : std::size_t {
  // In kernels; the first ones are tine_test::deaths.
  bomb = std::size(tine_test::deaths),
  grandchild,
  stop,
  hang,
  exception,
  // From outside.
  outside_kill,
  outside_signal,
  outside_stop,
  supervisor_stop,
  supervisor_kill,
  master_stop,
  strikes,
};

struct Shared {
  std::atomic<std::uint64_t> job;  // that is open to attacks, plus one
  std::atomic<int> supervisor;
  std::atomic<std::uint64_t> begun;  // attempts, in all workers
  std::atomic<std::uint64_t> struck[strikes];
  std::atomic<std::uint32_t> tries[most_slices];  // of the slices of this job
  // The master's tally, for the overseer to print.
  std::atomic<std::uint64_t> jobs, recovered, undone, worst_us, wrong, lost, duplicated, leaked;

  std::uint64_t faults() const {
    std::uint64_t sum = 0;
    for (const auto& n : struck) sum += n;
    return sum;
  }
};
inline Shared* shared = nullptr;  // mapped before the first fork

}  // namespace chaos
