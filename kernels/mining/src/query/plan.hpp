// A query made ready for the columns of a source.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <tine/mining/query.hpp>

#include "../aggregate/aggregate.hpp"
#include "../csv/csv_file.hpp"
#include "../expression/program.hpp"

namespace tine::mining {

struct Plan {
  /// By which column of the result it is ordered.
  struct Order {
    std::size_t column;
    bool descending;
  };

  std::vector<std::size_t> columns;  ///< of the source's schema that are read
  std::size_t kept = 0;              ///< the first of them; what follows is only for the condition
  std::optional<Program> where;
  bool grouped = false;
  std::vector<Program> outputs;  ///< of rows; keys of groups
  std::vector<Aggregate> aggregates;
  std::vector<Program> arguments;  ///< of all aggregates
  std::vector<Field> fields;       ///< of the result; those it is only ordered by come last
  std::size_t hidden = 0;          ///< how many these are
  std::vector<Order> order;
  std::optional<std::size_t> limit;

  /// How many rows of a slice can be wanted.
  std::size_t most_rows() const;
};

/// Throws QueryError.
Plan make_plan(const Schema& schema, const Query& query);
/// The same; types that do not go with the query, as far as they show, are inferred over the whole file
/// before that is believed.
Plan make_plan(const PoolWith& on, CsvFile& file, const Query& query);

}  // namespace tine::mining
