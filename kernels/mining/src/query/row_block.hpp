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
  void write(BlobWriter& to) const;

 private:
  struct Column {
    Type type{};
    bool any_null = false;
    std::vector<std::uint8_t> nulls;
    std::vector<std::byte> values;  // of text: lengths
    std::vector<char> characters;
  };
  std::size_t most_, rows_ = 0;
  std::vector<Column> columns_;
};

/// In the master: one column of a block. Where it lies, other kernels could write: sizes are checked.
struct BlockColumn {
  Type type{};
  std::span<const std::byte> nulls;   // empty: none is
  std::span<const std::byte> values;  // of text: lengths of 4 bytes
  std::span<const std::byte> characters;

  bool is_null(std::size_t row) const { return !nulls.empty() && nulls[row] != std::byte(0); }
  template <class T>
  T value(std::size_t row) const {
    T v;
    std::memcpy(&v, values.data() + row * sizeof(T), sizeof v);
    return v;
  }
  /// Of text: calls f(row, text) for all rows in order.
  template <class F>
  void for_each_text(F f) const {
    std::size_t at = 0;
    for (std::size_t row = 0; row < values.size() / 4; ++row) {
      const auto size = value<std::uint32_t>(row);
      if (size > characters.size() - at) return;
      f(row, std::string_view(reinterpret_cast<const char*>(characters.data()) + at, size));
      at += size;
    }
  }
};

struct RowBlock {
  std::size_t rows = 0;
  std::vector<BlockColumn> columns;

  /// Throws Error when it is not what a RowCollector writes for these types.
  static RowBlock read(BlobReader from, std::span<const Type> types);
};

}  // namespace tine::mining
