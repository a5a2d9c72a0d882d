#include <tine/partition.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace tine {

namespace {

constexpr std::size_t slice_bytes = std::size_t{256} << 10;  // a slice and its undo copy fit in L2

constexpr std::size_t ceil_div(std::size_t a, std::size_t b) {
  return a / b + (a % b != 0);
}

Range widened(std::size_t begin, std::size_t end, std::size_t halo, std::size_t n) {
  return {begin - std::min(begin, halo), end + std::min(n - end, halo)};
}

// The row of the index-th tile of a lower triangle, which come row by row: the largest r for which
// r * (r + 1) / 2 <= index.
std::size_t triangle_row(std::size_t index) {
  auto row = static_cast<std::size_t>((std::sqrt(8 * static_cast<double>(index) + 1) - 1) / 2);
  while (row * (row + 1) / 2 > index) --row;
  while ((row + 1) * (row + 2) / 2 <= index) ++row;
  return row;
}

}  // namespace

Slice Partition::slice(std::size_t index) const noexcept {
  if (bounds != nullptr) {
    // Kernels can reach the bounds: whatever is there now, a slice lies within the data, and is no longer
    // than there is room for its copy.
    Slice s;
    s.index = index;
    s.count = pieces;
    s.begin = std::min(bounds[index], n);
    s.end = std::clamp(bounds[index + 1], s.begin, std::min(n, s.begin + grain));
    s.outer = {s.begin, s.end};
    return s;
  }
  const std::size_t across = column_slices();
  std::size_t row = index / across, column = index % across;
  if (triangle != Triangle::none) {
    row = triangle_row(index);
    column = index - row * (row + 1) / 2;
    if (triangle == Triangle::upper) std::swap(row, column);
  }
  Slice s;
  s.index = index;
  s.count = size();
  s.begin = row * grain;
  s.end = s.begin + std::min(grain, n - s.begin);
  s.outer = widened(s.begin, s.end, halo, n);
  if (columns != 0) {
    s.columns.begin = column * column_grain;
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

Partition triangle_tiles(std::size_t n, std::size_t side, Partition::Triangle triangle) {
  Partition p = tiles(n, n, side, side);
  p.triangle = triangle;
  return p;
}

Partition cut(const Array<std::size_t>& bounds) {
  if (bounds.empty() || bounds[0] != 0 || !std::ranges::is_sorted(bounds.span()))
    throw InvalidArgument(
        "tine::cut: bounds begin with 0, ascend, and end with the number of units");
  Partition p;
  p.n = bounds[bounds.size() - 1];
  p.bounds = bounds.data();
  p.pieces = bounds.size() - 1;
  for (std::size_t i = 0; i < p.pieces; ++i) p.grain = std::max(p.grain, bounds[i + 1] - bounds[i]);
  return p;
}

}  // namespace tine
