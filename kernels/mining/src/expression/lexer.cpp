#include "lexer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fast_float/fast_float.h>
#include <tine/mining/error.hpp>

namespace tine::mining {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool begins_name(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool continues_name(char c) {
  return begins_name(c) || is_digit(c);
}
bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Where a name that begins at `at` ends. A dot belongs to it when more of it follows.
std::size_t end_of_name(std::string_view text, std::size_t at) {
  while (at < text.size() &&
         (continues_name(text[at]) ||
          (text[at] == '.' && at + 1 < text.size() && continues_name(text[at + 1]))))
    ++at;
  return at;
}

/// Text or a name in quotes, which are doubled where they are meant.
Token quoted(const std::string& clause, Token token) {
  const char quote = clause[token.begin];
  for (std::size_t at = token.begin + 1; at < clause.size(); ++at) {
    if (clause[at] == quote && (at + 1 == clause.size() || clause[at + 1] != quote)) {
      token.end = at + 1;
      return token;
    }
    at += clause[at] == quote;
    token.text += clause[at];
  }
  throw QueryError(std::string("this ") + quote + " is never closed", clause, token.begin);
}

Token number(const std::string& clause, Token token) {
  std::size_t at = token.begin;
  const auto digits = [&] {
    while (at < clause.size() && is_digit(clause[at])) ++at;
  };
  digits();
  token.kind = Token::Kind::integer;
  if (at < clause.size() && clause[at] == '.') {
    token.kind = Token::Kind::real;
    ++at;
    digits();
  }
  if (at < clause.size() && lower(clause[at]) == 'e') {
    std::size_t exponent = at + 1;
    if (exponent < clause.size() && (clause[exponent] == '+' || clause[exponent] == '-'))
      ++exponent;
    if (exponent < clause.size() && is_digit(clause[exponent])) {
      token.kind = Token::Kind::real;
      at = exponent;
      digits();
    }
  }
  if (at < clause.size() && continues_name(clause[at])) {
    at = end_of_name(clause, at);
    throw QueryError(clause.substr(token.begin, at - token.begin) +
                         " is no number; a name that begins with a digit goes in \"double quotes\"",
                     clause, token.begin);
  }
  token.end = at;
  token.text = clause.substr(token.begin, at - token.begin);
  const char *first = token.text.data(), *last = first + token.text.size();
  // Beyond what a double holds, this is infinite or 0, as everywhere.
  fast_float::from_chars(first, last, token.real);
  if (token.kind == Token::Kind::integer &&
      std::from_chars(first, last, token.integer).ec != std::errc{})
    throw QueryError(
        token.text + " does not fit 64 bits; " + token.text + ".0 would be a float of about this",
        clause, token.begin);
  return token;
}

/// What other languages write, and this one does not.
std::string hint(char c) {
  switch (c) {
    case '&':
      return "; this is written: and";
    case '|':
      return "; this is written: or (texts are joined by ||)";
    case '!':
      return "; this is written: not";
    case '^':
      return "; powers are written: pow(x, y)";
    case '`':
      return "; names can be written in \"double quotes\"";
    default:
      return "";
  }
}

}  // namespace

bool Token::is_keyword(std::string_view keyword) const {
  return kind == Kind::name && std::ranges::equal(text, keyword, {}, lower);
}

bool is_bare_name(std::string_view name) {
  constexpr std::array<std::string_view, 11> keywords{
      "or", "and", "not", "in", "between", "like", "is", "null", "true", "false", "as"};
  return !name.empty() && begins_name(name[0]) && end_of_name(name, 0) == name.size() &&
         std::ranges::none_of(keywords, [&](std::string_view keyword) {
           return std::ranges::equal(name, keyword, {}, lower);
         });
}

Token next_token(const std::string& clause, std::size_t position) {
  while (position < clause.size() && is_space(clause[position])) ++position;
  Token token;
  token.begin = token.end = position;
  if (position == clause.size()) return token;
  const char c = clause[position];
  if (c == '\'' || c == '"') {
    token.kind = c == '"' ? Token::Kind::quoted_name : Token::Kind::text;
    return quoted(clause, std::move(token));
  }
  const char after = position + 1 < clause.size() ? clause[position + 1] : '\0';
  if (is_digit(c) || (c == '.' && is_digit(after))) return number(clause, std::move(token));
  if (begins_name(c)) {
    token.kind = Token::Kind::name;
    token.end = end_of_name(clause, position);
  } else {
    token.kind = Token::Kind::symbol;
    for (const std::string_view symbol : {"==", "!=", "<>", "<=", ">=", "||", "//", "=", "<", ">",
                                          "+", "-", "*", "/", "%", "(", ")", ","})
      if (std::string_view(clause).substr(position).starts_with(symbol)) {
        token.end = position + symbol.size();
        break;
      }
    if (token.end == position)
      throw QueryError(std::string("there is no operator ") + c + hint(c), clause, position);
  }
  token.text = clause.substr(position, token.end - position);
  return token;
}

}  // namespace tine::mining
