// Matrices to test with, and how a result is judged.
#pragma once

#include <complex>
#include <limits>
#include <random>

#include <gtest/gtest.h>
#include <Eigen/Core>
#include <tine/matrix/operand.hpp>

namespace tine::matrix {

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The same for the same arguments, between -1 and 1.
template <class T>
Matrix<T> random_matrix(std::size_t rows, std::size_t columns, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> number(-1, 1);
  Matrix<T> m(rows, columns);
  for (Eigen::Index i = 0; i < m.size(); ++i) {
    if constexpr (Eigen::NumTraits<T>::IsComplex)
      m.data()[i] =
          T(typename T::value_type(number(random)), typename T::value_type(number(random)));
    else
      m.data()[i] = static_cast<T>(number(random));
  }
  return m;
}

/// Of real numbers: the distance from one to the next.
template <class T>
double epsilon() {
  return std::numeric_limits<typename Eigen::NumTraits<T>::Real>::epsilon();
}

/// Whether every element of `got` is within (k + 2) * epsilon * what the sum of the absolute values
/// would be, `scale`: the bound for a product with sums of k terms in any order (N. Higham, Accuracy
/// and stability of numerical algorithms, 2nd ed., section 3.5).
template <class G, class E, class S>
testing::AssertionResult near(const G& got, const E& expected, const S& scale, std::size_t k) {
  if (got.rows() != expected.rows() || got.cols() != expected.cols())
    return testing::AssertionFailure() << "another shape";
  const double unit = static_cast<double>(k + 2) * epsilon<typename G::Scalar>() * 2;
  for (Eigen::Index y = 0; y < got.rows(); ++y)
    for (Eigen::Index x = 0; x < got.cols(); ++x) {
      const double error = static_cast<double>(std::abs(got(y, x) - expected(y, x)));
      if (!(error <= unit * static_cast<double>(std::abs(scale(y, x)))))
        return testing::AssertionFailure()
               << "(" << y << ", " << x << ") is " << got(y, x) << " instead of " << expected(y, x);
    }
  return testing::AssertionSuccess();
}

template <class T>
bool same_bits(const Matrix<T>& a, const Matrix<T>& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         (a.size() == 0 ||
          std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(T)) == 0);
}

/// A matrix in the arena of a pool, row-major, with some elements between rows.
template <class T>
class SharedMatrix {
 public:
  SharedMatrix(Pool& pool, const Matrix<T>& m, std::size_t apart = 0)
      : memory_(pool.array<T>(m.rows(), static_cast<std::size_t>(m.cols()) + apart)),
        rows_(m.rows()),
        columns_(m.cols()) {
    map() = m;
  }
  auto map() {
    return Eigen::Map<Matrix<T>, Eigen::Unaligned, Eigen::OuterStride<>>(
        memory_.data(), rows_, columns_,
        Eigen::OuterStride<>(static_cast<Eigen::Index>(memory_.extent(1))));
  }

 private:
  Array<T, 2> memory_;
  Eigen::Index rows_, columns_;
};

}  // namespace tine::matrix
