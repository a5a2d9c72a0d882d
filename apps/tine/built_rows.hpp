// Rows of a result that are made value by value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <tine/mining/query.hpp>

#include "interrupt.hpp"
#include "scan_writers.hpp"

namespace tine::app {

/// Give a value for each column, then end the row; in the end, finish. Some rows are written at a time.
class BuiltRows {
 public:
  BuiltRows(RowWriter& to, std::vector<std::pair<std::string, mining::Type>> columns) : to_(to) {
    for (auto& [name, type] : columns) rows_.columns.push_back({.name = name, .type = type});
  }
  void text(std::string value) { next().texts.push_back(std::move(value)); }
  void integer(std::uint64_t value) { next().integers.push_back(static_cast<std::int64_t>(value)); }
  void real(double value) { next().reals.push_back(value); }
  void end_row() {
    column_ = 0;
    if (++rows_.rows == 4096) write();
  }
  void finish() { write(); }

 private:
  mining::ResultColumn& next() { return rows_.columns[column_++]; }
  void write() {
    check_interrupt();
    for (mining::ResultColumn& column : rows_.columns) column.nulls.resize(rows_.rows);
    to_.add(rows_);
    for (mining::ResultColumn& column : rows_.columns)
      column = {.name = std::move(column.name), .type = column.type};
    rows_.rows = 0;
  }

  RowWriter& to_;
  mining::Result rows_;
  std::size_t column_ = 0;
};

}  // namespace tine::app
