// Text of clauses to trees.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tine::mining {

/// A literal, the name of a column, or an operator or function with its arguments.
struct Node {
  enum class Kind : std::uint8_t { null, boolean, integer, real, text, column, call };
  Kind kind{};
  std::string name;  // of the column or function ("+" and "is null" are functions too), or the text
  std::int64_t integer = 0;  // or boolean
  double real = 0;
  std::vector<std::unique_ptr<Node>> arguments;  // "count(*)" has one that is the column "*"
  std::size_t position = 0;                      // in the text
};

/// One of a list: `expression as name`, or `-expression` where an order is meant.
struct Item {
  std::unique_ptr<Node> node;
  std::string name;  // as is said, else the text of the expression
  bool named = false;
};

/// Throw QueryError with the text and the place.
std::unique_ptr<Node> parse_expression(const std::string& text);
std::vector<Item> parse_list(const std::string& text);

/// As it could be written, with parentheses where they matter.
std::string to_string(const Node& node);

}  // namespace tine::mining
