// Covariances and correlations against plain loops.
#include <tine/matrix/covariance.hpp>

#include <csignal>
#include <cstring>
#include <list>
#include <thread>

#include <gmock/gmock.h>
#include <tine/error.hpp>
#include <tine/matrix/isa.hpp>
#include <tine/tine.hpp>

#include "matrix_test.hpp"
#include "support/deaths.hpp"
#include "support/fixture.hpp"
#include "support/killer.hpp"

namespace tine::matrix {

namespace {

template <class T>
class MatrixCovarianceOf : public tine_test::NothingLeftBehind {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(MatrixCovarianceOf, Reals);
class MatrixCovariance : public tine_test::NothingLeftBehind {};

TYPED_TEST(MatrixCovarianceOf, is_that_of_plain_loops_with_the_same_bits_on_any_workers) {
  using T = TypeParam;
  std::list<Pool> pools;
  for (const unsigned workers : tine_test::worker_counts)
    pools.emplace_back(PoolOptions{.workers = workers});
  for (const auto& [m, n] : {std::pair<std::size_t, std::size_t>{2, 1},
                             {3, 64},
                             {65, 63},
                             {1000, 65},
                             {5000, 3},
                             {100, 700}}) {
    // Far from 0, where products that are not of centred columns lose all digits.
    const Matrix<T> a = random_matrix<T>(m, n, 1).array() + T(1000);
    const Matrix<double> d = a.template cast<double>();
    const Matrix<double> centred = d.rowwise() - d.colwise().mean();
    const Matrix<double> wanted = centred.transpose() * centred / (static_cast<double>(m) - 1);
    const Eigen::VectorXd deviation = wanted.diagonal().array().sqrt();
    const Matrix<double> scale = deviation * deviation.transpose();
    const Matrix<double> coefficients = wanted.array() / scale.array();
    Matrix<T> first, first_correlation;
    for (Pool& pool : pools) {
      SCOPED_TRACE(testing::Message() << m << " x " << n << ", " << pool.workers() << " workers");
      SharedMatrix<T> rows(pool, a, 3), columns(pool, a.transpose(), 1),
          c(pool, Matrix<T>::Constant(n, n, 7), 2), r(pool, Matrix<T>::Constant(n, n, 7));
      covariance(pool, rows.map(), c.map());
      correlation(pool, rows.map(), r.map());
      const Matrix<T> got = c.map(), got_correlation = r.map();
      ASSERT_TRUE(near(got, wanted.template cast<T>(), scale, m));
      ASSERT_TRUE(
          near(got_correlation, coefficients.template cast<T>(), Matrix<double>::Ones(n, n), m));
      ASSERT_TRUE(same_bits(got, Matrix<T>(got.transpose())));
      covariance(pool, columns.map().transpose(), c.map().transpose());
      ASSERT_TRUE(near(Matrix<T>(c.map()), wanted.template cast<T>(), scale, m));
      if (first.size() == 0) {
        first = got;
        first_correlation = got_correlation;
      }
      ASSERT_TRUE(same_bits(got, first) && same_bits(got_correlation, first_correlation));
    }
  }
}

TEST_F(MatrixCovariance, ddof_counts_and_with_too_few_rows_all_is_nan) {
  Pool pool({.workers = 2});
  Eigen::MatrixXd a(3, 2), c(2, 2);
  a << 1, 2, 2, 4, 3, 9;
  covariance(pool, a, c);
  EXPECT_NEAR(c(0, 0), 1, 1e-15);
  EXPECT_NEAR(c(0, 1), 3.5, 1e-15);
  EXPECT_NEAR(c(1, 1), 13, 1e-14);
  covariance(pool, a, c, 0);
  EXPECT_NEAR(c(1, 0), 7.0 / 3, 1e-15);
  covariance(pool, a, c, 3);
  EXPECT_TRUE(c.array().isNaN().all());
  auto none = pool.array<double>(5, 0), nothing = pool.array<double>(0, 0);
  covariance(pool, none, nothing);
  try {
    correlation(pool, a, a);
    FAIL() << "a result of 3 x 2";
  } catch (const InvalidArgument& error) {
    EXPECT_STREQ(error.what(),
                 "tine::matrix::correlation: the observations are 3 x 2 and the result 3 x 2, but "
                 "should be m x n and n x n");
  }
}

TEST_F(MatrixCovariance,
       correlations_of_constant_columns_are_nan_and_of_others_between_minus_1_and_1) {
  Pool pool({.workers = 2});
  for (const std::size_t n : {5, 600}) {
    Matrix<double> a = random_matrix<double>(50, n, 1);
    a.col(1).setConstant(0.1);
    a.col(2) = -3 * a.col(0).array() + 1e6;
    a(7, 4) = std::numeric_limits<double>::quiet_NaN();
    SharedMatrix<double> shared(pool, a), r(pool, Matrix<double>::Zero(n, n));
    correlation(pool, shared.map(), r.map());
    const Matrix<double> got = r.map();
    for (Eigen::Index i = 0; i < got.rows(); ++i)
      for (Eigen::Index j = 0; j < got.cols(); ++j) {
        const bool nan = i == 1 || j == 1 || i == 4 || j == 4;
        ASSERT_EQ(std::isnan(got(i, j)), nan) << i << ", " << j;
        ASSERT_TRUE(nan || std::abs(got(i, j)) <= 1);
        ASSERT_TRUE(nan || i != j || got(i, j) == 1);
      }
    EXPECT_NEAR(got(2, 0), -1, 1e-9);
  }
}

TEST_F(MatrixCovariance, workers_that_are_killed_change_no_bit) {
  tine_test::Killer::slices();
  Pool pool({.workers = 3});
  const Matrix<double> a = random_matrix<double>(500, 700, 1),
                       b = random_matrix<double>(20000, 60, 1);
  SharedMatrix<double> wide(pool, a), tall(pool, b), c(pool, Matrix<double>::Zero(700, 700)),
      d(pool, Matrix<double>::Zero(60, 60));
  covariance(pool, wide.map(), c.map());
  covariance(pool, tall.map(), d.map());
  const Matrix<double> quiet = c.map(), quiet_tall = d.map();
  std::size_t deaths = 0;
  for (int round = 0; round < 200 && deaths < 10; ++round) {
    std::thread killer([&pool, round] {
      usleep(static_cast<unsigned>(500 + 313 * (round % 17)));
      const auto workers = pool.worker_pids();
      tine_test::signal_child(pool.supervisor_pid(),
                              workers[static_cast<std::size_t>(round) % workers.size()], SIGKILL);
    });
    const Report first = covariance(pool, wide.map(), c.map());
    const Report second = covariance(pool, tall.map(), d.map());
    killer.join();
    deaths += first.faults.size() + second.faults.size();
    ASSERT_TRUE(same_bits<double>(c.map(), quiet));
    ASSERT_TRUE(same_bits<double>(d.map(), quiet_tall));
  }
  EXPECT_GE(deaths, 10u);
}

}  // namespace

}  // namespace tine::matrix
