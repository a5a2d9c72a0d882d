/// @file
/// The factorisation into an orthogonal and a triangular matrix.
#pragma once

#include <type_traits>

#include <tine/matrix/error.hpp>
#include <tine/matrix/operand.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::matrix {

/// a = q * r by Householder reflections, with r upper triangular; of float or double.
///
/// A task graph of columns of tiles that look back. Of a tall matrix, parts of the rows are factored
/// independently, and what they leave is joined in pairs (J. Demmel, L. Grigori, M. Hoemmen, J. Langou,
/// Communication-optimal parallel and sequential QR and LU factorizations, SIAM J. Sci. Comput. 34,
/// 2012). Cut by size alone: the same bits come out on any number of workers, whatever happens to them.
/// A task that fails every time ends the call, OnFailure::quarantine or not.
template <class T>
class Qr {
  static_assert(std::is_floating_point_v<T>, "Qr is for float and double");

 public:
  /// Factors `a`, m x n. It lies anywhere, in any order, and is copied: m * n elements in the arena, and
  /// a little. NaN and infinity spread.
  /// @throws OutOfMemory, and what run() of task_graph.hpp throws
  /// 2 n^2 (m - n / 3) operations where m >= n.
  template <OperandLike A>
  Qr(const PoolWith& on, const A& a) : Qr(on, Operand<const T>(operand(a)), Private{}) {}

  std::size_t rows() const { return factors_.extent(0); }
  std::size_t columns() const { return factors_.extent(1); }
  /// `r`, min(m, n) x n, with zeros below the diagonal.
  /// @throws as multiply_q()
  template <OperandLike R>
  Report r(const PoolWith& on, R&& r) const {
    return copy_r(on, operand(r));
  }
  /// c = q * c, or q.transpose() * c: c is m x k, or a vector of m.
  /// @throws InvalidArgument, OutOfMemory, and what run() of task_graph.hpp throws
  /// 4 m n k operations.
  template <OperandLike C>
  Report multiply_q(const PoolWith& on, C&& c, bool transposed = false) const {
    return apply(on, operand(c), transposed);
  }
  /// The first min(m, n) columns of q, or as many as `q` has, up to m.
  /// @throws as multiply_q()
  template <OperandLike Q>
  Report q(const PoolWith& on, Q&& q) const {
    return make_q(on, operand(q));
  }
  /// Of the factorisation.
  const Report& report() const { return report_; }

 private:
  struct Private {};
  Qr(const PoolWith& on, const Operand<const T>& a, Private);
  Report copy_r(const PoolWith& on, const Operand<T>& r) const;
  Report apply(const PoolWith& on, const Operand<T>& c, bool transposed) const;
  Report apply_in_place(const PoolWith& on, Array<T, 2>& c, bool transposed) const;
  Report make_q(const PoolWith& on, const Operand<T>& q) const;

  Array<T, 2> factors_;  // r above the diagonal tiles; the reflectors of the parts
  Array<T, 2> blocks_;   // of each panel and part, what its tile has no room for
  Report report_;
};
template <OperandLike A>
Qr(const PoolWith&, const A&) -> Qr<Scalar<A>>;
template <OperandLike A>
Qr(Pool&, const A&) -> Qr<Scalar<A>>;

}  // namespace tine::matrix
