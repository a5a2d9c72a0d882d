// Rows that workers sort.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include <tine/mining/query.hpp>
#include <tine/pool.hpp>

#include "plan.hpp"
#include "row_block.hpp"
#include "row_order.hpp"

namespace tine::mining {

/// Keeps rows in shared memory until all are there. They take what slices wrote, and 32 bytes each while they
/// are sorted.
class SortedRows {
 public:
  SortedRows(PoolWith on, const Plan& plan, const ScanOptions& options);

  /// What RowCollectors of the next slices wrote; it is copied.
  void add(std::span<const std::span<const std::byte>> slices);

  /// Calls `take` with rows in order, equal ones as they came: as a RowCollector writes them, or for text a
  /// TextCollector, without what they are only ordered by; as many as are wanted.
  using Take = std::function<bool(std::span<const std::span<const std::byte>>)>;
  void finish(const Take& take);

 private:
  // Where rows lie, of all blocks.
  Array<BlockColumn> columns() const;
  // All rows that are kept, in order.
  Array<Ranked> sort(const Blocks& blocks);
  // Some rows to `take`, as is written in `making`.
  void give(const Blocks& blocks, std::span<const Ranked> rows, std::span<const std::byte> making,
            const Take& take);
  // Of many rows only the first ones in the order are wanted.
  void drop();
  void keep(std::span<const std::span<const std::byte>> slices);

  PoolWith on_;
  const Plan& plan_;
  const ScanOptions& options_;
  std::vector<Type> types_;  // with those of columns that rows are only ordered by
  Array<Plan::Order> order_;
  std::vector<Array<std::byte>> memory_;
  std::vector<RowBlock> blocks_;  // in it, without empty ones
  std::size_t rows_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace tine::mining
