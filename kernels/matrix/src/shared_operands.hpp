// Operands as what jobs take: views of shared memory whose rows are adjacent elements.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <tine/error.hpp>
#include <tine/matrix/operand.hpp>
#include <tine/pool.hpp>

namespace tine::matrix {

/// "3 x 4", for messages.
template <class T>
std::string shape(const Operand<T>& o) {
  return std::to_string(o.rows) + " x " + std::to_string(o.columns);
}

/// Of an operand that is row-major.
template <class T>
View<T, 2> view_of(const Operand<T>& o) {
  // A single row may come with any distance to a next one, and a single column with any step.
  const std::size_t row_stride = o.rows > 1 ? o.row_stride : o.columns;
  return {o.data, {o.rows, o.columns}, {row_stride, 1}};
}

/// Copies elements, one by one: for what is not in the arena, or in no order at all.
template <class T>
void copy(const Operand<const T>& from, const Operand<T>& to) {
  for (std::size_t y = 0; y < from.rows; ++y)
    for (std::size_t x = 0; x < from.columns; ++x)
      to.data[y * to.row_stride + x * to.column_stride] =
          from.data[y * from.row_stride + x * from.column_stride];
}

/// A matrix that jobs read: itself where it lies in the arena in one of the two orders, else a copy.
template <class T>
class SharedInput {
 public:
  SharedInput(Pool& pool, const Operand<const T>& matrix) : matrix_(matrix) {
    if (matrix.empty()) return;
    if ((matrix.row_major() || matrix.column_major()) && pool.arena()->contains(matrix.data))
      return;
    // In the order that it has, or is nearest to.
    const bool turn = matrix.column_stride > matrix.row_stride;
    const Operand<const T> from = turn ? matrix.transposed() : matrix;
    memory_ = pool.array<T>(from.rows, from.columns);
    memory_.data();  // settles it
    copy(from, operand(memory_));
    const Operand<const T> copied = operand(std::as_const(memory_));
    matrix_ = turn ? copied.transposed() : copied;
    matrix_.conjugate = matrix.conjugate;
  }

  const Operand<const T>& get() const { return matrix_; }
  /// Its elements as a view with adjacent elements in a row: of the transpose if it is column-major.
  View<const T, 2> view() const {
    return matrix_.row_major() ? view_of(matrix_) : view_of(matrix_.transposed());
  }

 private:
  Array<T, 2> memory_;
  Operand<const T> matrix_;
};

/// A row-major matrix that jobs write: itself where it lies in the arena, else an array that finish()
/// copies to it.
template <class T>
class SharedOutput {
 public:
  /// `reads`: whether jobs read what is in it.
  SharedOutput(Pool& pool, const Operand<T>& matrix, bool reads)
      : matrix_(matrix), shared_(matrix) {
    if (matrix.empty() || pool.arena()->contains(matrix.data)) return;
    memory_ = pool.array<T>(matrix.rows, matrix.columns);
    shared_ = operand(memory_);
    if (reads) {
      memory_.data();
      copy<T>(matrix_, shared_);
    }
  }

  View<T, 2> view() const { return view_of(shared_); }
  void finish() {
    if (!memory_.empty()) copy<T>(shared_, matrix_);
  }

 private:
  Array<T, 2> memory_;
  Operand<T> matrix_, shared_;
};

/// What a job's kernel needs to know beside the elements, for whole(): captures are searched for what may
/// be a pointer, and numbers may look like one.
template <class T>
Array<T, 1> share_one(Pool& pool, const T& value) {
  return pool.array_from(std::span<const T>(&value, 1));
}

[[noreturn]] inline void refuse(std::string_view function, const std::string& why) {
  throw InvalidArgument("tine::matrix::" + std::string(function) + ": " + why);
}

/// Throws unless it can be written to in place.
template <class T>
void check_output(const Operand<T>& c, std::string_view function) {
  if (c.conjugate) refuse(function, "the result is a conjugate; conjugate the factors instead");
  if (!c.row_major() && !c.column_major())
    refuse(function,
           "neither the rows nor the columns of the result are adjacent elements (strides " +
               std::to_string(c.row_stride) + " and " + std::to_string(c.column_stride) +
               "); compute into a matrix of its own, and copy that");
  const Operand<T> rows = c.row_major() ? c : c.transposed();
  if (rows.rows > 1 && rows.row_stride < rows.columns)
    refuse(function, "the rows of the result overlap each other");
}

}  // namespace tine::matrix
