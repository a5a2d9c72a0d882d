/// @file
/// Systems of linear equations.
#pragma once

#include <tine/matrix/cholesky.hpp>
#include <tine/matrix/lu.hpp>
#include <tine/matrix/qr.hpp>

namespace tine::matrix {

/// What is on the diagonal of a triangular matrix.
enum class Diagonal : std::uint8_t { stored, ones };

namespace detail {
template <class T>
Report solve_triangular(const PoolWith& on, const Operand<const T>& a, Part part, Diagonal diagonal,
                        const Operand<T>& b);
template <class T>
Report least_squares(const PoolWith& on, const Operand<const T>& a, const Operand<const T>& b,
                     const Operand<T>& x);
}  // namespace detail

/// x = inverse(a) * b by elimination with partial pivoting, see lu.hpp. `a` is n x n, `b` and `x` are
/// n x k or vectors of n.
/// @throws SingularMatrix
/// @throws InvalidArgument, OutOfMemory, and what run() of task_graph.hpp throws
template <OperandLike A, OperandLike B, OperandLike X>
Report solve(const PoolWith& on, const A& a, const B& b, X&& x) {
  const Lu<Scalar<X>> lu(on, a);
  Report report = lu.report();
  report.append(lu.solve(on, b, x));
  return report;
}

/// The same for a symmetric positive definite `a`, of which only `part` is read: half the work.
/// @throws NotPositiveDefinite, and as solve()
template <OperandLike A, OperandLike B, OperandLike X>
Report solve_positive_definite(const PoolWith& on, const A& a, const B& b, X&& x,
                               Part part = Part::lower) {
  const Cholesky<Scalar<X>> cholesky(on, a, part);
  Report report = cholesky.report();
  report.append(cholesky.solve(on, b, x));
  return report;
}

/// b = inverse(a) * b, where `a` is triangular: `part` of it, which is all that is read.
/// @throws SingularMatrix  a zero on its diagonal
/// @throws InvalidArgument, OutOfMemory, and what run() of task_graph.hpp throws
template <OperandLike A, OperandLike B>
Report solve_triangular(const PoolWith& on, const A& a, Part part, B&& b,
                        Diagonal diagonal = Diagonal::stored) {
  return detail::solve_triangular<Scalar<B>>(on, operand(a), part, diagonal, operand(b));
}

/// The x for which a * x is nearest to b: `a` is m x n, `b` is m x k and `x` n x k, or vectors. By QR, of
/// float or double. Where m < n there are many, and the shortest is found.
/// @throws SingularMatrix  columns (where m < n: rows) of `a` depend on each other, as far as its numbers
///                         can tell: an element on the diagonal of r is below max(m, n) * epsilon times
///                         the largest
/// @throws InvalidArgument, OutOfMemory, and what run() of task_graph.hpp throws
template <OperandLike A, OperandLike B, OperandLike X>
Report least_squares(const PoolWith& on, const A& a, const B& b, X&& x) {
  return detail::least_squares<Scalar<X>>(on, operand(a), operand(b), operand(x));
}

/// x = inverse(a). Solving is faster and more accurate than multiplying by it.
/// @throws as solve()
template <OperandLike A, OperandLike X>
Report inverse(const PoolWith& on, const A& a, X&& x) {
  const Lu<Scalar<X>> lu(on, a);
  Report report = lu.report();
  report.append(lu.inverse(on, x));
  return report;
}

/// See Determinant.
/// @throws InvalidArgument, OutOfMemory, and what run() of task_graph.hpp throws
template <OperandLike A>
Determinant<Scalar<A>> determinant(const PoolWith& on, const A& a) {
  return Lu<Scalar<A>>(on, a).determinant();
}

}  // namespace tine::matrix
