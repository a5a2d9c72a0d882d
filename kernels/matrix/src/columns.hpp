// What reductions of a matrix to a few diagonals do once for every column: bound by memory.
#pragma once

#include <cstddef>

#include <tine/matrix/isa.hpp>

namespace tine::matrix {

/// For one element type and instruction set. Columns are `stride` elements apart, and their own elements
/// adjacent: the rows of a row-major matrix serve as the columns of its transpose.
template <class T>
struct Columns {
  /// y = y + alpha * columns * x, of `count` columns
  void (*add)(const T* columns, std::size_t stride, std::size_t rows, std::size_t count, const T* x,
              T alpha, T* y);
  /// y = columns' * x
  void (*dots)(const T* columns, std::size_t stride, std::size_t rows, std::size_t count,
               const T* x, T* y);
  /// What the rows [begin, end) of the lower part of a symmetric row-major matrix, and their mirror
  /// images, add to its product with x: y[0, end) is written.
  void (*symmetric)(const T* a, std::size_t stride, std::size_t begin, std::size_t end, const T* x,
                    T* y);
};

/// Those for an instruction set that this machine has. Made for float and double.
template <class T>
Columns<T> columns_for(Isa isa);

}  // namespace tine::matrix
