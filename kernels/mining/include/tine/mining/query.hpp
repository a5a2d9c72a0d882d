/// @file
/// Questions to tables and to files.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tine/mining/csv.hpp>
#include <tine/mining/error.hpp>
#include <tine/mining/table.hpp>
#include <tine/mining/type.hpp>
#include <tine/mining/vector.hpp>
#include <tine/pool.hpp>

namespace tine::mining {

/// The rows of another table that go with each row. Its columns are behind those of the left one; a name that is
/// there already gets "_right" behind it.
struct Join {
  const Table* right = nullptr;  ///< none: nothing is joined
  /// Columns whose values are equal: "id", or "customer = id" where the table on the right has another name for
  /// it. What is missing, or NaN, is equal to nothing. Keys of the same name are one column of the result.
  std::string on{};
  /// Rows with which none goes stay, with missing values on the right.
  bool left = false;
};

/// What is asked, each clause in the language of docs/QUERIES.md. Lists are separated by commas.
///
/// Either rows: `select`; or groups: `aggregates`, with `group_by` or for all rows at once; or a
/// `histogram`. With none of them, whole rows are given.
struct Query {
  std::string select{};      ///< expressions, each perhaps `as name`; empty: all columns
  std::string where{};       ///< a condition; rows for which it is false or null are left out
  std::string group_by{};    ///< expressions
  std::string aggregates{};  ///< calls: count, sum(x), mean(x), p95(x), ...
  std::string order_by{};  ///< of the result: names of its columns; `-name` begins with the largest
  std::optional<std::size_t> limit{};
  /// "x, 20": how many values of x lie in each of 20 equal bins from the least to the greatest, or with
  /// "x, 20, 0, 100" from 0 to 100. Columns from, to and count, as numpy.histogram has them; what is
  /// missing or not finite is in no bin. Reads everything twice, unless it is told the range.
  std::string histogram{};
  /// "1000": so many rows of those for which `where` holds, or all if there are fewer, each as likely as
  /// any other; all else is computed of these. Reads what `where` needs twice. "1%": each row with
  /// this probability.
  std::string sample{};
  std::uint64_t seed = 0;  ///< of the sample; another one chooses other rows
  /// Comes before all else: rows in the order of the left table, for each in that of the right one. Takes
  /// about 30 bytes for each row on the right.
  Join join{};
};

/// One column of a result, in this process.
struct ResultColumn {
  std::string name;
  Type type{};
  std::vector<std::int64_t> integers{};  ///< of bool, int, date and datetime
  std::vector<double> reals{};
  std::vector<std::string> texts{};
  std::vector<std::uint8_t> nulls{};  ///< 1 where a value is missing; as long as the values
  bool is_null(std::size_t row) const { return nulls[row] != 0; }
};

/// Rows of an answer: a table in this process. Groups come in ascending order of their keys, nulls last,
/// rows in the order of the table, unless the query says otherwise.
struct Result {
  std::vector<ResultColumn> columns;
  std::size_t rows = 0;

  std::uint64_t rows_read = 0, rows_selected = 0;
  std::uint64_t bad_rows = 0;          ///< that were skipped
  std::vector<std::string> bad_lines;  ///< about the first of them
};

/// Rows of an answer as text that workers make of them, each of those that it has computed.
struct RowText {
  /// Called in workers: appends rows to `text`, and the size of the text behind each row to `ends`, unless
  /// that is nullptr. What it makes of a row must depend on the row alone.
  using Append = void (*)(std::span<const std::string_view> names, std::span<const Vector> columns,
                          std::size_t rows, std::uint64_t how, std::string& text,
                          std::vector<std::uint64_t>* ends);
  Append append = nullptr;
  std::uint64_t how = 0;  ///< is passed on to it
  /// Called with the columns of the answer and the text of some rows at a time, in order.
  std::function<void(std::span<const Field>, std::string_view)> sink{};
};

struct ScanOptions {
  /// Bytes that a query may take beside the table; more ends in OutOfMemory. 0: no limit but the pool's.
  std::uint64_t memory = 0;
  /// For queries for rows: called with some of them at a time, in order, instead of their being kept.
  /// The columns have the same names and types each time.
  std::function<void(const Result&)> sink{};
  /// For queries for rows: they become text, instead of being given to `sink` or kept.
  RowText text{};
  /// Called with bytes (or rows, of a table) done and all of them.
  std::function<void(std::uint64_t, std::uint64_t)> progress{};
};

/// Answers a query. Same bits on any number of workers.
/// @throws QueryError, and what for_each_slice() throws
Result scan(const PoolWith& on, const Table& table, const Query& query,
            const ScanOptions& options = {});

/// The same straight from a CSV file, in bounded memory (but for what the result takes, and the values of
/// medians and quantiles). @throws FileError
Result scan(const PoolWith& on, const FileSource& file, const CsvOptions& csv, const Query& query,
            const ScanOptions& options = {});

/// How a query would be answered, for people: columns that are read and their types, the steps.
std::string explain(const PoolWith& on, const Table& table, const Query& query);
std::string explain(const PoolWith& on, const FileSource& file, const CsvOptions& csv,
                    const Query& query);

/// The columns of a CSV file, their types inferred over all of it.
Schema schema_of(const PoolWith& on, const FileSource& file, const CsvOptions& csv);
/// All of a CSV file. Throws OutOfMemory when the table takes more bytes than `memory`, unless that is 0.
Table read_table(const PoolWith& on, const FileSource& file, const CsvOptions& csv = {},
                 std::uint64_t memory = 0);

}  // namespace tine::mining
