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

/// How a CSV file is to be read. Files are as in RFC 4180, or as they are found: with a byte order mark,
/// CRLF, blank lines (which are skipped), a last line without an end.
///
/// A cell that begins with a quote goes on to the next quote that is not doubled, over delimiters and ends
/// of lines; text behind it, up to the delimiter, is a part of the cell. Other quotes are text. Whether a
/// value is in quotes or not makes no difference for its type.
///
/// The type of a column is the least one that all its cells are of: int (where all fit into 64 bits) before
/// float, date before datetime; bool is true, True, TRUE and the same of false; all else is string, and so
/// is a column without any value. Blanks around values that are no text do not count. Dates are written
/// 2024-03-05 or 2024/03/05, datetimes with 12:34, 12:34:56 or 12:34:56.789 behind a blank or T, and perhaps
/// Z or an offset such as +02:00. An empty cell is missing; one of two quotes is an empty text, and
/// missing in columns that are no text.
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
