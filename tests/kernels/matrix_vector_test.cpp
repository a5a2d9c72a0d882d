// axpy, dot and dotc against plain loops.
#include <tine/matrix/vector.hpp>

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
class MatrixVectorOf : public tine_test::NothingLeftBehind {};
using Scalars = testing::Types<float, double, std::complex<float>, std::complex<double>>;
TYPED_TEST_SUITE(MatrixVectorOf, Scalars);
class MatrixVector : public tine_test::NothingLeftBehind {};

template <class T>
auto conjugate(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return x;
  else
    return std::conj(x);
}

TYPED_TEST(MatrixVectorOf, is_that_of_plain_loops_with_any_step_and_the_same_bits_on_any_workers) {
  using T = TypeParam;
  std::list<Pool> pools;
  for (const unsigned workers : tine_test::worker_counts)
    pools.emplace_back(PoolOptions{.workers = workers});
  for (const std::size_t n : {1, 2, 63, 64, 65, 1000, 100001}) {
    const Matrix<T> x = random_matrix<T>(n, 1, 1), y = random_matrix<T>(n, 1, 2);
    const T alpha = random_matrix<T>(1, 1, 3)(0, 0);
    const T plain = (x.transpose() * y)(0, 0), conjugated = (x.adjoint() * y)(0, 0);
    const double scale = static_cast<double>(x.norm() * y.norm());
    const Matrix<T> moved = alpha * x + y, conjugate_moved = alpha * x.conjugate() + y;
    Matrix<T> first;
    for (Pool& pool : pools)
      for (const std::size_t apart : {0, 2}) {
        SCOPED_TRACE(testing::Message()
                     << n << " elements, " << pool.workers() << " workers, " << apart << " apart");
        SharedMatrix<T> a(pool, x, apart), b(pool, y, apart), c(pool, y, apart),
            row(pool, y.transpose(), apart);
        Matrix<T> got(4, 1);
        got << dot(pool, a.map(), b.map()), dotc(pool, a.map(), row.map()),
            dot(pool, a.map().conjugate(), b.map()), dotc(pool, x, y);
        const double allowed = 4 * epsilon<T>() * scale;
        ASSERT_LE(std::abs(got(0) - plain), allowed + static_cast<double>(n) * epsilon<T>());
        for (Eigen::Index i = 1; i < 4; ++i)
          ASSERT_LE(std::abs(got(i) - conjugated), allowed + static_cast<double>(n) * epsilon<T>());
        axpy(pool, alpha, a.map(), b.map());
        axpy(pool, alpha, a.map().conjugate(), c.map());
        axpy(pool, alpha, a.map(), row.map());
        const Matrix<double> scales = Matrix<double>::Constant(n, 1, 4);
        ASSERT_TRUE(near(Matrix<T>(b.map()), moved, scales, 1));
        ASSERT_TRUE(near(Matrix<T>(c.map()), conjugate_moved, scales, 1));
        ASSERT_TRUE(near(Matrix<T>(row.map().transpose()), moved, scales, 1));
        if (apart > 0) continue;
        Matrix<T> all(n + 4, 1);
        all << got, Matrix<T>(b.map());
        if (first.size() == 0) first = all;
        ASSERT_TRUE(same_bits(all, first));
      }
  }
}

TEST_F(MatrixVector, a_dot_product_of_floats_is_taken_in_double_precision) {
  Pool pool({.workers = 2});
  auto x = pool.array<float>(3), y = pool.array<float>(3);
  for (const auto& [i, a, b] : {std::tuple{0, 16777216.0F, 16777217.5F},
                                {1, 1.0F, 0.75F},
                                {2, -16777216.0F, 16777217.5F}}) {
    x[static_cast<std::size_t>(i)] = a;
    y[static_cast<std::size_t>(i)] = b;
  }
  EXPECT_EQ(dot(pool, x, y), 0.75F);
}

TEST_F(MatrixVector, what_does_not_fit_is_refused_and_nothing_is_fine) {
  Pool pool({.workers = 1});
  auto x = pool.array<double>(3), y = pool.array<double>(4), none = pool.array<double>(0);
  EXPECT_EQ(dot(pool, none, none), 0);
  axpy(pool, 2, none, none);
  try {
    axpy(pool, 2, x, y);
    FAIL() << "3 and 4 elements";
  } catch (const InvalidArgument& error) {
    EXPECT_STREQ(
        error.what(),
        "tine::matrix::axpy: the vectors are 3 x 1 and 4 x 1, but should be of the same length");
  }
  EXPECT_THROW(dot(pool, x, y), InvalidArgument);
}

TEST_F(MatrixVector, workers_that_are_killed_change_no_bit) {
  tine_test::Killer::slices();
  Pool pool({.workers = 3});
  const Matrix<double> x = random_matrix<double>(3000000, 1, 1);
  const Matrix<double> y = random_matrix<double>(3000000, 1, 2);
  SharedMatrix<double> a(pool, x), b(pool, y);
  const double quiet = dot(pool, a.map(), b.map());
  const Matrix<double> moved = 0.3 * x + y;
  std::size_t deaths = 0;
  for (int round = 0; round < 200 && deaths < 5; ++round) {
    SharedMatrix<double> again(pool, y);
    std::thread killer([&pool, round] {
      usleep(static_cast<unsigned>(500 + 313 * (round % 17)));
      const auto workers = pool.worker_pids();
      tine_test::signal_child(pool.supervisor_pid(),
                              workers[static_cast<std::size_t>(round) % workers.size()], SIGKILL);
    });
    const Report report = axpy(pool, 0.3, a.map(), again.map());
    const double sum = dot(pool, a.map(), b.map());
    killer.join();
    deaths += report.faults.size();
    ASSERT_EQ(std::memcmp(&sum, &quiet, sizeof sum), 0);
    ASSERT_TRUE(near(Matrix<double>(again.map()), moved, Matrix<double>::Ones(3000000, 1), 1));
  }
  EXPECT_GE(deaths, 5u);
}

}  // namespace

}  // namespace tine::matrix
