// Distances against plain loops in long double, of points that are hard to tell apart, too.
#include <tine/matrix/distance.hpp>

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
class MatrixDistanceOf : public tine_test::NothingLeftBehind {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(MatrixDistanceOf, Reals);
class MatrixDistance : public tine_test::NothingLeftBehind {};

constexpr Metric metrics[] = {Metric::euclidean, Metric::squared_euclidean, Metric::cosine,
                              Metric::cityblock, Metric::chebyshev};

template <class X>
long double plain(const X& x, const X& y, Metric metric) {
  long double squares = 0, magnitudes = 0, greatest = 0, xx = 0, yy = 0, xy = 0;
  for (Eigen::Index k = 0; k < x.size(); ++k) {
    const auto a = static_cast<long double>(x(k)), b = static_cast<long double>(y(k));
    squares += (a - b) * (a - b);
    magnitudes += std::abs(a - b);
    greatest = std::max(greatest, std::abs(a - b));
    xx += a * a;
    yy += b * b;
    xy += a * b;
  }
  switch (metric) {
    case Metric::euclidean:
      return std::sqrt(squares);
    case Metric::squared_euclidean:
      return squares;
    case Metric::cosine:
      return 1 - xy / std::sqrt(xx) / std::sqrt(yy);
    case Metric::cityblock:
      return magnitudes;
    default:
      return greatest;
  }
}

/// Within the bound that distances() states.
template <class T>
testing::AssertionResult right(const Matrix<T>& got, const Matrix<T>& x, const Matrix<T>& y,
                               Metric metric) {
  const double u = epsilon<T>() / 2, k = static_cast<double>(x.cols());
  const double bound =
      (std::min(k, 256.0) + k / 256 + 5) * u * (metric == Metric::euclidean ? 1 : 2);
  for (Eigen::Index i = 0; i < x.rows(); ++i)
    for (Eigen::Index j = 0; j < y.rows(); ++j) {
      const auto wanted = static_cast<double>(plain(x.row(i).eval(), y.row(j).eval(), metric));
      const double allowed = metric == Metric::cosine ? 2 * (k + 4) * u : bound * wanted;
      if (!(std::abs(static_cast<double>(got(i, j)) - wanted) <= allowed))
        return testing::AssertionFailure()
               << "(" << i << ", " << j << ") is " << got(i, j) << " instead of " << wanted;
    }
  return testing::AssertionSuccess();
}

TYPED_TEST(MatrixDistanceOf, is_that_of_plain_loops_with_the_same_bits_on_any_workers) {
  using T = TypeParam;
  std::list<Pool> pools;
  for (const unsigned workers : tine_test::worker_counts)
    pools.emplace_back(PoolOptions{.workers = workers});
  struct Sizes {
    std::size_t m, n, k;
  };
  for (const auto [m, n, k] :
       {Sizes{1, 1, 1}, {2, 3, 5}, {63, 65, 64}, {129, 70, 3}, {20, 30, 1000}, {300, 257, 17}}) {
    const Matrix<T> x = random_matrix<T>(m, k, 1), y = random_matrix<T>(n, k, 2);
    for (const Metric metric : metrics) {
      Matrix<T> first, first_own;
      for (Pool& pool : pools) {
        SCOPED_TRACE(testing::Message() << m << ", " << n << " points of " << k << ", metric "
                                        << int(metric) << ", " << pool.workers() << " workers");
        SharedMatrix<T> xs(pool, x, 3), ys(pool, y, 1), d(pool, Matrix<T>::Constant(m, n, 7), 2),
            own(pool, Matrix<T>::Constant(m, m, 7), 1), turned(pool, x.transpose()),
            result(pool, Matrix<T>::Constant(n, m, 7));
        distances(pool, xs.map(), ys.map(), d.map(), metric);
        distances(pool, xs.map(), own.map(), metric);
        const Matrix<T> got = d.map(), got_own = own.map();
        ASSERT_TRUE(right<T>(got, x, y, metric));
        ASSERT_TRUE(right<T>(got_own, x, x, metric));
        ASSERT_TRUE(same_bits(got_own, Matrix<T>(got_own.transpose())));
        distances(pool, turned.map().transpose(), ys.map(), result.map().transpose(), metric);
        const Matrix<T> other = result.map().transpose();
        // Lengths, along rows or across columns, are summed in another order.
        if (metric == Metric::cosine) {
          ASSERT_TRUE(right<T>(other, x, y, metric));
        } else {
          ASSERT_TRUE(same_bits(other, got));
        }
        if (first.size() == 0) {
          first = got;
          first_own = got_own;
        }
        ASSERT_TRUE(same_bits(got, first) && same_bits(got_own, first_own));
      }
    }
  }
}

TYPED_TEST(MatrixDistanceOf,
           points_near_each_other_and_far_from_0_keep_their_digits_with_every_isa) {
  using T = TypeParam;
  Pool pool({.workers = 2});
  const Isa usual = isa();
  for (const Isa each : available_isas()) {
    use_isa(each);
    for (const std::size_t k : {1, 2, 64, 300}) {
      // Clusters far from 0 whose points differ in their last bits, and duplicates.
      Matrix<T> x = random_matrix<T>(70, k, 1);
      for (Eigen::Index i = 0; i < 70; ++i) {
        x.row(i) = (x.row(i % 7) * T(1000)).array() + T(i % 5 == 0 ? 1e6 : -3e5);
        if (i % 3 == 1)
          for (Eigen::Index c = 0; c < x.cols(); ++c)
            x(i, c) = std::nextafter(x(i, c), std::numeric_limits<T>::infinity());
      }
      x.row(50) = x.row(3);
      x.row(60).setZero();
      SharedMatrix<T> xs(pool, x), d(pool, Matrix<T>::Zero(70, 70));
      for (const Metric metric :
           {Metric::euclidean, Metric::squared_euclidean, Metric::cityblock, Metric::chebyshev}) {
        distances(pool, xs.map(), d.map(), metric);
        ASSERT_TRUE(right<T>(d.map(), x, x, metric)) << to_string(each) << ", " << int(metric);
        ASSERT_EQ(d.map()(50, 3), T(0));
      }
    }
  }
  use_isa(usual);
}

TEST_F(MatrixDistance, cosines_of_parallel_opposite_and_zero_vectors) {
  Pool pool({.workers = 2});
  Eigen::MatrixXd x(5, 3), d(5, 5);
  x << 1, 2, 3, 3e200, 6e200, 9e200, -1e-200, -2e-200, -3e-200, 0, 0, 0, 3, 0, -1;
  distances(pool, x, d, Metric::cosine);
  EXPECT_LE(d(0, 1), 1e-30);
  EXPECT_NEAR(d(0, 2), 2, 1e-15);
  EXPECT_NEAR(d(1, 2), 2, 1e-15);
  EXPECT_NEAR(d(0, 4), 1, 1e-15);
  for (Eigen::Index i = 0; i < 5; ++i) EXPECT_TRUE(std::isnan(d(3, i)) && std::isnan(d(i, 3)));
}

TEST_F(MatrixDistance, nan_and_infinity_spread_as_in_plain_loops) {
  Pool pool({.workers = 2});
  Matrix<double> x = random_matrix<double>(40, 30, 1);
  x(3, 4) = std::numeric_limits<double>::quiet_NaN();
  x(5, 29) = std::numeric_limits<double>::infinity();
  for (const Metric metric : {Metric::euclidean, Metric::cityblock, Metric::chebyshev}) {
    SharedMatrix<double> xs(pool, x), d(pool, Matrix<double>::Zero(40, 40));
    distances(pool, xs.map(), d.map(), metric);
    for (Eigen::Index i = 0; i < 40; ++i)
      for (Eigen::Index j = 0; j < 40; ++j) {
        const double got = d.map()(i, j);
        const bool nan = i == 3 || j == 3 || (i == 5 && j == 5);
        ASSERT_EQ(std::isnan(got), nan) << i << ", " << j;
        ASSERT_EQ(std::isinf(got), !nan && (i == 5 || j == 5)) << i << ", " << j;
      }
  }
}

TEST_F(MatrixDistance, without_points_or_coordinates_and_what_does_not_fit) {
  Pool pool({.workers = 1});
  auto none = pool.array<double>(0, 3), flat = pool.array<double>(2, 0),
       d = pool.array<double>(2, 2);
  auto nothing = pool.array<double>(0, 0);
  distances(pool, none, nothing);
  std::ranges::fill(d, 7.0);
  distances(pool, flat, d);
  EXPECT_EQ(d(1, 0), 0);
  distances(pool, flat, flat, d, Metric::cosine);
  EXPECT_TRUE(std::isnan(d(0, 0)));
  auto x = pool.array<double>(2, 3), y = pool.array<double>(2, 4);
  try {
    distances(pool, x, y, d);
    FAIL() << "3 and 4 dimensions";
  } catch (const InvalidArgument& error) {
    EXPECT_STREQ(
        error.what(),
        "tine::matrix::distances: the points are 2 x 3 and 2 x 4 and the result 2 x 2, but "
        "should be m x k, n x k and m x n");
  }
  EXPECT_THROW(distances(pool, none, d), InvalidArgument);
}

TEST_F(MatrixDistance, workers_that_are_killed_change_no_bit) {
  tine_test::Killer::slices();
  Pool pool({.workers = 3});
  const Matrix<double> x = random_matrix<double>(900, 65, 1);
  SharedMatrix<double> xs(pool, x), d(pool, Matrix<double>::Zero(900, 900));
  distances(pool, xs.map(), d.map());
  const Matrix<double> quiet = d.map();
  std::size_t deaths = 0;
  for (int round = 0; round < 300 && deaths < 10; ++round) {
    d.map().setZero();
    std::thread killer([&pool, round] {
      usleep(static_cast<unsigned>(300 + 313 * (round % 17)));
      const auto workers = pool.worker_pids();
      tine_test::signal_child(pool.supervisor_pid(),
                              workers[static_cast<std::size_t>(round) % workers.size()], SIGKILL);
    });
    const Report report = distances(pool, xs.map(), d.map());
    killer.join();
    deaths += report.faults.size();
    ASSERT_TRUE(same_bits<double>(d.map(), quiet));
  }
  EXPECT_GE(deaths, 10u);
}

}  // namespace

}  // namespace tine::matrix
