// A result as a table for people.
#include <algorithm>
#include <cmath>
#include <deque>
#include <iterator>

#include <fmt/format.h>

#include "scan_writers.hpp"
#include "utf8.hpp"

namespace tine::app {

namespace {

using mining::ResultColumn;
using mining::Type;

// Longer text is cut where the table must fit.
constexpr std::size_t longest_cell = 60;
// Where all rows are shown, the first of them say how wide columns are, so that not all must be kept.
constexpr std::size_t rows_to_measure = 1000;

bool is_number(Type type) {
  return type == Type::integer || type == Type::real;
}

class TableWriter final : public RowWriter {
 public:
  TableWriter(TextOutput& to, const TableLimits& limits) : to_(to), limits_(limits) {}

  void add(const mining::Result& rows) override {
    if (names_.empty())
      for (const ResultColumn& column : rows.columns) {
        names_.push_back(cell(column.name));
        numbers_.push_back(is_number(column.type));
      }
    const std::size_t half = limits_.rows / 2;
    for (std::size_t r = 0; r < rows.rows; ++r, ++count_) {
      // Of those between the first and the last ones nothing needs to be known.
      if (limits_.rows > 0 && count_ >= limits_.rows && rows.rows - r > half) continue;
      Row row;
      for (const ResultColumn& column : rows.columns) row.push_back(text_of(column, r));
      if (measured_) {
        print(row);
        to_.flush_if_large();
        continue;
      }
      rows_.push_back(std::move(row));
      if (limits_.rows > 0 && rows_.size() > limits_.rows)
        rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(limits_.rows - half));
      if (limits_.rows == 0 && rows_.size() == rows_to_measure) print_those_that_wait();
    }
  }

  void finish() override {
    if (!measured_) print_those_that_wait();
    std::string& out = to_.text();
    if (count_ > rows_.size() && limits_.rows > 0)
      fmt::format_to(std::back_inserter(out), "{} rows; {}-o FILE gives all of them\n", count_,
                     limits_.has_limit_option ? fmt::format("--limit {} or ", count_) : "");
    if (shown_ < names_.size())
      fmt::format_to(
          std::back_inserter(out), "{} more column{}: {}\n", names_.size() - shown_,
          names_.size() - shown_ == 1 ? "" : "s",
          fmt::join(names_.begin() + static_cast<std::ptrdiff_t>(shown_), names_.end(), ", "));
  }

 private:
  using Row = std::vector<std::string>;

  // A cell must not break the line, wherever it goes.
  std::string cell(const std::string& text) const {
    std::string result = printable(text);
    if (limits_.columns == 0 || code_points(result) <= longest_cell) return result;
    std::size_t bytes = 0;
    for (std::size_t n = 0; n + 1 < longest_cell; ++n)
      bytes += first_code_point(std::string_view(result).substr(bytes)).bytes;
    return result.substr(0, bytes) + "…";
  }

  std::string text_of(const ResultColumn& column, std::size_t row) const {
    if (column.is_null(row)) return "null";
    if (column.type == Type::text) return cell(column.texts[row]);
    if (column.type == Type::real) return fmt::format("{:.10g}", column.reals[row]);
    std::string text;
    append_value(text, column, row);
    return text;
  }

  void print_those_that_wait() {
    measured_ = true;
    for (const std::string& name : names_) widths_.push_back(code_points(name));
    for (const Row& row : rows_)
      for (std::size_t c = 0; c < row.size(); ++c)
        widths_[c] = std::max(widths_[c], code_points(row[c]));
    std::size_t width = 0;
    for (shown_ = 0; shown_ < names_.size(); ++shown_) {
      width += widths_[shown_] + (shown_ > 0 ? 2 : 0);
      if (limits_.columns > 0 && width > limits_.columns && shown_ > 0) break;
    }
    print(names_);
    const std::size_t first = limits_.rows - limits_.rows / 2;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      if (count_ > rows_.size() && limits_.rows > 0 && r == first) print(Row(names_.size(), "…"));
      print(rows_[r]);
    }
    if (limits_.rows == 0) rows_.clear();
  }

  void print(const Row& row) {
    std::string& out = to_.text();
    for (std::size_t c = 0; c < shown_; ++c) {
      const std::size_t used = code_points(row[c]);
      const std::string blanks(widths_[c] - std::min(widths_[c], used), ' ');
      if (c > 0) out += "  ";
      if (numbers_[c]) out += blanks;
      out += row[c];
      if (!numbers_[c] && c + 1 < shown_) out += blanks;
    }
    out += '\n';
  }

  TextOutput& to_;
  TableLimits limits_;
  Row names_;
  std::vector<bool> numbers_;
  std::deque<Row> rows_;  // that are not printed yet
  std::size_t count_ = 0;
  bool measured_ = false;
  std::vector<std::size_t> widths_;
  std::size_t shown_ = 0;  // columns
};

}  // namespace

std::unique_ptr<RowWriter> table_writer(TextOutput& to, const TableLimits& limits) {
  return std::make_unique<TableWriter>(to, limits);
}

}  // namespace tine::app
