// What a worker does with a slice: read it, filter it, and group it or gather its rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../source.hpp"
#include "plan.hpp"

namespace tine::mining {

/// A slice that is to be read.
struct SliceTask {
  std::uint64_t slice;
  bool quoted;
};

/// What came of it, beside what lies in its region: first the result, of this size, then what the stream
/// reports.
struct SliceResult {
  std::uint64_t result_bytes;
  std::uint64_t bytes;  // in all; more than the region has: nothing in it counts
  std::uint64_t rows, selected;
  bool failed;  // then the result is a message
};

/// The plan and its source as bytes.
std::vector<std::byte> for_workers(const Plan& plan, const Source& source);

void run_slice(std::span<const std::byte> plan, const SliceTask& task, SliceResult& result,
               std::span<std::byte> region);

}  // namespace tine::mining
