// Matrices that are changed on the way, in arrays of their own.
#pragma once

#include <tine/job_sequence.hpp>
#include <tine/matrix/operand.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

#include "without_quarantine.hpp"

namespace tine::matrix {

/// Copies a matrix that lies anywhere, in any order, to the first rows of an array.
template <class T>
Report load(const PoolWith& on, const Operand<const T>& from, Array<T, 2>& to);
/// Copies the first rows of an array to a matrix that lies anywhere.
template <class T>
Report store(const PoolWith& on, const Array<T, 2>& from, const Operand<T>& to);

/// Calls change(next, copy) for a copy of `from`, which then becomes `to`: for what is computed in place, of
/// matrices that lie anywhere and may be the same.
template <class T, class F>
Report change_copy(const PoolWith& on, const Operand<const T>& from, const Operand<T>& to,
                   F change) {
  auto copy = on.pool.array<T>(from.rows, from.columns);
  JobSequence jobs(without_quarantine(on));
  jobs.run([&](const PoolWith& next) { return load<T>(next, from, copy); });
  jobs.run([&](const PoolWith& next) { return change(next, copy); });
  jobs.run([&](const PoolWith& next) { return store<T>(next, copy, to); });
  return jobs.finish();
}

/// A column of n elements where a row is given for a vector.
template <class T>
Operand<T> column(const Operand<T>& vector, std::size_t n) {
  return vector.rows == 1 && vector.columns == n ? vector.transposed() : vector;
}

}  // namespace tine::matrix
