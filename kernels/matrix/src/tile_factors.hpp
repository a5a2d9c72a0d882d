// Factorisations of one tile or panel, in one process: halves of halves, down to pieces so small that
// products do not pay, so that nearly all of the work is products.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tine/matrix/operand.hpp>

#include "small_factors.hpp"
#include "tile_product.hpp"

namespace tine::matrix {

/// Some rows and columns of it.
template <class T>
Operand<T> part(const Operand<T>& a, std::size_t row, std::size_t rows, std::size_t column,
                std::size_t columns) {
  Operand<T> result = a;
  result.data += row * a.row_stride + column * a.column_stride;
  result.rows = rows;
  result.columns = columns;
  return result;
}

/// What is computed with, for one element type.
template <class T>
struct TileKernels {
  explicit TileKernels(Isa isa) : product(tile_product<T>(isa)), small(small_factors<T>(isa)) {}

  TileProduct<T>& product;
  SmallFactors<T> small;
};

/// c += alpha * a * b, with beta 0: c = alpha * a * b. Operands are row-major or column-major.
template <class T>
void multiply(const TileKernels<T>& with, T alpha, const Operand<const T>& a,
              const Operand<const T>& b, const Operand<T>& c, T beta = T(1));

/// The lower triangle of a row-major c += alpha * a * a'; nothing of what is above it is read or written.
template <class T>
void multiply_lower(const TileKernels<T>& with, T alpha, const Operand<const T>& a,
                    const Operand<T>& c);

enum class Triangle : std::uint8_t { lower, unit_lower, upper, unit_upper };

/// b = inverse(a) * b, where `a` is triangular. Whatever is on the other side of the diagonal, and with
/// a unit diagonal the diagonal, is not read.
template <class T>
void solve_triangle(const TileKernels<T>& with, Triangle triangle, const Operand<const T>& a,
                    const Operand<T>& b);

/// The lower triangle of a real, row-major `a` becomes its Cholesky factor. Returns the first row that is not
/// positive; a.rows: none.
template <class T>
std::size_t cholesky(const TileKernels<T>& with, const Operand<T>& a);

/// Exchanges row i with row pivots[i] for i in [0, count), in this order.
template <class T>
void exchange_rows(const Operand<T>& a, const std::uint32_t* pivots, std::size_t count);

/// A column-major panel becomes the factors of its elimination with partial pivoting. Returns the first
/// column without a pivot; a.columns: none.
template <class T>
std::size_t lu(const TileKernels<T>& with, const Operand<T>& a, std::uint32_t* pivots);

/// A real column-major panel becomes r on and above the diagonal, and below it the reflectors v of
/// Q = I - V * t * V' (R. Schreiber, C. Van Loan, A storage-efficient WY representation for products of
/// Householder transformations, 1989). `t` is row-major, as many rows and columns as `a` has columns.
template <class T>
void qr(const TileKernels<T>& with, const Operand<T>& a, const Operand<T>& t);

/// c = Q' * c, or Q * c, where `v` holds the reflectors as qr() leaves them.
template <class T>
void reflect(const TileKernels<T>& with, const Operand<const T>& v, const Operand<const T>& t,
             const Operand<T>& c, bool transposed);

}  // namespace tine::matrix
