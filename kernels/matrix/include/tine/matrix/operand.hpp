/// @file
/// What the functions of tine::matrix take: arrays, views, and Eigen's matrices, with any strides.
#pragma once

#include <cstddef>
#include <type_traits>

#include <Eigen/Core>

#include <tine/array.hpp>

namespace tine::matrix {

/// A matrix in memory that somebody else owns: of T, or of const T where it is only read. Strides are
/// counted in elements. Transposing one costs nothing.
template <class T>
struct Operand {
  using element_type = T;

  T* data = nullptr;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t row_stride = 0;     ///< from one row to the next
  std::size_t column_stride = 0;  ///< from one column to the next
  bool conjugate = false;         ///< what is meant is the complex conjugate

  Operand transposed() const { return {data, columns, rows, column_stride, row_stride, conjugate}; }
  bool empty() const { return rows == 0 || columns == 0; }
  /// Whether elements of a row are adjacent.
  bool row_major() const { return column_stride == 1 || columns <= 1; }
  /// Whether elements of a column are adjacent.
  bool column_major() const { return row_stride == 1 || rows <= 1; }

  operator Operand<const T>() const requires(!std::is_const_v<T>) {
    return {data, rows, columns, row_stride, column_stride, conjugate};
  }
};

/// An array of two dimensions; one of one dimension is a column.
template <class T>
Operand<T> operand(Array<T, 2>& a) {
  return {a.peek().data(), a.extent(0), a.extent(1), a.extent(1), 1};
}
template <class T>
Operand<const T> operand(const Array<T, 2>& a) {
  return {a.peek().data(), a.extent(0), a.extent(1), a.extent(1), 1};
}
template <class T>
Operand<T> operand(Array<T, 1>& a) {
  return {a.peek().data(), a.extent(0), 1, 1, 1};
}
template <class T>
Operand<const T> operand(const Array<T, 1>& a) {
  return {a.peek().data(), a.extent(0), 1, 1, 1};
}
template <class T>
Operand<T> operand(const View<T, 2>& v) {
  return {v.data(), v.extent(0), v.extent(1), v.stride(0), v.stride(1)};
}
template <class T>
Operand<T> operand(const View<T, 1>& v) {
  return {v.data(), v.extent(0), 1, v.stride(0), 1};
}
template <class T>
Operand<T> operand(const Operand<T>& o) {
  return o;
}

/// Eigen's matrices, maps, references, blocks and transposes: whatever lies in memory.
template <class X>
  requires requires(X& x) {
    x.data();
    x.rowStride();
    x.colStride();
  }
auto operand(X&& x) {
  return Operand<std::remove_reference_t<decltype(*x.data())>>{
      x.data(), static_cast<std::size_t>(x.rows()), static_cast<std::size_t>(x.cols()),
      static_cast<std::size_t>(x.rowStride()), static_cast<std::size_t>(x.colStride())};
}

/// `a.conjugate()` and `a.adjoint()`.
template <class T, class X>
auto operand(const Eigen::CwiseUnaryOp<Eigen::internal::scalar_conjugate_op<T>, X>& x) {
  auto result = operand(x.nestedExpression());
  result.conjugate = !result.conjugate;
  return result;
}

/// What can be an operand.
template <class X>
concept OperandLike = requires(X&& x) {
  operand(x);
};

/// The type of its elements.
template <OperandLike X>
using Scalar = std::remove_const_t<typename decltype(operand(
    std::declval<std::remove_reference_t<X>&>()))::element_type>;

}  // namespace tine::matrix
