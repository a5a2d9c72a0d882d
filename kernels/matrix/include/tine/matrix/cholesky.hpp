/// @file
/// The factorisation of symmetric positive definite matrices.
#pragma once

#include <type_traits>

#include <tine/matrix/error.hpp>
#include <tine/matrix/operand.hpp>
#include <tine/matrix/product.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::matrix {

/// a = l * l.transpose(), with l lower triangular; of float or double.
///
/// @code
/// const tine::matrix::Cholesky cholesky(pool, a);
/// cholesky.solve(pool, b, x);
/// @endcode
///
/// A task graph of tiles that look back (A. Buttari, J. Langou, J. Kurzak, J. Dongarra, A class of parallel
/// tiled linear algebra algorithms for multicore architectures, Parallel Computing 35, 2009). Tiles are
/// cut by size alone: the same bits come out on any number of workers, whatever happens to them.
/// A task that fails every time ends the call, OnFailure::quarantine or not.
template <class T>
class Cholesky {
  static_assert(std::is_floating_point_v<T>, "Cholesky is for float and double");

 public:
  /// Factors `a`, n x n, of which only the given part is read; Part::whole means the lower one. It lies
  /// anywhere, in any order, and is copied: n * n elements in the arena.
  /// @throws NotPositiveDefinite  with the first row of which that can be said; for NaN and infinity, too
  /// @throws InvalidArgument      it is not square
  /// @throws OutOfMemory, and what run() of task_graph.hpp throws
  /// n^3 / 3 operations.
  template <OperandLike A>
  Cholesky(const PoolWith& on, const A& a, Part part = Part::lower)
      : Cholesky(on, Operand<const T>(operand(a)), part, Private{}) {}

  std::size_t size() const { return factor_.extent(0); }
  /// l, with zeros above the diagonal.
  const Array<T, 2>& factor() const { return factor_; }
  /// The logarithm of the determinant, which itself would soon overflow.
  T log_determinant() const;
  /// x = inverse(a) * b; both are n x k, or vectors of n, and may be the same.
  /// @throws InvalidArgument, OutOfMemory, and what run() of task_graph.hpp throws
  /// 2 * n^2 * k operations.
  template <OperandLike B, OperandLike X>
  Report solve(const PoolWith& on, const B& b, X&& x) const {
    return solve_operands(on, operand(b), operand(x));
  }
  /// Of the factorisation.
  const Report& report() const { return report_; }

 private:
  struct Private {};
  Cholesky(const PoolWith& on, const Operand<const T>& a, Part part, Private);
  Report solve_operands(const PoolWith& on, const Operand<const T>& b, const Operand<T>& x) const;

  Array<T, 2> factor_;
  Report report_;
};
template <OperandLike A>
Cholesky(const PoolWith&, const A&, Part = Part::lower) -> Cholesky<Scalar<A>>;
template <OperandLike A>
Cholesky(Pool&, const A&, Part = Part::lower) -> Cholesky<Scalar<A>>;

}  // namespace tine::matrix
