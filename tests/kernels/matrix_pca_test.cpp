// pca against what its definition says.
#include <tine/matrix/pca.hpp>

#include <limits>

#include <gmock/gmock.h>
#include <tine/error.hpp>

#include "matrix_spectral_test.hpp"

namespace tine::matrix {

namespace {

class MatrixPca : public tine_test::NothingLeftBehind {};

template <class T>
class MatrixPcaOf : public tine_test::NothingLeftBehind {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(MatrixPcaOf, Reals);

template <class T, std::size_t N>
Matrix<double> matrix_of(const Array<T, N>& a) {
  return Eigen::Map<const Matrix<T>>(
             a.data(), Eigen::Index(a.extent(0)),
             N == 1 ? 1 : Eigen::Index(a.size() / std::max<std::size_t>(a.extent(0), 1)))
      .template cast<double>();
}

/// Observations around a far centre, whose variances fall by a third from one direction to the next.
template <class T>
Matrix<T> observations(std::size_t n, std::size_t d) {
  Matrix<double> x = random_matrix<double>(n, d, 5);
  for (Eigen::Index i = 0; i < x.cols(); ++i) x.col(i) *= std::pow(0.8, i);
  x = x * random_orthonormal(d, d, 6).transpose();
  for (Eigen::Index i = 0; i < x.cols(); ++i) x.col(i).array() += 10 + double(i % 7);
  return x.template cast<T>();
}

template <class T>
void expect_pca(const Matrix<T>& data, const Pca<T>& pca, bool scaled, double tolerance) {
  const Matrix<double> x = data.template cast<double>();
  const Eigen::RowVectorXd mean = x.colwise().mean();
  Matrix<double> centred = x.rowwise() - mean;
  const double degrees = double(x.rows() - 1);
  EXPECT_LT((matrix_of(pca.mean).transpose() - mean).cwiseAbs().maxCoeff(), 100 * epsilon<T>());
  Eigen::RowVectorXd deviation =
      (centred.array().square().colwise().sum() / degrees).sqrt().matrix();
  deviation = (deviation.array() == 0).select(1, deviation);
  if (scaled) {
    EXPECT_LT((matrix_of(pca.scale).transpose() - deviation).cwiseAbs().maxCoeff(),
              1000 * epsilon<T>());
    for (Eigen::Index i = 0; i < x.cols(); ++i)
      centred.col(i) /= deviation(i);
  } else {
    EXPECT_EQ(matrix_of(pca.scale), Matrix<double>::Ones(x.cols(), 1));
  }
  const Matrix<double> components = matrix_of(pca.components), scores = matrix_of(pca.scores);
  const Eigen::VectorXd variance = matrix_of(pca.variance);
  EXPECT_LT(orthogonality<T>(components.transpose().cast<T>()), lapack_bound);
  const double total = centred.squaredNorm() / degrees;
  EXPECT_LT((scores - centred * components.transpose()).cwiseAbs().maxCoeff(),
            1000 * epsilon<T>() * std::sqrt(total));
  // Scores are uncorrelated, and of the variances that are said.
  const Matrix<double> covariance = scores.transpose() * scores / degrees;
  const Matrix<double> expected = variance.asDiagonal();
  EXPECT_LT((covariance - expected).cwiseAbs().maxCoeff(), tolerance * total);
  EXPECT_LT((matrix_of(pca.variance_ratio) - variance / total).cwiseAbs().maxCoeff(),
            100 * epsilon<T>());
  EXPECT_TRUE(std::is_sorted(variance.data(), variance.data() + variance.size(), std::greater<>()));
  for (Eigen::Index i = 0; i < components.rows(); ++i) {
    Eigen::Index peak = 0;
    components.row(i).cwiseAbs().maxCoeff(&peak);
    EXPECT_GT(components(i, peak), 0);
  }
}

struct Shape {
  std::size_t n, d, k;
};
// By covariance, by svd, and by projection.
constexpr Shape shapes[] = {{2, 1, 1}, {500, 7, 7}, {300, 65, 10}, {40, 90, 40}, {700, 600, 20}};

TYPED_TEST(MatrixPcaOf, is_what_it_should_be_with_the_same_bits_on_any_number_of_workers) {
  using T = TypeParam;
  auto pools = pools_of_all_sizes();
  for (const auto& [n, d, k] : shapes)
    for (const bool scale : {false, true}) {
      SCOPED_TRACE(testing::Message() << n << " x " << d << (scale ? ", scaled" : ""));
      const Matrix<T> x = observations<T>(n, d);
      std::vector<Matrix<double>> first;
      for (Pool& pool : pools) {
        if (d > 500 && pool.workers() == 2) continue;  // for the time that it takes
        SharedMatrix<T> in(pool, x, 3);
        const Pca<T> found = pca(pool, in.map(), k, {.scale = scale});
        ASSERT_TRUE(same_bits<T>(in.map(), x)) << "the observations have changed";
        const std::vector<Matrix<double>> all{
            matrix_of(found.mean),     matrix_of(found.scale),          matrix_of(found.components),
            matrix_of(found.variance), matrix_of(found.variance_ratio), matrix_of(found.scores)};
        if (pool.workers() == 1) {
          first = all;
          expect_pca(x, found, scale, 500 * epsilon<T>());
        }
        for (std::size_t i = 0; i < all.size(); ++i)
          ASSERT_TRUE(same_bits(all[i], first[i])) << pool.workers() << " workers";
      }
    }
}

TEST_F(MatrixPca, all_components_explain_everything_and_constant_columns_nothing) {
  Pool pool({.workers = 2});
  Matrix<double> x = observations<double>(100, 20);
  x.col(4).setConstant(3);
  for (const bool scale : {false, true}) {
    const Pca<double> found = pca(pool, x, 20, {.scale = scale});
    expect_pca(x, found, scale, 1e-13);
    EXPECT_NEAR(matrix_of(found.variance_ratio).sum(), 1, 1e-12);
    EXPECT_EQ(found.mean[4], 3);
    EXPECT_NEAR(found.variance[19], 0, 1e-13);
  }
}

TEST_F(MatrixPca, a_constant_column_whose_sum_is_rounded_has_no_variance) {
  Pool pool({.workers = 2});
  Matrix<double> x = observations<double>(1000, 3);
  x.col(1).setConstant(0.1);
  const Pca<double> found = pca(pool, x, 3, {.scale = true});
  EXPECT_EQ(found.mean[1], 0.1);
  EXPECT_EQ(found.scale[1], 1);
  EXPECT_EQ(found.components(0, 1), 0);
}

TEST_F(MatrixPca, what_cannot_be_is_refused) {
  Pool pool({.workers = 1});
  auto x = pool.array<double>(5, 3);
  EXPECT_EQ(
      refusal([&] { pca(pool, x, 4); }),
      "tine::matrix::pca: the observations are 5 x 3 and 4 components are wanted, but should be "
      "n x d and no more than n and d, with n at least 2");
  auto one = pool.array<double>(1, 3);
  EXPECT_THAT(refusal([&] { pca(pool, one, 1); }), testing::HasSubstr("n at least 2"));
  x(4, 2) = std::numeric_limits<double>::infinity();
  EXPECT_THAT(refusal([&] { pca(pool, x, 1); }),
              testing::HasSubstr("tine::matrix::pca: the element in row 4 and column 2 is inf"));
}

TEST_F(MatrixPca, workers_that_are_killed_change_no_bit) {
  Pool pool({.workers = 3});
  const Matrix<double> x = observations<double>(2000, 100);
  SharedMatrix<double> in(pool, x);
  const Matrix<double> expected = matrix_of(pca(pool, in.map(), 10).scores);
  call_while_workers_die(pool, [&] {
    Pca<double> again = pca(pool, in.map(), 10);
    EXPECT_TRUE(same_bits(matrix_of(again.scores), expected));
    return std::move(again.report);
  });
}

}  // namespace

}  // namespace tine::matrix
