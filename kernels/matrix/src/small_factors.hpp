// What factorisations do with the smallest pieces, where products do not pay yet.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tine/matrix/isa.hpp>

namespace tine::matrix {

/// The side of the smallest pieces.
inline constexpr std::size_t smallest = 32;
/// Columns of the narrowest panels.
inline constexpr std::size_t narrowest = 8;

/// For one element type and instruction set. Matrices lie in memory of their own.
template <class T>
struct SmallFactors {
  /// b = inverse(l) * b, where `l` is lower triangular, row-major, n x n, and `b` row-major, n x columns.
  /// With `unit` the diagonal is taken as ones, and not read.
  void (*solve)(const T* l, std::size_t l_stride, std::size_t n, bool unit, T* b,
                std::size_t stride, std::size_t columns);
  /// Makes the lower triangle of a real, row-major n x n matrix its Cholesky factor. Returns the first
  /// row that is not positive (n: none); what follows it is not changed.
  std::size_t (*cholesky)(T* a, std::size_t stride, std::size_t n);
  /// Factors a column-major panel by elimination with partial pivoting: row i was exchanged with row
  /// pivots[i] >= i. Returns the first column without a pivot (columns: none), which is passed over.
  std::size_t (*lu)(T* a, std::size_t stride, std::size_t rows, std::size_t columns,
                    std::uint32_t* pivots);
  /// Factors a real column-major panel by Householder reflections I - tau * v * v', whose v are left
  /// below the diagonal, their first element being one.
  void (*qr)(T* a, std::size_t stride, std::size_t rows, std::size_t columns, T* tau);
};

/// Made for float and double, and, without cholesky and qr, for their complexes.
template <class T>
SmallFactors<T> small_factors(Isa isa);

}  // namespace tine::matrix
