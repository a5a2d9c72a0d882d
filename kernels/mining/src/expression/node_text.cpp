// Trees as text.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "lexer.hpp"
#include "parser.hpp"

namespace tine::mining {

namespace {

// How tightly an operator binds, as in the parser.
enum Level {
  any,
  disjunction,
  conjunction,
  negation,
  comparison,
  joined,
  sum,
  product,
  minus,
  leaf
};

Level level_of_binary(std::string_view name) {
  if (name == "or") return disjunction;
  if (name == "and") return conjunction;
  if (name == "||") return joined;
  if (name == "+" || name == "-") return sum;
  if (name == "*" || name == "/" || name == "//" || name == "%") return product;
  for (const std::string_view compares : {"=", "!=", "<", "<=", ">", ">="})
    if (name == compares) return comparison;
  return leaf;
}
bool is_membership(const Node& node) {
  return node.name == "in" || node.name == "between" || node.name == "like" ||
         node.name == "is null";
}

std::string quoted(const std::string& text, char quote) {
  std::string result(1, quote);
  for (const char c : text) {
    if (c == quote) result += quote;
    result += c;
  }
  return result + quote;
}

std::string real(double value) {
  if (std::isinf(value)) return "1e999";  // which is what it was written as
  std::array<char, 32> digits;
  std::string result(digits.data(),
                     std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
  return result.find_first_of(".e") == std::string::npos ? result + ".0" : result;
}

std::string text(const Node& node, Level outside);

std::string list(const Node& node, std::size_t from, Level level) {
  std::string result = "(";
  for (std::size_t i = from; i < node.arguments.size(); ++i)
    result += (i == from ? "" : ", ") + text(*node.arguments[i], level);
  return result + ")";
}

std::string membership(const Node& node, const char* negated) {
  const std::string x = text(*node.arguments[0], comparison);
  if (node.name == "is null") return x + " is " + negated + "null";
  if (node.name == "in") return x + " " + negated + "in " + list(node, 1, joined);
  const std::string other = text(*node.arguments[1], joined);
  if (node.name == "like") return x + " " + negated + "like " + other;
  return x + " " + negated + "between " + other + " and " + text(*node.arguments[2], joined);
}

/// A call and how tightly it binds.
std::pair<std::string, Level> call(const Node& node) {
  if (is_membership(node)) return {membership(node, ""), comparison};
  if (node.name == "not") {
    const Node& negated = *node.arguments[0];
    if (negated.kind == Node::Kind::call && is_membership(negated))
      return {membership(negated, "not "), comparison};
    return {"not " + text(negated, negation), negation};
  }
  if (node.name == "-" && node.arguments.size() == 1)
    return {"-" + text(*node.arguments[0], leaf), minus};
  const Level level = level_of_binary(node.name);
  if (level == leaf) return {node.name + list(node, 0, any), leaf};
  return {text(*node.arguments[0], level) + " " + node.name + " " +
              text(*node.arguments[1], static_cast<Level>(level + 1)),
          level};
}

std::string text(const Node& node, Level outside) {
  switch (node.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::boolean:
      return node.integer != 0 ? "true" : "false";
    case Node::Kind::integer:
      return std::to_string(node.integer);
    case Node::Kind::real:
      return real(node.real);
    case Node::Kind::text:
      return quoted(node.name, '\'');
    case Node::Kind::column:
      return node.name == "*" || is_bare_name(node.name) ? node.name : quoted(node.name, '"');
    case Node::Kind::call:
      break;
  }
  auto [result, level] = call(node);
  return level < outside ? "(" + result + ")" : result;
}

}  // namespace

std::string to_string(const Node& node) {
  return text(node, any);
}

}  // namespace tine::mining
