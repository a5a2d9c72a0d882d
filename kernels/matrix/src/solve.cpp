#include <tine/matrix/solve.hpp>

#include <cmath>
#include <limits>

#include <tine/job_sequence.hpp>

#include "shared_operands.hpp"
#include "triangular.hpp"
#include "without_quarantine.hpp"
#include "working_copy.hpp"

namespace tine::matrix::detail {

namespace {

template <class T>
void check_shapes(std::string_view function, const Operand<const T>& a, const Operand<const T>& b,
                  const Operand<T>& x) {
  if (b.rows != a.rows || x.rows != a.columns || b.columns != x.columns)
    refuse(function, "the matrix is " + shape(a) + ", the right side " + shape(b) +
                         " and the result " + shape(x) + ", but should be m x n, m x k and n x k");
}

}  // namespace

template <class T>
Report solve_triangular(const PoolWith& on, const Operand<const T>& a, Part part, Diagonal diagonal,
                        const Operand<T>& given) {
  const Operand<T> b = column(given, a.rows);
  check_shapes<T>("solve_triangular", a, b, b);
  if (a.rows != a.columns)
    refuse("solve_triangular", "the matrix is " + shape(a) + ", but should be square");
  if (part == Part::whole)
    refuse("solve_triangular", "say which part of the matrix is meant: Part::lower or Part::upper");
  if (b.empty()) return {};
  for (std::size_t i = 0; i < a.rows && diagonal == Diagonal::stored; ++i)
    if (a.data[i * (a.row_stride + a.column_stride)] == T(0))
      throw SingularMatrix("tine::matrix::solve_triangular: the matrix is singular: element " +
                               std::to_string(i) + " on its diagonal is zero",
                           i);
  const bool upper = part == Part::upper;
  const Triangle triangle = diagonal == Diagonal::ones
                                ? (upper ? Triangle::unit_upper : Triangle::unit_lower)
                                : (upper ? Triangle::upper : Triangle::lower);
  JobSequence jobs(without_quarantine(on));
  Array<T, 2> conjugated;
  if (a.conjugate) {
    conjugated = on.pool.array<T>(a.rows, a.columns);
    jobs.run([&](const PoolWith& next) { return load<T>(next, a, conjugated); });
  }
  const SharedInput<T> matrix(on.pool, a.conjugate ? operand(std::as_const(conjugated)) : a);
  jobs.run([&](const PoolWith& next) {
    return change_copy<T>(next, b, b, [&](const PoolWith& each, Array<T, 2>& work) {
      return solve_in_place<T>(each, triangle, matrix.view(), !matrix.get().row_major(),
                               work.peek());
    });
  });
  return jobs.finish();
}

template <class T>
Report least_squares(const PoolWith& on, const Operand<const T>& a, const Operand<const T>& given,
                     const Operand<T>& wanted) {
  const Operand<const T> b = column(given, a.rows);
  const Operand<T> x = column(wanted, a.columns);
  check_shapes("least_squares", a, b, x);
  if (x.empty()) return {};
  const bool wide = a.rows < a.columns;
  JobSequence jobs(without_quarantine(on));
  // Of a wide matrix the transpose: a = r' * q', so x = q * inverse(r') * b.
  const Qr<T> qr(on, wide ? a.transposed() : a);
  const std::size_t n = qr.columns();
  auto r = on.pool.array<T>(n, n);
  jobs.run([&](const PoolWith& next) { return qr.r(next, r); });
  T largest = 0;
  for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(r(i, i)));
  const T least = largest * std::numeric_limits<T>::epsilon() * static_cast<T>(qr.rows());
  for (std::size_t i = 0; i < n; ++i)
    if (std::abs(r(i, i)) <= least)
      throw SingularMatrix(
          "tine::matrix::least_squares: the matrix has not full rank: " +
              std::string(wide ? "row " : "column ") + std::to_string(i) +
              " depends on those before it; its pseudoinverse, by svd(), tells more",
          i);
  auto work = on.pool.array<T>(qr.rows(), b.columns);
  const View<T, 2> top = work.view().part(0, 0, n);
  jobs.run([&](const PoolWith& next) { return load<T>(next, b, work); });
  if (!wide) jobs.run([&](const PoolWith& next) { return qr.multiply_q(next, work, true); });
  jobs.run([&](const PoolWith& next) {
    return solve_in_place<T>(next, wide ? Triangle::lower : Triangle::upper,
                             std::as_const(r).peek(), wide, top);
  });
  if (wide) jobs.run([&](const PoolWith& next) { return qr.multiply_q(next, work); });
  jobs.run([&](const PoolWith& next) { return store<T>(next, work, x); });
  Report report = qr.report();
  report.append(jobs.finish());
  return report;
}

#define TINE_SOLVE(T)                                                                        \
  template Report solve_triangular(const PoolWith&, const Operand<const T>&, Part, Diagonal, \
                                   const Operand<T>&);
TINE_SOLVE(float)
TINE_SOLVE(double)
TINE_SOLVE(std::complex<float>)
TINE_SOLVE(std::complex<double>)
#undef TINE_SOLVE
template Report least_squares(const PoolWith&, const Operand<const float>&,
                              const Operand<const float>&, const Operand<float>&);
template Report least_squares(const PoolWith&, const Operand<const double>&,
                              const Operand<const double>&, const Operand<double>&);

}  // namespace tine::matrix::detail
