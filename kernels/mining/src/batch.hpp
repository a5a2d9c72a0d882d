// Some rows of a few columns: what scans read, expressions compute and aggregates take. Small enough for
// a core's cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <tine/mining/type.hpp>
#include <tine/mining/vector.hpp>

namespace tine::mining {

inline constexpr std::size_t batch_rows = 2048;

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
