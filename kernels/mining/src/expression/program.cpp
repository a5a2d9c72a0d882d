#include "program.hpp"

#include <algorithm>
#include <array>

#include <tine/mining/error.hpp>

#include "../aggregate/aggregate.hpp"
#include "../calendar.hpp"
#include "../csv/cell.hpp"
#include "../nearest.hpp"
#include "bins.hpp"
#include "evaluator.hpp"
#include "overloads.hpp"
#include "program_bytes.hpp"

namespace tine::mining {

namespace {

/// What a part of the tree has become.
struct Value {
  ArgumentType type;  // none: null itself
  Operand at{};
};

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return text;
}

class Compiler {
 public:
  Compiler(const std::string& clause, Columns& columns) : clause_(clause), columns_(columns) {}

  Program program(const Node& node) {
    Value result = compile(node);
    if (!result.type) result = null_of(Type::integer);
    steps_.result = result.at;
    return {to_bytes(steps_), *result.type};
  }

 private:
  [[noreturn]] void fail(const std::string& why, std::size_t position) const {
    throw QueryError(why, clause_, position);
  }

  Value compile(const Node& node) {
    switch (node.kind) {
      case Node::Kind::null:
        return {};
      case Node::Kind::boolean:
        return constant({Type::boolean, false, static_cast<std::uint8_t>(node.integer != 0)});
      case Node::Kind::integer:
        return constant({Type::integer, false, node.integer});
      case Node::Kind::real:
        return constant({Type::real, false, node.real});
      case Node::Kind::text:
        return constant({Type::text, false, node.name});
      case Node::Kind::column:
        return column(node);
      case Node::Kind::call:
        break;
    }
    return call(node);
  }

  // ---- leaves

  Value constant(Constant value) {
    const Type type = value.type;
    steps_.constants.push_back(std::move(value));
    return {type,
            {Operand::Kind::constant, static_cast<std::uint32_t>(steps_.constants.size() - 1)}};
  }
  Value null_of(Type type) {
    Constant value{.type = type, .null = true};
    if (type == Type::text)
      value.value = std::string();
    else if (type == Type::real)
      value.value = 0.0;
    else if (type != Type::boolean)
      value.value = std::int64_t{0};
    return constant(std::move(value));
  }

  Value column(const Node& node) {
    const Schema& schema = columns_.schema();
    const auto found = std::ranges::find(schema, node.name, &Field::name);
    if (found == schema.end()) unknown_column(node);
    const auto place =
        static_cast<std::uint32_t>(columns_.use(static_cast<std::size_t>(found - schema.begin())));
    const auto used = std::ranges::find(steps_.columns, place, &Steps::ColumnUse::place);
    const auto index = static_cast<std::uint32_t>(used - steps_.columns.begin());
    if (used == steps_.columns.end()) steps_.columns.push_back({place, found->type});
    return {found->type, {Operand::Kind::column, index}};
  }
  [[noreturn]] void unknown_column(const Node& node) const {
    if (node.name == "*")
      fail("* stands for all rows in count(*), and for nothing else", node.position);
    if (is_aggregate(node)) is_of_groups(node);
    std::vector<std::string_view> names;
    for (const Field& field : columns_.schema()) names.push_back(field.name);
    std::string why = "there is no column " + node.name + or_nearest(node.name, names);
    if (node.position < clause_.size() && clause_[node.position] == '"')
      why += " (text is written in 'single quotes')";
    fail(why, node.position);
  }

  // ---- calls

  Value call(const Node& node) {
    const std::string name = lower_case(node.name);
    if (name == "in") return in(node);
    if (name == "between") return between(node);
    if (name == "like") return like(node);
    if (name == "bin") return bin(node);
    if (name == "bin of range") return bin_of_range(node);
    check_function(name, node);
    std::vector<Value> arguments = compile_arguments(node);
    if (name == "nullif" && arguments.size() == 2) {
      share(arguments[0]);
      const Value equal = apply("=", node, {arguments[0], arguments[1]});
      return apply("nullif", node, {arguments[0], equal});
    }
    // These take any number.
    if (arguments.size() > 2 && (name == "least" || name == "greatest" || name == "coalesce")) {
      Value result = arguments[0];
      for (std::size_t i = 1; i < arguments.size(); ++i)
        result = apply(name, node, {result, arguments[i]});
      return result;
    }
    const Value result = apply(name, node, std::move(arguments));
    if ((name == "date" || name == "datetime") && node.arguments[0]->kind == Node::Kind::text &&
        steps_.constants[result.at.index].null)
      no_date(*node.arguments[0]);
    return result;
  }

  std::vector<Value> compile_arguments(const Node& node) {
    std::vector<Value> values;
    for (const auto& argument : node.arguments) values.push_back(compile(*argument));
    make_dates(node, values);
    return values;
  }

  /// A name in parentheses that is no operator.
  void check_function(const std::string& name, const Node& node) const {
    for (const Operation& operation : operations())
      if (operation.name == name) return;
    if (is_aggregate(node)) is_of_groups(node);
    fail("there is no function " + node.name + "()" + or_nearest(name, function_names()),
         node.position);
  }
  [[noreturn]] void is_of_groups(const Node& node) const {
    const std::string name = lower_case(node.name);
    std::string why = node.name + "() is of groups, not of rows; it belongs in --agg";
    if (name == "min" || name == "max")
      why += std::string(" (of values in a row: ") + (name == "min" ? "least" : "greatest") + "())";
    fail(why, node.position);
  }

  /// Text among dates is meant as one.
  void make_dates(const Node& node, std::vector<Value>& values) {
    const bool dates = std::ranges::any_of(values, [](const Value& value) {
      return value.type == Type::date || value.type == Type::datetime;
    });
    if (!dates) return;
    const bool times = std::ranges::any_of(
        values, [](const Value& value) { return value.type == Type::datetime; });
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Node& text = *node.arguments[i];
      std::int64_t value = 0;
      if (text.kind != Node::Kind::text) continue;
      if (!times && parse_date(trimmed(text.name), value))
        values[i] = constant({Type::date, false, value});
      else if (parse_datetime(trimmed(text.name), value))
        values[i] = constant({Type::datetime, false, value});
      else
        no_date(text);
    }
  }
  [[noreturn]] void no_date(const Node& text) const {
    fail("'" + text.name + "' is no date (2024-03-05) and no datetime (2024-03-05 12:00)",
         text.position);
  }

  Value between(const Node& node) {
    std::vector<Value> values = compile_arguments(node);
    share(values[0]);
    const Value from = apply(">=", node, {values[0], values[1]});
    const Value to = apply("<=", node, {values[0], values[2]});
    return apply("and", node, {from, to});
  }

  Value like(const Node& node) {
    std::vector<Value> values = compile_arguments(node);
    if (node.arguments[1]->kind != Node::Kind::text)
      fail("after like comes a pattern in quotes: like 'abc%'", node.arguments[1]->position);
    if (values[0].type && *values[0].type != Type::text)
      fail("like matches text, not " + std::string(to_string(*values[0].type)) +
               "; string(x) makes it text",
           node.position);
    return apply("like", node, {values[0]}, {values[1].at});
  }

  /// Of numbers there is a width, of dates and datetimes a unit.
  Value bin(const Node& node) {
    const bool unit = node.arguments.size() == 2 && node.arguments[1]->kind == Node::Kind::text;
    if (!unit) {
      const std::vector<Value> values = compile_arguments(node);
      if (values.empty() || !is_time(values[0].type)) return bin_of_numbers(node, values);
      fail("bins of dates and datetimes have a unit: bin(x, 'month') or bin(x, '15 minutes')",
           node.position);
    }
    const Value value = compile(*node.arguments[0]);
    if (value.type && !is_time(value.type))
      fail("bins of " + std::string(to_string(*value.type)) + " have no unit of time" +
               (*value.type == Type::text ? "; datetime(s) reads one from text"
                                          : ", but a width: bin(x, 10)"),
           node.position);
    const Node& written = *node.arguments[1];
    const auto bins = parse_time_bins(written.name);
    if (!bins)
      fail("'" + written.name +
               "' is no unit of time: year, quarter, month, week, day, hour, minute or second, "
               "perhaps with a number of them, as in '15 minutes'",
           written.position);
    if (bins->months > 0)
      return apply("bin of months", node, {value, constant({Type::integer, false, bins->months})});
    const bool dates = value.type != Type::datetime;
    if (dates && bins->microseconds % microseconds_per_day != 0)
      fail("a date has no time of the day to make bins of", written.position);
    const std::int64_t each = dates ? microseconds_per_day : 1;
    return apply("bin of time", node,
                 {value, constant({Type::integer, false, bins->microseconds / each}),
                  constant({Type::integer, false, bins->origin / each})});
  }
  static bool is_time(ArgumentType type) { return type == Type::date || type == Type::datetime; }
  Value bin_of_numbers(const Node& node, const std::vector<Value>& values) {
    if (values.size() == 2 && values[1].type && is_constant(values[1])) {
      const auto& width = steps_.constants[values[1].at.index].value;
      const auto* const integer = std::get_if<std::int64_t>(&width);
      const auto* const real = std::get_if<double>(&width);
      if ((integer != nullptr && *integer <= 0) || (real != nullptr && !(*real > 0)))
        fail("the width of a bin is more than 0", node.arguments[1]->position);
    }
    return apply("bin", node, values);
  }
  /// Of a histogram: its arguments are a number, the first and the last edge, and how many bins there are.
  Value bin_of_range(const Node& node) {
    const Value value = compile(*node.arguments[0]);
    std::vector<Operand> constants;
    for (std::size_t i = 1; i < node.arguments.size(); ++i)
      constants.push_back(compile(*node.arguments[i]).at);
    return apply("bin of range", node, {value}, std::move(constants));
  }

  /// Constants are looked up; what varies is compared.
  Value in(const Node& node) {
    std::vector<Value> values = compile_arguments(node);
    std::vector<ArgumentType> types;
    for (const Value& value : values) types.push_back(value.type);
    const auto type = common_type(types);
    if (!type) {
      const auto other = std::ranges::find_if(types, [&](ArgumentType t) {
        return !common_type(std::array{types[0], t});
      });
      if (other == types.end())
        fail("the values after in are of types that do not go together", node.position);
      fail("in compares " + std::string(to_string(*types[0])) + " with " +
               std::string(to_string(**other)),
           node.arguments[static_cast<std::size_t>(other - types.begin())]->position);
    }
    for (Value& value : values) value = converted(value, *type);
    std::vector<Operand> constants;
    std::vector<Value> others;
    for (std::size_t i = 1; i < values.size(); ++i) {
      if (is_constant(values[i]) && !steps_.constants[values[i].at.index].null)
        constants.push_back(values[i].at);
      else
        others.push_back(values[i]);
    }
    // To compare with a few numbers is faster than to look them up.
    constexpr std::size_t few = 4;
    if (*type != Type::text && constants.size() <= few) {
      others.assign(values.begin() + 1, values.end());
      constants.clear();
    }
    std::optional<Value> result;
    if (!constants.empty()) {
      if (!others.empty()) share(values[0]);
      result = apply("in", node, {values[0]}, std::move(constants));
    }
    for (std::size_t i = 0; i < others.size(); ++i) {
      if (i + 1 < others.size()) share(values[0]);
      const Value equal = apply("=", node, {values[0], others[i]});
      result = result ? apply("or", node, {*result, equal}) : equal;
    }
    return *result;
  }

  // ---- steps

  Value apply(std::string_view name, const Node& node, std::vector<Value> arguments,
              std::vector<Operand> constants = {}) {
    std::vector<ArgumentType> types;
    for (const Value& argument : arguments) types.push_back(argument.type);
    const auto overload = find_overload(name, types);
    if (!overload) fail(why_none(name, types), node.position);
    for (std::size_t i = 0; i < arguments.size(); ++i)
      arguments[i] = converted(arguments[i], overload->takes[i]);
    const Operation& operation = operations()[overload->operation];
    if (operation.run == nullptr) return arguments[0];
    if (operation.strict && std::ranges::any_of(arguments, [&](const Value& argument) {
          return is_constant(argument) && steps_.constants[argument.at.index].null;
        }))
      return null_of(overload->result);
    if (std::ranges::all_of(arguments, is_constant))
      return folded(*overload, arguments, constants, node);
    return step(*overload, arguments, std::move(constants));
  }
  Value converted(const Value& value, Type type) {
    if (!value.type) return null_of(type);
    if (*value.type == type) return value;
    const auto overload = find_overload(to_string(type), std::array{value.type});
    // Of an int or a date: neither is null, nor does it fail but for dates that no datetime can be.
    if (!is_constant(value)) return step(*overload, {value}, {});
    if (steps_.constants[value.at.index].null) return null_of(type);
    const auto integer = std::get<std::int64_t>(steps_.constants[value.at.index].value);
    if (type == Type::real) return constant({type, false, static_cast<double>(integer)});
    return constant({type, false, integer * 86'400'000'000});
  }
  Value step(const Overload& overload, const std::vector<Value>& arguments,
             std::vector<Operand> constants) {
    Step step{.operation = static_cast<std::uint32_t>(overload.operation),
              .constants = std::move(constants),
              .target = free_temporary(overload.result)};
    for (const Value& argument : arguments) step.arguments.push_back(argument.at);
    const Value result{overload.result, {Operand::Kind::temporary, step.target}};
    steps_.steps.push_back(std::move(step));
    for (const Value& argument : arguments)
      if (argument.at.kind == Operand::Kind::temporary) --uses_[argument.at.index];
    return result;
  }
  /// What the operation makes of constants: it is run on a batch of them.
  Value folded(const Overload& overload, const std::vector<Value>& arguments,
               const std::vector<Operand>& constants, const Node& node) {
    Compiler other(clause_, columns_);
    std::vector<Operand> copies;
    for (const Operand& one : constants)
      copies.push_back(other.constant(steps_.constants[one.index]).at);
    std::vector<Value> as_columns;
    std::vector<Vector> vectors;
    std::vector<std::string_view> texts(arguments.size());
    static constexpr std::uint8_t is_null = 1;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const Constant& one = steps_.constants[arguments[i].at.index];
      const auto place = static_cast<std::uint32_t>(i);
      other.steps_.columns.push_back({place, one.type});
      as_columns.push_back({one.type, {Operand::Kind::column, place}});
      const void* address = &texts[i];
      if (one.type == Type::text)
        texts[i] = std::get<std::string>(one.value);
      else
        address = std::visit([](const auto& value) -> const void* { return &value; }, one.value);
      vectors.push_back({one.type, address, one.null ? &is_null : nullptr});
    }
    other.steps_.result = other.step(overload, as_columns, std::move(copies)).at;
    const std::vector<std::byte> bytes = to_bytes(other.steps_);
    Evaluator evaluator(bytes);
    try {
      const Vector result = evaluator({1, vectors});
      if (result.is_null(0)) return null_of(overload.result);
      constexpr std::size_t most = 1 << 20;
      if (result.type == Type::text && result.as<std::string_view>()->size() > most)
        fail("a constant text of more than 1 MiB", node.position);
      return constant(value_of(result));
    } catch (const QueryError&) {
      throw;
    } catch (const Error& error) {
      fail(error.what(), node.position);
    }
  }
  static Constant value_of(const Vector& one) {
    switch (one.type) {
      case Type::boolean:
        return {one.type, false, *one.as<std::uint8_t>()};
      case Type::real:
        return {one.type, false, *one.as<double>()};
      case Type::text:
        return {one.type, false, std::string(*one.as<std::string_view>())};
      default:
        return {one.type, false, *one.as<std::int64_t>()};
    }
  }

  static bool is_constant(const Value& value) { return value.at.kind == Operand::Kind::constant; }

  // ---- temporaries: each is free again when all steps that use it are there

  std::uint32_t free_temporary(Type type) {
    for (std::uint32_t i = 0; i < uses_.size(); ++i)
      if (uses_[i] == 0 && steps_.temporaries[i] == type) {
        uses_[i] = 1;
        return i;
      }
    steps_.temporaries.push_back(type);
    uses_.push_back(1);
    return static_cast<std::uint32_t>(uses_.size() - 1);
  }
  /// It is used once more.
  void share(const Value& value) {
    if (value.at.kind == Operand::Kind::temporary) ++uses_[value.at.index];
  }

  const std::string& clause_;
  Columns& columns_;
  Steps steps_;
  std::vector<std::uint32_t> uses_;  // of the temporaries, that are still to come
};

}  // namespace

std::size_t Columns::use(std::size_t i) {
  const auto found = std::ranges::find(used_, i);
  if (found == used_.end()) {
    used_.push_back(i);
    return used_.size() - 1;
  }
  return static_cast<std::size_t>(found - used_.begin());
}

Program compile(const Node& node, const std::string& clause, Columns& columns) {
  return Compiler(clause, columns).program(node);
}

}  // namespace tine::mining
