#include "scan_writers.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include <fmt/compile.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "utf8.hpp"

namespace tine::app {

namespace {

using mining::Field;
using mining::Result;
using mining::ResultColumn;
using mining::Type;
using mining::Vector;

using Names = std::span<const std::string_view>;
using Columns = std::span<const Vector>;
using Ends = std::vector<std::uint64_t>;

// On the stack, since there may be many millions.
template <class T>
void append_number(std::string& to, T value) {
  char digits[40];
  to.append(digits, fmt::format_to(digits, FMT_COMPILE("{}"), value));
}

// Of two digits.
char* write_two(char* to, std::int64_t value) {
  *to++ = static_cast<char>('0' + value / 10);
  *to++ = static_cast<char>('0' + value % 10);
  return to;
}

// Whether a date of this many days since 1970 is one of std::chrono's calendar.
bool in_calendar(std::int64_t days) {
  return days >= -12'000'000 && days <= 11'000'000;
}

void append_date(std::string& to, std::int64_t days) {
  if (!in_calendar(days)) {
    fmt::format_to(std::back_inserter(to), "{} days", days);
    return;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  const int year = static_cast<int>(date.year());
  if (year < 0 || year > 9999) {
    fmt::format_to(std::back_inserter(to), "{:04}-{:02}-{:02}", year,
                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return;
  }
  char text[10];
  char* at = write_two(write_two(text, year / 100), year % 100);
  *at++ = '-';
  at = write_two(at, static_cast<unsigned>(date.month()));
  *at++ = '-';
  at = write_two(at, static_cast<unsigned>(date.day()));
  to.append(text, at);
}

void append_datetime(std::string& to, std::int64_t microseconds) {
  constexpr std::int64_t second = 1'000'000, day = 86400 * second;
  std::int64_t days = microseconds / day, rest = microseconds % day;
  if (rest < 0) {
    rest += day;
    --days;
  }
  append_date(to, days);
  const std::int64_t seconds = rest / second;
  char text[9];
  char* at = text;
  *at++ = 'T';
  at = write_two(at, seconds / 3600);
  *at++ = ':';
  at = write_two(at, seconds / 60 % 60);
  *at++ = ':';
  at = write_two(at, seconds % 60);
  to.append(text, at);
  if (rest % second != 0) fmt::format_to(std::back_inserter(to), ".{:06}", rest % second);
}

void append_integer(std::string& to, Type type, std::int64_t value) {
  switch (type) {
    case Type::boolean:
      to += value != 0 ? "true" : "false";
      break;
    case Type::date:
      append_date(to, value);
      break;
    case Type::datetime:
      append_datetime(to, value);
      break;
    default:
      append_number(to, value);
  }
}

std::int64_t integer_at(const Vector& column, std::size_t row) {
  return column.type == Type::boolean ? column.as<std::uint8_t>()[row]
                                      : column.as<std::int64_t>()[row];
}

// ---- CSV

// How it is written, as a number that goes to workers.
struct CsvFormat {
  char delimiter;
  bool terminal;

  explicit CsvFormat(std::uint64_t how)
      : delimiter(static_cast<char>(how & 0xff)), terminal((how & 0x100) != 0) {}
  static std::uint64_t number(char delimiter, bool terminal) {
    return static_cast<unsigned char>(delimiter) | (terminal ? 0x100u : 0u);
  }

  void append(std::string& to, std::string_view text) const {
    std::string safe;
    if (terminal) text = safe = printable(text);
    bool quoted = text.empty();
    for (const char c : text) quoted |= c == '"' || c == '\r' || c == '\n' || c == delimiter;
    if (!quoted) {
      to += text;
      return;
    }
    to += '"';
    for (const char c : text) {
      if (c == '"') to += c;
      to += c;
    }
    to += '"';
  }
};

void append_csv(Names, Columns columns, std::size_t rows, std::uint64_t how, std::string& text,
                Ends* ends) {
  const CsvFormat format(how);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const Vector& column = columns[c];
      if (c > 0) text += format.delimiter;
      if (column.is_null(r)) {
        // A line without anything would be no row for those who read it.
        if (columns.size() == 1) text += "\"\"";
      } else if (column.type == Type::text) {
        format.append(text, column.as<std::string_view>()[r]);
      } else if (column.type == Type::real) {
        append_number(text, column.as<double>()[r]);
      } else {
        append_integer(text, column.type, integer_at(column, r));
      }
    }
    text += '\n';
    if (ends != nullptr) ends->push_back(text.size());
  }
}

// ---- JSON

void append_json_real(std::string& to, double value) {
  if (!std::isfinite(value)) {
    to += "null";
    return;
  }
  // With a point or an exponent, so that it stays a float, and -0 what it is.
  const std::size_t begin = to.size();
  append_number(to, value);
  if (to.find_first_of(".e", begin) == to.npos) to += ".0";
}

// Between quotes, and as UTF-8 that is valid.
void append_json_escaped(std::string& to, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '"':
        to += "\\\"";
        break;
      case '\\':
        to += "\\\\";
        break;
      case '\b':
        to += "\\b";
        break;
      case '\f':
        to += "\\f";
        break;
      case '\n':
        to += "\\n";
        break;
      case '\r':
        to += "\\r";
        break;
      case '\t':
        to += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20)
          fmt::format_to(std::back_inserter(to), "\\u{:04x}", static_cast<unsigned>(c));
        else
          to += c;
    }
  }
}

void append_json_text(std::string& to, std::string_view text, bool terminal) {
  bool plain = true;
  for (const char c : text) plain &= c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
  if (plain) {
    to += '"';
    to += text;
    to += '"';
    return;
  }
  bool valid = true, controls = false;
  for (std::string_view rest = text; !rest.empty();) {
    const Utf8 next = first_code_point(rest);
    valid &= next.bytes > 0;
    controls |= next.bytes > 0 && is_control(next.code_point);
    rest.remove_prefix(next.bytes == 0 ? 1 : next.bytes);
  }
  // JSON lets some of them stand as they are.
  const bool escaped = controls && terminal;
  if (valid && !escaped) {
    to += '"';
    append_json_escaped(to, text);
    to += '"';
    return;
  }
  to += nlohmann::json(text).dump(-1, ' ', escaped, nlohmann::json::error_handler_t::replace);
}

void append_json_cell(std::string& to, const Vector& column, std::size_t row, bool terminal) {
  if (column.is_null(row)) {
    to += "null";
    return;
  }
  switch (column.type) {
    case Type::text:
      append_json_text(to, column.as<std::string_view>()[row], terminal);
      break;
    case Type::real:
      append_json_real(to, column.as<double>()[row]);
      break;
    case Type::date:
    case Type::datetime:
      to += '"';
      append_integer(to, column.type, integer_at(column, row));
      to += '"';
      break;
    default:
      append_integer(to, column.type, integer_at(column, row));
  }
}

// What stands before each element of an array but the first, which has the array's beginning there.
constexpr std::string_view json_separator = ",\n";

// How it is written, as a number that goes to workers.
constexpr std::uint64_t lines = 1, for_terminal = 2;

void append_json(Names names, Columns columns, std::size_t rows, std::uint64_t how,
                 std::string& text, Ends* ends) {
  const bool terminal = (how & for_terminal) != 0;
  std::vector<std::string> keys;  // with what stands around them
  for (const std::string_view name : names) {
    std::string& key = keys.emplace_back(keys.empty() ? "{" : ",");
    append_json_text(key, name, terminal);
    key += ':';
  }
  for (std::size_t r = 0; r < rows; ++r) {
    if ((how & lines) == 0) text += json_separator;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      text += keys[c];
      append_json_cell(text, columns[c], r, terminal);
    }
    text += '}';
    if ((how & lines) != 0) text += '\n';
    if (ends != nullptr) ends->push_back(text.size());
  }
}

// ---- rows of this process, some at a time as workers see theirs

template <class Use>
void for_each_batch(const Result& rows, Use use) {
  constexpr std::size_t most = 1024;
  const std::size_t count = rows.columns.size();
  std::vector<std::string_view> names;
  for (const ResultColumn& column : rows.columns) names.emplace_back(column.name);
  std::vector<std::vector<std::string_view>> texts(count);
  std::vector<std::vector<std::uint8_t>> flags(count);
  std::vector<Vector> vectors(count);
  for (std::size_t begin = 0; begin < rows.rows; begin += most) {
    const std::size_t n = std::min(most, rows.rows - begin), end = begin + n;
    for (std::size_t c = 0; c < count; ++c) {
      const ResultColumn& column = rows.columns[c];
      Vector& vector = vectors[c];
      vector = {column.type, nullptr, column.nulls.data() + begin};
      switch (column.type) {
        case Type::text:
          texts[c].clear();
          for (std::size_t r = begin; r < end; ++r) texts[c].emplace_back(column.texts[r]);
          vector.values = texts[c].data();
          break;
        case Type::boolean:
          flags[c].clear();
          for (std::size_t r = begin; r < end; ++r) flags[c].push_back(column.integers[r] != 0);
          vector.values = flags[c].data();
          break;
        case Type::real:
          vector.values = column.reals.data() + begin;
          break;
        default:
          vector.values = column.integers.data() + begin;
      }
    }
    use(names, vectors, n);
  }
}

class CsvWriter final : public RowWriter {
 public:
  CsvWriter(TextOutput& to, char delimiter)
      : to_(to), how_(CsvFormat::number(delimiter, to.is_terminal())) {}

  void add(const Result& rows) override {
    begin(rows.columns);
    for_each_batch(rows, [&](Names names, Columns columns, std::size_t n) {
      append_csv(names, columns, n, how_, to_.text(), nullptr);
      to_.flush_if_large();
    });
  }
  mining::RowText text() override {
    return {append_csv, how_, [this](std::span<const Field> columns, std::string_view text) {
              begin(columns);
              to_.append(text);
            }};
  }
  void finish() override {}

 private:
  template <class Named>
  void begin(const Named& columns) {
    if (std::exchange(begun_, true)) return;
    const CsvFormat format(how_);
    std::string& out = to_.text();
    for (const auto& column : columns) {
      if (&column != &columns[0]) out += format.delimiter;
      format.append(out, column.name);
    }
    out += '\n';
  }

  TextOutput& to_;
  std::uint64_t how_;
  bool begun_ = false;
};

class JsonWriter final : public RowWriter {
 public:
  JsonWriter(TextOutput& to, bool in_lines)
      : to_(to), how_((in_lines ? lines : 0) | (to.is_terminal() ? for_terminal : 0)) {}

  void add(const Result& rows) override {
    std::string text;
    for_each_batch(rows, [&](Names names, Columns columns, std::size_t n) {
      text.clear();
      append_json(names, columns, n, how_, text, nullptr);
      write(text);
    });
  }
  mining::RowText text() override {
    return {append_json, how_,
            [this](std::span<const Field>, std::string_view text) { write(text); }};
  }
  void finish() override {
    if ((how_ & lines) == 0) to_.text() += begun_ ? "\n]\n" : "[]\n";
  }

 private:
  void write(std::string_view text) {
    if ((how_ & lines) == 0 && !std::exchange(begun_, true)) {
      to_.text() += "[\n";
      text.remove_prefix(json_separator.size());
    }
    to_.append(text);
  }

  TextOutput& to_;
  std::uint64_t how_;
  bool begun_ = false;
};

}  // namespace

void append_value(std::string& to, const ResultColumn& column, std::size_t row) {
  if (column.type == Type::real)
    append_number(to, column.reals[row]);
  else if (column.type != Type::text)
    append_integer(to, column.type, column.integers[row]);
}

std::unique_ptr<RowWriter> csv_writer(TextOutput& to, char delimiter) {
  return std::make_unique<CsvWriter>(to, delimiter);
}

std::unique_ptr<RowWriter> json_writer(TextOutput& to, bool lines) {
  return std::make_unique<JsonWriter>(to, lines);
}

}  // namespace tine::app
