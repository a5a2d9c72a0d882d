// For what makes a matrix from another of the same shape.
#pragma once

#include <optional>

#include <tine/matrix/transpose.hpp>

#include "reduce_lines.hpp"

namespace tine::matrix {

template <class T>
void check_same_shape(const Operand<const T>& a, const Operand<T>& result,
                      std::string_view function) {
  if (a.rows != result.rows || a.columns != result.columns)
    refuse(function, "the matrix is " + shape(a) + ", but the result is " + shape(result));
  check_output(result, function);
}

/// Input and output of jobs, row by row in the order of the output: an input in the other order is copied
/// by a job.
template <class T>
class SameOrder {
 public:
  SameOrder(JobSequence& jobs, Pool& pool, Operand<const T> a, Operand<T> result)
      : row_major_(result.row_major()),
        result_(pool, row_major_ ? result : result.transposed(), false) {
    if (!row_major_) a = a.transposed();
    if (!a.row_major()) {
      turned_ = pool.array<T>(a.rows, a.columns);
      jobs.run([&](const PoolWith& next) {
        return matrix::transpose(next, a, operand(turned_).transposed());
      });
      a = operand(std::as_const(turned_));
    }
    input_.emplace(pool, a);
  }

  /// Whether rows of the views are rows of the matrices.
  bool row_major() const { return row_major_; }
  View<const T, 2> input() const { return view_of(input_->get()); }
  View<T, 2> output() const { return result_.view(); }
  void finish() { result_.finish(); }

 private:
  bool row_major_;
  SharedOutput<T> result_;
  Array<T, 2> turned_;
  std::optional<SharedInput<T>> input_;
};

/// The tiles of lines in the matrix itself.
inline Partition matrix_tiles(const Lines& lines) {
  return lines.rows ? tiles(lines.count, lines.length, lines.grain, lines.part_length)
                    : tiles(lines.length, lines.count, lines.part_length, lines.grain);
}

}  // namespace tine::matrix
