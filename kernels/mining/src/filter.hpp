// The rows of a batch for which a condition holds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "batch.hpp"

namespace tine::mining {

class Filter {
 public:
  /// @param types  of the columns of the batches
  explicit Filter(std::span<const Type> types);

  /// Makes `out` the rows of `in` where the condition is true, and returns how many these are. What `out`
  /// points to is valid until the next call and as long as the batch is: when all rows pass it is `in`.
  std::size_t operator()(const Batch& in, const Vector& condition, Batch& out);

 private:
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::vector<Line> memory_;
  std::vector<std::byte*> values_;    // in it, of each column
  std::vector<std::uint8_t*> nulls_;  // the same
  std::vector<Vector> columns_;       // of the last batch
};

}  // namespace tine::mining
