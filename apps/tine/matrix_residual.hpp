// How far a product is from what Eigen computes serially.
#pragma once

#include <random>

#include <Eigen/Core>

#include <tine/matrix/operand.hpp>

namespace tine::app {

template <class T>
auto eigen_map(const matrix::Operand<const T>& o) {
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  return Eigen::Map<const Matrix, Eigen::Unaligned, Stride>(
      o.data, static_cast<Eigen::Index>(o.rows), static_cast<Eigen::Index>(o.columns),
      Stride(static_cast<Eigen::Index>(o.row_stride), static_cast<Eigen::Index>(o.column_stride)));
}

/// The largest error of an element of c = alpha * a * b + beta * c0, as a multiple of the bound for sums of
/// k terms in any order (N. Higham, Accuracy and stability of numerical algorithms, 2nd ed., section 3.5):
/// up to 1 or so where all is right, on any machine. Large products are multiplied by a random vector
/// first (R. Freivalds, Probabilistic machines can use less running time, 1977).
///
/// @param c0  may be empty when beta is 0
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

}  // namespace tine::app
