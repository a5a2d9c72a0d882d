// Numbers in text.
#pragma once

#include <charconv>
#include <cmath>
#include <complex>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fast_float/fast_float.h>

namespace tine::matrix {

inline bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// A number at the beginning of [at, end): where it ends, or nullptr. It may have a sign. An integer may be
/// written as 2.0 or 2e3. Complex numbers are written as 1+2j, with i as well as j, and in parentheses.
template <class T>
const char* parse_number(const char* at, const char* end, T& value) {
  if constexpr (!std::is_arithmetic_v<T>) {
    const bool parentheses = at != end && *at == '(';
    typename T::value_type real{}, imaginary{};
    at = parse_number(at + parentheses, end, real);
    if (at == nullptr) return nullptr;
    if (at != end && (*at == '+' || *at == '-')) {
      at = parse_number(at, end, imaginary);
      if (at == nullptr || at == end || (*at != 'j' && *at != 'i')) return nullptr;
      ++at;
    } else if (at != end && (*at == 'j' || *at == 'i')) {
      std::swap(real, imaginary);
      ++at;
    }
    if (parentheses && (at == end || *at++ != ')')) return nullptr;
    value = T(real, imaginary);
    return at;
  } else {
    if (at != end && *at == '+') {
      if (++at != end && (*at == '-' || *at == '+')) return nullptr;
    }
    if constexpr (std::is_floating_point_v<T>) {
      const auto [next, error] = fast_float::from_chars(at, end, value);
      return error == std::errc() ? next : nullptr;
    } else {
      const auto [next, error] = std::from_chars(at, end, value);
      if (error == std::errc() && (next == end || (*next != '.' && *next != 'e' && *next != 'E')))
        return next;
      double real;
      const char* behind = parse_number(at, end, real);
      if (behind == nullptr || std::trunc(real) != real || std::abs(real) > 0x1p53) return nullptr;
      const auto whole = static_cast<std::int64_t>(real);
      value = static_cast<T>(whole);
      return std::in_range<T>(whole) ? behind : nullptr;
    }
  }
}

/// Integers of a stranger may overflow: they wrap around.
template <class T>
T sum(T a, T b) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  else
    return a + b;
}
template <class T>
T negative(T a) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(-static_cast<std::uint64_t>(a));
  else
    return -a;
}

/// Text of a stranger, for a message.
inline std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text.substr(0, 40))
    result += static_cast<unsigned char>(c) < ' ' || c == 127 ? '?' : c;
  return result + (text.size() > 40 ? "...\"" : "\"");
}

}  // namespace tine::matrix
