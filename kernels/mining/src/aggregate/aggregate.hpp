// What can be asked of the rows of a group.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tine/mining/type.hpp>

#include "../expression/parser.hpp"

namespace tine::mining {

enum class AggregateKind : std::uint8_t {
  count,  // without an argument: of rows; else of values that are there
  sum,
  mean,
  min,
  max,
  variance,  // of a sample
  stddev,
  quantile,  // median, p95, quantile(x, 0.95): linear between the two nearest, as numpy's default
  distinct,  // how many different values there are, exactly
  approx_distinct,
  first,     // that is there, in the order of rows
  last,
  correlation,
};

/// Plain bytes.
struct Aggregate {
  AggregateKind kind{};
  std::uint8_t arguments = 0;
  Type types[2]{};      // of the arguments
  double fraction = 0;  // of a quantile
};

/// Whether this names an aggregate: a call such as mean(x), or the bare word count.
bool is_aggregate(const Node& node);
/// The arguments of the call that are expressions over rows.
std::vector<const Node*> rowwise_arguments(const Node& call);
/// Throws QueryError where the arguments' types or number do not fit.
Aggregate bind_aggregate(const Node& call, std::span<const Type> argument_types,
                         const std::string& clause);
Type result_type(const Aggregate& aggregate);

}  // namespace tine::mining
