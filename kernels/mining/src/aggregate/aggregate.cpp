#include "aggregate.hpp"

#include <algorithm>
#include <charconv>

#include <tine/mining/error.hpp>

#include "../nearest.hpp"

namespace tine::mining {

namespace {

struct Name {
  std::string_view name;
  AggregateKind kind;
  std::uint8_t arguments = 1;
  double fraction = 0;
};
constexpr Name names[] = {
    {"count", AggregateKind::count, 0},
    {"sum", AggregateKind::sum},
    {"mean", AggregateKind::mean},
    {"avg", AggregateKind::mean},
    {"min", AggregateKind::min},
    {"max", AggregateKind::max},
    {"var", AggregateKind::variance},
    {"variance", AggregateKind::variance},
    {"std", AggregateKind::stddev},
    {"stddev", AggregateKind::stddev},
    {"median", AggregateKind::quantile, 1, 0.5},
    {"quantile", AggregateKind::quantile},
    {"distinct", AggregateKind::distinct},
    {"count_distinct", AggregateKind::distinct},
    {"approx_distinct", AggregateKind::approx_distinct},
    {"approx_count_distinct", AggregateKind::approx_distinct},
    {"first", AggregateKind::first},
    {"last", AggregateKind::last},
    {"corr", AggregateKind::correlation, 2},
};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

// What a name means; "p95" and "p99.9" are quantiles, too.
std::optional<Name> find(std::string_view written) {
  const std::string name = lower(written);
  if (const auto* found = std::ranges::find(names, name, &Name::name); found != std::end(names))
    return *found;
  double percent = 0;
  const char* const end = name.data() + name.size();
  if (name.size() < 2 || name[0] != 'p' || name[1] < '0' || name[1] > '9') return std::nullopt;
  const auto read = std::from_chars(name.data() + 1, end, percent, std::chars_format::fixed);
  if (read.ec != std::errc() || read.ptr != end || percent > 100) return std::nullopt;
  return Name{"", AggregateKind::quantile, 1, percent / 100};
}

std::string unknown(const std::string& written) {
  const std::string why = "there is no aggregate '" + written + "'";
  const std::string name = lower(written);
  if (name.size() > 1 && name[0] == 'p' && name[1] >= '0' && name[1] <= '9')
    return why + "; percentiles go from p0 to p100, with digits after a point if need be";
  std::vector<std::string_view> candidates;
  for (const Name& n : names) candidates.push_back(n.name);
  return why + or_nearest(written, candidates);
}

bool is_star(const Node& node) {
  return node.kind == Node::Kind::column && node.name == "*";
}
bool is_call(const Node& node) {
  return node.kind == Node::Kind::call;
}

// The arguments, without the star of count(*).
std::size_t written_arguments(const Node& call) {
  if (!is_call(call) || (call.arguments.size() == 1 && is_star(*call.arguments[0]))) return 0;
  return call.arguments.size();
}

bool is_number(Type type) {
  return type == Type::boolean || type == Type::integer || type == Type::real;
}

}  // namespace

bool is_aggregate(const Node& node) {
  if (node.kind == Node::Kind::column) return lower(node.name) == "count";
  return is_call(node) && find(node.name).has_value();
}

std::vector<const Node*> rowwise_arguments(const Node& call) {
  std::vector<const Node*> arguments;
  const std::size_t count = written_arguments(call);
  for (std::size_t i = 0; i < count; ++i) arguments.push_back(call.arguments[i].get());
  // The second one of quantile(x, 0.95) is for all rows.
  if (count == 2 && lower(call.name) == "quantile") arguments.pop_back();
  return arguments;
}

Aggregate bind_aggregate(const Node& call, std::span<const Type> types, const std::string& clause) {
  const auto fail = [&](const std::string& why, const Node& at) -> void {
    throw QueryError(why, clause, at.position);
  };
  if (!is_call(call) && !is_aggregate(call))
    fail("an aggregate is expected here, such as mean(x)", call);
  const std::optional<Name> name = find(call.name);
  if (!name) fail(unknown(call.name), call);
  Aggregate aggregate{.kind = name->kind, .arguments = name->arguments, .fraction = name->fraction};
  const std::size_t given = written_arguments(call);
  const bool explicit_fraction = name->name == "quantile";
  const std::size_t wanted = explicit_fraction ? 2 : name->arguments;
  if (aggregate.kind == AggregateKind::count && given <= 1) {
    aggregate.arguments = static_cast<std::uint8_t>(given);
  } else if (given != wanted) {
    fail(call.name + " takes " +
             (aggregate.kind == AggregateKind::count ? "at most one argument"
              : explicit_fraction                    ? "two arguments: a value and a fraction"
              : wanted == 1                          ? "one argument"
                                                     : "two arguments") +
             ", but " + std::to_string(given) + (given == 1 ? " is" : " are") + " given",
         call);
  }
  if (types.size() != aggregate.arguments)
    throw Error("tine: an aggregate is bound with types that are not its arguments'");
  if (explicit_fraction) {
    const Node& fraction = *call.arguments[1];
    if (fraction.kind == Node::Kind::integer)
      aggregate.fraction = static_cast<double>(fraction.integer);
    else if (fraction.kind == Node::Kind::real)
      aggregate.fraction = fraction.real;
    else
      fail("the fraction of a quantile is a number from 0 to 1", fraction);
    if (!(aggregate.fraction >= 0 && aggregate.fraction <= 1))
      fail("the fraction of a quantile lies between 0 and 1; p95(x) counts in hundredths",
           fraction);
  }
  for (std::size_t i = 0; i < aggregate.arguments; ++i) {
    aggregate.types[i] = types[i];
    switch (aggregate.kind) {
      case AggregateKind::sum:
      case AggregateKind::mean:
      case AggregateKind::variance:
      case AggregateKind::stddev:
      case AggregateKind::quantile:
      case AggregateKind::correlation:
        if (!is_number(types[i]))
          fail(call.name + " is for numbers, and this is of type " +
                   std::string(to_string(types[i])),
               *call.arguments[i]);
        break;
      default:
        break;
    }
  }
  return aggregate;
}

Type result_type(const Aggregate& aggregate) {
  switch (aggregate.kind) {
    case AggregateKind::count:
    case AggregateKind::distinct:
    case AggregateKind::approx_distinct:
      return Type::integer;
    case AggregateKind::sum:
      return aggregate.types[0] == Type::real ? Type::real : Type::integer;
    case AggregateKind::min:
    case AggregateKind::max:
    case AggregateKind::first:
    case AggregateKind::last:
      return aggregate.types[0];
    default:
      return Type::real;
  }
}

}  // namespace tine::mining
