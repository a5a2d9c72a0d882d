// What is computed on one tile, and how each instruction set does it.
#pragma once

#include <complex>
#include <cstddef>

#include <tine/matrix/isa.hpp>

namespace tine::matrix {

/// A matrix in memory of which the rows, or else the columns, are adjacent elements.
template <class T>
struct Tile {
  const T* data;
  std::ptrdiff_t rows, columns;
  std::ptrdiff_t stride;  ///< elements from one row to the next, or from one column to the next
  bool row_major;
  bool conjugate = false;  ///< what is meant is the complex conjugate
};

/// The products, for one element type. Where `beta` is 0, what was in `c` is not read.
template <class T>
struct TileKernels {
  /// c = alpha * a * b + beta * c, with c row-major.
  void (*gemm)(const Tile<T>& a, const Tile<T>& b, T alpha, T beta, T* c, std::ptrdiff_t stride);
  /// The same for the lower triangle of a square c only; the rest is not touched.
  void (*lower_gemm)(const Tile<T>& a, const Tile<T>& b, T alpha, T beta, T* c,
                     std::ptrdiff_t stride);
};

/// Those for an instruction set that this machine has. Made for float, double and their complexes.
template <class T>
const TileKernels<T>& tile_kernels(Isa isa);

}  // namespace tine::matrix
