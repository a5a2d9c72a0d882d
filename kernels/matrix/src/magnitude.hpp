// How large the elements of a matrix are, and whether all of them are numbers.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <tine/matrix/operand.hpp>

#include "jobs.hpp"

namespace tine::matrix {

/// The power of two by which a matrix is to be multiplied so that its largest element is about 1; nothing
/// overflows then, and nothing is lost.
///
/// @param part  what is looked at
/// @throws InvalidArgument  an element is infinite or not a number; says which, in the name of `function`
template <class T>
T scale_to_one(Jobs& jobs, const Operand<const T>& matrix, Part part, std::string_view function);

/// to = scale * from, for a row-major `to`, in squares of which one fits into an L1.
template <class T>
void copy_scaled(Jobs& jobs, const Operand<const T>& from, T scale, const View<T, 2>& to);

/// to = factor * from, for a column `to` of any step, in the arena or not.
template <class T>
void write_column(Jobs& jobs, const std::vector<double>& from, double factor, const Operand<T>& to);

/// A column of another matrix, or its opposite.
struct Column {
  std::size_t number;
  bool negative = false;
};

/// to(y, x) = from(y, order[x]), for a `to` of any order, in the arena or not.
template <class T>
void copy_columns(Jobs& jobs, const Array<T, 2>& from, const std::vector<Column>& order,
                  const Operand<T>& to);

}  // namespace tine::matrix
