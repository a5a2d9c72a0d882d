// Columns for tests, and what expressions make of them, as text.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "batch.hpp"
#include "calendar.hpp"
#include "expression/evaluator.hpp"
#include "expression/parser.hpp"
#include "expression/program.hpp"

namespace tine_test {

using tine::mining::Batch;
using tine::mining::Type;
using tine::mining::Vector;

/// A table in this process.
class Columnar {
 public:
  using Nulls = std::vector<std::uint8_t>;

  void add(std::string name, std::vector<std::int64_t> values, Nulls nulls = {}) {
    add(std::move(name), Type::integer, std::move(values), std::move(nulls));
  }
  void add(std::string name, Type type, std::vector<std::int64_t> values, Nulls nulls = {}) {
    integers_.push_back(std::move(values));
    add(std::move(name), type, integers_.back().data(), integers_.back().size(), std::move(nulls));
  }
  void add(std::string name, std::vector<double> values, Nulls nulls = {}) {
    reals_.push_back(std::move(values));
    add(std::move(name), Type::real, reals_.back().data(), reals_.back().size(), std::move(nulls));
  }
  void add(std::string name, std::vector<std::uint8_t> values, Nulls nulls = {}) {
    booleans_.push_back(std::move(values));
    add(std::move(name), Type::boolean, booleans_.back().data(), booleans_.back().size(),
        std::move(nulls));
  }
  void add(std::string name, std::vector<std::string> values, Nulls nulls = {}) {
    texts_.push_back(std::move(values));
    views_.emplace_back(texts_.back().begin(), texts_.back().end());
    add(std::move(name), Type::text, views_.back().data(), views_.back().size(), std::move(nulls));
  }

  std::size_t rows() const { return rows_; }
  const tine::mining::Schema& schema() const { return schema_; }
  /// A column from a row on.
  Vector from(std::size_t column, std::size_t row) const {
    const Vector& whole = columns_[column];
    return {whole.type,
            static_cast<const char*>(whole.values) + row * tine::mining::value_bytes(whole.type),
            whole.nulls == nullptr ? nullptr : whole.nulls + row};
  }

 private:
  void add(std::string name, Type type, const void* values, std::size_t rows, Nulls nulls) {
    nulls_.push_back(std::move(nulls));
    schema_.push_back({std::move(name), type});
    columns_.push_back({type, values, nulls_.back().empty() ? nullptr : nulls_.back().data()});
    rows_ = rows;
  }

  tine::mining::Schema schema_;
  std::vector<Vector> columns_;
  std::size_t rows_ = 0;
  // Which do not move their elements.
  std::deque<std::vector<std::int64_t>> integers_;
  std::deque<std::vector<double>> reals_;
  std::deque<std::vector<std::uint8_t>> booleans_;
  std::deque<std::vector<std::string>> texts_;
  std::deque<std::vector<std::string_view>> views_;
  std::deque<Nulls> nulls_;
};

inline std::string text_of(const Vector& vector, std::size_t row) {
  if (vector.is_null(row)) return "null";
  char digits[40];
  switch (vector.type) {
    case Type::boolean:
      return vector.as<std::uint8_t>()[row] != 0 ? "true" : "false";
    case Type::integer:
      return std::to_string(vector.as<std::int64_t>()[row]);
    case Type::text:
      return std::string(vector.as<std::string_view>()[row]);
    case Type::date:
      return tine::mining::date_text(vector.as<std::int64_t>()[row]);
    case Type::datetime:
      return tine::mining::datetime_text(vector.as<std::int64_t>()[row]);
    case Type::real:
      if (std::isnan(vector.as<double>()[row])) return "nan";
      break;
  }
  std::string text(digits,
                   std::to_chars(digits, digits + sizeof digits, vector.as<double>()[row]).ptr);
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

/// Calls `use(evaluated values, first row, rows)` for each batch.
template <class Use>
void evaluate_batches(const Columnar& table, const std::string& clause, Use use,
                      std::size_t size = tine::mining::batch_rows) {
  using namespace tine::mining;
  Columns columns(table.schema());
  const auto tree = parse_expression(clause);
  const Program program = compile(*tree, clause, columns);
  Evaluator evaluator(program.bytes);
  for (std::size_t row = 0; row < table.rows(); row += size) {
    std::vector<Vector> vectors;
    for (const std::size_t column : columns.used()) vectors.push_back(table.from(column, row));
    const std::size_t rows = std::min(size, table.rows() - row);
    const Vector result = evaluator({rows, vectors});
    EXPECT_EQ(result.type, program.type);
    use(result, row, rows);
  }
}

/// Of each row, as text.
inline std::vector<std::string> evaluate(const Columnar& table, const std::string& clause) {
  std::vector<std::string> values;
  evaluate_batches(table, clause, [&](const Vector& result, std::size_t, std::size_t rows) {
    for (std::size_t i = 0; i < rows; ++i) values.push_back(text_of(result, i));
  });
  return values;
}

}  // namespace tine_test
