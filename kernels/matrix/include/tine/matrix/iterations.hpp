/// @file
/// Iterations for large linear systems and for the largest eigenvalue: what needs products of a matrix with
/// vectors, and nothing else of the matrix. It may be sparse (Csr), a stencil on a grid, or dense.
///
/// Each iteration is one to three jobs, in which products, updates of vectors and their sums are fused;
/// a worker that dies costs a slice of one of them. Small systems (some thousand rows, one slice) are
/// left to one worker by conjugate_gradient(), with many iterations in a job. The policy holds for all
/// of it: its `stop` ends the iteration with Cancelled, its deadline is for the whole, its progress
/// counts slices; what throws leaves the result as it was.
///
/// Sums are made slice by slice, in double precision, and added in the order of slices: the same bits come
/// out on any number of workers, whatever happens to them. What does not work out is no exception but
/// told in the result; exceptions are for misuse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <variant>

#include <tine/matrix/operand.hpp>
#include <tine/matrix/sparse.hpp>
#include <tine/matrix/stencil.hpp>

namespace tine::matrix {

/// Why an iteration has ended.
enum class Ending : std::uint8_t {
  converged,
  iteration_limit,        ///< after IterationOptions::most_iterations
  not_positive_definite,  ///< for conjugate_gradient(): some p' * a * p, or an element on the
                          ///< diagonal, is not above zero
  zero_diagonal,          ///< for jacobi(): it divides by the diagonal
  not_finite,             ///< NaN or infinity came in, or the iteration has diverged
  stagnated,  ///< rounding keeps the residual from falling further: the tolerance is too small
              ///< for this matrix, or it is singular
};

/// "converged", "the matrix is not positive definite", ...
std::string_view to_string(Ending ending) noexcept;

struct IterationOptions {
  /// How small the residual shall be: ||b - a * x|| <= tolerance * ||b||, or for eigenvalues
  /// ||a * v - lambda * v|| <= tolerance * |lambda|. 0: the square root of T's epsilon, 1.5e-8 for double.
  double tolerance = 0;
  std::size_t most_iterations = 1000;
  /// For conjugate_gradient(): divide by the diagonal first (Jacobi's preconditioner). Of a stencil, which
  /// has the same diagonal everywhere, that changes nothing, and is left out.
  bool preconditioned = false;
};

/// How an iteration went.
struct Iterated {
  Ending ending = Ending::converged;
  std::size_t iterations = 0;
  /// Relative, as for IterationOptions::tolerance; computed anew at the end, from the result. NaN when
  /// ||b|| is not finite.
  double residual = 0;
  Report report;  ///< of all jobs together

  bool converged() const noexcept { return ending == Ending::converged; }
};

/// How the power iteration went.
struct IteratedEigenpair : Iterated {
  double eigenvalue = 0;
};

namespace detail {

/// A matrix that can be multiplied with vectors; holds no element.
template <class T>
using LinearOperator =
    std::variant<const Csr<T>*, const Stencil<T, 2>*, const Stencil<T, 3>*, Operand<const T>>;
template <class T>
LinearOperator<T> linear_operator(const Csr<T>& a) {
  return &a;
}
template <class T, std::size_t N>
LinearOperator<T> linear_operator(const Stencil<T, N>& a) {
  return &a;
}
template <OperandLike A>
LinearOperator<Scalar<A>> linear_operator(const A& a) {
  return Operand<const Scalar<A>>(operand(a));
}

template <class T>
Iterated conjugate_gradient(const PoolWith& on, const LinearOperator<T>& a, Operand<const T> b,
                            Operand<T> x, const IterationOptions& options);
template <class T>
Iterated jacobi(const PoolWith& on, const LinearOperator<T>& a, Operand<const T> b, Operand<T> x,
                const IterationOptions& options);
template <class T>
IteratedEigenpair power_iteration(const PoolWith& on, const LinearOperator<T>& a, Operand<T> v,
                                  const IterationOptions& options);

}  // namespace detail

/// Solves a * x = b for a symmetric positive definite matrix with the method of conjugate gradients
/// (M. Hestenes and E. Stiefel, Methods of conjugate gradients for solving linear systems, J. Res. NBS
/// 49, 1952).
///
/// @code
/// const auto how = tine::matrix::conjugate_gradient(pool, a, b, x, {.tolerance = 1e-10});
/// if (!how.converged()) std::cerr << to_string(how.ending) << '\n';
/// @endcode
///
/// @param a  a Csr, a Stencil, or a dense matrix; all of it is read, and it is taken to be symmetric
/// @param b  right-hand side: an array of one dimension, a vector of Eigen, or a grid for a Stencil
/// @param x  in: where to begin, zeros when nothing is known; out: the solution, or where the iteration
///           has ended
/// @throws InvalidArgument  shapes that do not fit, a negative tolerance
/// @throws OutOfMemory      no room for seven vectors beside b and x
/// @throws what for_each_slice() throws
///
/// When the residual that the iteration carries along has become small enough, the true one is computed;
/// where that is larger, the iteration begins anew from there. A matrix that is not positive
/// definite is found out in many cases, not in all.
template <class A, class B, class X>
Iterated conjugate_gradient(const PoolWith& on, const A& a, const B& b, X&& x,
                            const IterationOptions& options = {}) {
  return detail::conjugate_gradient<detail::CellOf<X>>(on, detail::linear_operator(a),
                                                       detail::cells(b), detail::cells(x), options);
}

/// Solves a * x = b with Jacobi's iteration x = x + (b - a * x) / diagonal(a), which converges when the
/// matrix is diagonally dominant, say (Y. Saad, Iterative methods for sparse linear systems, 2nd ed.,
/// section 4.1). For a Stencil the divisor is `centre` in every row; several sweeps are made in one
/// pass, as by jacobi_sweeps(), and only the last of them is judged.
///
/// @param a  need not be symmetric
/// @param b, x, @throws  as for conjugate_gradient(); three vectors
template <class A, class B, class X>
Iterated jacobi(const PoolWith& on, const A& a, const B& b, X&& x,
                const IterationOptions& options = {}) {
  return detail::jacobi<detail::CellOf<X>>(on, detail::linear_operator(a), detail::cells(b),
                                           detail::cells(x), options);
}

/// The eigenvalue of largest absolute value and its vector, a * v = lambda * v, with the power iteration
/// (R. von Mises and H. Pollaczek-Geiringer, Praktische Verfahren der Gleichungsaufloesung, ZAMM 9, 1929).
/// It needs a matrix for which that is one real number: eigenvalues c and -c, or a complex pair, end at
/// the iteration limit. The closer the next one is, the longer it takes.
///
/// @param a  square; need not be symmetric
/// @param v  in: where to begin, or zeros, which stand for a fixed vector of arbitrary numbers; out: the
///           eigenvector, of length 1
/// @throws   as conjugate_gradient(); two vectors
template <class A, class V>
IteratedEigenpair power_iteration(const PoolWith& on, const A& a, V&& v,
                                  const IterationOptions& options = {}) {
  return detail::power_iteration<detail::CellOf<V>>(on, detail::linear_operator(a),
                                                    detail::cells(v), options);
}

}  // namespace tine::matrix
