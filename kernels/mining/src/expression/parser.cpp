#include "parser.hpp"

#include <limits>
#include <utility>

#include <tine/mining/error.hpp>

#include "lexer.hpp"

namespace tine::mining {

namespace {

using NodePtr = std::unique_ptr<Node>;

/// Operators and calls of an expression, and parentheses within one another: bound how deep trees and their parsing
/// are, whoever writes them.
constexpr std::size_t most_operations = 500, most_nested = 200;

/// Recursive descent: a function for each level of precedence, the loosest first.
class Parser {
 public:
  explicit Parser(const std::string& clause) : clause_(clause) { advance(); }

  NodePtr expression() {
    operations_ = 0;
    return disjunction();
  }

  std::vector<Item> list() {
    std::vector<Item> items;
    do {
      const std::size_t begin = token_.begin;
      Item item;
      item.node = expression();
      item.name = clause_.substr(begin, last_end_ - begin);
      if (take_keyword("as")) {
        if (token_.kind != Token::Kind::name && token_.kind != Token::Kind::quoted_name)
          unexpected("after \"as\" comes a name");
        item.name = token_.text;
        item.named = true;
        advance();
      }
      items.push_back(std::move(item));
    } while (take(","));
    return items;
  }

  void expect_end(const char* wanted) {
    if (token_.kind != Token::Kind::end) unexpected(wanted);
  }

 private:
  void advance() {
    last_end_ = token_.end;
    token_ = next_token(clause_, token_.end);
  }
  bool take(std::string_view symbol) {
    if (!token_.is(symbol)) return false;
    advance();
    return true;
  }
  bool take_keyword(std::string_view keyword) {
    if (!token_.is_keyword(keyword)) return false;
    advance();
    return true;
  }
  void expect(std::string_view symbol) {
    if (!take(symbol)) unexpected(std::string(symbol) + " was expected");
  }
  [[noreturn]] void unexpected(const std::string& wanted) {
    const std::string found = token_.kind == Token::Kind::end
                                  ? "the end"
                                  : clause_.substr(token_.begin, token_.end - token_.begin);
    throw QueryError(wanted + ", not " + found, clause_, token_.begin);
  }
  void count_operation(std::size_t position) {
    if (++operations_ > most_operations)
      throw QueryError("more than " + std::to_string(most_operations) +
                           " operators and calls; values to compare with go in a list: "
                           "x in (1, 2, 3)",
                       clause_, position);
  }

  /// Between parentheses, from the token after the first one on.
  class Nested {
   public:
    Nested(Parser& parser, std::size_t position) : parser_(parser) {
      if (++parser.nesting_ > most_nested)
        throw QueryError(
            "more than " + std::to_string(most_nested) + " parentheses within one another",
            parser.clause_, position);
    }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;
    ~Nested() { --parser_.nesting_; }

   private:
    Parser& parser_;
  };

  NodePtr leaf(Node::Kind kind) {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->position = token_.begin;
    return node;
  }
  template <class... Arguments>
  NodePtr call(std::string name, std::size_t position, Arguments... arguments) {
    count_operation(position);
    auto node = std::make_unique<Node>();
    node->kind = Node::Kind::call;
    node->name = std::move(name);
    node->position = position;
    (node->arguments.push_back(std::move(arguments)), ...);
    return node;
  }

  NodePtr disjunction() {
    NodePtr left = conjunction();
    while (token_.is_keyword("or")) {
      const std::size_t position = token_.begin;
      advance();
      left = call("or", position, std::move(left), conjunction());
    }
    return left;
  }
  NodePtr conjunction() {
    NodePtr left = negation();
    while (token_.is_keyword("and")) {
      const std::size_t position = token_.begin;
      advance();
      left = call("and", position, std::move(left), negation());
    }
    return left;
  }
  NodePtr negation() {
    // Without recursion; the innermost is made first.
    std::vector<std::size_t> positions;
    while (token_.is_keyword("not")) {
      positions.push_back(token_.begin);
      advance();
    }
    NodePtr node = comparison();
    for (auto p = positions.rbegin(); p != positions.rend(); ++p)
      node = call("not", *p, std::move(node));
    return node;
  }

  NodePtr comparison() {
    NodePtr left = joined();
    while (true) {
      const std::size_t position = token_.begin;
      if (token_.kind == Token::Kind::symbol) {
        std::string name = token_.text;
        if (name == "==") name = "=";
        if (name == "<>") name = "!=";
        if (name != "=" && name != "!=" && name != "<" && name != "<=" && name != ">" &&
            name != ">=")
          return left;
        advance();
        left = call(std::move(name), position, std::move(left), joined());
      } else if (take_keyword("is")) {
        const bool negated = take_keyword("not");
        if (!take_keyword("null")) unexpected("null was expected (x is null, x is not null)");
        left = call("is null", position, std::move(left));
        if (negated) left = call("not", position, std::move(left));
      } else {
        const bool negated = take_keyword("not");
        NodePtr node = membership(position, left);
        if (node == nullptr) {
          if (negated) unexpected("in, between or like was expected");
          return left;
        }
        left = negated ? call("not", position, std::move(node)) : std::move(node);
      }
    }
  }
  /// `x in (...)`, `x between a and b`, `x like 'pattern'`; nullptr when it is none.
  NodePtr membership(std::size_t position, NodePtr& x) {
    if (take_keyword("in")) {
      expect("(");
      NodePtr node = call("in", position, std::move(x));
      do node->arguments.push_back(joined());
      while (take(","));
      expect(")");
      return node;
    }
    if (take_keyword("between")) {
      NodePtr low = joined();
      if (!take_keyword("and")) unexpected("and was expected (x between a and b)");
      return call("between", position, std::move(x), std::move(low), joined());
    }
    if (take_keyword("like")) return call("like", position, std::move(x), joined());
    return nullptr;
  }

  NodePtr joined() {
    NodePtr left = sum();
    while (token_.is("||")) left = binary(std::move(left), &Parser::sum);
    return left;
  }
  NodePtr sum() {
    NodePtr left = product();
    while (token_.is("+") || token_.is("-")) left = binary(std::move(left), &Parser::product);
    return left;
  }
  NodePtr product() {
    NodePtr left = minus();
    while (token_.is("*") || token_.is("/") || token_.is("//") || token_.is("%"))
      left = binary(std::move(left), &Parser::minus);
    return left;
  }
  NodePtr binary(NodePtr left, NodePtr (Parser::*operand)()) {
    const Token symbol = token_;
    advance();
    return call(symbol.text, symbol.begin, std::move(left), (this->*operand)());
  }
  NodePtr minus() {
    const Token first = token_;
    if (take("+")) {
      count_operation(first.begin);
      return minus();
    }
    if (!take("-")) return primary();
    // The smallest integer has no positive of its own.
    constexpr std::uint64_t beyond = std::uint64_t{1} << 63;
    if (token_.kind == Token::Kind::integer && token_.integer == beyond) {
      NodePtr node = leaf(Node::Kind::integer);
      node->position = first.begin;
      node->integer = std::numeric_limits<std::int64_t>::min();
      advance();
      return node;
    }
    NodePtr node = call("-", first.begin);
    node->arguments.push_back(minus());
    return node;
  }

  NodePtr primary() {
    NodePtr node;
    switch (token_.kind) {
      case Token::Kind::integer:
        if (token_.integer > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
          throw QueryError(token_.text + " does not fit 64 bits; " + token_.text +
                               ".0 would be a float of about this",
                           clause_, token_.begin);
        node = leaf(Node::Kind::integer);
        node->integer = static_cast<std::int64_t>(token_.integer);
        break;
      case Token::Kind::real:
        node = leaf(Node::Kind::real);
        node->real = token_.real;
        break;
      case Token::Kind::text:
        node = leaf(Node::Kind::text);
        node->name = token_.text;
        break;
      case Token::Kind::quoted_name:
        node = leaf(Node::Kind::column);
        node->name = token_.text;
        break;
      case Token::Kind::name:
        return name();
      case Token::Kind::symbol:
        if (token_.is("(")) {
          const Nested nested(*this, token_.begin);
          advance();
          node = disjunction();
          expect(")");
          return node;
        }
        [[fallthrough]];
      case Token::Kind::end:
        unexpected("a value was expected");
    }
    advance();
    return node;
  }

  /// A keyword, a date, a call or a column.
  NodePtr name() {
    const Token first = token_;
    if (first.is_keyword("true") || first.is_keyword("false")) {
      NodePtr node = leaf(Node::Kind::boolean);
      node->integer = first.is_keyword("true");
      advance();
      return node;
    }
    if (first.is_keyword("null")) {
      NodePtr node = leaf(Node::Kind::null);
      advance();
      return node;
    }
    if (!is_bare_name(first.text))
      unexpected("a value was expected (a column of this name goes in \"double quotes\")");
    NodePtr column = leaf(Node::Kind::column);
    column->name = first.text;
    advance();
    if ((first.is_keyword("date") || first.is_keyword("datetime")) &&
        token_.kind == Token::Kind::text) {
      NodePtr text = primary();
      return call(first.is_keyword("date") ? "date" : "datetime", first.begin, std::move(text));
    }
    if (!take("(")) return column;
    const Nested nested(*this, first.begin);
    NodePtr node = call(first.text, first.begin);
    if (take(")")) return node;
    if (token_.is("*")) {
      NodePtr all = leaf(Node::Kind::column);
      all->name = "*";
      node->arguments.push_back(std::move(all));
      advance();
    } else {
      do node->arguments.push_back(disjunction());
      while (take(","));
    }
    expect(")");
    return node;
  }

  const std::string& clause_;
  Token token_;
  std::size_t last_end_ = 0;
  std::size_t operations_ = 0, nesting_ = 0;
};

}  // namespace

std::unique_ptr<Node> parse_expression(const std::string& text) {
  Parser parser(text);
  auto node = parser.expression();
  parser.expect_end("an operator or the end was expected");
  return node;
}

std::vector<Item> parse_list(const std::string& text) {
  Parser parser(text);
  auto items = parser.list();
  parser.expect_end("a comma, an operator or the end was expected");
  return items;
}

}  // namespace tine::mining
