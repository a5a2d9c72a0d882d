#include <tine/mining/samples.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <tine/error.hpp>

#include "../expression/parser.hpp"

namespace tine::mining {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::string quoted(const std::string& column) {
  Node node;
  node.kind = Node::Kind::column;
  node.name = column;
  return to_string(node);
}

bool is_number(Type type) {
  return type == Type::integer || type == Type::real;
}

Feature feature_of(const Item& item) {
  const bool plain = item.node->kind == Node::Kind::column && !item.named;
  return {plain ? item.node->name : item.name, to_string(*item.node)};
}

// The features as they were asked for, then the target.
class Question {
 public:
  Question(const std::vector<Feature>& features, const Selection& what) : what_(what) {
    query_.select = named(what) ? what.features : select_list(features);
    query_.where = what.where;
    if (what.kind == Selection::Kind::none) return;
    const auto items = parse_list(what.target);
    if (items.size() != 1)
      throw QueryError("the target is one expression", what.target, items[1].node->position);
    std::string name = "target";  // which no feature has
    while (std::ranges::find(features, name, &Feature::name) != features.end()) name += "_";
    query_.select += ", ";
    target_at_ = query_.select.size();
    const Item& item = items.front();
    query_.select += (item.named ? to_string(*item.node) : what.target) + " as " + name;
  }

  /// True where there is a list of features, as opposed to all of them.
  static bool named(const Selection& what) {
    return !what.features.empty() && what.features != "*";
  }
  /// What f makes of the query. Errors show what was asked for.
  template <class F>
  Result answer(F f) const {
    try {
      return f(query_);
    } catch (const QueryError& error) {
      if (error.text() != query_.select) throw;
      if (error.position() >= target_at_)
        throw QueryError(error.what(), what_.target, error.position() - target_at_);
      if (!named(what_)) throw;
      throw QueryError(error.what(), what_.features, error.position());
    }
  }

 private:
  const Selection& what_;
  Query query_;
  std::size_t target_at_ = std::string::npos;
};

std::vector<Feature> features_of(const Schema& schema, const Selection& what) {
  std::vector<Feature> features;
  if (Question::named(what)) {
    for (const Item& item : parse_list(what.features)) features.push_back(feature_of(item));
    return features;
  }
  std::string target;
  if (what.kind != Selection::Kind::none) target = to_string(*parse_expression(what.target));
  for (const Field& field : schema)
    if (is_number(field.type) && quoted(field.name) != target)
      features.push_back({field.name, quoted(field.name)});
  if (features.empty())
    throw SampleError("tine: there is no column of numbers to learn from" +
                      std::string(target.empty() ? "" : " but the target"));
  return features;
}

double number(const ResultColumn& column, std::size_t row) {
  if (column.is_null(row)) return nan;
  return column.type == Type::real ? column.reals[row] : static_cast<double>(column.integers[row]);
}

// What is missing in a row.
const std::string* missing_in(std::size_t row, const Result& rows) {
  for (const ResultColumn& column : rows.columns)
    if (column.is_null(row)) return &column.name;
  return nullptr;
}

// The rows that are kept. Throws SampleError.
std::vector<std::size_t> kept_rows(const Result& rows, const Selection& what) {
  std::vector<std::size_t> kept;
  kept.reserve(rows.rows);
  for (std::size_t row = 0; row < rows.rows; ++row) {
    if (what.missing != Selection::Missing::keep)
      if (const std::string* name = missing_in(row, rows)) {
        if (what.missing == Selection::Missing::skip) continue;
        throw MissingValue("tine: " + *name + " is missing in row " + std::to_string(row + 1) +
                           (what.where.empty() ? "" : " of those that are selected"));
      }
    kept.push_back(row);
  }
  return kept;
}

// Numbers the classes in ascending order of their values.
template <class T>
void label(Pool& pool, Samples& samples, const std::vector<T>& values,
           const std::vector<std::size_t>& kept) {
  std::map<T, std::uint32_t> codes;
  for (const std::size_t row : kept) codes.emplace(values[row], 0);
  std::uint32_t next = 0;
  for (auto& [value, code] : codes) {
    code = next++;
    if constexpr (std::is_same_v<T, std::string>)
      samples.classes.push_back(value);
    else if (samples.class_type == Type::boolean)
      samples.classes.emplace_back(value != 0 ? "true" : "false");
    else
      samples.classes.push_back(std::to_string(value));
  }
  std::vector<std::uint32_t> labels;
  labels.reserve(kept.size());
  for (const std::size_t row : kept) labels.push_back(codes.find(values[row])->second);
  samples.labels = pool.array_from(labels);
}

// Throws QueryError for columns of other types.
void check_types(const Result& rows, const std::vector<Feature>& features, const Selection& what) {
  for (std::size_t i = 0; i < features.size(); ++i) {
    const Type type = rows.columns[i].type;
    if (!is_number(type) && type != Type::boolean)
      throw QueryError("features are numbers, and " + features[i].name + " is of type " +
                           std::string(to_string(type)),
                       what.features, 0);
  }
  if (what.kind == Selection::Kind::none) return;
  const Type type = rows.columns.back().type;
  const std::string name(to_string(type));
  if (type == Type::integer || type == Type::boolean) return;
  if (what.kind == Selection::Kind::number && type != Type::real)
    throw TargetTypeError("a number is to be predicted, and this is of type " + name, what.target,
                          0);
  if (what.kind == Selection::Kind::label && type != Type::text)
    throw TargetTypeError("a class is text, an integer or a bool, and this is of type " + name +
                              "; string() or int() would make it one",
                          what.target, 0);
}

void take_target(Pool& pool, Samples& samples, const ResultColumn& column,
                 const std::vector<std::size_t>& kept, const Selection& what) {
  if (what.kind == Selection::Kind::number) {
    std::vector<double> y;
    for (const std::size_t row : kept) y.push_back(number(column, row));
    samples.y = pool.array_from(y);
    return;
  }
  samples.class_type = column.type;
  if (column.type == Type::text)
    label(pool, samples, column.texts, kept);
  else
    label(pool, samples, column.integers, kept);
}

Samples samples_from(Pool& pool, const Result& rows, std::vector<Feature> features,
                     const Selection& what) {
  const std::size_t d = features.size();
  check_types(rows, features, what);
  const std::vector<std::size_t> kept = kept_rows(rows, what);
  if (kept.empty())
    throw SampleError(rows.rows == 0 ? "tine: there are no rows to learn from"
                                     : "tine: something is missing in every row");
  Samples samples;
  samples.x = pool.array<double>(kept.size(), d);
  double* to = samples.x.data();
  for (const std::size_t row : kept)
    for (std::size_t i = 0; i < d; ++i) *to++ = number(rows.columns[i], row);
  samples.features = std::move(features);
  if (what.kind != Selection::Kind::none) {
    samples.target = feature_of(parse_list(what.target).front());
    take_target(pool, samples, rows.columns[d], kept, what);
  }
  samples.rows_read = rows.rows_read;
  samples.rows_skipped = rows.rows - kept.size();
  samples.bad_rows = rows.bad_rows;
  samples.bad_lines = rows.bad_lines;
  return samples;
}

}  // namespace

std::string select_list(const std::vector<Feature>& features) {
  std::string list;
  for (const Feature& feature : features)
    list += (list.empty() ? "" : ", ") + feature.expression + " as " + quoted(feature.name);
  return list;
}

Samples samples_of(Array<double, 2> x) {
  Samples samples;
  samples.x = std::move(x);
  for (std::size_t i = 0; i < samples.x.extent(1); ++i) {
    const std::string name = "x" + std::to_string(i);
    samples.features.push_back({name, name});
  }
  return samples;
}

Samples read_samples(const PoolWith& on, const Table& table, const Selection& what,
                     const ScanOptions& options) {
  std::vector<Feature> features = features_of(table.schema(), what);
  const Result rows = Question(features, what).answer([&](const Query& query) {
    return scan(on, table, query, options);
  });
  return samples_from(on.pool, rows, std::move(features), what);
}

Samples read_samples(const PoolWith& on, const FileSource& file, const CsvOptions& csv,
                     const Selection& what, const ScanOptions& options) {
  std::vector<Feature> features =
      features_of(Question::named(what) ? Schema() : schema_of(on, file, csv), what);
  const Result rows = Question(features, what).answer([&](const Query& query) {
    return scan(on, file, csv, query, options);
  });
  return samples_from(on.pool, rows, std::move(features), what);
}

}  // namespace tine::mining
