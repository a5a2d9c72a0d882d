// svd and randomized_svd by the ratios of LAPACK's tests, and against singular values that are known.
#include <tine/matrix/svd.hpp>

#include <algorithm>
#include <limits>

#include <gmock/gmock.h>
#include <tine/error.hpp>

#include "matrix_spectral_test.hpp"

namespace tine::matrix {

namespace {

class MatrixSvd : public tine_test::NothingLeftBehind {};

template <class T>
class MatrixSvdOf : public tine_test::NothingLeftBehind {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(MatrixSvdOf, Reals);

template <class T>
struct Found {
  Matrix<T> u, values, v;
};

template <class T>
bool same(const Found<T>& a, const Found<T>& b) {
  return same_bits(a.u, b.u) && same_bits(a.values, b.values) && same_bits(a.v, b.v);
}

template <class T>
Found<T> svd_of(Pool& pool, const Matrix<T>& a, bool full = false) {
  const Eigen::Index m = a.rows(), n = a.cols(), few = std::min(m, n);
  SharedMatrix<T> in(pool, a, 1), u(pool, Matrix<T>::Constant(m, full ? m : few, 7), 2),
      v(pool, Matrix<T>::Constant(n, full ? n : few, 7));
  auto values = pool.array<T>(few);
  svd(pool, in.map(), u.map(), values, v.map());
  return {u.map(), Eigen::Map<Matrix<T>>(values.data(), few, 1), v.map()};
}

template <class T>
void expect_svd(const Matrix<T>& a, const Found<T>& found) {
  const Eigen::Index few = found.values.size();
  const Matrix<double> u = found.u.template cast<double>(), v = found.v.template cast<double>();
  const Matrix<double> s = found.values.template cast<double>();
  ASSERT_LT(distance<T>(a.template cast<double>(),
                        u.leftCols(few) * s.col(0).asDiagonal() * v.leftCols(few).transpose()),
            lapack_bound);
  ASSERT_LT(orthogonality(found.u), lapack_bound);
  ASSERT_LT(orthogonality(found.v), lapack_bound);
  ASSERT_TRUE(std::is_sorted(s.data(), s.data() + few, std::greater<>()));
  ASSERT_GE(s(few - 1, 0), 0);
  for (Eigen::Index i = 0; i < few; ++i) {
    Eigen::Index peak = 0;
    found.u.col(i).cwiseAbs().maxCoeff(&peak);
    ASSERT_GT(found.u(peak, i), 0) << "the sign of column " << i;
  }
}

template <class T>
Matrix<T> with_values(std::size_t m, std::size_t n, const Spectrum& spectrum) {
  const std::size_t few = std::min(m, n);
  const Matrix<double> u = random_orthonormal(m, few, 3), v = random_orthonormal(n, few, 4);
  Eigen::VectorXd values(few);
  for (std::size_t i = 0; i < few; ++i)
    values(static_cast<Eigen::Index>(i)) = spectrum.value(i, few);
  return (u * values.asDiagonal() * v.transpose()).template cast<T>();
}

constexpr std::pair<std::size_t, std::size_t> shapes[] = {{1, 1},    {2, 2},   {1, 7},   {40, 1},
                                                          {63, 63},  {64, 65}, {65, 64}, {150, 150},
                                                          {200, 70}, {70, 110}};

TYPED_TEST(MatrixSvdOf, known_values_come_out_with_the_same_bits_on_any_number_of_workers) {
  using T = TypeParam;
  auto pools = pools_of_all_sizes();
  for (const auto& [m, n] : shapes)
    for (const Spectrum& spectrum : spectra()) {
      SCOPED_TRACE(testing::Message() << m << " x " << n << ", " << spectrum.name);
      const std::size_t few = std::min(m, n);
      const Matrix<T> a = with_values<T>(m, n, spectrum);
      std::vector<double> expected;
      for (std::size_t i = 0; i < few; ++i) expected.push_back(std::abs(spectrum.value(i, few)));
      std::ranges::sort(expected, std::greater<>());
      Found<T> first;
      for (Pool& pool : pools) {
        if (pool.workers() == 2 && few > 65) continue;  // for the time that it takes
        const Found<T> found = svd_of(pool, a);
        if (pool.workers() == 1) {
          first = found;
          expect_svd(a, found);
          auto values = pool.array<T>(few);
          svd(pool, a, values);
          for (std::size_t i = 0; i < few; ++i) {
            const double allowed = static_cast<double>(few + 5) * 5 * epsilon<T>();
            ASSERT_NEAR(static_cast<double>(found.values(static_cast<Eigen::Index>(i), 0)),
                        expected[i], allowed);
            ASSERT_NEAR(static_cast<double>(values[i]), expected[i], allowed) << "values only";
          }
        }
        ASSERT_TRUE(same(found, first)) << pool.workers() << " workers";
      }
    }
}

TYPED_TEST(MatrixSvdOf, full_vectors_are_a_basis_of_everything) {
  using T = TypeParam;
  Pool pool({.workers = 2});
  for (const auto& [m, n] : shapes)
    for (const Spectrum& spectrum : {spectra()[0], spectra()[6], spectra()[7]}) {
      SCOPED_TRACE(testing::Message() << m << " x " << n << ", " << spectrum.name);
      const Matrix<T> a = with_values<T>(m, n, spectrum);
      const Found<T> full = svd_of(pool, a, true), thin = svd_of(pool, a);
      expect_svd(a, full);
      const Eigen::Index few = thin.values.size();
      EXPECT_LT(norm1(Matrix<T>(full.u.leftCols(few) - thin.u)), double(m) * 30 * epsilon<T>());
      EXPECT_LT(norm1(Matrix<T>(full.v.leftCols(few) - thin.v)), double(n) * 30 * epsilon<T>());
    }
}

TYPED_TEST(MatrixSvdOf, random_graded_and_structured_matrices) {
  using T = TypeParam;
  Pool pool({.workers = 2});
  const Matrix<T> r = random_matrix<T>(200, 180);
  Matrix<T> graded = r, bidiagonal = Matrix<T>::Zero(100, 100), duplicate = r;
  for (Eigen::Index x = 0; x < r.cols(); ++x)
    graded.col(x) *= static_cast<T>(std::pow(10, -15.0 * double(x) / 180));
  for (Eigen::Index i = 0; i < 100; ++i) {
    bidiagonal(i, i) = static_cast<T>(i % 3);
    if (i + 1 < 100) bidiagonal(i, i + 1) = static_cast<T>(i % 5 == 0 ? 0 : 1);
  }
  duplicate.rightCols(90) = duplicate.leftCols(90);
  const Matrix<T> identity = Matrix<T>::Identity(90, 90), ones = Matrix<T>::Ones(90, 130);
  for (const Matrix<T>& a : {r, graded, Matrix<T>(graded.rowwise().reverse()),
                             Matrix<T>(graded.transpose()), bidiagonal, duplicate, identity, ones})
    expect_svd(a, svd_of(pool, a));
}

TEST_F(MatrixSvd, a_large_matrix) {
  Pool pool({.workers = 2});
  const Matrix<double> a = random_matrix<double>(600, 500);
  expect_svd(a, svd_of(pool, a));
}

TYPED_TEST(MatrixSvdOf, huge_and_tiny_elements_are_no_matter) {
  using T = TypeParam;
  Pool pool({.workers = 2});
  const Matrix<T> a = random_matrix<T>(90, 50);
  const Found<T> plain = svd_of(pool, a);
  for (const int exponent :
       {std::numeric_limits<T>::max_exponent - 10, std::numeric_limits<T>::min_exponent + 40}) {
    const T factor = std::ldexp(T(1), exponent);
    EXPECT_TRUE(same(svd_of(pool, Matrix<T>(factor * a)),
                     {plain.u, Matrix<T>(factor * plain.values), plain.v}));
  }
}

TEST_F(MatrixSvd, operands_of_any_order_from_anywhere) {
  Pool pool({.workers = 2});
  const Matrix<double> a = random_matrix<double>(90, 70);
  const Found<double> expected = svd_of(pool, a);
  Eigen::MatrixXd u(90, 70), vt(70, 70);
  Eigen::RowVectorXd values(70);
  svd(pool, Eigen::MatrixXd(a), u, values, vt.transpose());
  EXPECT_TRUE(same<double>({u, values.transpose(), vt.transpose()}, expected));
  Matrix<double> wide(180, 210);
  Eigen::Map<Matrix<double>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>> apart(
      wide.data(), 90, 70, {2 * 210, 3});
  apart = a;
  svd(pool, apart, u, wide.col(1).head(70), vt.transpose());
  EXPECT_TRUE(same<double>({u, wide.col(1).head(70), vt.transpose()}, expected));
}

TEST_F(MatrixSvd, what_cannot_be_is_refused) {
  Pool pool({.workers = 1});
  auto a = pool.array<double>(5, 7), u = pool.array<double>(5, 5), v = pool.array<double>(7, 5);
  auto values = pool.array<double>(5), few = pool.array<double>(4);
  EXPECT_EQ(
      refusal([&] { svd(pool, a, v, values, v); }),
      "tine::matrix::svd: the matrix is 5 x 7, the values are 5 x 1 and the vectors 7 x 5 and "
      "7 x 5, but should be m x n, r x 1, m x r or m x m, and n x r or n x n, with r the lesser "
      "of m and n");
  EXPECT_THAT(refusal([&] { svd(pool, a, few); }), testing::HasSubstr("the values are 4 x 1"));
  EXPECT_THAT(refusal([&] { randomized_svd(pool, a, u, few, v); }),
              testing::HasSubstr("m x k and n x k"));
  a(2, 3) = std::numeric_limits<double>::quiet_NaN();
  a(4, 1) = std::numeric_limits<double>::infinity();
  EXPECT_EQ(refusal([&] { svd(pool, a, u, values, v); }).substr(0, 59),
            "tine::matrix::svd: the element in row 2 and column 3 is nan");
  EXPECT_THAT(refusal([&] { randomized_svd(pool, a, u, values, v); }),
              testing::HasSubstr("tine::matrix::randomized_svd: the element in row"));
  auto none = pool.array<double>(0, 3), no_values = pool.array<double>(0, 1),
       no_u = pool.array<double>(0, 0), all = pool.array<double>(3, 3);
  svd(pool, none, no_u, no_values, all);
  EXPECT_EQ(all(1, 1), 1);
  EXPECT_EQ(all(1, 2), 0);
}

// Where values fall fast, a sketch finds the first of them to the last bits; where they fall slowly, it
// is near.
TYPED_TEST(MatrixSvdOf, randomized_finds_the_largest_with_the_same_bits_on_any_number_of_workers) {
  using T = TypeParam;
  auto pools = pools_of_all_sizes();
  constexpr std::size_t k = 12;
  for (const auto& [m, n] : {std::pair<std::size_t, std::size_t>{600, 150}, {150, 600}}) {
    const Spectrum fast{"fast", [](std::size_t i, std::size_t) { return std::pow(0.4, i); }};
    const Matrix<T> a = with_values<T>(m, n, fast);
    Found<T> first;
    for (Pool& pool : pools) {
      SharedMatrix<T> in(pool, a);
      Found<T> found{Matrix<T>(m, k), Matrix<T>(k, 1), Matrix<T>(n, k)};
      randomized_svd(pool, in.map(), found.u, found.values, found.v);
      if (pool.workers() == 1) first = found;
      ASSERT_TRUE(same(found, first)) << pool.workers() << " workers";
      const Found<T> before = found;
      randomized_svd(pool, in.map(), found.u, found.values, found.v, {.seed = 2});
      ASSERT_FALSE(same(found, before));
    }
    for (std::size_t i = 0; i < k; ++i)
      EXPECT_NEAR(double(first.values(Eigen::Index(i), 0)), std::pow(0.4, i), 200 * epsilon<T>());
    EXPECT_LT(orthogonality(first.u), lapack_bound);
    EXPECT_LT(orthogonality(first.v), lapack_bound);
    // What is left is what the next value says.
    const Matrix<double> rest =
        a.template cast<double>() - first.u.template cast<double>() *
                                        first.values.col(0).template cast<double>().asDiagonal() *
                                        first.v.template cast<double>().transpose();
    EXPECT_LT(rest.norm(), 3 * std::pow(0.4, k));
  }
}

TEST_F(MatrixSvd, randomized_takes_flat_low_rank_and_small_matrices) {
  Pool pool({.workers = 2});
  for (const Matrix<double>& a :
       {random_matrix<double>(300, 200), Matrix<double>(Matrix<double>::Ones(300, 200)),
        Matrix<double>(Matrix<double>::Zero(100, 90)), random_matrix<double>(20, 12)}) {
    constexpr Eigen::Index k = 10;
    Matrix<double> u(a.rows(), k), values(k, 1), v(a.cols(), k);
    randomized_svd(pool, a, u, values, v);
    EXPECT_LT(orthogonality(u), lapack_bound);
    EXPECT_LT(orthogonality(v), lapack_bound);
    const Found<double> exact = svd_of(pool, a);
    for (Eigen::Index i = 0; i < k; ++i) {
      EXPECT_LE(values(i, 0), exact.values(i, 0) * (1 + 1e-12) + 1e-12);
      EXPECT_GE(values(i, 0), exact.values(i, 0) * 0.85 - 1e-12);
    }
  }
}

TEST_F(MatrixSvd, workers_that_are_killed_change_no_bit) {
  Pool pool({.workers = 3});
  const Matrix<double> a = random_matrix<double>(260, 150);
  const Found<double> expected = svd_of(pool, a);
  SharedMatrix<double> in(pool, a), u(pool, expected.u), v(pool, expected.v);
  auto values = pool.array<double>(150);
  Found<double> sketch{Matrix<double>(260, 9), Matrix<double>(9, 1), Matrix<double>(150, 9)};
  randomized_svd(pool, in.map(), sketch.u, sketch.values, sketch.v);
  call_while_workers_die(pool, [&] {
    Report report = svd(pool, in.map(), u.map(), values, v.map());
    EXPECT_TRUE(same<double>({u.map(), Eigen::Map<Matrix<double>>(values.data(), 150, 1), v.map()},
                             expected));
    Found<double> again = sketch;
    report.append(randomized_svd(pool, in.map(), again.u, again.values, again.v));
    EXPECT_TRUE(same(again, sketch));
    return report;
  });
}

}  // namespace

}  // namespace tine::matrix
