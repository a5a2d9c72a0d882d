// Expressions: any text is refused with a place in it, or it can be written again, and means the same for
// each row by itself as for all. Programs: whatever their bytes, nothing but their own memory is used. The
// first byte says which of the two comes.
#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <tine/mining/error.hpp>

#include "expression/evaluator.hpp"
#include "expression/parser.hpp"
#include "expression/program.hpp"
#include "require.hpp"

namespace {

using namespace tine::mining;

constexpr std::size_t rows = 5;
constexpr std::int64_t integers[rows] = {0, -1, 3, INT64_MAX, INT64_MIN};
constexpr std::int64_t days[rows] = {0, -1, 19787, 1 << 30, INT64_MIN};
constexpr double reals[rows] = {0, -1.5, 1e300, __builtin_nan(""), -__builtin_inf()};
constexpr std::string_view texts[rows] = {"", "a%b", "M\xc3\xbcnchen", "2024-02-29 12:00",
                                          "\xff\x80"};
constexpr std::uint8_t booleans[rows] = {0, 1, 1, 0, 1}, nulls[rows] = {0, 0, 1, 0, 1};

struct Column {
  const char* name;
  Vector values;
};
constexpr Column table[] = {
    {"i", {Type::integer, integers}},
    {"f", {Type::real, reals}},
    {"s", {Type::text, texts}},
    {"b", {Type::boolean, booleans}},
    {"d", {Type::date, days}},
    {"t", {Type::datetime, integers}},
    {"ni", {Type::integer, days, nulls}},
    {"nf", {Type::real, reals, nulls}},
    {"ns", {Type::text, texts, nulls}},
    {"nb", {Type::boolean, booleans, nulls}},
    {"nd", {Type::date, integers, nulls}},
    {"nt", {Type::datetime, days, nulls}},
};

Vector from(const Vector& column, std::size_t row) {
  return {column.type, static_cast<const char*>(column.values) + row * value_bytes(column.type),
          column.nulls == nullptr ? nullptr : column.nulls + row};
}
std::vector<Vector> some_rows(std::span<const std::size_t> columns, std::size_t row) {
  std::vector<Vector> result;
  for (const std::size_t column : columns) result.push_back(from(table[column].values, row));
  return result;
}

std::string bytes_of(const Vector& values, std::size_t row) {
  if (values.is_null(row)) return "null";
  const Vector value = from(values, row);
  if (value.type == Type::text) return "=" + std::string(*value.as<std::string_view>());
  // Whose sign and payload depend on which operand comes first.
  if (value.type == Type::real && std::isnan(*value.as<double>())) return "nan";
  std::string bytes(value_bytes(value.type), '\0');
  std::memcpy(bytes.data(), value.values, bytes.size());
  return "=" + bytes;
}

/// Nothing where it throws.
std::optional<std::vector<std::string>> evaluate(Evaluator& evaluator, const Batch& batch) {
  std::vector<std::string> result;
  try {
    const Vector values = evaluator(batch);
    for (std::size_t row = 0; row < batch.rows; ++row) result.push_back(bytes_of(values, row));
  } catch (const tine::Error& error) {
    require(error.what()[0] != '\0', "refused without a reason");
    return std::nullopt;
  }
  return result;
}

Program compiled(const std::string& clause, Columns& columns) {
  const auto tree = parse_expression(clause);
  const std::string again = to_string(*tree);
  require(to_string(*parse_expression(again)) == again, "a tree is written as another one");
  return compile(*tree, clause, columns);
}

Schema schema() {
  Schema result;
  for (const Column& column : table) result.push_back({column.name, column.values.type});
  return result;
}

void try_text(const std::string& clause) {
  const Schema all = schema();
  Columns columns(all);
  try {
    for (const Item& item : parse_list(clause)) require(item.node != nullptr, "no tree");
  } catch (const QueryError&) {
  }
  try {
    const Program program = compiled(clause, columns);
    Evaluator evaluator(program.bytes);
    const auto whole = evaluate(evaluator, {rows, some_rows(columns.used(), 0)});
    for (std::size_t row = 0; row < rows && whole; ++row) {
      const auto one = evaluate(evaluator, {1, some_rows(columns.used(), row)});
      require(one && one->at(0) == whole->at(row), "a row depends on the others");
    }
  } catch (const QueryError& error) {
    require(error.what()[0] != '\0' && error.position() <= clause.size(), "no reason or no place");
    require(!error.picture().empty(), "no picture");
  }
}

void try_program(const std::uint8_t* data, std::size_t size) {
  static const std::string clauses[] = {
      "i + ni * 3 > 5 and s like 'a%' or nd < '2024-01-01'",
      "if(b, upper(s) || ns, replace(string(f), '1', 'x'))",
      "i in (1, 3) or s in ('a', 'b') or f in (1.5)",
      "coalesce(ni, year(d), 5) // nullif(i, 3) + length(substr(ns, 2, 3))",
  };
  const Schema all = schema();
  Columns columns(all);
  Program program = compiled(clauses[size % std::size(clauses)], columns);
  for (; size >= 3; data += 3, size -= 3)
    program.bytes[(data[0] + 256u * data[1]) % program.bytes.size()] = std::byte{data[2]};
  try {
    Evaluator evaluator(program.bytes);
    evaluate(evaluator, {rows, some_rows(columns.used(), 0)});
  } catch (const tine::Error& error) {
    require(error.what()[0] != '\0', "refused without a reason");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  if (*data == 0)
    try_program(data + 1, size - 1);
  else
    try_text({reinterpret_cast<const char*>(data + 1), size - 1});
  return 0;
}
