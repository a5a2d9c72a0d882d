// Rows of a result on their way from a worker to the master.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "../batch.hpp"
#include "../blob.hpp"

namespace tine::mining {

/// In a worker: gathers rows, column by column.
class RowCollector {
 public:
  /// @param most  rows that are kept; others are left out
  RowCollector(std::size_t columns, std::size_t most) : most_(most), columns_(columns) {}

  void add(std::size_t rows, std::span<const Vector> columns);
  bool full() const { return rows_ == most_; }
  std::size_t rows() const { return rows_; }
  void write(BlobWriter& to) const;

 private:
  struct Column {
    Type type{};
    bool any_null = false;
    std::vector<std::uint8_t> nulls;
    std::vector<std::byte> values;  // of text: where each ends among the characters
    std::vector<char> characters;
  };
  std::size_t most_, rows_ = 0;
  std::vector<Column> columns_;
};

/// One column of a block, where it lies. There other kernels could write: sizes are checked.
struct BlockColumn {
  Type type{};
  std::span<const std::byte> nulls;   // empty: none is
  std::span<const std::byte> values;  // of text: ends, of 8 bytes
  std::span<const std::byte> characters;

  bool is_null(std::size_t row) const { return !nulls.empty() && nulls[row] != std::byte(0); }
  template <class T>
  T value(std::size_t row) const {
    T v;
    std::memcpy(&v, values.data() + row * sizeof(T), sizeof v);
    return v;
  }
  std::string_view text(std::size_t row) const {
    const auto begin = row == 0 ? 0 : value<std::uint64_t>(row - 1);
    const auto end = value<std::uint64_t>(row);
    if (begin > end || end > characters.size()) return {};
    return {reinterpret_cast<const char*>(characters.data()) + begin,
            static_cast<std::size_t>(end - begin)};
  }
};

struct RowBlock {
  std::size_t rows = 0;
  std::vector<BlockColumn> columns;

  /// Throws Error when it is not what a RowCollector writes for these types.
  static RowBlock read(BlobReader from, std::span<const Type> types);
};

}  // namespace tine::mining
