// A query made ready for the columns of a source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <tine/mining/query.hpp>

#include "../aggregate/aggregate.hpp"
#include "../expression/program.hpp"
#include "../source.hpp"
#include "histogram.hpp"
#include "sample.hpp"

namespace tine::mining {

struct Plan {
  /// What slices are asked for.
  enum class Kind : std::uint8_t {
    rows,
    groups,
    text,     ///< of rows
    numbers,  ///< of the sample, to find its last one
  };
  /// By which column of the result it is ordered.
  struct Order {
    std::size_t column;
    bool descending;
  };

  std::vector<std::size_t> columns;  ///< of the source's schema that are read
  std::size_t kept = 0;              ///< the first of them; what follows is only for the condition
  std::optional<Program> where;
  Kind kind = Kind::rows;
  std::vector<Program> outputs;  ///< of rows; keys of groups
  std::vector<Aggregate> aggregates;
  std::vector<Program> arguments;  ///< of all aggregates
  std::vector<Field> fields;       ///< of the result; those it is only ordered by come last
  std::size_t hidden = 0;          ///< how many these are
  std::vector<Order> order;
  std::optional<std::size_t> limit;
  std::optional<Sample> sample;
  RowText text;  ///< what rows become, in the end
  /// Of a histogram the groups are the bins; while their range is not known, there is one group, with
  /// the least and the greatest value.
  std::optional<Histogram> histogram;

  /// Fields that are shown.
  Schema shown() const {
    return {fields.begin(), fields.end() - static_cast<std::ptrdiff_t>(hidden)};
  }
  bool grouped() const { return kind == Kind::groups; }
  /// How many rows of a slice can be wanted: the first ones, in the order if there is one.
  std::size_t most_rows() const { return limit.value_or(std::numeric_limits<std::size_t>::max()); }
};

/// Throws QueryError.
Plan make_plan(const Schema& schema, const Query& query);
/// The same; types that do not go with the query, as far as they show, are inferred over all rows
/// before that is believed.
Plan make_plan(const PoolWith& on, Source& source, const Query& query);
/// That of a histogram, when its range is known.
Plan make_plan(const Schema& schema, const Query& query, const HistogramRange& range);

}  // namespace tine::mining
