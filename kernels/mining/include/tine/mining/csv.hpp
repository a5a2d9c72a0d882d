/// @file
/// CSV and TSV files, as they are read by workers, slice by slice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <tine/mining/type.hpp>

namespace tine::mining {

/// Where a file is, and how workers open it.
struct FileSource {
  std::string name;  ///< for messages, and for the default `open`
  /// Called in workers: returns a descriptor of a regular file, which is then closed, or throws. By
  /// default the file with this name is opened.
  int (*open)(const char* name, std::size_t number) = nullptr;
  std::size_t number = 0;  ///< passed to `open`
};

enum class Header : std::uint8_t { automatic, present, absent };

/// RFC 4180, and what is found in the wild: a byte order mark, CRLF, blank lines (skipped), a last
/// line without an end, quotes in the middle of a cell (taken as they are).
struct CsvOptions {
  char delimiter = 0;  ///< 0: what the first lines have most of: , ; tab |
  /// automatic: the first line has names when none of its cells is a number, bool, date or datetime, and
  /// not all are empty. A file of text without a header wants `absent`.
  Header header = Header::automatic;
  std::map<std::string, Type> types{};  ///< of columns by name; those of others are inferred
  /// Text that stands for a missing value in columns that are not text, beside the empty cell.
  std::vector<std::string> nulls = {"NA", "N/A", "NULL", "null", "None", "\\N"};
  /// Rows with too few or too many cells, or with a cell that is not of the type in `types`, are
  /// counted and left out, instead of ending the query.
  bool skip_bad = false;
};

}  // namespace tine::mining
