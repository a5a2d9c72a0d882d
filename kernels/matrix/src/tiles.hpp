// Matrices cut into square tiles, for task graphs.
#pragma once

#include <algorithm>
#include <cstddef>

#include <tine/partition.hpp>
#include <tine/view.hpp>

#include "tile_factors.hpp"

namespace tine::matrix {

/// The part of [0, n) with this number, when parts are `side` long.
inline Range tile_range(std::size_t n, std::size_t side, std::size_t number) {
  return {std::min(n, number * side), std::min(n, (number + 1) * side)};
}
inline std::size_t tile_count(std::size_t n, std::size_t side) {
  return (n + side - 1) / side;
}

/// A row-major matrix as tiles.
template <class T>
struct Tiles {
  View<T, 2> matrix;
  std::size_t side;

  std::size_t down() const { return tile_count(matrix.extent(0), side); }
  std::size_t across() const { return tile_count(matrix.extent(1), side); }
  Range rows(std::size_t i) const { return tile_range(matrix.extent(0), side, i); }
  Range columns(std::size_t j) const { return tile_range(matrix.extent(1), side, j); }

  View<T, 2> region(const Range& rows, const Range& columns) const {
    return matrix.part(0, rows.begin, rows.size()).part(1, columns.begin, columns.size());
  }
  /// A block of a graph.
  View<T, 2> operator()(std::size_t i, std::size_t j) const { return region(rows(i), columns(j)); }
};

}  // namespace tine::matrix
