// Compiled for this very machine: Eigen has another name here, so that it does not get mixed with Eigen
// for other instruction sets.
#define Eigen Eigen_of_the_peer
#include <Eigen/Core>

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

template struct EigenPeer<float>;
template struct EigenPeer<double>;

}  // namespace bench
