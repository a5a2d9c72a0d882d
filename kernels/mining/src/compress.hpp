// Values of some rows, moved together.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "batch.hpp"

namespace tine::mining {

/// Some rows of a batch.
struct Selection {
  std::size_t rows = 0;                             // of the batch
  std::size_t count = 0;                            // that were chosen
  std::array<std::uint64_t, batch_rows / 64> bits;  // 1 for those, of the first `rows`
};

/// Where many values are stored at once, so many bytes beyond the last one may be written.
inline constexpr std::size_t compress_slack = 64;

/// Those where a condition is true, and not null.
void select(const Vector& condition, std::size_t rows, Selection& selection);
/// `to` has room for as many words as were chosen, and for the slack.
void compress_words(const std::uint64_t* from, const Selection& selection, std::uint64_t* to);

}  // namespace tine::mining
