// eigh by the ratios of LAPACK's tests, and against spectra that are known.
#include <tine/matrix/eigh.hpp>

#include <algorithm>
#include <limits>

#include <gmock/gmock.h>
#include <tine/error.hpp>

#include "matrix_spectral_test.hpp"

namespace tine::matrix {

namespace {

class MatrixEigh : public tine_test::NothingLeftBehind {};

template <class T>
class MatrixEighOf : public tine_test::NothingLeftBehind {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(MatrixEighOf, Reals);

template <class T>
struct Found {
  Matrix<T> values, vectors;
};

template <class T>
Found<T> eigh_of(Pool& pool, const Matrix<T>& a, Part part = Part::lower) {
  const auto n = static_cast<std::size_t>(a.rows());
  SharedMatrix<T> in(pool, a, 1), vectors(pool, Matrix<T>::Constant(a.rows(), a.rows(), 7), 2);
  auto values = pool.array<T>(n);
  eigh(pool, in.map(), values, vectors.map(), part);
  return {Eigen::Map<Matrix<T>>(values.data(), a.rows(), 1), vectors.map()};
}

template <class T>
void expect_eigen(const Matrix<T>& a, const Found<T>& found) {
  const Matrix<double> v = found.vectors.template cast<double>(), d = a.template cast<double>();
  const Matrix<double> l = found.values.template cast<double>();
  ASSERT_LT(distance<T>(d, v * l.col(0).asDiagonal() * v.transpose()), lapack_bound);
  ASSERT_LT(orthogonality(found.vectors), lapack_bound);
  ASSERT_TRUE(std::is_sorted(found.values.data(), found.values.data() + found.values.size()));
}

template <class T>
Matrix<T> symmetric(std::size_t n, const Spectrum& spectrum) {
  const Matrix<double> q = random_orthonormal(n, n, 3);
  Eigen::VectorXd values(n);
  for (std::size_t i = 0; i < n; ++i) values(static_cast<Eigen::Index>(i)) = spectrum.value(i, n);
  const Matrix<double> a = q * values.asDiagonal() * q.transpose();
  return ((a + a.transpose()) / 2).template cast<T>();
}

TYPED_TEST(MatrixEighOf, known_spectra_come_out_with_the_same_bits_on_any_number_of_workers) {
  using T = TypeParam;
  auto pools = pools_of_all_sizes();
  for (const std::size_t n : {1, 2, 63, 64, 65, 150})
    for (const Spectrum& spectrum : spectra()) {
      SCOPED_TRACE(testing::Message() << n << " x " << n << ", " << spectrum.name);
      const Matrix<T> a = symmetric<T>(n, spectrum);
      std::vector<double> expected;
      for (std::size_t i = 0; i < n; ++i) expected.push_back(spectrum.value(i, n));
      std::ranges::sort(expected);
      Found<T> first;
      for (Pool& pool : pools) {
        const Found<T> found = eigh_of(pool, a);
        if (pool.workers() == 1) {
          first = found;
          expect_eigen(a, found);
          for (std::size_t i = 0; i < n; ++i)
            ASSERT_NEAR(static_cast<double>(found.values(static_cast<Eigen::Index>(i), 0)),
                        expected[i], static_cast<double>(n + 5) * 5 * epsilon<T>());
          auto values = pool.array<T>(n);
          eigh(pool, a, values);
          for (std::size_t i = 0; i < n; ++i)
            ASSERT_NEAR(static_cast<double>(values[i]), expected[i],
                        static_cast<double>(n + 5) * 5 * epsilon<T>())
                << "values only";
        }
        ASSERT_TRUE(same_bits(found.values, first.values)) << pool.workers() << " workers";
        ASSERT_TRUE(same_bits(found.vectors, first.vectors)) << pool.workers() << " workers";
      }
    }
}

TYPED_TEST(MatrixEighOf, random_matrices_of_many_blocks) {
  using T = TypeParam;
  auto pools = pools_of_all_sizes();
  const Matrix<T> r = random_matrix<T>(300, 300), a = r + r.transpose();
  Found<T> first;
  for (Pool& pool : pools) {
    const Found<T> found = eigh_of(pool, a);
    if (pool.workers() == 1) first = found;
    ASSERT_TRUE(same_bits(found.values, first.values) && same_bits(found.vectors, first.vectors))
        << pool.workers() << " workers";
  }
  expect_eigen(a, first);
}

TEST_F(MatrixEigh, a_large_matrix) {
  Pool pool({.workers = 2});
  const Matrix<double> r = random_matrix<double>(1000, 1000), a = r + r.transpose();
  expect_eigen(a, eigh_of(pool, a));
}

// Matrices that need little or nothing, whose eigenvectors are easily lost.
TYPED_TEST(MatrixEighOf, diagonal_tridiagonal_and_structured_matrices) {
  using T = TypeParam;
  Pool pool({.workers = 2});
  for (const Eigen::Index n : {2, 65, 200}) {
    Matrix<T> diagonal = Matrix<T>::Zero(n, n), second = diagonal, wilkinson = diagonal;
    for (Eigen::Index i = 0; i < n; ++i) {
      diagonal(i, i) = static_cast<T>((i * 37) % n);
      second(i, i) = 2;
      wilkinson(i, i) =
          static_cast<T>(std::abs(2 * i - n + 1)) / 2;  // pairs that are nearly the same
      if (i + 1 < n) second(i, i + 1) = second(i + 1, i) = -1;
      if (i + 1 < n) wilkinson(i, i + 1) = wilkinson(i + 1, i) = 1;
    }
    const Matrix<T> ones = Matrix<T>::Ones(n, n);
    Matrix<T> graded = random_matrix<T>(n, n, 4);
    for (Eigen::Index y = 0; y < n; ++y)
      for (Eigen::Index x = 0; x <= y; ++x)
        graded(x, y) = graded(y, x) *=
            static_cast<T>(std::pow(10, -12.0 * double(x + y) / double(n)));
    Matrix<T> backwards = graded.reverse();
    for (const Matrix<T>& a : {diagonal, second, wilkinson, ones, graded, backwards}) {
      SCOPED_TRACE(testing::Message() << n << " x " << n);
      expect_eigen(a, eigh_of(pool, a));
    }
    // Eigenvalues of the second difference: 2 - 2 cos(pi k / (n + 1)).
    const Found<T> found = eigh_of(pool, second);
    for (Eigen::Index k = 0; k < n; ++k)
      EXPECT_NEAR(double(found.values(k, 0)),
                  2 - 2 * std::cos(M_PI * double(k + 1) / double(n + 1)),
                  double(n) * 10 * epsilon<T>());
  }
}

TYPED_TEST(MatrixEighOf, huge_and_tiny_elements_are_no_matter) {
  using T = TypeParam;
  Pool pool({.workers = 2});
  const Matrix<T> r = random_matrix<T>(100, 100), a = r + r.transpose();
  const Found<T> plain = eigh_of(pool, a);
  for (const int exponent :
       {std::numeric_limits<T>::max_exponent - 10, std::numeric_limits<T>::min_exponent + 40}) {
    const T factor = std::ldexp(T(1), exponent);
    const Found<T> found = eigh_of(pool, Matrix<T>(factor * a));
    EXPECT_TRUE(same_bits(found.vectors, plain.vectors));
    EXPECT_TRUE(same_bits(found.values, Matrix<T>(factor * plain.values)));
  }
}

TEST_F(MatrixEigh, one_part_is_read_in_any_order_and_from_anywhere) {
  Pool pool({.workers = 2});
  for (const Eigen::Index n : {30, 100}) {
    const Matrix<double> r = random_matrix<double>(n, n), a = r + r.transpose();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    Matrix<double> lower = a, upper = a;
    lower.triangularView<Eigen::StrictlyUpper>().setConstant(nan);
    upper.triangularView<Eigen::StrictlyLower>().setConstant(nan);
    const Found<double> expected = eigh_of(pool, a);
    const auto same = [&](const Found<double>& found) {
      return same_bits(found.vectors, expected.vectors) && same_bits(found.values, expected.values);
    };
    EXPECT_TRUE(same(eigh_of(pool, lower)));
    EXPECT_TRUE(same(eigh_of(pool, upper, Part::upper)));
    // Column-major, outside of the arena, with steps.
    Eigen::MatrixXd columns = upper, vectors(n, n);
    Eigen::VectorXd values(n);
    eigh(pool, columns, values, vectors, Part::upper);
    EXPECT_TRUE(same({values, vectors}));
    Matrix<double> wide(2 * n, 3 * n);
    Eigen::Map<Matrix<double>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>> apart(
        wide.data(), n, n, {2 * 3 * n, 3});
    apart = lower;
    eigh(pool, apart, wide.col(0).head(n), vectors);
    EXPECT_TRUE(same({wide.col(0).head(n), vectors}));
    // In place, and column-major in the arena.
    SharedMatrix<double> place(pool, upper), turned(pool, lower);
    auto own = pool.array<double>(n);
    eigh(pool, place.map().transpose(), own, place.map().transpose());
    EXPECT_TRUE(same({Eigen::Map<Eigen::VectorXd>(own.data(), n), place.map().transpose()}));
  }
}

TEST_F(MatrixEigh, what_is_no_number_is_refused_with_its_place) {
  Pool pool({.workers = 2});
  for (const Eigen::Index n : {5, 100}) {
    Matrix<double> a = Matrix<double>::Ones(n, n);
    Eigen::VectorXd values(n);
    a(1, 3) = std::numeric_limits<double>::quiet_NaN();
    eigh(pool, a, values);  // the upper part is not looked at
    EXPECT_EQ(
        refusal([&] { eigh(pool, a, values, Part::upper); }),
        "tine::matrix::eigh: the element in row 1 and column 3 is nan; all must be finite numbers");
    a(3, 1) = -std::numeric_limits<double>::infinity();
    EXPECT_THAT(refusal([&] { eigh(pool, a, values); }),
                testing::HasSubstr("row 3 and column 1 is -inf"));
    EXPECT_THAT(refusal([&] { eigh(pool, Eigen::MatrixXd(a), values); }),
                testing::HasSubstr("row 3 and column 1 is -inf"));
  }
}

TEST_F(MatrixEigh, what_does_not_fit_is_refused_with_the_shapes) {
  Pool pool({.workers = 1});
  auto a = pool.array<double>(5, 6), square = pool.array<double>(5, 5);
  auto values = pool.array<double>(5), few = pool.array<double>(4);
  EXPECT_EQ(
      refusal([&] { eigh(pool, a, values, square); }),
      "tine::matrix::eigh: the matrix is 5 x 6, the values are 5 x 1 and the vectors 5 x 5, but "
      "should be n x n, n x 1 and n x n");
  EXPECT_THAT(refusal([&] { eigh(pool, square, few); }),
              testing::HasSubstr("the values are 4 x 1"));
  EXPECT_THAT(refusal([&] { eigh(pool, square, values, a); }),
              testing::HasSubstr("the vectors 5 x 6"));
  EXPECT_THAT(refusal([&] { eigh(pool, square, values, Part::whole); }),
              testing::HasSubstr("Part::lower or Part::upper"));
  auto none = pool.array<double>(0, 0);
  auto no_values = pool.array<double>(0);
  eigh(pool, none, no_values, none);
}

TEST_F(MatrixEigh, workers_that_are_killed_change_no_bit) {
  Pool pool({.workers = 3});
  const Matrix<double> r = random_matrix<double>(200, 200), a = r + r.transpose();
  const Found<double> expected = eigh_of(pool, a);
  SharedMatrix<double> in(pool, a), vectors(pool, a);
  auto values = pool.array<double>(200);
  call_while_workers_die(pool, [&] {
    const Report report = eigh(pool, in.map(), values, vectors.map());
    EXPECT_TRUE(same_bits<double>(vectors.map(), expected.vectors));
    EXPECT_TRUE(
        same_bits<double>(Eigen::Map<Matrix<double>>(values.data(), 200, 1), expected.values));
    return report;
  });
}

}  // namespace

}  // namespace tine::matrix
