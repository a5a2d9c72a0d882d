// Values of some rows, moved together.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "batch.hpp"

namespace tine::mining {

/// Some rows of a batch.
struct Selection {
  std::size_t rows = 0;   // of the batch
  std::size_t count = 0;  // that were chosen
  std::array<std::uint16_t, batch_rows> indices;
};

/// Those where a condition is true, and not null.
void select(const Vector& condition, std::size_t rows, Selection& selection);
/// Of values of 1, 8 or 16 bytes. 64 bytes beyond the last one may be written to.
void compress(const void* from, std::size_t value_bytes, const Selection& selection, void* to);

}  // namespace tine::mining
