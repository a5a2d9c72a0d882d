/// @file
/// The factorisation of square matrices by elimination.
#pragma once

#include <complex>
#include <cstdint>
#include <optional>

#include <tine/matrix/error.hpp>
#include <tine/matrix/operand.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::matrix {

/// A determinant as its sign, or direction, and the logarithm of its absolute value: it itself soon
/// overflows.
template <class T>
struct Determinant {
  using Real = decltype(std::abs(T()));
  T sign;        ///< 1 or -1; of complex matrices a number of absolute value 1; 0 if it is singular
  Real log_abs;  ///< minus infinity if it is singular
  T value() const { return sign * std::exp(log_abs); }
};

/// p * a = l * u with partial pivoting: p exchanges rows, l is lower triangular with ones on its
/// diagonal, u upper triangular. Of float, double and their complexes.
///
/// A task graph of columns of tiles that look back; a panel is eliminated by halves of halves (S. Toledo,
/// Locality of reference in LU decomposition with partial pivoting, SIAM J. Matrix Anal. Appl. 18,
/// 1997). The same bits come out on any number of workers, whatever happens to them.
/// A task that fails every time ends the call, OnFailure::quarantine or not.
template <class T>
class Lu {
 public:
  /// Factors `a`, n x n. It lies anywhere, in any order, and is copied: n * n elements in the arena. A
  /// singular matrix is factored, too; NaN and infinity spread.
  /// @throws InvalidArgument  it is not square
  /// @throws OutOfMemory, and what run() of task_graph.hpp throws
  /// 2 n^3 / 3 operations.
  template <OperandLike A>
  Lu(const PoolWith& on, const A& a) : Lu(on, Operand<const T>(operand(a)), Private{}) {}

  std::size_t size() const { return factors_.extent(0); }
  /// u on and above the diagonal, l below it.
  const Array<T, 2>& factors() const { return factors_; }
  /// Row i of p * a is row permutation()[i] of a.
  std::vector<std::size_t> permutation() const;
  /// The first column that depends on those before it, exactly: its pivot is zero.
  std::optional<std::size_t> singular() const { return singular_; }
  Determinant<T> determinant() const;
  /// x = inverse(a) * b; both are n x k, or vectors of n, and may be the same.
  /// @throws SingularMatrix
  /// @throws InvalidArgument, OutOfMemory, and what run() of task_graph.hpp throws
  /// 2 * n^2 * k operations.
  template <OperandLike B, OperandLike X>
  Report solve(const PoolWith& on, const B& b, X&& x) const {
    return solve_operands(on, operand(b), operand(x));
  }
  /// x = inverse(a), n x n. Solving is faster and more accurate than multiplying by it.
  /// @throws as solve()
  template <OperandLike X>
  Report inverse(const PoolWith& on, X&& x) const {
    return invert(on, operand(x));
  }
  /// Of the factorisation.
  const Report& report() const { return report_; }

 private:
  struct Private {};
  Lu(const PoolWith& on, const Operand<const T>& a, Private);
  Report solve_operands(const PoolWith& on, const Operand<const T>& b, const Operand<T>& x) const;
  Report invert(const PoolWith& on, const Operand<T>& x) const;
  Report solve_in_place(const PoolWith& on, Array<T, 2>& x) const;

  Array<T, 2> factors_;
  Array<std::uint32_t> pivots_;  // rows that were exchanged, counted from the top of each panel
  std::optional<std::size_t> singular_;
  Report report_;
};
template <OperandLike A>
Lu(const PoolWith&, const A&) -> Lu<Scalar<A>>;
template <OperandLike A>
Lu(Pool&, const A&) -> Lu<Scalar<A>>;

}  // namespace tine::matrix
