// Running sums and products against plain loops in long double.
#include <tine/matrix/cumulative.hpp>

#include <csignal>
#include <cstring>
#include <list>
#include <thread>

#include <gmock/gmock.h>
#include <tine/error.hpp>
#include <tine/tine.hpp>

#include "matrix_test.hpp"
#include "support/deaths.hpp"
#include "support/fixture.hpp"
#include "support/killer.hpp"

namespace tine::matrix {

namespace {

template <class T>
class MatrixCumulativeOf : public tine_test::NothingLeftBehind {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(MatrixCumulativeOf, Reals);
class MatrixCumulative : public tine_test::NothingLeftBehind {};

/// Along rows.
template <class T>
testing::AssertionResult right(const Matrix<T>& a, const Matrix<T>& sums,
                               const Matrix<T>& products) {
  for (Eigen::Index y = 0; y < a.rows(); ++y) {
    long double sum = 0, magnitudes = 0, product = 1;
    for (Eigen::Index x = 0; x < a.cols(); ++x) {
      const auto number = static_cast<long double>(a(y, x));
      sum += number;
      magnitudes += std::abs(number);
      product *= number;
      const double unit = epsilon<T>() + static_cast<double>(x) * 1.2e-16;
      if (!(std::abs(static_cast<double>(sums(y, x)) - static_cast<double>(sum)) <=
            unit * static_cast<double>(magnitudes)))
        return testing::AssertionFailure()
               << "the sum at " << y << ", " << x << " is " << sums(y, x) << " instead of " << sum;
      if (!(std::abs(static_cast<double>(products(y, x)) - static_cast<double>(product)) <=
            2 * unit * static_cast<double>(std::abs(product))))
        return testing::AssertionFailure() << "the product at " << y << ", " << x << " is "
                                           << products(y, x) << " instead of " << product;
    }
  }
  return testing::AssertionSuccess();
}

TYPED_TEST(MatrixCumulativeOf, is_that_of_plain_loops_with_the_same_bits_on_any_workers) {
  using T = TypeParam;
  std::list<Pool> pools;
  for (const unsigned workers : tine_test::worker_counts)
    pools.emplace_back(PoolOptions{.workers = workers});
  for (const auto& [rows, columns] : {std::pair<std::size_t, std::size_t>{1, 1},
                                      {2, 64},
                                      {65, 63},
                                      {63, 1000},
                                      {300, 65},
                                      {2, 100001},
                                      {17, 70001}}) {
    const Matrix<T> a = random_matrix<T>(rows, columns, 1).array() * T(1e-4) + T(1);
    Matrix<T> first;
    for (Pool& pool : pools) {
      SCOPED_TRACE(testing::Message()
                   << rows << " x " << columns << ", " << pool.workers() << " workers");
      SharedMatrix<T> row_major(pool, a, 3), column_major(pool, a.transpose(), 1),
          s(pool, Matrix<T>::Constant(rows, columns, 7), 1),
          p(pool, Matrix<T>::Constant(rows, columns, 7));
      cumulative_sum(pool, row_major.map(), Per::row, s.map());
      cumulative_product(pool, row_major.map(), Per::row, p.map());
      ASSERT_TRUE(right<T>(a, s.map(), p.map()));
      if (first.size() == 0) first = s.map();
      ASSERT_TRUE(same_bits(Matrix<T>(s.map()), first));
      SharedMatrix<T> down(pool, Matrix<T>::Zero(columns, rows), 2),
          products(pool, Matrix<T>::Zero(columns, rows), 2);
      cumulative_sum(pool, column_major.map(), Per::column, down.map());
      cumulative_product(pool, row_major.map().transpose(), Per::column, products.map());
      ASSERT_TRUE(right<T>(a, down.map().transpose(), products.map().transpose()));
    }
  }
}

TEST_F(MatrixCumulative, nan_goes_on_to_the_end_and_infinity_too) {
  Pool pool({.workers = 2});
  for (const std::size_t n : {10, 100000}) {
    Matrix<double> a = random_matrix<double>(2, n, 1);
    a(0, 5) = std::numeric_limits<double>::quiet_NaN();
    a(1, 5) = std::numeric_limits<double>::infinity();
    SharedMatrix<double> from(pool, a), s(pool, Matrix<double>::Zero(2, n));
    cumulative_sum(pool, from.map(), Per::row, s.map());
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_EQ(std::isnan(s.map()(0, i)), i >= 5) << i;
      ASSERT_EQ(std::isinf(s.map()(1, i)), i >= 5) << i;
    }
  }
}

TEST_F(MatrixCumulative, what_does_not_fit_is_refused_and_nothing_is_fine) {
  Pool pool({.workers = 1});
  auto a = pool.array<double>(3, 4), b = pool.array<double>(4, 3), none = pool.array<double>(0, 4);
  cumulative_sum(pool, none, Per::column, none);
  EXPECT_THROW(cumulative_sum(pool, a, Per::row, b), InvalidArgument);
}

TEST_F(MatrixCumulative, workers_that_are_killed_change_no_bit) {
  tine_test::Killer::slices();
  Pool pool({.workers = 3});
  const Matrix<double> a = random_matrix<double>(3, 400000, 1);
  SharedMatrix<double> from(pool, a), s(pool, Matrix<double>::Zero(3, 400000));
  cumulative_sum(pool, from.map(), Per::row, s.map());
  const Matrix<double> quiet = s.map();
  std::size_t deaths = 0;
  for (int round = 0; round < 300 && deaths < 10; ++round) {
    std::thread killer([&pool, round] {
      usleep(static_cast<unsigned>(300 + 113 * (round % 17)));
      const auto workers = pool.worker_pids();
      tine_test::signal_child(pool.supervisor_pid(),
                              workers[static_cast<std::size_t>(round) % workers.size()], SIGKILL);
    });
    const Report report = cumulative_sum(pool, from.map(), Per::row, s.map());
    killer.join();
    deaths += report.faults.size();
    ASSERT_TRUE(same_bits<double>(s.map(), quiet));
  }
  EXPECT_GE(deaths, 10u);
}

}  // namespace

}  // namespace tine::matrix
