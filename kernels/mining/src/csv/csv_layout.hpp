// What workers need to know of a CSV file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <tine/mining/csv.hpp>

#include "../blob.hpp"
#include "cell.hpp"
#include "csv_file.hpp"

namespace tine::mining {

/// A row may be so long: positions in what is read of it have 32 bits.
inline constexpr std::size_t longest_row = std::size_t{256} << 20;
inline constexpr std::uint32_t most_columns = 1 << 20;
/// Of bad rows so many are described.
inline constexpr std::size_t described_rows = 10;

/// A column that is to be read.
struct CsvColumn {
  std::uint32_t index = 0;  // in the file
  FoundType type;           // none: its values have all been missing so far; they are read as text
  bool fixed = false;       // what is not of the type is an error
};

struct CsvLayout {
  FileSource source;
  std::uint64_t size = 0;                       // of the file
  std::uint64_t begin = 0;                      // of the rows, behind the header
  std::uint64_t slice_bytes = csv_slice_bytes;  // of the file, from its beginning
  char delimiter = ',';
  bool skip_bad = false;
  std::uint32_t columns = 0;  // that rows have
  std::vector<std::string> nulls;
  std::vector<CsvColumn> read;

  std::size_t slices() const { return (size + slice_bytes - 1) / slice_bytes; }
};

void write(BlobWriter& to, const CsvLayout& layout);
/// Throws Error for what cannot be.
CsvLayout read_layout(BlobReader& from);

void write(BlobWriter& to, FoundType type);
/// Throws Error for what is no type.
FoundType read_type(BlobReader& from);

}  // namespace tine::mining
