/// @file
/// The softmax of rows or columns, and its logarithm.
#pragma once

#include <type_traits>

#include <tine/matrix/operand.hpp>
#include <tine/matrix/per.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::matrix {

namespace detail {

template <class T>
Report softmax(const PoolWith& on, Operand<const T> a, Per per, Operand<T> result, bool logarithm);

template <class A, class R>
Report softmax_of(const PoolWith& on, const A& a, Per per, R&& result, bool logarithm) {
  static_assert(std::is_same_v<Scalar<A>, Scalar<R>> && std::is_floating_point_v<Scalar<A>>,
                "the matrix and the result have elements of one type: float or double");
  return softmax<Scalar<A>>(on, operand(a), per, operand(result), logarithm);
}

}  // namespace detail

/// result(i, j) = exp(a(i, j)) over the sum of the exponentials in row i, or in column j.
///
/// @code
/// tine::matrix::softmax(pool, scores, tine::matrix::Per::row, probabilities);
/// @endcode
///
/// @param result  as many rows and columns as `a`; its rows or its columns must be adjacent elements. It
///                must not overlap `a`. In another order than `a` has, `a` is copied first.
/// @throws InvalidArgument  shapes that do not fit, a `result` that cannot be written to
/// @throws OutOfMemory      no room in the arena for what must be copied
/// @throws what for_each_slice() throws
///
/// The greatest number is subtracted first, so that nothing overflows: exp(0) is the largest that there
/// is. Of minus infinity comes 0, and of what is so far below the greatest that its exponential is denormal; a row or column that holds NaN or infinity, or nothing but minus
/// infinity, becomes NaN. Each is right to about |a(i, j) - greatest| + 4 units in the last place. Two
/// exponentials for each element; rows of up to 256 KiB are read once.
template <OperandLike A, OperandLike R>
Report softmax(const PoolWith& on, const A& a, Per per, R&& result) {
  return detail::softmax_of(on, a, per, result, false);
}

/// The logarithm of softmax(), which also has digits where that is 0: a(i, j) less the logarithm of the
/// sum of the exponentials.
template <OperandLike A, OperandLike R>
Report log_softmax(const PoolWith& on, const A& a, Per per, R&& result) {
  return detail::softmax_of(on, a, per, result, true);
}

}  // namespace tine::matrix
