#pragma once

#include <cstdint>
#include <optional>

namespace chaos {

struct Limits {
  std::uint64_t faults = 100'000;
  double minutes = 0;                 // 0: none
  std::optional<std::uint64_t> only;  // this job and no other
};

/// Runs jobs until the limits are reached; the exit status of the master. What goes wrong is said
/// on stderr.
int run_jobs(const Limits& limits);

}  // namespace chaos
