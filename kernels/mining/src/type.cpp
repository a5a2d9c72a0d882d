#include <tine/mining/type.hpp>

#include <algorithm>
#include <iterator>

namespace tine::mining {

namespace {

constexpr std::string_view names[type_count] = {"bool",   "int",  "float",
                                                "string", "date", "datetime"};

}  // namespace

std::string_view to_string(Type type) {
  return names[static_cast<std::size_t>(type)];
}

std::optional<Type> parse_type(std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == std::end(names)) return std::nullopt;
  return static_cast<Type>(found - names);
}

}  // namespace tine::mining
