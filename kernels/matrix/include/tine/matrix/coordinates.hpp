/// @file
/// Sparse matrices in files as what they are there: entries with their places.
#pragma once

#include <tine/matrix/file.hpp>

namespace tine::matrix {

/// The entries of a MatrixMarket file in coordinate format, in the order of the file, places counted from
/// 0. The same place may occur again; then the elements add up.
struct Coordinates {
  /// Which entries stand for two: (r, c) also for (c, r), with the same value, its negative, or its
  /// conjugate. Those on the diagonal stand for one.
  enum class Symmetry : std::uint8_t { general, symmetric, skew, hermitian };

  std::size_t rows = 0, columns = 0;
  Symmetry symmetry = Symmetry::general;
  Array<std::uint64_t, 1> row, column;
  AnyMatrix values;  ///< a single column; of ones where the file has places alone (pattern)
};

/// Reads them in parallel. Throws FileError for a file that is not in coordinate format, and
/// as FileReader::read().
Coordinates read_coordinates(const PoolWith& on, const FileReader& file);

/// The dense matrix, row-major. Entries of the same place are added in their order.
AnyMatrix dense(const PoolWith& on, const Coordinates& entries);

}  // namespace tine::matrix
