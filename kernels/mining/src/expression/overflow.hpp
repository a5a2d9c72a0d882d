// Integers, value by value, where they may overflow.
#pragma once

#include <cstdint>
#include <cstring>

#include "operation.hpp"

namespace tine::mining {

/// Throws Error: an operation on these has a result of more than 64 bits.
[[noreturn]] void throw_overflow(std::string_view name, std::int64_t a, std::int64_t b);

/// Compute a whole call. Throw for the first row that overflows and is not null.
void add_or_throw(Call& call);
void subtract_or_throw(Call& call);
void multiply_or_throw(Call& call);

}  // namespace tine::mining
