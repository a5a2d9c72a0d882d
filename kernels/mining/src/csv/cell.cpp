#include "cell.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <system_error>

#include <fast_float/fast_float.h>

namespace tine::mining {

namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes so many digits off the text.
bool take_number(std::string_view& text, std::size_t digits, int& value) {
  if (text.size() < digits) return false;
  value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (!is_digit(text[i])) return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

bool take_date(std::string_view& text, std::int64_t& days) {
  int year, month, day;
  if (!take_number(text, 4, year) || text.empty()) return false;
  const char separator = text.front();
  if (separator != '-' && separator != '/') return false;
  if (!take(text, separator) || !take_number(text, 2, month) || !take(text, separator) ||
      !take_number(text, 2, day))
    return false;
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return false;
  days = std::chrono::sys_days(date).time_since_epoch().count();
  return true;
}

// Of a day, with what is less than a second.
bool take_time(std::string_view& text, std::int64_t& microseconds) {
  int hour, minute, second = 0, fraction = 0;
  if (!take_number(text, 2, hour) || !take(text, ':') || !take_number(text, 2, minute))
    return false;
  if (take(text, ':')) {
    if (!take_number(text, 2, second)) return false;
    if (take(text, '.')) {
      std::size_t digits = 0;
      for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), ++digits)
        if (digits < 6) fraction = fraction * 10 + (text.front() - '0');
      if (digits == 0) return false;
      for (; digits < 6; ++digits) fraction *= 10;
    }
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  microseconds = (std::int64_t{hour} * 3600 + minute * 60 + second) * 1'000'000 + fraction;
  return true;
}

// East of Greenwich.
bool take_offset(std::string_view& text, std::int64_t& seconds) {
  seconds = 0;
  if (text.empty() || take(text, 'Z')) return true;
  const bool west = text.front() == '-';
  int hour, minute = 0;
  if ((!take(text, '+') && !take(text, '-')) || !take_number(text, 2, hour)) return false;
  if (take(text, ':') || !text.empty())
    if (!take_number(text, 2, minute)) return false;
  if (hour > 23 || minute > 59) return false;
  seconds = (std::int64_t{hour} * 60 + minute) * 60 * (west ? -1 : 1);
  return true;
}

}  // namespace

FoundType join(FoundType a, FoundType b) {
  if (!a || a == b) return b;
  if (!b) return a;
  const auto are = [&](Type small, Type large) {
    return (a == small && b == large) || (a == large && b == small);
  };
  if (are(Type::integer, Type::real)) return Type::real;
  if (are(Type::date, Type::datetime)) return Type::datetime;
  return Type::text;
}

bool parse_boolean(std::string_view text, std::uint8_t& value) {
  if (text == "true" || text == "True" || text == "TRUE") {
    value = 1;
    return true;
  }
  value = 0;
  return text == "false" || text == "False" || text == "FALSE";
}

bool parse_integer(std::string_view text, std::int64_t& value) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && next == end;
}

bool parse_real(std::string_view text, double& value) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  const char* const end = text.data() + text.size();
  const auto [next, error] = fast_float::from_chars(text.data(), end, value);
  return (error == std::errc() || error == std::errc::result_out_of_range) && next == end;
}

bool parse_date(std::string_view text, std::int64_t& value) {
  return take_date(text, value) && text.empty();
}

bool parse_datetime(std::string_view text, std::int64_t& value) {
  std::int64_t days, time = 0, offset = 0;
  if (!take_date(text, days)) return false;
  if (!text.empty()) {
    if (!take(text, ' ') && !take(text, 'T')) return false;
    if (!take_time(text, time) || !take_offset(text, offset) || !text.empty()) return false;
  }
  value = (days * 86400 - offset) * 1'000'000 + time;
  return true;
}

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

Cell cell_of(std::string_view raw) {
  if (!raw.starts_with('"')) return {raw};
  const std::size_t closing = raw.find('"', 1);
  if (closing == raw.size() - 1) return {raw.substr(1, closing - 1), true};
  return {raw, true, true};
}

std::string unquoted(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  bool within = false;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '"' && i == 0) {
      within = true;
    } else if (raw[i] == '"' && within) {
      if (i + 1 < raw.size() && raw[i + 1] == '"')
        text += raw[++i];
      else
        within = false;
    } else {
      text += raw[i];
    }
  }
  return text;
}

bool is_missing(std::string_view trimmed_text, std::span<const std::string> words) {
  return trimmed_text.empty() || std::ranges::find(words, trimmed_text) != words.end();
}

FoundType type_of(std::string_view text, std::span<const std::string> words) {
  text = trimmed(text);
  if (is_missing(text, words)) return std::nullopt;
  std::int64_t integer;
  double real;
  std::uint8_t boolean;
  if (parse_integer(text, integer)) return Type::integer;
  if (parse_real(text, real)) return Type::real;
  if (parse_date(text, integer)) return Type::date;
  if (parse_datetime(text, integer)) return Type::datetime;
  if (parse_boolean(text, boolean)) return Type::boolean;
  return Type::text;
}

}  // namespace tine::mining
