// Reads the slices of a source some at a time, so that what they give fits into memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <tine/job_sequence.hpp>
#include <tine/mining/query.hpp>

#include "slice_run.hpp"

namespace tine::mining {

class Waves {
 public:
  Waves(PoolWith on, Source& source, const Plan& plan, const ScanOptions& options);

  /// Gets results of slices, in their order, in shared memory, for as long as the call takes. Returns
  /// false to end the scan.
  using Take = std::function<bool(std::span<const std::span<const std::byte>>)>;
  /// Returns false when the source's schema has changed, and all must begin again. Throws FileError, and
  /// Error for what cannot be computed.
  bool run(const Take& take);

  std::uint64_t rows_read() const { return rows_read_; }
  std::uint64_t rows_selected() const { return rows_selected_; }

 private:
  struct Found {
    SliceResult about{};
    std::span<const std::byte> bytes;
  };
  std::size_t at_a_time() const;
  bool read(std::size_t first, std::size_t count);
  std::vector<Found> read(std::vector<SliceTask> tasks);
  void post(std::size_t capacity, const Array<SliceTask>& tasks, Array<SliceResult>& results,
            Array<std::byte, 2>& regions);

  Source& source_;
  const ScanOptions& options_;
  Pool& pool_;
  JobSequence jobs_;
  Array<std::byte> plan_;
  std::size_t capacity_ = 64 << 10;           // of a slice's region; grows to what slices need
  std::size_t done_ = 0;                      // slices
  std::vector<Array<std::byte, 2>> regions_;  // of this wave
  std::vector<std::span<const std::byte>> results_;
  std::uint64_t rows_read_ = 0, rows_selected_ = 0;
};

}  // namespace tine::mining
