// Tables as sources of scans.
#pragma once

#include <tine/mining/table.hpp>

#include "source.hpp"

namespace tine::mining {

/// Rows of a slice: enough for many batches to hide what a slice costs, and about 256 slices of a large
/// table, so that there is not much to merge.
std::size_t rows_of_slice(std::size_t rows);

class TableSource final : public Source {
 public:
  explicit TableSource(const Table& table) : table_(table) {}

  const Schema& schema() const override { return table_.schema(); }
  std::size_t slices() const override;
  std::uint64_t size() const override { return table_.rows(); }
  std::vector<std::byte> description(std::span<const std::size_t> columns) const override;
  Outcome accept(std::size_t, BlobReader&) override { return Outcome::good; }

 private:
  const Table& table_;
};

std::unique_ptr<Stream> open_table_stream(std::span<const std::byte> description,
                                          std::size_t slice);

}  // namespace tine::mining
