/// @file
/// Norms of matrices and vectors.
#pragma once

#include <complex>
#include <cstdint>

#include <tine/matrix/operand.hpp>
#include <tine/matrix/per.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::matrix {

/// Those of LAPACK's lange. A vector is a column: `one` is the sum of its absolute values, `frobenius` its
/// Euclidean norm, `infinity` and `max` its greatest absolute value. A single row is a matrix, too:
/// transpose one that is meant as a vector, or ask for norms per row.
enum class Norm : std::uint8_t {
  one,        ///< the greatest sum of absolute values in a column
  frobenius,  ///< the root of the sum of squared absolute values: of a vector its 2-norm
  infinity,   ///< the greatest sum of absolute values in a row
  max,        ///< the greatest absolute value, which is no consistent norm
};

namespace detail {

template <class T>
using Real = typename Eigen::NumTraits<T>::Real;

template <class T>
Real<T> norm(const PoolWith& on, Operand<const T> a, Norm which);
template <class T>
Report norms(const PoolWith& on, Operand<const T> a, Norm which, Per per, Operand<Real<T>> result);

}  // namespace detail

/// A norm of a matrix of float, double or complex numbers of them; 0 where it has no elements, and NaN
/// where it holds one.
///
/// @code
/// const double length = tine::matrix::norm(pool, x);
/// const double size = tine::matrix::norm(pool, a, tine::matrix::Norm::one);
/// @endcode
///
/// Sums are those of statistics.hpp. Squares neither overflow nor underflow unless the norm itself does:
/// a block in which they might is scaled by a power of two (after J. Blue, A portable Fortran program to
/// find the Euclidean norm of a vector, TOMS 4, 1978). Every element is read from memory once.
///
/// @throws OutOfMemory  no room in the arena for what must be copied
/// @throws what for_each_slice() throws
template <OperandLike A>
detail::Real<Scalar<A>> norm(const PoolWith& on, const A& a, Norm which = Norm::frobenius) {
  return detail::norm<Scalar<A>>(on, operand(a), which);
}

/// result(i) = the norm of row i, or of column i, each as a vector.
///
/// @param result  as many real numbers as `a` has rows, or columns; it must not overlap `a`
/// @throws InvalidArgument  shapes that do not fit
/// @throws as norm()
template <OperandLike A, OperandLike R>
Report norms(const PoolWith& on, const A& a, Per per, R&& result, Norm which = Norm::frobenius) {
  return detail::norms<Scalar<A>>(on, operand(a), which, per, operand(result));
}

}  // namespace tine::matrix
