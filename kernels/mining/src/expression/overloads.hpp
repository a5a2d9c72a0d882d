// Which operation a name stands for, with arguments of certain types.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "operation.hpp"

namespace tine::mining {

/// none: null, which goes with everything.
using ArgumentType = std::optional<Type>;

struct Overload {
  std::size_t operation;      // in operations()
  std::vector<Type> takes{};  // what the arguments must be converted to
  Type result{};
};

/// The one that takes these types as they are, or else with the fewest conversions (int to float, date to
/// datetime). none: there is none.
std::optional<Overload> find_overload(std::string_view name, std::span<const ArgumentType> types);
/// The type that all can be converted to.
std::optional<Type> common_type(std::span<const ArgumentType> types);

/// Functions, not operators, by their names.
std::span<const std::string_view> function_names();
/// Why find_overload() found none: "> compares string with int", "substr() takes 2 or 3 arguments, not 1".
std::string why_none(std::string_view name, std::span<const ArgumentType> types);

}  // namespace tine::mining
