/// @file
/// The transpose of a matrix, in memory.
#pragma once

#include <tine/matrix/operand.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::matrix {

namespace detail {

/// Of elements of 1, 2, 4, 8 or 16 bytes; strides are counted in elements.
Report transpose(const PoolWith& on, const Operand<const std::byte>& a, const Operand<std::byte>& b,
                 std::size_t element_bytes);

}  // namespace detail

/// b = a.transpose(), in the workers of a pool; or a copy in the other order, when `a` is row-major
/// and `b` column-major. Products and solvers need it never, as they take transposes as they are.
///
/// @code
/// tine::matrix::transpose(pool, a, b);
/// @endcode
///
/// @param a  rows x columns, of numbers of 1, 2, 4, 8 or 16 bytes, in any order
/// @param b  columns x rows, of the same type; its rows or its columns must be adjacent elements.
///           Must not overlap `a`.
/// @throws InvalidArgument  shapes that do not fit, a `b` that cannot be written to
/// @throws OutOfMemory      no room in the arena for what must be copied
/// @throws what for_each_slice() throws
///
/// Reads and writes every element once, in blocks of 64 bytes.
template <OperandLike A, OperandLike B>
Report transpose(const PoolWith& on, const A& a, B&& b) {
  using T = Scalar<B>;
  static_assert(std::is_same_v<Scalar<A>, T>, "a matrix and its transpose are of the same type");
  static_assert(sizeof(T) <= 16 && (sizeof(T) & (sizeof(T) - 1)) == 0);
  const auto bytes = []<class E>(const Operand<E>& o) {
    using Byte = std::conditional_t<std::is_const_v<E>, const std::byte, std::byte>;
    return Operand<Byte>{reinterpret_cast<Byte*>(o.data),
                         o.rows,
                         o.columns,
                         o.row_stride,
                         o.column_stride,
                         o.conjugate};
  };
  return detail::transpose(on, bytes(operand(a)), bytes(operand(b)), sizeof(T));
}

}  // namespace tine::matrix
