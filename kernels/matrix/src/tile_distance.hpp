// Distances of some points from some others.
#pragma once

#include <cstddef>

#include <tine/matrix/distance.hpp>
#include <tine/matrix/isa.hpp>

namespace tine::matrix {

/// Points as rows with any strides; each coordinate is divided by the point's length where there are
/// lengths.
template <class T>
struct Points {
  const T* data;
  std::size_t count, row_stride, column_stride;
  const T* lengths = nullptr;
};

/// So many points at most are in a tile, and so many of their coordinates are looked at at a time.
inline constexpr std::size_t most_points = 256, most_coordinates = 256;
/// Numbers in the memory that a tile needs, aligned to 64 bytes.
inline constexpr std::size_t tile_memory = 2 * (most_points + 64) * most_coordinates;

/// to(i, j) = the distance between x(i) and y(j).
template <class T>
using TileDistance = void(Metric metric, const Points<T>& x, const Points<T>& y,
                          std::size_t dimensions, T* to, std::size_t stride, T* memory);

template <class T>
TileDistance<T>& tile_distance(Isa isa);

}  // namespace tine::matrix
