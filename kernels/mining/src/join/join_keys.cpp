#include "join_keys.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>

#include <tine/mining/error.hpp>

#include "../aggregate/hash.hpp"
#include "../calendar.hpp"
#include "../expression/overloads.hpp"
#include "../expression/parser.hpp"
#include "../nearest.hpp"

namespace tine::mining {

namespace {

std::size_t find(const Node& node, const Schema& schema, const char* side, const std::string& on) {
  const auto found = std::ranges::find(schema, node.name, &Field::name);
  if (found != schema.end()) return static_cast<std::size_t>(found - schema.begin());
  std::vector<std::string_view> names;
  for (const Field& field : schema) names.push_back(field.name);
  throw QueryError("the table on the " + std::string(side) + " has no column " + node.name +
                       or_nearest(node.name, names),
                   on, node.position);
}

bool has_values(const Table& table, std::size_t column) {
  const auto& nulls = table.column(column).nulls;
  return table.rows() > 0 && (nulls.empty() || !std::ranges::all_of(nulls, std::identity()));
}

}  // namespace

std::vector<KeyColumns> key_columns(const std::string& on, const Schema& left, const Table& right) {
  std::vector<KeyColumns> keys;
  for (const Item& item : parse_list(on)) {
    const Node *a = item.node.get(), *b = a;
    if (a->kind == Node::Kind::call && a->name == "=") {
      b = a->arguments[1].get();
      a = a->arguments[0].get();
    }
    if (a->kind != Node::Kind::column || b->kind != Node::Kind::column)
      throw QueryError(
          "tables are joined by columns: id, or customer = id where they have different names", on,
          item.node->position);
    KeyColumns key{find(*a, left, "left", on), find(*b, right.schema(), "right", on)};
    const Type x = left[key.left].type, y = right.schema()[key.right].type;
    const auto type = common_type(std::array<ArgumentType, 2>{x, y});
    if (!type && has_values(right, key.right))
      throw QueryError("the key " + a->name + " is of type " + std::string(to_string(x)) +
                           " on the left and " + std::string(to_string(y)) + " on the right",
                       on, item.node->position);
    key.type = type.value_or(x);
    keys.push_back(key);
  }
  return keys;
}

void key_words(const Vector& values, std::size_t rows, Type type, std::uint64_t* words,
               std::size_t stride, std::uint8_t* never) {
  for (std::size_t r = 0; r < rows; ++r, words += stride) {
    *words = 0;
    if (values.is_null(r)) {
      never[r] = 1;
      continue;
    }
    switch (values.type) {
      case Type::text:
        *words = hash_text(values.as<std::string_view>()[r]);
        break;
      case Type::boolean:
        *words = values.as<std::uint8_t>()[r];
        break;
      case Type::real:
      case Type::integer:
        if (type == Type::real) {
          const double x = values.type == Type::real
                               ? values.as<double>()[r]
                               : static_cast<double>(values.as<std::int64_t>()[r]);
          if (std::isnan(x)) never[r] = 1;
          *words = std::bit_cast<std::uint64_t>(x + 0.0);  // -0 is 0
          break;
        }
        [[fallthrough]];
      default: {
        std::int64_t x = values.as<std::int64_t>()[r];
        // A date that no datetime is equals none.
        if (values.type == Type::date && type == Type::datetime &&
            __builtin_mul_overflow(x, microseconds_per_day, &x))
          never[r] = 1;
        *words = static_cast<std::uint64_t>(x);
      }
    }
  }
}

std::uint64_t hash_of(const std::uint64_t* words, std::size_t count) {
  std::uint64_t hash = count;
  for (std::size_t i = 0; i < count; ++i) hash = mix(hash, words[i]);
  return hash;
}

}  // namespace tine::mining
