// What a worker says of a slice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "csv_layout.hpp"

namespace tine::mining {

struct BadRow {
  enum class Kind : std::uint8_t { cells, unclosed, cell, file };
  Kind kind{};
  std::uint64_t offset = 0;  // of the row, in the file
  std::uint64_t number = 0;  // of cells; or of the column
  std::string text;          // the beginning of the cell; or what is wrong with the file
};

struct SliceReport {
  bool quoted = false;     // how the slice was read
  bool ends_quoted[2]{};   // how it ends, if it begins outside of quotes or within
  std::uint64_t rows = 0;  // with the bad ones
  std::uint64_t bad = 0;
  std::vector<BadRow> described;   // some of the bad ones; the first is why it was not read further
  std::vector<CsvColumn> widened;  // columns with cells that are not of their type, and that of all
};

void write(BlobWriter& to, const SliceReport& report);
/// Throws Error for what cannot be.
SliceReport read_report(BlobReader& from);

}  // namespace tine::mining
