// Tables as sources of scans.
#pragma once

#include <tine/mining/table.hpp>

#include "source.hpp"

namespace tine::mining {

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
