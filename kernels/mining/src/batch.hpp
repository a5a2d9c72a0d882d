// Some rows of a few columns: what scans read, expressions compute and aggregates take. Small enough for
// a core's cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <tine/mining/type.hpp>

namespace tine::mining {

inline constexpr std::size_t batch_rows = 2048;

/// Values of one type, one for each row of a batch. Somebody else owns them.
///
/// In memory: boolean std::uint8_t (0, 1); integer, date and datetime std::int64_t; real double; text
/// std::string_view. What stands where a value is missing is unspecified, but may be read.
struct Vector {
  Type type{};
  const void* values = nullptr;
  const std::uint8_t* nulls = nullptr;  // 1 where a value is missing; nullptr: none is

  template <class T>
  const T* as() const {
    return static_cast<const T*>(values);
  }
  bool is_null(std::size_t row) const { return nulls != nullptr && nulls[row] != 0; }
};

/// Bytes of a value of a vector.
constexpr std::size_t value_bytes(Type type) {
  switch (type) {
    case Type::boolean:
      return 1;
    case Type::text:
      return sizeof(std::string_view);
    default:
      return 8;
  }
}

struct Batch {
  std::size_t rows = 0;
  std::span<const Vector> columns;  // those that were asked for, in that order
};

}  // namespace tine::mining
