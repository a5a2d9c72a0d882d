// Where the rows of an answer go: into a result, or piece by piece to a sink.
#pragma once

#include <span>
#include <vector>

#include <tine/mining/query.hpp>

#include "plan.hpp"
#include "row_block.hpp"

namespace tine::mining {

/// Throws OutOfMemory when a query takes more bytes than it may.
void check_memory(std::uint64_t bytes, const ScanOptions& options);

class RowOutput {
 public:
  RowOutput(const Plan& plan, const ScanOptions& options);

  /// What a RowCollector or, for text, a TextCollector wrote, in order. False: no more rows are wanted.
  bool take(std::span<const std::span<const std::byte>> slices);
  /// The rows that no sink got.
  Result result() && { return std::move(result_); }

 private:
  bool take_text(std::span<const std::span<const std::byte>> slices);
  void append(const RowBlock& block, std::size_t rows);
  bool enough() const { return plan_.limit && given_ + result_.rows >= *plan_.limit; }
  void give();

  const Plan& plan_;
  const ScanOptions& options_;
  Schema fields_;
  std::vector<Type> types_;
  Result result_;
  std::uint64_t bytes_ = 0;  // of the rows that are kept, on their way here
  std::size_t given_ = 0;
};

}  // namespace tine::mining
