// gemm, gemv and syrk against Eigen's serial products.
#include <tine/matrix/product.hpp>

#include <csignal>
#include <cstring>
#include <limits>
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

class MatrixProduct : public tine_test::NothingLeftBehind {};

template <class T>
class MatrixProductOf : public tine_test::NothingLeftBehind {};
using Scalars = testing::Types<float, double, std::complex<float>, std::complex<double>>;
TYPED_TEST_SUITE(MatrixProductOf, Scalars);

/// Calls `with` once for each set of kernels that this machine has.
template <class F>
void for_each_isa(F with) {
  const Isa usual = isa();
  for (const Isa each : available_isas()) {
    SCOPED_TRACE(to_string(each));
    use_isa(each);
    with();
  }
  use_isa(usual);
}

/// With as many workers as tine_test::worker_counts says.
std::list<Pool> pools_of_all_sizes() {
  std::list<Pool> pools;
  for (const unsigned workers : tine_test::worker_counts)
    pools.emplace_back(PoolOptions{.workers = workers});
  return pools;
}

struct Sizes {
  std::size_t m, n, k;
};
constexpr Sizes sizes[] = {{1, 1, 1},    {2, 3, 1},      {1, 65, 64},  {63, 1, 65},
                           {64, 64, 64}, {65, 63, 67},   {129, 7, 33}, {200, 300, 5},
                           {3, 5, 9000}, {257, 131, 256}};

TYPED_TEST(MatrixProductOf, gemm_is_eigens_on_any_number_of_workers_with_the_same_bits) {
  using T = TypeParam;
  auto pools = pools_of_all_sizes();
  for (const auto [m, n, k] : sizes) {
    SCOPED_TRACE(testing::Message() << m << " x " << k << " by " << k << " x " << n);
    const Matrix<T> a = random_matrix<T>(m, k, 1), b = random_matrix<T>(k, n, 2);
    const Matrix<T> expected = a * b;
    const Eigen::MatrixXd scale =
        a.cwiseAbs().template cast<double>() * b.cwiseAbs().template cast<double>();
    Matrix<T> first;
    for (Pool& pool : pools) {
      SharedMatrix<T> left(pool, a), right(pool, b, 3),
          result(pool, Matrix<T>::Constant(m, n, std::numeric_limits<double>::quiet_NaN()), 5);
      gemm(pool, left.map(), right.map(), result.map());
      const Matrix<T> got = result.map();
      ASSERT_TRUE(near(got, expected, scale, k));
      if (pool.workers() == 1) first = got;
      ASSERT_TRUE(same_bits(got, first)) << pool.workers() << " workers";
    }
  }
}

TYPED_TEST(MatrixProductOf, gemm_takes_every_order_conjugate_alpha_and_beta_with_every_isa) {
  using T = TypeParam;
  constexpr std::size_t m = 70, n = 45, k = 83;
  Pool pool({.workers = 2});
  const Matrix<T> a = random_matrix<T>(m, k, 1), b = random_matrix<T>(k, n, 2),
                  c = random_matrix<T>(m, n, 3);
  SharedMatrix<T> a_rows(pool, a), a_columns(pool, a.transpose()), a_conjugate(pool, a.conjugate()),
      a_adjoint(pool, a.adjoint());
  SharedMatrix<T> b_rows(pool, b), b_columns(pool, b.transpose()), b_conjugate(pool, b.conjugate()),
      b_adjoint(pool, b.adjoint());
  const Eigen::MatrixXd scale =
      9 * (a.cwiseAbs().template cast<double>() * b.cwiseAbs().template cast<double>()).array() + 9;
  const auto with_left = [&](const auto& left) {
    const auto with_both = [&](const auto& right) {
      for (const T alpha : {T(1), T(-2)})
        for (const T beta : {T(0), T(1), T(3)}) {
          SharedMatrix<T> rows(pool, c), columns(pool, c.transpose());
          gemm(pool, left, right, rows.map(), alpha, beta);
          gemm(pool, left, right, columns.map().transpose(), alpha, beta);
          const Matrix<T> expected = alpha * (a * b) + beta * c;
          ASSERT_TRUE(near(Matrix<T>(rows.map()), expected, scale, k));
          ASSERT_TRUE(near(Matrix<T>(columns.map().transpose()), expected, scale, k));
        }
    };
    with_both(b_rows.map());
    with_both(b_columns.map().transpose());
    with_both(b_conjugate.map().conjugate());
    with_both(b_adjoint.map().adjoint());
  };
  for_each_isa([&] {
    with_left(a_rows.map());
    with_left(a_columns.map().transpose());
    with_left(a_conjugate.map().conjugate());
    with_left(a_adjoint.map().adjoint());
  });
}

TYPED_TEST(MatrixProductOf, gemv_takes_steps_in_both_vectors) {
  using T = TypeParam;
  auto pools = pools_of_all_sizes();
  for (const auto& [m, k] :
       {std::pair<std::size_t, std::size_t>{1, 1}, {65, 63}, {3, 20000}, {5000, 3}}) {
    SCOPED_TRACE(testing::Message() << m << " x " << k);
    const Matrix<T> a = random_matrix<T>(m, k, 1), x = random_matrix<T>(k, 1, 2),
                    y = random_matrix<T>(m, 1, 3);
    const Matrix<T> expected = T(2) * (a * x) - y;
    const Eigen::MatrixXd scale =
        (2 * (a.cwiseAbs().template cast<double>() * x.cwiseAbs().template cast<double>()))
            .array() +
        1;
    Matrix<T> first;
    for (Pool& pool : pools) {
      SharedMatrix<T> left(pool, a), turned(pool, a.transpose()), xs(pool, x, 2), ys(pool, y, 1),
          row(pool, y.transpose());
      gemv(pool, left.map(), xs.map(), ys.map(), T(2), T(-1));
      ASSERT_TRUE(near(Matrix<T>(ys.map()), expected, scale, k));
      gemv(pool, turned.map().transpose(), xs.map().col(0), row.map().row(0), T(2), T(-1));
      ASSERT_TRUE(near(Matrix<T>(row.map().transpose()), expected, scale, k));
      if (pool.workers() == 1) first = ys.map();
      ASSERT_TRUE(same_bits(Matrix<T>(ys.map()), first)) << pool.workers() << " workers";
    }
  }
}

template <class T>
void expect_syrk(std::list<Pool>& pools) {
  for (const auto& [n, k] :
       {std::pair<std::size_t, std::size_t>{1, 1}, {2, 5}, {63, 64}, {65, 7}, {331, 100}}) {
    const Matrix<T> a = random_matrix<T>(n, k, 1), c = random_matrix<T>(n, n, 2);
    const Eigen::MatrixXd scale =
        (2 * (a.cwiseAbs() * a.cwiseAbs().transpose()).template cast<double>()).array() + 3;
    for (const Part part : {Part::lower, Part::upper, Part::whole})
      for (const T beta : {T(0), T(3)})
        for (const bool turned : {false, true}) {
          SCOPED_TRACE(testing::Message() << n << " x " << k << ", part " << int(part) << ", beta "
                                          << beta << (turned ? ", column-major" : ""));
          // Of c one triangle counts; from it the whole result would be symmetric.
          const Matrix<T> sum = T(2) * (a * a.transpose()) + beta * c;
          Matrix<T> expected = c;
          if (part == Part::upper)
            expected.template triangularView<Eigen::Upper>() = sum;
          else
            expected.template triangularView<Eigen::Lower>() = sum;
          if (part == Part::whole && !turned)
            expected = Matrix<T>(sum.template selfadjointView<Eigen::Lower>());
          if (part == Part::whole && turned)
            expected = Matrix<T>(sum.template selfadjointView<Eigen::Upper>());
          Matrix<T> first;
          for (Pool& pool : pools) {
            SharedMatrix<T> left(pool, a), result(pool, turned ? Matrix<T>(c.transpose()) : c, 2);
            if (turned)
              syrk(pool, left.map(), result.map().transpose(), part, T(2), beta);
            else
              syrk(pool, left.map(), result.map(), part, T(2), beta);
            const Matrix<T> got =
                turned ? Matrix<T>(result.map().transpose()) : Matrix<T>(result.map());
            ASSERT_TRUE(near(got, expected, scale, k));
            if (part == Part::lower) {
              for (Eigen::Index y = 0; y < got.rows(); ++y)
                for (Eigen::Index x = y + 1; x < got.cols(); ++x)
                  ASSERT_EQ(got(y, x), c(y, x)) << "outside the part";
            }
            if (pool.workers() == 1) first = got;
            ASSERT_TRUE(same_bits(got, first)) << pool.workers() << " workers";
          }
        }
  }
}
TEST_F(MatrixProduct, syrk_is_eigens_and_touches_only_its_part) {
  auto pools = pools_of_all_sizes();
  for_each_isa([&] {
    expect_syrk<float>(pools);
    expect_syrk<double>(pools);
  });
}

// "threadsafe": the child starts as a program of its own, that has not chosen yet.
TEST_F(MatrixProduct, the_environment_chooses_the_instructions) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  setenv("TINE_ISA", "baseline", 1);
  EXPECT_EXIT(std::exit(isa() == Isa::baseline ? 5 : 1), testing::ExitedWithCode(5), "");
  setenv("TINE_ISA", "mmx", 1);
  EXPECT_EXIT(
      {
        try {
          isa();
        } catch (const InvalidArgument& error) {
          std::fputs(error.what(), stderr);
        }
        std::exit(3);
      },
      testing::ExitedWithCode(3), "TINE_ISA is \"mmx\"; here it can be: baseline");
  unsetenv("TINE_ISA");
}

// Tiles so large that a BLAS is asked, and so long that sums are taken in parts.
TEST_F(MatrixProduct, large_results_and_long_sums_have_the_same_bits_on_any_number_of_workers) {
  auto pools = pools_of_all_sizes();
  for (const auto [m, n, k] : {Sizes{2049, 2050, 33}, Sizes{40, 30, 20001}}) {
    SCOPED_TRACE(testing::Message() << m << " x " << k << " by " << k << " x " << n);
    const Matrix<double> a = random_matrix<double>(m, k, 1), b = random_matrix<double>(k, n, 2);
    const Matrix<double> expected = a * b, scale = a.cwiseAbs() * b.cwiseAbs();
    for_each_isa([&] {
      Matrix<double> first;
      for (Pool& pool : pools) {
        SharedMatrix<double> left(pool, a), right(pool, b), c(pool, Matrix<double>::Zero(m, n));
        gemm(pool, left.map(), right.map(), c.map());
        ASSERT_TRUE(near(Matrix<double>(c.map()), expected, scale, k));
        if (pool.workers() == 1) first = c.map();
        ASSERT_TRUE(same_bits<double>(c.map(), first)) << pool.workers() << " workers";
      }
    });
  }
}

TEST_F(MatrixProduct, nan_and_infinity_spread_as_in_plain_loops) {
  Pool pool({.workers = 2});
  Matrix<double> a = random_matrix<double>(70, 70, 1), b = random_matrix<double>(70, 70, 2);
  a(3, 4) = std::numeric_limits<double>::quiet_NaN();
  b(5, 6) = std::numeric_limits<double>::infinity();
  SharedMatrix<double> left(pool, a), right(pool, b), result(pool, Matrix<double>::Zero(70, 70));
  gemm(pool, left.map(), right.map(), result.map());
  for (Eigen::Index y = 0; y < 70; ++y)
    for (Eigen::Index x = 0; x < 70; ++x) {
      ASSERT_EQ(std::isnan(result.map()(y, x)), y == 3) << y << ", " << x;
      ASSERT_EQ(std::isinf(result.map()(y, x)), y != 3 && x == 6) << y << ", " << x;
    }
}

TEST_F(MatrixProduct, what_is_not_in_the_arena_or_in_no_order_is_copied) {
  Pool pool({.workers = 2});
  const Matrix<double> a = random_matrix<double>(40, 60, 1), b = random_matrix<double>(60, 50, 2);
  const Eigen::MatrixXd expected = a * b, scale = a.cwiseAbs() * b.cwiseAbs();
  Eigen::MatrixXd c(40, 50);
  gemm(pool, a, b, c);
  EXPECT_TRUE(near(c, expected, scale, 60));
  // Every second row and third column of something larger.
  Matrix<double> wide = Matrix<double>::Zero(80, 180);
  Eigen::Map<Matrix<double>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>> sparse(
      wide.data(), 40, 60, {2 * 180, 3});
  sparse = a;
  gemm(pool, sparse, b, c, 2.0, 1.0);
  EXPECT_TRUE(near(c, 3 * expected, 3 * scale, 60));
}

TEST_F(MatrixProduct, empty_shapes_are_fine_and_no_sum_is_beta_c) {
  Pool pool({.workers = 2});
  auto a = pool.array<double>(5, 0), b = pool.array<double>(0, 4), c = pool.array<double>(5, 4);
  std::ranges::fill(c, 2.0);
  gemm(pool, a, b, c, 1.0, 3.0);
  EXPECT_TRUE(std::ranges::all_of(c, [](double x) { return x == 6; }));
  gemm(pool, a, b, c);
  EXPECT_TRUE(std::ranges::all_of(c, [](double x) { return x == 0; }));
  auto none = pool.array<double>(0, 4);
  auto factor = pool.array<double>(0, 5);
  gemm(pool, factor, c, none);
}

template <class F>
std::string refusal(F call) {
  try {
    call();
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST_F(MatrixProduct, what_does_not_fit_is_refused_with_the_shapes) {
  Pool pool({.workers = 1});
  auto a = pool.array<double>(5, 6), b = pool.array<double>(7, 4), c = pool.array<double>(5, 4);
  EXPECT_EQ(
      refusal([&] { gemm(pool, a, b, c); }),
      "tine::matrix::gemm: the factors are 5 x 6 and 7 x 4 and the result 5 x 4, but should be "
      "m x k, k x n and m x n");
  auto x = pool.array<double>(5), y = pool.array<double>(6);
  EXPECT_THAT(refusal([&] { gemv(pool, a, x, y); }), testing::HasSubstr("but should be m x n"));
  EXPECT_THAT(refusal([&] { syrk(pool, a, c); }), testing::HasSubstr("n x k and n x n"));
  auto square = pool.array<double>(5, 5);
  EXPECT_THAT(refusal([&] { gemm(pool, square, square, square); }), testing::HasSubstr("overlap"));
  auto wide = pool.array<double>(10, 10);
  const View<double, 2> sparse(wide.data(), {5, 5}, {20, 2});
  EXPECT_THAT(refusal([&] { gemm(pool, square, square, sparse); }),
              testing::HasSubstr("adjacent elements (strides 20 and 2)"));
  const View<double, 2> overlapping(wide.data(), {5, 5}, {3, 1});
  EXPECT_THAT(refusal([&] { gemm(pool, square, square, overlapping); }),
              testing::HasSubstr("overlap each other"));
}

TEST_F(MatrixProduct, workers_that_are_killed_change_no_bit) {
  constexpr std::size_t n = 700;
  const Matrix<double> a = random_matrix<double>(n, n, 1), b = random_matrix<double>(n, n, 2),
                       c = random_matrix<double>(n, n, 3);
  tine_test::Killer::slices();
  Pool pool({.workers = 3});
  SharedMatrix<double> left(pool, a), right(pool, b), plain(pool, c), symmetric(pool, c);
  gemm(pool, left.map(), right.map(), plain.map(), 1.0, 2.0);
  syrk(pool, left.map(), symmetric.map(), Part::lower, 1.0, 2.0);
  std::size_t deaths = 0;
  for (int round = 0; round < 200 && deaths < 10; ++round) {
    SharedMatrix<double> again(pool, c), symmetric_again(pool, c);
    const auto pids = pool.worker_pids();
    std::thread killer([&pool, round] {
      usleep(static_cast<unsigned>(500 + 313 * (round % 17)));
      const auto workers = pool.worker_pids();
      tine_test::signal_child(pool.supervisor_pid(),
                              workers[static_cast<std::size_t>(round) % workers.size()], SIGKILL);
    });
    const Report first = gemm(pool, left.map(), right.map(), again.map(), 1.0, 2.0);
    const Report second = syrk(pool, left.map(), symmetric_again.map(), Part::lower, 1.0, 2.0);
    killer.join();
    deaths += first.faults.size() + second.faults.size();
    ASSERT_TRUE(same_bits<double>(again.map(), plain.map()));
    ASSERT_TRUE(same_bits<double>(symmetric_again.map(), symmetric.map()));
  }
  EXPECT_GE(deaths, 10u);
}

}  // namespace

}  // namespace tine::matrix
