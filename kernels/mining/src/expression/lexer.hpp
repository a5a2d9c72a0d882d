// Text of clauses to words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tine::mining {

struct Token {
  enum class Kind : std::uint8_t { end, name, quoted_name, text, integer, real, symbol };
  Kind kind = Kind::end;
  std::string text;  // of a name or a text, without quotes; else as it is written
  std::uint64_t integer = 0;
  double real = 0;
  std::size_t begin = 0, end = 0;  // in the clause

  bool is(std::string_view symbol) const { return kind == Kind::symbol && text == symbol; }
  /// Case does not matter for keywords.
  bool is_keyword(std::string_view keyword) const;
};

/// The token at `position`, or after the white space there. Throws QueryError.
Token next_token(const std::string& clause, std::size_t position);

/// Whether names may be written without quotes: letters, digits, `_`, and what is not ASCII, with dots between.
bool is_bare_name(std::string_view name);

}  // namespace tine::mining
