/// @file
/// Rows of numbers, which learners learn from.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <tine/array.hpp>
#include <tine/mining/query.hpp>

namespace tine::mining {

/// A number that each sample has, computed from the columns of a table.
struct Feature {
  std::string name;  ///< of a column, or as the expression is called
  std::string
      expression;  ///< in the language of docs/QUERIES.md, so that it can be asked of other tables
  friend bool operator==(const Feature&, const Feature&) = default;
};

/// What is learnt from a table, and what for.
struct Selection {
  /// What a learner is to predict: a number, or a class, which is text, an integer or a bool.
  enum class Kind : std::uint8_t { none, number, label };
  /// Rows in which a feature or the target is missing end the call, are left out, or are kept, for predictions:
  /// with NaN in the place of what is missing.
  enum class Missing : std::uint8_t { refuse, skip, keep };

  std::string features{};  ///< a list of expressions; empty: all columns of numbers but the target
  std::string where{};     ///< a condition; rows for which it is not true are left out
  std::string target{};    ///< an expression
  Kind kind = Kind::none;
  Missing missing = Missing::refuse;
};

/// Samples in the arena of a pool. All learners take them; none changes them.
struct Samples {
  std::vector<Feature> features;
  Array<double, 2> x;  ///< samples x features

  Feature target;
  Array<double> y;                   ///< of each sample, where the target is a number
  Array<std::uint32_t> labels;       ///< of each sample, where it is a class: which of `classes`
  std::vector<std::string> classes;  ///< as text, in ascending order of what they are
  Type class_type = Type::text;

  std::uint64_t rows_read = 0, rows_skipped = 0;  ///< skipped for what is missing in them
  std::uint64_t bad_rows = 0;                     ///< as in Result
  std::vector<std::string> bad_lines;

  std::size_t size() const { return x.empty() ? 0 : x.extent(0); }
  std::size_t dimensions() const { return features.size(); }
};

/// Numbers that are there already, with the names x0, x1, ... Not copied.
Samples samples_of(Array<double, 2> x);

/// Reads what is selected.
/// @throws QueryError   an expression that is wrong, or of no number; what scan() throws
/// @throws SampleError  a value that is missing, and where; no feature; no row
Samples read_samples(const PoolWith& on, const Table& table, const Selection& what,
                     const ScanOptions& options = {});
Samples read_samples(const PoolWith& on, const FileSource& file, const CsvOptions& csv,
                     const Selection& what, const ScanOptions& options = {});

/// The selection that computes these features again: of other tables, for predictions.
std::string select_list(const std::vector<Feature>& features);

}  // namespace tine::mining
