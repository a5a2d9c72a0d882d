// The rows of a batch for which a condition holds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "batch.hpp"
#include "compress.hpp"

namespace tine::mining {

class Filter {
 public:
  /// @param types  of the columns of the batches
  explicit Filter(std::span<const Type> types);

  /// Makes `out` the rows of `in` where the condition is true, and returns how many these are. What `out`
  /// points to is valid until the next call and as long as the batch is: when all rows pass it is `in`.
  std::size_t operator()(const Batch& in, const Vector& condition, Batch& out);

 private:
  void find_indices();
  void compress(const void* from, std::size_t value_bytes, void* to);

  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::vector<Line> memory_;
  std::vector<std::byte*> values_;    // in it, of each column
  std::vector<std::uint8_t*> nulls_;  // the same
  std::vector<Vector> columns_;       // of the last batch
  Selection selection_;
  std::vector<std::uint64_t> indices_;  // of the chosen rows, where they are needed; else empty
};

}  // namespace tine::mining
