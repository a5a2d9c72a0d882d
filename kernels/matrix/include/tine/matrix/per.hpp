/// @file
/// Along what a matrix is reduced.
#pragma once

#include <cstdint>

namespace tine::matrix {

/// What there is one result for: each row, or each column.
enum class Per : std::uint8_t { row, column };

}  // namespace tine::matrix
