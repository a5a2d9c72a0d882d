/// @file
/// Types of columns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tine::mining {

/// | type | values | name |
/// |---|---|---|
/// | boolean  | true, false | bool |
/// | integer  | 64 bits, signed | int |
/// | real     | double; NaN is a value, not a missing one | float |
/// | text     | UTF-8 | string |
/// | date     | days, in the Gregorian calendar | date |
/// | datetime | microseconds, in UTC where the text says an offset | datetime |
///
/// A value of any type may be missing (null).
enum class Type : std::uint8_t { boolean, integer, real, text, date, datetime };
inline constexpr std::size_t type_count = 6;

/// "int"
std::string_view to_string(Type type);
/// The type of this name; none for another one.
std::optional<Type> parse_type(std::string_view name);

struct Field {
  std::string name;
  Type type{};
  friend bool operator==(const Field&, const Field&) = default;
};
using Schema = std::vector<Field>;

}  // namespace tine::mining
