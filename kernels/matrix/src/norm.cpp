#include <tine/matrix/norm.hpp>

#include "reduce_lines.hpp"
#include "without_quarantine.hpp"

namespace tine::matrix::detail {

namespace {

template <class R>
struct Itself {
  R operator()(double x, double) const { return static_cast<R>(x); }
};
template <class R>
struct Root {
  template <class S>
  R operator()(const S& squares, double) const {
    return static_cast<R>(squares.root());
  }
};

// The greatest sum of absolute values in a row, or in a column.
template <class T>
Real<T> greatest_sum(const PoolWith& on, const Operand<const T>& a, Per per) {
  auto sums = on.pool.array<double>(per == Per::row ? a.rows : a.columns);
  JobSequence jobs(without_quarantine(on));
  jobs.run([&](const PoolWith& next) {
    return reduce_lines<SumOfMagnitudes<T>, Itself<double>>(next, a, per, operand(sums), 1);
  });
  double greatest = 0;
  for (const double sum : sums) greatest = Greatest<double>::step(greatest, sum);
  jobs.finish();
  return static_cast<Real<T>>(greatest);
}

}  // namespace

template <class T>
Real<T> norm(const PoolWith& on, Operand<const T> a, Norm which) {
  if (a.empty()) return 0;
  switch (which) {
    case Norm::one:
      return greatest_sum(on, a, Per::column);
    case Norm::infinity:
      return greatest_sum(on, a, Per::row);
    case Norm::max:
      return reduce_all<GreatestMagnitude<T>>(on, a);
    default:
      return static_cast<Real<T>>(reduce_all<Squares<T>>(on, a).root());
  }
}

template <class T>
Report norms(const PoolWith& on, Operand<const T> a, Norm which, Per per, Operand<Real<T>> result) {
  using R = Real<T>;
  result = result_per(a, per, result, "norms");
  if (result.empty()) return {};
  if (a.empty()) {
    for (std::size_t i = 0; i < result.rows; ++i) result.data[i * result.row_stride] = 0;
    return {};
  }
  switch (which) {
    case Norm::one:
      return reduce_lines<SumOfMagnitudes<T>, Itself<R>>(on, a, per, result, 1);
    case Norm::frobenius:
      return reduce_lines<Squares<T>, Root<R>>(on, a, per, result, 1);
    default:
      return reduce_lines<GreatestMagnitude<T>, Itself<R>>(on, a, per, result, 1);
  }
}

#define TINE_MATRIX_NORMS(T)                                      \
  template Real<T> norm(const PoolWith&, Operand<const T>, Norm); \
  template Report norms(const PoolWith&, Operand<const T>, Norm, Per, Operand<Real<T>>);
TINE_MATRIX_NORMS(float)
TINE_MATRIX_NORMS(double)
TINE_MATRIX_NORMS(std::complex<float>)
TINE_MATRIX_NORMS(std::complex<double>)
#undef TINE_MATRIX_NORMS

}  // namespace tine::matrix::detail
