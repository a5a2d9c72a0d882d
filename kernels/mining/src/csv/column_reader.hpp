// Cells of one column to values.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "../batch.hpp"
#include "csv_layout.hpp"
#include "decimals.hpp"
#include "row_index.hpp"

namespace tine::mining {

class ColumnReader {
 public:
  /// @param words  stand for missing values; they must stay
  /// @param rows  that are read at a time, at most
  ColumnReader(const CsvColumn& column, std::span<const std::string> words, std::size_t rows);

  std::uint32_t index() const { return column_.index; }
  /// Converts the column's cells in these rows.
  void read(const char* text, const RowIndex& index, std::size_t rows);
  /// Only finds their type.
  void check(const char* text, const RowIndex& index, std::size_t rows);

  /// The type of all cells so far, of which some do not fit the column's.
  bool widened() const { return found_ != column_.type; }
  FoundType found() const { return found_; }
  /// Rows of the last read() with cells that are not of the type, which is fixed.
  const std::vector<std::uint32_t>& misfits() const { return misfits_; }
  /// Takes rows out of what was read, given in ascending order.
  void remove(std::span<const std::uint32_t> out, std::size_t rows);

  Vector vector() const { return {column_.type.value_or(Type::text), values_.data(), nulls()}; }

 private:
  template <class T, class Parse>
  void read_values(const CellColumn& cells, std::size_t rows, Parse parse);
  void read_texts(const CellColumn& cells, std::size_t rows);
  void misfit(std::size_t row, std::string_view cell);
  void set_null(std::size_t row) {
    nulls_[row] = 1;
    some_null_ = true;
  }
  const std::uint8_t* nulls() const { return some_null_ ? nulls_.data() : nullptr; }

  CsvColumn column_;
  FoundType found_;
  std::span<const std::string> words_;
  bool words_are_values_ = false;  // some word could be a value, too
  std::vector<std::byte> values_;
  std::vector<std::uint8_t> nulls_;
  bool some_null_ = false;
  std::vector<std::uint8_t> good_;  // rows that are read already
  std::vector<std::uint32_t> misfits_;
  std::deque<std::string> texts_;  // that do not stand in the file as they are
};

}  // namespace tine::mining
