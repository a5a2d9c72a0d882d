// Trees to programs, which workers run on batches.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tine/mining/type.hpp>

#include "parser.hpp"

namespace tine::mining {

/// The columns of a schema that a query reads, in the order in which they were first named.
class Columns {
 public:
  explicit Columns(const Schema& schema) : schema_(schema) {}
  const Schema& schema() const { return schema_; }
  /// The place of the schema's column i among those that are read.
  std::size_t use(std::size_t i);
  std::span<const std::size_t> used() const { return used_; }

 private:
  const Schema& schema_;
  std::vector<std::size_t> used_;
};

/// Trivial bytes: it travels to workers.
struct Program {
  std::vector<std::byte> bytes;
  Type type{};  // of its result
};

/// @param clause  the text that the tree was parsed from, for errors
/// Throws QueryError: an unknown column or function (with the nearest name), a type that does not go with it.
Program compile(const Node& node, const std::string& clause, Columns& columns);

}  // namespace tine::mining
