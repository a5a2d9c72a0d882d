// Rows of a result as text.
#pragma once

#include <cstddef>
#include <memory>

#include <tine/mining/query.hpp>

#include "text_output.hpp"

namespace tine::app {

class RowWriter {
 public:
  virtual ~RowWriter() = default;
  /// The next rows. The columns are the same each time, also where there are no rows.
  virtual void add(const mining::Result& rows) = 0;
  /// How workers can make the text of rows, which then come here. Without `append`: they cannot.
  virtual mining::RowText text() { return {}; }
  /// After the last ones.
  virtual void finish() = 0;
};

/// RFC 4180 with a line of names, but with lines that end in LF alone. Missing values are empty cells, and
/// empty text is "".
std::unique_ptr<RowWriter> csv_writer(TextOutput& to, char delimiter = ',');
/// One array, or with `lines` an object on each line. NaN and infinities, which JSON does not have, become
/// null.
std::unique_ptr<RowWriter> json_writer(TextOutput& to, bool lines);

struct TableLimits {
  std::size_t rows =
      0;  ///< more than that are shown as the first and the last of them; 0: no limit
  std::size_t columns =
      0;  ///< of characters; what does not fit is left out, and named; 0: no limit
  bool has_limit_option = true;  ///< that --limit can be advised where rows were left out
};
/// Aligned columns for people: numbers with ten digits.
std::unique_ptr<RowWriter> table_writer(TextOutput& to, const TableLimits& limits);

/// Appends a value that is neither missing nor text: numbers with the fewest digits that give the same
/// number again, and dates as ISO 8601 has them.
void append_value(std::string& to, const mining::ResultColumn& column, std::size_t row);

}  // namespace tine::app
