/// @file
/// Sparse matrices in shared memory, in compressed rows, and their products with vectors.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <type_traits>

#include <tine/matrix/operand.hpp>
#include <tine/partition.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::matrix {

/// An element of a sparse matrix, and where it is; both counted from 0.
template <class T>
struct Triplet {
  std::size_t row = 0;
  std::size_t column = 0;
  T value{};
};

namespace detail {

/// How products with a matrix in compressed rows are cut: into slices of about the same number of
/// non-zeros. A row that is longer than a slice is one by itself, and its sum is made in parts first.
struct RowCut {
  Array<std::size_t> bounds;      ///< the rows of each slice
  Array<Range> parts;             ///< of long rows: ranges of non-zeros
  Array<std::size_t> first_part;  ///< of each slice, and the number of parts
};

}  // namespace detail

/// What Eigen::SparseMatrix has in common with its maps, of either order.
template <class X>
concept EigenSparse = requires(const X& x) {
  x.outerIndexPtr();
  x.innerIndexPtr();
  x.valuePtr();
  x.innerNonZeroPtr();
  { X::IsRowMajor } -> std::convertible_to<bool>;
};

/// A matrix in compressed sparse rows: the values of the non-zeros row by row, their columns, and where
/// each row begins (Y. Saad, Iterative methods for sparse linear systems, 2nd ed., section 3.4). T is
/// float or double.
///
/// @code
/// const tine::matrix::Csr<double> a(pool, 3, 3, {{0, 0, 4.0}, {0, 1, -1.0}, {2, 2, 4.0}});
/// tine::matrix::spmv(pool, a, x, y);
/// @endcode
///
/// The columns of a row ascend, and no two are the same; what is stored may be zero. Row offsets have
/// 64 bits, so there may be any number of non-zeros. Column indices have 32, with a sign: products
/// are bound by memory, where an index is a third of a non-zero instead of half of it, and Eigen and
/// scipy use the same by default. So there are at most 2^31 - 1 columns.
///
/// Owns its arrays, lives in the arena of a pool, and does not change. Move-only.
template <class T>
class Csr {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "sparse matrices are of float or double");

 public:
  using element_type = T;
  using Index = std::int32_t;
  static constexpr std::size_t most_columns = std::numeric_limits<Index>::max();

  /// 0 x 0, without arena.
  Csr() = default;

  /// From elements in any order. Those at the same place are added up, in the order in which they come.
  ///
  /// @throws InvalidArgument  an element outside the matrix, more columns than `most_columns`
  /// @throws OutOfMemory      no room in the arena
  ///
  /// Takes, beside the result, 16 bytes for each triplet; O(triplets * log(longest row) + rows).
  Csr(Pool& pool, std::size_t rows, std::size_t columns, std::span<const Triplet<T>> triplets);
  Csr(Pool& pool, std::size_t rows, std::size_t columns, std::initializer_list<Triplet<T>> triplets)
      : Csr(pool, rows, columns, std::span<const Triplet<T>>(triplets.begin(), triplets.size())) {}

  /// From compressed rows, which are copied.
  ///
  /// @param row_offsets     rows + 1 of them, from 0 to the number of non-zeros
  /// @param column_indices  of each non-zero
  /// @throws InvalidArgument  offsets that descend or do not end with the number of non-zeros; columns
  ///                          that do not ascend in their row, or outside the matrix
  /// @throws OutOfMemory      no room in the arena
  Csr(Pool& pool, std::size_t rows, std::size_t columns, std::span<const std::uint64_t> row_offsets,
      std::span<const Index> column_indices, std::span<const T> values);

  /// From an Eigen::SparseMatrix or a Map of one, of either order, compressed or not.
  ///
  /// @throws InvalidArgument  as above
  template <EigenSparse X>
  Csr(Pool& pool, const X& matrix);

  /// The elements of a dense matrix that are not zero; NaN is not.
  template <OperandLike X>
  static Csr from_dense(Pool& pool, const X& matrix) {
    static_assert(std::is_same_v<Scalar<X>, T>);
    return from_operand(pool, operand(matrix));
  }

  std::size_t rows() const noexcept { return offsets_.empty() ? 0 : offsets_.size() - 1; }
  std::size_t columns() const noexcept { return columns_; }
  std::size_t nonzeros() const noexcept { return values_.size(); }

  std::span<const std::uint64_t> row_offsets() const noexcept { return offsets_.span(); }
  std::span<const Index> column_indices() const noexcept { return indices_.span(); }
  std::span<const T> values() const noexcept { return values_.span(); }

  /// Every element, in an array of the same pool.
  Array<T, 2> to_dense(Pool& pool) const;
  /// In time and memory linear in what it has.
  Csr transposed(Pool& pool) const;

  const detail::RowCut& row_cut() const noexcept { return cut_; }

 private:
  static Csr from_operand(Pool& pool, const Operand<const T>& matrix);
  void allocate(Pool& pool, std::size_t rows, std::size_t columns, std::size_t nonzeros);
  void validate() const;
  void make_cut(Pool& pool);

  std::size_t columns_ = 0;
  Array<std::uint64_t> offsets_;
  Array<Index> indices_;
  Array<T> values_;
  detail::RowCut cut_;
};

template <class T>
template <EigenSparse X>
Csr<T>::Csr(Pool& pool, const X& matrix) {
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(*matrix.valuePtr())>, T>,
                "the elements of both are of one type");
  const auto outer = static_cast<std::size_t>(X::IsRowMajor ? matrix.rows() : matrix.cols());
  const auto inner = static_cast<std::size_t>(X::IsRowMajor ? matrix.cols() : matrix.rows());
  const auto* const begins = matrix.outerIndexPtr();
  const auto* const counts = matrix.innerNonZeroPtr();
  const auto count = [&](std::size_t i) {
    return static_cast<std::size_t>(counts != nullptr ? counts[i] : begins[i + 1] - begins[i]);
  };
  std::size_t nonzeros = 0;
  for (std::size_t i = 0; i < outer; ++i) nonzeros += count(i);
  allocate(pool, outer, inner, nonzeros);
  std::uint64_t next = 0;
  for (std::size_t i = 0; i < outer; ++i) {
    const auto begin = static_cast<std::size_t>(begins[i]);
    for (std::size_t k = begin; k < begin + count(i); ++k, ++next) {
      indices_.data()[next] = static_cast<Index>(matrix.innerIndexPtr()[k]);
      values_.data()[next] = matrix.valuePtr()[k];
    }
    offsets_.data()[i + 1] = next;
  }
  validate();
  if constexpr (X::IsRowMajor)
    make_cut(pool);
  else
    *this = transposed(pool);
}

extern template class Csr<float>;
extern template class Csr<double>;

namespace detail {

template <class T>
Report spmv(const PoolWith& on, const Csr<T>& a, Operand<const T> x, Operand<T> y, T alpha, T beta);

}  // namespace detail

/// y = alpha * a * x + beta * y
///
/// @param x  as many elements as `a` has columns: an array of one dimension or a vector of Eigen
/// @param y  as many elements as `a` has rows; adjacent in memory. With beta 0 it is only written. It
///           must not overlap x.
/// @throws InvalidArgument  shapes that do not fit, a `y` that cannot be written to
/// @throws OutOfMemory      no room in the arena for what must be copied: what does not lie in it
/// @throws what for_each_slice() throws
///
/// Bound by memory: 12 bytes for a non-zero of doubles, 8 of floats. Slices have as many non-zeros each,
/// by the matrix alone: the same bits come out on any number of workers.
template <class T, OperandLike X, OperandLike Y>
Report spmv(const PoolWith& on, const Csr<T>& a, const X& x, Y&& y,
            std::type_identity_t<T> alpha = 1, std::type_identity_t<T> beta = 0) {
  static_assert(std::is_same_v<Scalar<X>, T> && std::is_same_v<Scalar<Y>, T>,
                "matrix and vectors have elements of one type");
  return detail::spmv<T>(on, a, operand(x), operand(y), alpha, beta);
}

}  // namespace tine::matrix
