#include <tine/partition.hpp>

#include <algorithm>
#include <limits>

namespace tine {

namespace {

constexpr std::size_t slice_bytes = std::size_t{256} << 10;  // a slice and its undo copy fit in L2

constexpr std::size_t ceil_div(std::size_t a, std::size_t b) {
  return a / b + (a % b != 0);
}

Range widened(std::size_t begin, std::size_t end, std::size_t halo, std::size_t n) {
  return {begin - std::min(begin, halo), end + std::min(n - end, halo)};
}

}  // namespace

Slice Partition::slice(std::size_t index) const noexcept {
  const std::size_t across = column_slices();
  Slice s;
  s.index = index;
  s.count = size();
  s.begin = index / across * grain;
  s.end = s.begin + std::min(grain, n - s.begin);
  s.outer = widened(s.begin, s.end, halo, n);
  if (columns != 0) {
    s.columns.begin = index % across * column_grain;
    s.columns.end = s.columns.begin + std::min(column_grain, columns - s.columns.begin);
    s.outer_columns = widened(s.columns.begin, s.columns.end, halo, columns);
  }
  return s;
}

Partition slices(std::size_t n, std::size_t grain, std::size_t unit_bytes) {
  if (grain == 0) {
    // Enough slices for any machine to balance, and none so large that saving it hurts.
    grain = std::clamp<std::size_t>(
        ceil_div(n, 128), 1,
        std::max<std::size_t>(1, slice_bytes / std::max<std::size_t>(1, unit_bytes)));
    // Neighbours then write no cache line in common, for any size of element.
    if (grain > 64) grain = grain / 64 * 64;
  }
  Partition p;
  p.n = n;
  p.grain = grain;
  return p;
}

Partition rows(std::size_t n, std::size_t row_bytes, std::size_t halo, std::size_t grain) {
  if (grain == 0) {
    const std::size_t fits = slice_bytes / std::max<std::size_t>(1, row_bytes);
    // Small images still get some 32 bands; but a band much lower than its halo does the work of
    // its neighbours over again.
    grain = std::max({std::min(std::max<std::size_t>(fits, 8), ceil_div(n, 32)),
                      4 * std::min(halo, n), std::size_t{1}});
  }
  Partition p;
  p.n = n;
  p.grain = grain;
  p.halo = halo;
  return p;
}

Partition tiles(std::size_t rows, std::size_t columns, std::size_t tile_rows,
                std::size_t tile_columns, std::size_t halo) {
  if (tile_rows == 0 || tile_columns == 0)
    throw InvalidArgument("tine::tiles: a tile has at least one row and one column");
  Partition p;
  p.n = columns == 0 ? 0 : rows;
  p.grain = tile_rows;
  p.halo = halo;
  p.columns = columns;
  p.column_grain = tile_columns;
  if (columns != 0 && ceil_div(rows, tile_rows) >
                          std::numeric_limits<std::size_t>::max() / ceil_div(columns, tile_columns))
    throw InvalidArgument("tine::tiles: the number of tiles overflows");
  return p;
}

}  // namespace tine
