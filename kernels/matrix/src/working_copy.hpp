// Matrices that are changed on the way, in arrays of their own.
#pragma once

#include <tine/matrix/operand.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::matrix {

/// Copies a matrix that lies anywhere, in any order, to the first rows of an array.
template <class T>
Report load(const PoolWith& on, const Operand<const T>& from, Array<T, 2>& to);
/// Copies the first rows of an array to a matrix that lies anywhere.
template <class T>
Report store(const PoolWith& on, const Array<T, 2>& from, const Operand<T>& to);

/// A column of n elements where a row is given for a vector.
template <class T>
Operand<T> column(const Operand<T>& vector, std::size_t n) {
  return vector.rows == 1 && vector.columns == n ? vector.transposed() : vector;
}

}  // namespace tine::matrix
