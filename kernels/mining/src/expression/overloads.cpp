#include "overloads.hpp"

#include <algorithm>
#include <set>

#include "lexer.hpp"

namespace tine::mining {

namespace {

Type type_of(char wanted) {
  return static_cast<Type>(std::string_view("bifsdt").find(wanted));
}
std::string name_of(ArgumentType type) {
  return type ? std::string(to_string(*type)) : "null";
}

bool widens(Type from, Type to) {
  return (from == Type::integer && to == Type::real) ||
         (from == Type::date && to == Type::datetime);
}
/// How many conversions it takes to make this what is wanted; none: it cannot be.
std::optional<int> cost(ArgumentType got, Type wanted) {
  if (!got || *got == wanted) return 0;
  if (widens(*got, wanted)) return 1;
  return std::nullopt;
}

/// What ? stands for in an operation with these arguments; nothing where they do not go together.
std::optional<Type> type_of_any(std::string_view wanted, std::span<const ArgumentType> types) {
  std::vector<ArgumentType> anys;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i] == '?') anys.push_back(types[i]);
  return common_type(anys);
}

bool is_operator(std::string_view name) {
  return !is_bare_name(name);
}

std::string listed(const std::set<std::string>& words, const char* last) {
  std::string result;
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (word != words.begin()) result += std::next(word) == words.end() ? last : ", ";
    result += *word;
  }
  return result;
}

}  // namespace

std::optional<Type> common_type(std::span<const ArgumentType> types) {
  ArgumentType result;
  for (const ArgumentType type : types) {
    if (!type || type == result) continue;
    if (!result || widens(*result, *type))
      result = type;
    else if (!widens(*type, *result))
      return std::nullopt;
  }
  return result.value_or(Type::integer);  // nothing but nulls
}

std::optional<Overload> find_overload(std::string_view name, std::span<const ArgumentType> types) {
  std::optional<Overload> best;
  int least = 0;
  for (std::size_t o = 0; o < operations().size(); ++o) {
    const Operation& operation = operations()[o];
    if (operation.name != name || operation.arguments.size() != types.size()) continue;
    const auto any = type_of_any(operation.arguments, types);
    if (!any) continue;
    Overload overload{.operation = o};
    int all = 0;
    bool fits = true;
    for (std::size_t i = 0; fits && i < types.size(); ++i) {
      const char wanted = operation.arguments[i];
      overload.takes.push_back(wanted == '?' ? *any : type_of(wanted));
      const auto one = cost(types[i], overload.takes.back());
      fits = one.has_value();
      all += one.value_or(0);
    }
    if (!fits || (best && all >= least)) continue;
    overload.result = operation.result == '?' ? *any : type_of(operation.result);
    best = std::move(overload);
    least = all;
  }
  return best;
}

std::span<const std::string_view> function_names() {
  static const std::vector<std::string_view> names = [] {
    std::set<std::string_view> all;
    for (const Operation& operation : operations())
      if (!is_operator(operation.name)) all.insert(operation.name);
    return std::vector<std::string_view>(all.begin(), all.end());
  }();
  return names;
}

std::string why_none(std::string_view name, std::span<const ArgumentType> types) {
  std::set<std::string> given, taken, counts;
  for (const ArgumentType type : types) given.insert(name_of(type));
  for (const Operation& operation : operations()) {
    if (operation.name != name) continue;
    counts.insert(std::to_string(operation.arguments.size()));
    if (operation.arguments.size() != types.size()) continue;
    std::string one;
    for (const char letter : operation.arguments)
      one += (one.empty() ? "" : " and ") +
             (letter == '?' ? "any" : std::string(to_string(type_of(letter))));
    if (std::ranges::count(operation.arguments, '?') > 1) one += " (of one type)";
    taken.insert(one);
  }
  std::string got;
  for (const ArgumentType type : types) got += (got.empty() ? "" : " and ") + name_of(type);
  for (const std::string_view compares : {"=", "!=", "<", "<=", ">", ">="})
    if (name == compares && types.size() == 2)
      return std::string(name) + " compares " + name_of(types[0]) + " with " + name_of(types[1]);
  const std::string shown = std::string(name) + (is_operator(name) ? "" : "()");
  if (taken.empty())
    return shown + " takes " + listed(counts, " or ") +
           (counts == std::set<std::string>{"1"} ? " argument" : " arguments") + ", not " +
           std::to_string(types.size());
  return shown + " takes " + listed(taken, ", or ") + ", not " + got;
}

}  // namespace tine::mining
