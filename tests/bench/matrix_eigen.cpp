// Compiled for this very machine: Eigen has another name here, so that it does not get mixed with Eigen
// for other instruction sets.
#define Eigen Eigen_of_the_peer
#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/QR>
#include <Eigen/SVD>

#include "matrix_peers.hpp"

namespace bench {

namespace {

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

template <class T>
Eigen::Map<const Matrix<T>> in(const T* data, int n) {
  return {data, n, n};
}
template <class T>
Eigen::Map<Matrix<T>> out(T* data, int n) {
  return {data, n, n};
}

}  // namespace

template <class T>
void EigenPeer<T>::gemm(const Square<T>& m, int threads) {
  Eigen::setNbThreads(threads);
  out(m.c, m.n).noalias() = in(m.a, m.n) * in(m.b, m.n);
}

template <class T>
void EigenPeer<T>::syrk(const Square<T>& m, int threads) {
  Eigen::setNbThreads(threads);
  out(m.c, m.n).template triangularView<Eigen::Lower>() = in(m.a, m.n) * in(m.a, m.n).transpose();
}

template <class T>
void EigenPeer<T>::gemv(const Square<T>& m, int threads) {
  Eigen::setNbThreads(threads);
  Eigen::Map<Vector<T>>(m.c, m.n).noalias() = in(m.a, m.n) * Eigen::Map<const Vector<T>>(m.b, m.n);
}

template <class T>
void EigenPeer<T>::transpose(const Square<T>& m, int threads) {
  Eigen::setNbThreads(threads);
  out(m.c, m.n) = in(m.a, m.n).transpose();
}

template <class T>
void EigenPeer<T>::statistic(const std::string& work, const Square<T>& m) {
  const auto a = in(m.a, m.n);
  Eigen::Map<Vector<T>> result(m.c, m.n);
  if (work == "sum-row") result = a.rowwise().sum();
  if (work == "sum-column") result = a.colwise().sum().transpose();
  if (work == "max-row") result = a.rowwise().maxCoeff();
  if (work == "argmax-column")
    for (Eigen::Index x = 0; x < m.n; ++x) {
      Eigen::Index y = 0;
      a.col(x).maxCoeff(&y);
      m.c[x] = static_cast<T>(y);
    }
  if (work == "variance-column") {
    const Eigen::Matrix<T, 1, Eigen::Dynamic> mean = a.colwise().mean();
    result = (a.rowwise() - mean).colwise().squaredNorm().transpose() / static_cast<T>(m.n);
  }
  if (work == "norm") m.c[0] = a.norm();
  if (work == "dot") m.c[0] = a.cwiseProduct(in(m.b, m.n)).sum();
  if (work == "axpy") out(m.c, m.n) += T(0.5) * a;
  if (work == "softmax-row")
    for (Eigen::Index y = 0; y < m.n; ++y) {
      out(m.c, m.n).row(y) = (a.row(y).array() - a.row(y).maxCoeff()).exp();
      out(m.c, m.n).row(y) /= out(m.c, m.n).row(y).sum();
    }
  if (work == "cumulative_sum-column") {
    out(m.c, m.n).row(0) = a.row(0);
    for (Eigen::Index y = 1; y < m.n; ++y)
      out(m.c, m.n).row(y) = out(m.c, m.n).row(y - 1) + a.row(y);
  }
  if (work == "covariance") {
    const Matrix<T> centred = a.rowwise() - a.colwise().mean();
    out(m.c, m.n).noalias() = centred.transpose() * centred / static_cast<T>(m.n - 1);
  }
  if (work == "distances") {
    const Matrix<T> points = a.leftCols(64);
    for (Eigen::Index y = 0; y < m.n; ++y)
      out(m.c, m.n).row(y) = (points.rowwise() - points.row(y)).rowwise().norm().transpose();
  }
}

// As Eigen has it, by columns.
template <class T>
using ByColumns = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

template <class T>
void EigenPeer<T>::cholesky(const Square<T>& m, int threads) {
  Eigen::setNbThreads(threads);
  Eigen::Map<ByColumns<T>> c(m.c, m.n, m.n);
  c = Eigen::Map<const ByColumns<T>>(m.a, m.n, m.n);
  const Eigen::LLT<Eigen::Ref<ByColumns<T>>, Eigen::Upper> in_place(c);
}

template <class T>
void EigenPeer<T>::lu(const Square<T>& m, int threads) {
  Eigen::setNbThreads(threads);
  Eigen::Map<ByColumns<T>> c(m.c, m.n, m.n);
  c = Eigen::Map<const ByColumns<T>>(m.b, m.n, m.n);
  const Eigen::PartialPivLU<Eigen::Ref<ByColumns<T>>> in_place(c);
}

template <class T>
void EigenPeer<T>::qr(const Square<T>& m, int threads) {
  Eigen::setNbThreads(threads);
  Eigen::Map<ByColumns<T>> c(m.c, m.n, m.n);
  c = Eigen::Map<const ByColumns<T>>(m.b, m.n, m.n);
  const Eigen::HouseholderQR<Eigen::Ref<ByColumns<T>>> in_place(c);
}

template struct EigenPeer<float>;
template struct EigenPeer<double>;

namespace {

Eigen::Map<const Matrix<double>> in(const Tall& m) {
  return {m.a, m.rows, m.columns};
}
Eigen::Map<Eigen::VectorXd> values(const Tall& m) {
  return {m.values, m.k};
}

Eigen::MatrixXd orthonormal(const Eigen::MatrixXd& y) {
  Eigen::MatrixXd q = Eigen::MatrixXd::Identity(y.rows(), y.cols());
  q.applyOnTheLeft(Eigen::HouseholderQR<Eigen::MatrixXd>(y).householderQ());
  return q;
}

}  // namespace

void EigenSpectra::eigh(const Tall& m, int threads) {
  Eigen::setNbThreads(threads);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(in(m));
  values(m) = solver.eigenvalues();
}

void EigenSpectra::svd(const Tall& m, int threads) {
  Eigen::setNbThreads(threads);
  const Eigen::BDCSVD<Eigen::MatrixXd> solver(in(m), Eigen::ComputeThinU | Eigen::ComputeThinV);
  values(m) = solver.singularValues();
}

void EigenSpectra::randomized_svd(const Tall& m, int threads) {
  Eigen::setNbThreads(threads);
  const auto a = in(m);
  Eigen::MatrixXd left = orthonormal(a * Eigen::MatrixXd::Random(m.columns, m.k + 10));
  for (int i = 0; i < 2; ++i) left = orthonormal(a * orthonormal(a.transpose() * left));
  const Eigen::MatrixXd inside = left.transpose() * a;
  const Eigen::BDCSVD<Eigen::MatrixXd> solver(inside, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::MatrixXd u = left * solver.matrixU();
  values(m) = solver.singularValues().head(m.k);
}

void EigenSpectra::pca(const Tall& m, int threads) {
  Eigen::setNbThreads(threads);
  const Matrix<double> centred = in(m).rowwise() - in(m).colwise().mean();
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(m.columns, m.columns);
  covariance.selfadjointView<Eigen::Lower>().rankUpdate(centred.transpose(), 1.0 / (m.rows - 1));
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
  values(m) = solver.eigenvalues().reverse().head(m.k);
  const Matrix<double> scores = centred * solver.eigenvectors().rightCols(m.k);
}

}  // namespace bench
