/// @file
/// Transactions and the items in them: orders and products, texts and words, patients and findings.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tine/array.hpp>
#include <tine/mining/query.hpp>
#include <tine/mining/samples.hpp>

namespace tine::mining {

/// Which items each transaction has, in the arena of a pool.
struct Baskets {
  std::vector<std::string> items;  ///< as text, in ascending order of what they are
  Array<std::uint32_t>
      members;  ///< which items, one transaction after the other; each once, ascending
  Array<std::uint64_t>
      ends;  ///< of each transaction in `members`; it begins where the one before it ends

  std::uint64_t rows_read = 0, rows_skipped = 0;  ///< skipped for what is missing in them
  std::uint64_t bad_rows = 0;                     ///< as in Result
  std::vector<std::string> bad_lines;

  std::size_t size() const { return ends.size(); }
};

/// Where the items of transactions are: either an item in each row, with `transaction` and `item`, expressions of
/// any type, in which rows of a transaction need not be neighbours; or a transaction in each row, with `items`, an
/// expression whose text is a list.
struct BasketSelection {
  std::string transaction{}, item{};
  std::string items{};
  std::string separator =
      ",";  ///< of a list; blanks around its items, and items without any text, do not count
  std::string where{};  ///< a condition; rows for which it is not true are left out
  /// `skip` or `refuse`. An empty text is a transaction without items; nothing is missing in it.
  Selection::Missing missing = Selection::Missing::refuse;
};

/// Reads what is selected.
/// @throws QueryError       an expression that is wrong; what scan() throws
/// @throws MissingValue     and where
/// @throws SampleError      no transaction; more than 2^32 transactions or items
/// @throws InvalidArgument  neither of the two ways, or both, or an empty separator
Baskets read_baskets(const PoolWith& on, const Table& table, const BasketSelection& what,
                     const ScanOptions& options = {});
Baskets read_baskets(const PoolWith& on, const FileSource& file, const CsvOptions& csv,
                     const BasketSelection& what, const ScanOptions& options = {});

}  // namespace tine::mining
