/// @file
/// Values of some rows, as workers see them.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tine/mining/type.hpp>

namespace tine::mining {

/// Values of one type, one for each row of a batch. Somebody else owns them.
///
/// In memory: boolean std::uint8_t (0, 1); integer, date and datetime std::int64_t; real double; text
/// std::string_view. What stands where a value is missing is unspecified, but may be read.
struct Vector {
  Type type{};
  const void* values = nullptr;
  const std::uint8_t* nulls = nullptr;  ///< 1 where a value is missing; nullptr: none is

  template <class T>
  const T* as() const {
    return static_cast<const T*>(values);
  }
  bool is_null(std::size_t row) const { return nulls != nullptr && nulls[row] != 0; }
};

}  // namespace tine::mining
