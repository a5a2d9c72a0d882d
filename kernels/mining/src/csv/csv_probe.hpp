// What the beginning of a CSV file says, found out in a worker.
#pragma once

#include <string>
#include <vector>

#include "csv_layout.hpp"

namespace tine::mining {

struct CsvHead {
  std::uint64_t size = 0;   // of the file
  std::uint64_t begin = 0;  // of the first row, behind the header
  char delimiter = ',';
  std::vector<std::string> names;  // of columns, as they stand there; all empty without a header
};

/// @param delimiter  0: that of which the first lines have most
/// Throws FileError.
CsvHead probe(const FileSource& source, char delimiter, Header header);

void write(BlobWriter& to, const CsvHead& head);
/// Throws Error for what cannot be.
CsvHead read_head(BlobReader& from);

/// A name for each column, different from all others: without a name column 3 is "column3"; what comes
/// again gets a number.
std::vector<std::string> unique_names(std::vector<std::string> names);

}  // namespace tine::mining
