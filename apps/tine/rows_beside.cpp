#include "rows_beside.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "exit.hpp"

namespace tine::app {

namespace {

using mining::Result;
using mining::ResultColumn;
using mining::Samples;
using mining::Schema;
using mining::Selection;

bool has(const Schema& schema, const std::string& name) {
  return std::ranges::find(schema, name, &mining::Field::name) != schema.end();
}

std::string unused_name(const Schema& schema, std::string name) {
  while (has(schema, name)) name += '_';
  return name;
}

std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? "\"\"" : std::string(1, c);
  return text + '"';
}

// All columns, and whether the row was skipped.
std::string list_with_skipped(const Schema& schema, const Samples& samples) {
  std::string list, condition;
  for (const mining::Field& field : schema) list += quoted(field.name) + ", ";
  for (const mining::Feature& feature : samples.features)
    condition += fmt::format("({}) is null or ", feature.expression);
  condition += samples.target.expression.empty()
                   ? "false"
                   : fmt::format("({}) is null", samples.target.expression);
  return fmt::format("{}{} as {}", list, condition, quoted(unused_name(schema, "skipped")));
}

// Cells are added to rows that come some at a time.
class Beside {
 public:
  Beside(const Samples& samples, std::vector<ResultColumn> columns, bool skips)
      : samples_(samples), columns_(std::move(columns)), skips_(skips) {}

  Result added_to(Result rows) {
    ResultColumn skipped;
    if (skips_) {
      skipped = std::move(rows.columns.back());
      rows.columns.pop_back();
    }
    const std::size_t first = rows.columns.size();
    for (const ResultColumn& column : columns_) {
      rows.columns.push_back({.name = column.name, .type = column.type});
      reserve(rows.columns.back(), rows.rows);
    }
    for (std::size_t row = 0; row < rows.rows; ++row) {
      const bool none = skips_ && skipped.integers[row] != 0;
      if (!none && next_ == samples_.size()) throw Failure("the file changed while it was read");
      const bool null = none || is_missing(next_);
      for (std::size_t c = 0; c < columns_.size(); ++c)
        add_cell(rows.columns[first + c], columns_[c], null ? nullptr : &next_);
      next_ += none ? 0 : 1;
    }
    return rows;
  }

  bool is_complete() const { return next_ == samples_.size(); }

 private:
  bool is_missing(std::size_t sample) const {
    const double* x = samples_.x.data() + sample * samples_.dimensions();
    return std::any_of(x, x + samples_.dimensions(), [](double v) { return std::isnan(v); });
  }

  static void reserve(ResultColumn& column, std::size_t rows) {
    column.nulls.reserve(rows);
    if (column.type == mining::Type::real)
      column.reals.reserve(rows);
    else if (column.type == mining::Type::text)
      column.texts.reserve(rows);
    else
      column.integers.reserve(rows);
  }

  static void add_cell(ResultColumn& to, const ResultColumn& from, const std::size_t* sample) {
    const bool null = sample == nullptr || from.is_null(*sample);
    to.nulls.push_back(null ? 1 : 0);
    if (to.type == mining::Type::real)
      to.reals.push_back(null ? 0 : from.reals[*sample]);
    else if (to.type == mining::Type::text)
      to.texts.push_back(null ? std::string() : from.texts[*sample]);
    else
      to.integers.push_back(null ? 0 : from.integers[*sample]);
  }

  const Samples& samples_;
  std::vector<ResultColumn> columns_;
  bool skips_;
  std::size_t next_ = 0;  // sample
};

}  // namespace

void write_rows_beside(TableFile& file, const Selection& selection, const Samples& samples,
                       std::vector<ResultColumn> beside, RowOutput& to) {
  const Schema schema = file.schema();
  for (ResultColumn& column : beside) {
    column.name = unused_name(schema, column.name);
    if (column.nulls.empty()) column.nulls.resize(samples.size());
  }
  const bool skips = selection.missing == Selection::Missing::skip;
  mining::Query query{.where = selection.where};
  if (skips) query.select = list_with_skipped(schema, samples);

  Beside cells(samples, std::move(beside), skips);
  try {
    file.scan(query, [&](const Result& rows) { to.rows().add(cells.added_to(rows)); });
    if (!cells.is_complete()) throw Failure("the file changed while it was read");
    to.finish();
  } catch (...) {
    file.bar().clear();
    to.tell_incomplete();
    throw;
  }
  file.bar().clear();
}

}  // namespace tine::app
