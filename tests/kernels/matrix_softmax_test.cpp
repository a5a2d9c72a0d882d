// softmax and log_softmax against plain loops in long double.
#include <tine/matrix/softmax.hpp>

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
class MatrixSoftmaxOf : public tine_test::NothingLeftBehind {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(MatrixSoftmaxOf, Reals);
class MatrixSoftmax : public tine_test::NothingLeftBehind {};

/// Of each row.
template <class T>
testing::AssertionResult right(const Matrix<T>& a, const Matrix<T>& got, const Matrix<T>& logs) {
  for (Eigen::Index y = 0; y < a.rows(); ++y) {
    const auto greatest = static_cast<long double>(a.row(y).maxCoeff());
    long double sum = 0;
    for (Eigen::Index x = 0; x < a.cols(); ++x)
      sum += std::exp(static_cast<long double>(a(y, x)) - greatest);
    for (Eigen::Index x = 0; x < a.cols(); ++x) {
      const auto below = static_cast<double>(static_cast<long double>(a(y, x)) - greatest);
      const auto wanted = static_cast<double>(std::exp(static_cast<long double>(below)) / sum);
      const double log = below - static_cast<double>(std::log(sum));
      const double unit = (std::abs(below) + 8) * epsilon<T>();
      if (!(std::abs(static_cast<double>(got(y, x)) - wanted) <=
            unit * wanted + 2 * static_cast<double>(std::numeric_limits<T>::min())))
        return testing::AssertionFailure()
               << y << ", " << x << " is " << got(y, x) << " instead of " << wanted;
      if (!(std::abs(static_cast<double>(logs(y, x)) - log) <= unit + epsilon<T>() * std::abs(log)))
        return testing::AssertionFailure() << "the logarithm at " << y << ", " << x << " is "
                                           << logs(y, x) << " instead of " << log;
    }
  }
  return testing::AssertionSuccess();
}

TYPED_TEST(MatrixSoftmaxOf, is_that_of_plain_loops_with_the_same_bits_on_any_workers) {
  using T = TypeParam;
  std::list<Pool> pools;
  for (const unsigned workers : tine_test::worker_counts)
    pools.emplace_back(PoolOptions{.workers = workers});
  for (const auto& [rows, columns] :
       {std::pair<std::size_t, std::size_t>{1, 1}, {3, 64}, {65, 63}, {1000, 65}, {2, 100001}}) {
    const Matrix<T> a = random_matrix<T>(rows, columns, 1) * T(300);
    Matrix<T> first;
    for (Pool& pool : pools) {
      SCOPED_TRACE(testing::Message()
                   << rows << " x " << columns << ", " << pool.workers() << " workers");
      // Rows of row-major and column-major matrices, and columns of their transposes.
      SharedMatrix<T> row_major(pool, a, 3), column_major(pool, a.transpose(), 1),
          r(pool, Matrix<T>::Zero(rows, columns), 1), logs(pool, Matrix<T>::Zero(rows, columns));
      const auto check = [&](const auto& from, Per per, auto&& to, auto&& to_logs) {
        r.map().setConstant(7);
        softmax(pool, from, per, to);
        log_softmax(pool, from, per, to_logs);
        ASSERT_TRUE(right<T>(a, r.map(), logs.map()));
      };
      check(row_major.map(), Per::row, r.map(), logs.map());
      if (first.size() == 0) first = r.map();
      ASSERT_TRUE(same_bits(Matrix<T>(r.map()), first));
      check(column_major.map(), Per::column, r.map().transpose(), logs.map().transpose());
      check(column_major.map().transpose(), Per::row, r.map(), logs.map());
      SharedMatrix<T> turned(pool, Matrix<T>::Zero(columns, rows)),
          turned_logs(pool, Matrix<T>::Zero(columns, rows));
      softmax(pool, column_major.map(), Per::column, turned.map());
      log_softmax(pool, row_major.map().transpose(), Per::column, turned_logs.map());
      ASSERT_TRUE(right<T>(a, turned.map().transpose(), turned_logs.map().transpose()));
    }
  }
}

TYPED_TEST(MatrixSoftmaxOf, infinities_and_nan_with_every_isa) {
  using T = TypeParam;
  constexpr T inf = std::numeric_limits<T>::infinity();
  Pool pool({.workers = 2});
  const Isa usual = isa();
  for (const Isa each : available_isas()) {
    use_isa(each);
    for (const std::size_t n : {3, 70, 70001}) {
      Matrix<T> a = random_matrix<T>(5, n, 1);
      a(0, n - 1) = -inf;
      a.row(1).setConstant(-inf);
      a(2, 1) = inf;
      a(3, n - 2) = std::numeric_limits<T>::quiet_NaN();
      a.row(4).setConstant(-inf);
      a(4, n - 1) = std::numeric_limits<T>::lowest();
      SharedMatrix<T> rows(pool, a), columns(pool, a.transpose()), r(pool, Matrix<T>::Zero(5, n)),
          c(pool, Matrix<T>::Zero(n, 5));
      softmax(pool, rows.map(), Per::row, r.map());
      softmax(pool, columns.map(), Per::column, c.map());
      for (const Matrix<T>& got : {Matrix<T>(r.map()), Matrix<T>(c.map().transpose())}) {
        ASSERT_EQ(got(0, n - 1), 0) << to_string(each);
        ASSERT_NEAR(static_cast<double>(got.row(0).sum()), 1, 1e-4);
        ASSERT_TRUE(got.row(1).array().isNaN().all());
        ASSERT_TRUE(got.row(2).array().isNaN().any());
        ASSERT_TRUE(got.row(3).array().isNaN().all());
        ASSERT_EQ(got(4, n - 1), 1);
        ASSERT_EQ(got(4, 0), 0);
      }
    }
  }
  use_isa(usual);
}

TEST_F(MatrixSoftmax, what_does_not_fit_is_refused_and_nothing_is_fine) {
  Pool pool({.workers = 1});
  auto a = pool.array<double>(3, 4), b = pool.array<double>(4, 3), none = pool.array<double>(0, 4);
  softmax(pool, none, Per::column, none);
  try {
    softmax(pool, a, Per::row, b);
    FAIL() << "another shape";
  } catch (const InvalidArgument& error) {
    EXPECT_STREQ(error.what(),
                 "tine::matrix::softmax: the matrix is 3 x 4, but the result is 4 x 3");
  }
}

TEST_F(MatrixSoftmax, workers_that_are_killed_change_no_bit) {
  tine_test::Killer::slices();
  Pool pool({.workers = 3});
  const Matrix<double> a = random_matrix<double>(700, 900, 1);
  SharedMatrix<double> from(pool, a), r(pool, Matrix<double>::Zero(700, 900)),
      c(pool, Matrix<double>::Zero(700, 900));
  softmax(pool, from.map(), Per::row, r.map());
  softmax(pool, from.map(), Per::column, c.map());
  const Matrix<double> rows = r.map(), columns = c.map();
  std::size_t deaths = 0;
  for (int round = 0; round < 300 && deaths < 10; ++round) {
    std::thread killer([&pool, round] {
      usleep(static_cast<unsigned>(300 + 313 * (round % 17)));
      const auto workers = pool.worker_pids();
      tine_test::signal_child(pool.supervisor_pid(),
                              workers[static_cast<std::size_t>(round) % workers.size()], SIGKILL);
    });
    const Report first = softmax(pool, from.map(), Per::row, r.map());
    const Report second = softmax(pool, from.map(), Per::column, c.map());
    killer.join();
    deaths += first.faults.size() + second.faults.size();
    ASSERT_TRUE(same_bits<double>(r.map(), rows) && same_bits<double>(c.map(), columns));
  }
  EXPECT_GE(deaths, 10u);
}

}  // namespace

}  // namespace tine::matrix
