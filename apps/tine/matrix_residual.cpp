#include "matrix_residual.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <random>

#include <Eigen/Core>

namespace tine::app {

template <class T>
auto eigen_map(const matrix::Operand<const T>& o) {
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  return Eigen::Map<const Matrix, Eigen::Unaligned, Stride>(
      o.data, static_cast<Eigen::Index>(o.rows), static_cast<Eigen::Index>(o.columns),
      Stride(static_cast<Eigen::Index>(o.row_stride), static_cast<Eigen::Index>(o.column_stride)));
}

template <class T>
double product_residual(const matrix::Operand<const T>& a, const matrix::Operand<const T>& b,
                        const matrix::Operand<const T>& c0, const matrix::Operand<const T>& c,
                        T alpha, T beta) {
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  using Real = typename Eigen::NumTraits<T>::Real;
  if (c.empty()) return 0;
  const auto A = eigen_map(a), B = eigen_map(b), C = eigen_map(c);
  Matrix probe = Matrix::Identity(0, 0);
  const bool large = static_cast<double>(a.columns) * static_cast<double>(c.rows) *
                         static_cast<double>(c.columns) >
                     0x1p26;
  if (large) {
    std::mt19937 random(1);
    std::uniform_real_distribution<Real> number(Real(0.5), Real(1));
    probe.resize(B.cols(), 1);
    for (Eigen::Index i = 0; i < probe.size(); ++i)
      probe(i) = T(random() % 2 == 0 ? number(random) : -number(random));
  }
  const auto through = [&](const auto& m) { return large ? Matrix(m * probe) : Matrix(m); };
  const auto sizes = [&](const auto& m) -> Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic> {
    if (large) return m.cwiseAbs() * probe.cwiseAbs();
    return m.cwiseAbs();
  };
  Matrix expected = alpha * (A * through(B));
  Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic> scale =
      std::abs(alpha) * (A.cwiseAbs() * sizes(B));
  if (beta != T(0)) {
    expected += beta * through(eigen_map(c0));
    scale += std::abs(beta) * sizes(eigen_map(c0));
  }
  const Matrix got = through(C);
  const double unit = static_cast<double>(a.columns + (large ? c.columns : 0) + 2) *
                      static_cast<double>(std::numeric_limits<Real>::epsilon());
  double worst = 0;
  for (Eigen::Index i = 0; i < got.size(); ++i) {
    const T g = got.data()[i], e = expected.data()[i];
    if (g == e || (g != g && e != e)) continue;
    const double error = static_cast<double>(std::abs(g - e));
    const double allowed = unit * static_cast<double>(scale.data()[i]);
    // What is not finite on one side alone is wrong.
    worst = std::max(worst, std::isfinite(error) ? error / std::max(allowed, 1e-300)
                                                 : std::numeric_limits<double>::infinity());
  }
  return worst;
}

/// The greatest sum of absolute values in a column.
template <class M>
double norm1(const M& m) {
  return m.size() == 0 ? 0 : static_cast<double>(m.cwiseAbs().colwise().sum().maxCoeff());
}

/// A residual in units of epsilon times what it could be; 0 of 0.
template <class T>
double in_units(double residual, double unit) {
  using Real = typename Eigen::NumTraits<T>::Real;
  if (residual == 0) return 0;
  return residual / (unit * static_cast<double>(std::numeric_limits<Real>::epsilon()));
}

template <class T>
double solve_residual(const matrix::Operand<const T>& a, const matrix::Operand<const T>& x,
                      const matrix::Operand<const T>& b) {
  const auto A = eigen_map(a), X = eigen_map(x), B = eigen_map(b);
  return in_units<T>(norm1((B - A * X).eval()), norm1(A) * norm1(X));
}

template <class T>
double gradient_residual(const matrix::Operand<const T>& a, const matrix::Operand<const T>& x,
                         const matrix::Operand<const T>& b) {
  const auto A = eigen_map(a), X = eigen_map(x), B = eigen_map(b);
  const double n = static_cast<double>(std::max(a.rows, a.columns));
  return in_units<T>(norm1((A.adjoint() * (B - A * X).eval()).eval()), n * norm1(A) * norm1(B));
}

template <class T>
double inverse_residual(const matrix::Operand<const T>& a, const matrix::Operand<const T>& x) {
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  const auto A = eigen_map(a), X = eigen_map(x);
  return in_units<T>(norm1((A * X - Matrix::Identity(A.rows(), A.rows())).eval()),
                     static_cast<double>(a.rows) * norm1(A) * norm1(X));
}

template <class T>
double spectral_residual(const matrix::Operand<const T>& a, const matrix::Operand<const T>& u,
                         const matrix::Operand<const T>& values,
                         const matrix::Operand<const T>& v) {
  const auto A = eigen_map(a), U = eigen_map(u), V = eigen_map(v);
  const Eigen::Matrix<T, Eigen::Dynamic, 1> S = eigen_map(values).reshaped();
  const double n = static_cast<double>(std::max(a.rows, a.columns));
  return in_units<T>(norm1((A * V - U * S.asDiagonal()).eval()), n * norm1(A));
}

#define TINE_RESIDUALS(T)                                                                          \
  template double product_residual(                                                                \
      const matrix::Operand<const T>&, const matrix::Operand<const T>&,                            \
      const matrix::Operand<const T>&, const matrix::Operand<const T>&, T, T);                     \
  template double solve_residual(const matrix::Operand<const T>&, const matrix::Operand<const T>&, \
                                 const matrix::Operand<const T>&);                                 \
  template double inverse_residual(const matrix::Operand<const T>&,                                \
                                   const matrix::Operand<const T>&);
TINE_RESIDUALS(float)
TINE_RESIDUALS(double)
TINE_RESIDUALS(std::complex<float>)
TINE_RESIDUALS(std::complex<double>)
#undef TINE_RESIDUALS
#define TINE_REAL_RESIDUALS(T)                                          \
  template double gradient_residual(const matrix::Operand<const T>&,    \
                                    const matrix::Operand<const T>&,    \
                                    const matrix::Operand<const T>&);   \
  template double spectral_residual(                                    \
      const matrix::Operand<const T>&, const matrix::Operand<const T>&, \
      const matrix::Operand<const T>&, const matrix::Operand<const T>&);
TINE_REAL_RESIDUALS(float)
TINE_REAL_RESIDUALS(double)
#undef TINE_REAL_RESIDUALS

}  // namespace tine::app
