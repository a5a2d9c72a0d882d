/// @file
/// How a job is cut into slices. Boundaries come from the size of the data alone, never from the
/// number of workers: that is why results have the same bits on any number of them.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tine/array.hpp>

namespace tine {

/// Half-open range of indices.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
  constexpr std::size_t size() const noexcept { return end - begin; }
  friend constexpr bool operator==(const Range&, const Range&) = default;
};

/// One piece of a partition: what one call of a kernel works on. `begin` and `end` count along the
/// first dimension: elements of a vector, rows of an image.
struct Slice {
  std::size_t index = 0;  ///< 0 ... count - 1
  std::size_t count = 0;  ///< slices in the partition
  std::size_t begin = 0;
  std::size_t end = 0;
  Range outer;          ///< [begin, end) widened by the halo, clipped to the data: what `in` sees
  Range columns;        ///< for tiles(): the columns; otherwise empty
  Range outer_columns;  ///< for tiles(): the columns widened by the halo
  constexpr std::size_t size() const noexcept { return end - begin; }
};

/// A cut of `n` units along the first dimension (and `columns` along the second, for tiles).
/// Trivially copyable; slice(i) is O(1).
struct Partition {
  /// Which tiles of a square there are.
  enum class Triangle : std::uint8_t { none, lower, upper };

  std::size_t n = 0;             ///< units along the first dimension
  std::size_t grain = 1;         ///< units in a slice; the last, and those of cut(), may be shorter
  std::size_t halo = 0;          ///< units that `in` arguments see beyond each end
  std::size_t columns = 0;       ///< extent of the second dimension; 0: it is not cut
  std::size_t column_grain = 0;  ///< columns in a tile
  Triangle triangle = Triangle::none;  ///< for tiles: all of them, or those up to the diagonal
  const std::size_t* bounds =
      nullptr;             ///< for cut(): where each slice begins, and the last one ends
  std::size_t pieces = 0;  ///< for cut(): how many there are

  constexpr std::size_t size() const noexcept {  ///< number of slices
    if (bounds != nullptr) return pieces;
    if (n == 0) return 0;
    return triangle == Triangle::none ? row_slices() * column_slices()
                                      : row_slices() * (row_slices() + 1) / 2;
  }
  Slice slice(std::size_t index) const noexcept;

 private:
  constexpr std::size_t row_slices() const noexcept { return (n - 1) / grain + 1; }
  constexpr std::size_t column_slices() const noexcept {
    return columns == 0 ? 1 : (columns - 1) / column_grain + 1;
  }
};

/// `n` units, `grain` of them in a slice. Grain 0 chooses: about 128 slices, each at most 256 KiB
/// when a unit has `unit_bytes` bytes.
Partition slices(std::size_t n, std::size_t grain = 0, std::size_t unit_bytes = 8);

/// `n` rows of `row_bytes` bytes in full-width bands of `grain` rows, where `in` arguments see
/// `halo` more rows above and below (fewer at the edges of the image). Grain 0 chooses: bands of
/// about 256 KiB, at least four times the halo.
Partition rows(std::size_t n, std::size_t row_bytes, std::size_t halo, std::size_t grain);

/// The rows of an image, matrix or volume.
template <class T, std::size_t N>
Partition rows(const View<T, N>& view, std::size_t halo = 0, std::size_t grain = 0) {
  std::size_t row_bytes = sizeof(T);
  for (std::size_t d = 1; d < N; ++d) row_bytes *= view.extent(d);
  return rows(view.extent(0), row_bytes, halo, grain);
}
template <class T, std::size_t N>
Partition rows(const Array<T, N>& array, std::size_t halo = 0, std::size_t grain = 0) {
  return rows(array.peek(), halo, grain);
}

/// Tiles of `tile_rows` x `tile_columns`, in row-major order, each seen with `halo` more rows and
/// columns on every side by `in` arguments. Throws InvalidArgument when a tile side is 0, or when the
/// number of tiles overflows.
Partition tiles(std::size_t rows, std::size_t columns, std::size_t tile_rows,
                std::size_t tile_columns, std::size_t halo = 0);

/// The tiles of n rows and n columns that touch the diagonal or lie below it (or above it), for
/// symmetric matrices and pairs. Tiles are squares of `side`.
Partition triangle_tiles(std::size_t n, std::size_t side, Partition::Triangle triangle);

/// Slices of unequal length, for units that differ in the work they make: slice i is
/// [bounds[i], bounds[i + 1]), which may be empty. `bounds` lies in the arena of the pool, where the
/// workers look it up, and must not change while it is in use; choose them by the data alone.
///
/// @throws InvalidArgument  `bounds` is empty, does not begin with 0, or descends
Partition cut(const Array<std::size_t>& bounds);

template <class T, std::size_t N>
  requires(N >= 2)
Partition tiles(const Array<T, N>& array, std::size_t tile_rows, std::size_t tile_columns,
                std::size_t halo = 0) {
  return tiles(array.extent(0), array.extent(1), tile_rows, tile_columns, halo);
}

}  // namespace tine
