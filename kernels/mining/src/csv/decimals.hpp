// Numbers as most in files are, many at a time: up to 15 decimal digits, perhaps with a point among
// them and a minus before them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tine::mining {

/// The cells of one column: cell i is [ends[0] + 1, ends[1]) of the text, and the next one's ends are
/// `stride` behind. 16 bytes before each cell's end must be readable.
struct CellColumn {
  const char* text;
  const std::uint32_t* ends;
  std::size_t stride;

  std::string_view operator[](std::size_t i) const {
    const std::uint32_t* const at = ends + i * stride;
    const std::uint32_t begin = at[0] + 1;
    return {text + begin, at[1] - begin};
  }
};

/// Says in good[i] whether cell i is such a number. What the values of others are is unspecified. Values
/// and good have room for a multiple of 64.
void read_decimals(const CellColumn& cells, std::size_t count, std::int64_t* values,
                   std::uint8_t* good);
/// The double that is nearest to the text.
void read_decimals(const CellColumn& cells, std::size_t count, double* values, std::uint8_t* good);

}  // namespace tine::mining
