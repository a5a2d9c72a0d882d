#include "scan_writers.hpp"

#include <chrono>
#include <cmath>
#include <iterator>

#include <fmt/compile.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "utf8.hpp"

namespace tine::app {

namespace {

using mining::ResultColumn;
using mining::Type;

// On the stack, since there may be many millions.
template <class T>
void append_number(std::string& to, T value) {
  char digits[40];
  to.append(digits, fmt::format_to(digits, FMT_COMPILE("{}"), value));
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
  fmt::format_to(std::back_inserter(to), "{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
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
  fmt::format_to(std::back_inserter(to), "T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60,
                 seconds % 60);
  if (rest % second != 0) fmt::format_to(std::back_inserter(to), ".{:06}", rest % second);
}

class CsvWriter final : public RowWriter {
 public:
  CsvWriter(TextOutput& to, char delimiter) : to_(to), delimiter_(delimiter) {}

  void add(const mining::Result& rows) override {
    std::string& out = to_.text();
    if (!begun_) {
      for (std::size_t c = 0; c < rows.columns.size(); ++c) {
        if (c > 0) out += delimiter_;
        append_text(out, rows.columns[c].name);
      }
      out += '\n';
      begun_ = true;
    }
    for (std::size_t r = 0; r < rows.rows; ++r) {
      for (std::size_t c = 0; c < rows.columns.size(); ++c) {
        if (c > 0) out += delimiter_;
        const ResultColumn& column = rows.columns[c];
        if (column.is_null(r)) {
          // A line without anything would be no row for those who read it.
          if (rows.columns.size() == 1) out += "\"\"";
        } else if (column.type == Type::text) {
          append_text(out, column.texts[r]);
        } else {
          append_value(out, column, r);
        }
      }
      out += '\n';
      to_.flush_if_large();
    }
  }
  void finish() override {}

 private:
  void append_text(std::string& out, std::string_view text) const {
    std::string safe;
    if (to_.is_terminal()) text = safe = printable(text);
    const bool quoted = text.empty() || text.find_first_of("\"\r\n") != text.npos ||
                        text.find(delimiter_) != text.npos;
    if (!quoted) {
      out += text;
      return;
    }
    out += '"';
    for (const char c : text) {
      if (c == '"') out += c;
      out += c;
    }
    out += '"';
  }

  TextOutput& to_;
  char delimiter_;
  bool begun_ = false;
};

class JsonWriter final : public RowWriter {
 public:
  JsonWriter(TextOutput& to, bool lines) : to_(to), lines_(lines) {}

  void add(const mining::Result& rows) override {
    std::string& out = to_.text();
    if (keys_.empty())
      for (const ResultColumn& column : rows.columns) {
        std::string& key = keys_.emplace_back(keys_.empty() ? "{" : ",");
        append_text(key, column.name);
        key += ':';
      }
    for (std::size_t r = 0; r < rows.rows; ++r) {
      if (!lines_) out += begun_ ? ",\n" : "[\n";
      begun_ = true;
      for (std::size_t c = 0; c < rows.columns.size(); ++c) {
        out += keys_[c];
        append_cell(out, rows.columns[c], r);
      }
      out += '}';
      if (lines_) out += '\n';
      to_.flush_if_large();
    }
  }
  void finish() override {
    if (!lines_) to_.text() += begun_ ? "\n]\n" : "[]\n";
  }

 private:
  void append_cell(std::string& out, const ResultColumn& column, std::size_t r) const {
    if (column.is_null(r)) {
      out += "null";
      return;
    }
    switch (column.type) {
      case Type::text:
        append_text(out, column.texts[r]);
        break;
      case Type::real:
        append_real(out, column.reals[r]);
        break;
      case Type::date:
      case Type::datetime:
        out += '"';
        append_value(out, column, r);
        out += '"';
        break;
      default:
        append_value(out, column, r);
    }
  }

  static void append_real(std::string& out, double value) {
    if (!std::isfinite(value)) {
      out += "null";
      return;
    }
    // With a point or an exponent, so that it stays a float, and -0 what it is.
    const std::size_t begin = out.size();
    append_number(out, value);
    if (out.find_first_of(".e", begin) == out.npos) out += ".0";
  }

  void append_text(std::string& out, const std::string& text) const {
    bool plain = true, controls = false;
    for (std::string_view rest = text; !rest.empty();) {
      const Utf8 next = first_code_point(rest);
      plain &= next.bytes == 1 && next.code_point >= 0x20 && next.code_point < 0x7f &&
               next.code_point != '"' && next.code_point != '\\';
      controls |= next.bytes > 0 && is_control(next.code_point);
      rest.remove_prefix(next.bytes == 0 ? 1 : next.bytes);
    }
    if (plain) {
      out += '"';
      out += text;
      out += '"';
      return;
    }
    // JSON lets some of them stand as they are.
    const bool escaped = controls && to_.is_terminal();
    out += nlohmann::json(text).dump(-1, ' ', escaped, nlohmann::json::error_handler_t::replace);
  }

  TextOutput& to_;
  bool lines_, begun_ = false;
  std::vector<std::string> keys_;  // with what stands around them
};

}  // namespace

void append_value(std::string& to, const ResultColumn& column, std::size_t row) {
  switch (column.type) {
    case Type::boolean:
      to += column.integers[row] != 0 ? "true" : "false";
      break;
    case Type::integer:
      append_number(to, column.integers[row]);
      break;
    case Type::real:
      append_number(to, column.reals[row]);
      break;
    case Type::date:
      append_date(to, column.integers[row]);
      break;
    case Type::datetime:
      append_datetime(to, column.integers[row]);
      break;
    case Type::text:
      break;
  }
}

std::unique_ptr<RowWriter> csv_writer(TextOutput& to, char delimiter) {
  return std::make_unique<CsvWriter>(to, delimiter);
}

std::unique_ptr<RowWriter> json_writer(TextOutput& to, bool lines) {
  return std::make_unique<JsonWriter>(to, lines);
}

}  // namespace tine::app
