// Factorisations and what is solved with them, by the residuals of LAPACK's own tests: distances in
// units of n * epsilon * norm, which are to be below 30 (E. Anderson et al., LAPACK Users' Guide, and
// its installation guide).
#include <chrono>
#include <csignal>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Dense>

#include <tine/matrix/isa.hpp>
#include <tine/matrix/solve.hpp>
#include <tine/tine.hpp>

#include "matrix_test.hpp"
#include "support/fixture.hpp"
#include "support/killer.hpp"
#include "support/worker_counts.hpp"

namespace tine::matrix {
namespace {

using ::testing::HasSubstr;

template <class M>
double norm1(const M& a) {
  return a.size() == 0 ? 0 : static_cast<double>(a.cwiseAbs().colwise().sum().maxCoeff());
}

/// ||difference|| / (n ||a|| eps)
template <class T, class D, class A>
double ratio(const D& difference, const A& a, std::size_t n) {
  const double unit = static_cast<double>(std::max<std::size_t>(n, 1)) * epsilon<T>() * norm1(a);
  const double size = norm1(difference);
  return size == 0 ? 0 : size / unit;
}

/// ||b - a x|| / (||a|| ||x|| eps)
template <class T, class A, class X, class B>
double solve_ratio(const A& a, const X& x, const B& b) {
  return norm1(b - a * x) / (norm1(a) * norm1(x) * epsilon<T>());
}

template <class T>
Matrix<T> of_array(const Array<T, 2>& a) {
  return Eigen::Map<const Matrix<T>>(a.data(), a.extent(0), a.extent(1));
}

/// Random, symmetric, and as well conditioned as that goes.
template <class T>
Matrix<T> positive_definite(std::size_t n) {
  const Matrix<T> a = random_matrix<T>(n, n, 5);
  Matrix<T> result = (a + a.transpose()) / T(2);
  result.diagonal().array() += static_cast<T>(n);
  return result;
}

constexpr std::size_t sizes[] = {1, 2, 31, 63, 64, 65, 130, 333, 1000};

template <class T>
class MatrixFactor : public tine_test::NothingLeftBehind {
 protected:
  MatrixFactor() { tine_test::Killer::slices(); }
  Pool pool{{.workers = 3}};
};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(MatrixFactor, Reals);

template <class T>
class MatrixElimination : public MatrixFactor<T> {};
using Numbers = ::testing::Types<float, double, std::complex<float>, std::complex<double>>;
TYPED_TEST_SUITE(MatrixElimination, Numbers);

/// Runs f(most) with each instruction set that this machine has, on the largest matrices with one of them.
template <class F>
void with_each_isa(F f) {
  const Isa before = isa();
  for (const Isa each : available_isas()) {
    use_isa(each);
    SCOPED_TRACE(to_string(each));
    f(each == before ? 1000u : 150u);
  }
  use_isa(before);
}

TYPED_TEST(MatrixFactor, cholesky_is_within_the_bounds_of_lapack) {
  using T = TypeParam;
  with_each_isa([&](std::size_t most) {
    for (const std::size_t n : sizes) {
      if (n > most) continue;
      const Matrix<T> a = positive_definite<T>(n);
      const Cholesky cholesky(this->pool, a);
      const Matrix<T> l = of_array(cholesky.factor());
      EXPECT_LT(ratio<T>(Matrix<T>(a - l * l.transpose()), a, n), 30) << n;
      EXPECT_EQ(norm1(l.template triangularView<Eigen::StrictlyUpper>().toDenseMatrix()), 0);
      const Matrix<T> b = random_matrix<T>(n, 5, 9);
      Matrix<T> x(n, 5);
      cholesky.solve(this->pool, b, x);
      EXPECT_LT(solve_ratio<T>(a, x, b), 30) << n;
      EXPECT_NEAR(
          cholesky.log_determinant(),
          a.template cast<double>().llt().matrixL().toDenseMatrix().diagonal().array().log().sum() *
              2,
          1e-5 * static_cast<double>(n * n + 1));
    }
  });
}

TYPED_TEST(MatrixFactor, cholesky_reads_one_triangle_in_any_order) {
  using T = TypeParam;
  const std::size_t n = 150;
  const Matrix<T> a = positive_definite<T>(n);
  const Cholesky expected(this->pool, a);
  Matrix<T> lower = a;
  lower.template triangularView<Eigen::StrictlyUpper>().setConstant(
      std::numeric_limits<T>::quiet_NaN());
  const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> upper_by_columns = lower.transpose();
  SharedMatrix<T> shared(this->pool, lower, 3);
  const auto same = [&](const Cholesky<T>& other) {
    return tine_test::same_bits(other.factor().span(), expected.factor().span());
  };
  EXPECT_TRUE(same(Cholesky(this->pool, lower)));
  EXPECT_TRUE(same(Cholesky(this->pool, shared.map())));
  EXPECT_TRUE(same(Cholesky(this->pool, upper_by_columns, Part::upper)));
  EXPECT_TRUE(same(Cholesky(this->pool, Matrix<T>(lower.transpose()), Part::upper)));
}

TYPED_TEST(MatrixFactor, cholesky_names_the_row_that_is_not_positive_definite) {
  using T = TypeParam;
  for (const std::size_t n : {1u, 40u, 200u})
    for (const std::size_t bad : {std::size_t{0}, n / 2, n - 1})
      for (const T value :
           {T(-1), T(0), std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity()}) {
        Matrix<T> a = Matrix<T>::Identity(n, n);
        a(bad, bad) = value;
        try {
          const Cholesky cholesky(this->pool, a);
          ADD_FAILURE() << n << " " << bad << " " << value;
        } catch (const NotPositiveDefinite& e) {
          EXPECT_EQ(e.index(), bad);
          EXPECT_THAT(e.what(), HasSubstr("its first " + std::to_string(bad + 1) + " rows"));
        }
      }
}

TYPED_TEST(MatrixElimination, lu_is_within_the_bounds_of_lapack) {
  using T = TypeParam;
  with_each_isa([&](std::size_t most) {
    for (const std::size_t n : sizes) {
      if (n > most) continue;
      const Matrix<T> a = random_matrix<T>(n, n, 3);
      const Lu lu(this->pool, a);
      const Matrix<T> factors = of_array(lu.factors());
      const Matrix<T> l = factors.template triangularView<Eigen::UnitLower>();
      const Matrix<T> u = factors.template triangularView<Eigen::Upper>();
      EXPECT_LE(l.cwiseAbs().maxCoeff(), 1.5) << "pivots are the largest";
      const auto rows = lu.permutation();
      Matrix<T> exchanged(n, n);
      for (std::size_t i = 0; i < n; ++i)
        exchanged.row(static_cast<Eigen::Index>(i)) = a.row(static_cast<Eigen::Index>(rows[i]));
      EXPECT_LT(ratio<T>(Matrix<T>(exchanged - l * u), a, n), 30) << n;
      EXPECT_FALSE(lu.singular());

      const Matrix<T> b = random_matrix<T>(n, 3, 9);
      Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> x(n, 3);
      lu.solve(this->pool, b, x);
      EXPECT_LT(solve_ratio<T>(a, x, b), 30) << n;
      Matrix<T> in_place = b;
      lu.solve(this->pool, in_place, in_place);
      EXPECT_TRUE(same_bits<T>(in_place, x));
      // As LAPACK has it, in units of the condition, too.
      Matrix<T> inverse(n, n);
      lu.inverse(this->pool, inverse);
      EXPECT_LT(norm1(Matrix<T>(a * inverse - Matrix<T>::Identity(n, n))) /
                    (norm1(a) * norm1(inverse) * static_cast<double>(n) * epsilon<T>()),
                30)
          << n;
    }
  });
}

TYPED_TEST(MatrixElimination, determinants_have_signs_and_do_not_overflow) {
  using T = TypeParam;
  Matrix<T> a(3, 3);
  a << T(0), T(2), T(0), T(3), T(0), T(0), T(0), T(0), T(4);
  EXPECT_NEAR(std::abs(determinant(this->pool, a).value() - T(-24)), 0, 1e-4);
  const Matrix<T> large = Matrix<T>::Identity(500, 500) * T(100);
  const auto result = determinant(this->pool, large);
  EXPECT_NEAR(result.log_abs, 500 * std::log(100.0), 0.1);
  EXPECT_EQ(result.sign, T(1));
  const Matrix<T> random = random_matrix<T>(60, 60, 4);
  const T expected = random.partialPivLu().determinant();
  EXPECT_NEAR(std::abs(determinant(this->pool, random).value() / expected - T(1)), 0, 1e-2);
}

TYPED_TEST(MatrixElimination, a_singular_matrix_is_factored_and_refused_where_it_is_solved_with) {
  using T = TypeParam;
  for (const std::size_t n : {1u, 50u, 300u}) {
    Matrix<T> a = Matrix<T>::Identity(n, n);
    a.row(n / 2).setZero();
    const Lu lu(this->pool, a);
    ASSERT_TRUE(lu.singular());
    EXPECT_EQ(*lu.singular(), n / 2);
    EXPECT_EQ(lu.determinant().value(), T(0));
    Matrix<T> x(n, 1);
    x.setConstant(T(7));
    try {
      lu.solve(this->pool, Matrix<T>(Matrix<T>::Ones(n, 1)), x);
      ADD_FAILURE();
    } catch (const SingularMatrix& e) {
      EXPECT_EQ(e.index(), n / 2);
      EXPECT_THAT(e.what(), HasSubstr("column " + std::to_string(n / 2)));
    }
    EXPECT_EQ(x, Matrix<T>::Constant(n, 1, T(7))) << "nothing is written";
  }
}

TYPED_TEST(MatrixElimination, conjugates_and_strides_are_as_eigen_has_them) {
  using T = TypeParam;
  const std::size_t n = 70;
  const Matrix<T> a = random_matrix<T>(n, n, 3), b = random_matrix<T>(n, 2, 4);
  SharedMatrix<T> shared(this->pool, a, 5);
  Matrix<T> x(n, 2);
  solve(this->pool, shared.map().transpose(), b, x);
  EXPECT_LT(solve_ratio<T>(a.transpose(), x, b), 30);
  if constexpr (Eigen::NumTraits<T>::IsComplex) {
    solve(this->pool, a.adjoint(), b, x);
    EXPECT_LT(solve_ratio<T>(Matrix<T>(a.adjoint()), x, b), 30);
  }
}

TYPED_TEST(MatrixElimination, triangles_are_solved_with_from_either_side) {
  using T = TypeParam;
  for (const std::size_t n : sizes) {
    Matrix<T> a = random_matrix<T>(n, n, 3);
    a.diagonal().array() += static_cast<T>(static_cast<double>(n));
    const Matrix<T> b = random_matrix<T>(n, 4, 4);
    const auto check = [&](const Matrix<T>& triangle, Part part, Diagonal diagonal,
                           const auto& given) {
      Matrix<T> x = b;
      solve_triangular(this->pool, given, part, x, diagonal);
      EXPECT_LT(solve_ratio<T>(triangle, x, b), 30) << n;
    };
    const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> by_columns = a;
    check(a.template triangularView<Eigen::Lower>(), Part::lower, Diagonal::stored, a);
    check(a.template triangularView<Eigen::Upper>(), Part::upper, Diagonal::stored, by_columns);
    const Matrix<T> small = a / static_cast<T>(static_cast<double>(4 * n));
    check(small.template triangularView<Eigen::UnitLower>(), Part::lower, Diagonal::ones, small);
    check(small.template triangularView<Eigen::UnitUpper>(), Part::upper, Diagonal::ones, small);
  }
  Matrix<T> zero = Matrix<T>::Identity(4, 4), x = Matrix<T>::Ones(4, 1);
  zero(2, 2) = T(0);
  EXPECT_THROW(solve_triangular(this->pool, zero, Part::lower, x), SingularMatrix);
}

TYPED_TEST(MatrixFactor, qr_is_within_the_bounds_of_lapack) {
  using T = TypeParam;
  with_each_isa([&](std::size_t most) {
    for (const auto& [m, n] :
         std::initializer_list<std::pair<std::size_t, std::size_t>>{{1, 1},
                                                                    {2, 2},
                                                                    {5, 3},
                                                                    {3, 5},
                                                                    {63, 63},
                                                                    {64, 64},
                                                                    {65, 65},
                                                                    {130, 40},
                                                                    {40, 130},
                                                                    {333, 333},
                                                                    {1000, 600},
                                                                    {600, 1000},
                                                                    {5000, 1},
                                                                    {9000, 33},
                                                                    {20000, 70}}) {
      if (n > most) continue;
      const Matrix<T> a = random_matrix<T>(m, n, 3);
      const Qr qr(this->pool, a);
      const std::size_t k = std::min(m, n);
      Matrix<T> r(k, n), q(m, k);
      qr.r(this->pool, r);
      EXPECT_EQ(norm1(r.template triangularView<Eigen::StrictlyLower>().toDenseMatrix()), 0);
      qr.q(this->pool, q);
      EXPECT_LT(ratio<T>(Matrix<T>(a - q * r), a, m), 30) << m << " x " << n;
      const Matrix<T> identity = Matrix<T>::Identity(k, k);
      EXPECT_LT(ratio<T>(Matrix<T>(q.transpose() * q - identity), identity, m), 30)
          << m << " x " << n;
      const Matrix<T> c = random_matrix<T>(m, 3, 8);
      Matrix<T> there = c;
      qr.multiply_q(this->pool, there, true);
      EXPECT_LT(norm1(Matrix<T>(there.topRows(k) - q.transpose() * c)),
                30 * static_cast<double>(m) * epsilon<T>() * norm1(c));
      qr.multiply_q(this->pool, there);
      EXPECT_LT(ratio<T>(Matrix<T>(there - c), c, m), 30) << m << " x " << n;
    }
  });
}

TYPED_TEST(MatrixFactor, least_squares_are_where_the_gradient_vanishes) {
  using T = TypeParam;
  for (const auto& [m, n] : std::initializer_list<std::pair<std::size_t, std::size_t>>{
           {1, 1}, {10, 3}, {300, 65}, {10000, 20}, {65, 65}}) {
    const Matrix<T> a = random_matrix<T>(m, n, 3), b = random_matrix<T>(m, 2, 4);
    Matrix<T> x(n, 2);
    least_squares(this->pool, a, b, x);
    const Matrix<T> residual = b - a * x;
    EXPECT_LT(norm1(Matrix<T>(a.transpose() * residual)) /
                  (static_cast<double>(m) * norm1(a) * norm1(b) * epsilon<T>()),
              30)
        << m << " x " << n;
  }
  // Of many solutions the shortest, which is a combination of the rows.
  const Matrix<T> a = random_matrix<T>(20, 90, 3), b = random_matrix<T>(20, 1, 4);
  Matrix<T> x(90, 1);
  least_squares(this->pool, a, b, x);
  EXPECT_LT(solve_ratio<T>(a, x, b), 30);
  const Matrix<T> shortest = a.transpose() * (a * a.transpose()).ldlt().solve(b);
  EXPECT_NEAR(x.norm(), shortest.norm(), 1e-3 * shortest.norm());

  Matrix<T> dependent = random_matrix<T>(50, 4, 3);
  dependent.col(2) = dependent.col(0) + dependent.col(1);
  Matrix<T> y(4, 1);
  try {
    least_squares(this->pool, dependent, Matrix<T>(Matrix<T>::Ones(50, 1)), y);
    ADD_FAILURE();
  } catch (const SingularMatrix& e) {
    EXPECT_EQ(e.index(), 2u);
  }
}

TYPED_TEST(MatrixFactor, graded_and_nearly_singular_matrices_are_within_the_bounds) {
  using T = TypeParam;
  const std::size_t n = 200;
  // Columns from 1 to epsilon squared.
  Matrix<T> graded = random_matrix<T>(n, n, 3);
  for (std::size_t j = 0; j < n; ++j)
    graded.col(static_cast<Eigen::Index>(j)) *= static_cast<T>(
        std::pow(epsilon<T>(), 2.0 * static_cast<double>(j) / static_cast<double>(n)));
  Matrix<T> nearly = random_matrix<T>(n, n, 4);
  nearly.row(7) = nearly.row(9) + nearly.row(8) * T(epsilon<T>());
  for (const Matrix<T>& a : {graded, nearly}) {
    const Matrix<T> b = random_matrix<T>(n, 1, 5);
    const Lu lu(this->pool, a);
    if (!lu.singular()) {
      Matrix<T> x(n, 1);
      lu.solve(this->pool, b, x);
      EXPECT_LT(solve_ratio<T>(a, x, b), 30);
    }
    const Qr qr(this->pool, a);
    Matrix<T> q(n, n), r(n, n);
    qr.q(this->pool, q);
    qr.r(this->pool, r);
    EXPECT_LT(ratio<T>(Matrix<T>(a - q * r), a, n), 30);
  }
  // Numbers whose squares overflow, or vanish.
  for (const T scale :
       {std::numeric_limits<T>::max() / T(1e6), std::numeric_limits<T>::min() * T(1e3)}) {
    const Matrix<T> a = random_matrix<T>(40, 10, 3) * scale;
    Matrix<T> r(10, 10);
    Qr(this->pool, a).r(this->pool, r);
    EXPECT_NEAR(std::abs(r(0, 0)) / a.col(0).stableNorm(), 1, 1e-5);
  }
}

TYPED_TEST(MatrixFactor, nan_and_infinity_spread_and_hang_nothing) {
  using T = TypeParam;
  for (const T bad : {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity()}) {
    Matrix<T> a = random_matrix<T>(150, 150, 3);
    a(75, 20) = bad;
    Matrix<T> x(150, 1), r(150, 150);
    const Lu lu(this->pool, a);
    if (!lu.singular()) {
      lu.solve(this->pool, Matrix<T>(Matrix<T>::Ones(150, 1)), x);
      EXPECT_TRUE(x.hasNaN() || !std::isnan(bad));  // to divide by infinity is allowed
    }
    Qr(this->pool, a).r(this->pool, r);
    EXPECT_FALSE(r.allFinite());
  }
}

TYPED_TEST(MatrixFactor, empty_matrices_are_done) {
  using T = TypeParam;
  const Matrix<T> nothing(0, 0), tall(5, 0);
  EXPECT_EQ(Cholesky(this->pool, nothing).size(), 0u);
  EXPECT_EQ(Lu(this->pool, nothing).determinant().value(), T(1));
  EXPECT_EQ(Qr(this->pool, tall).rows(), 5u);
  Matrix<T> q = Matrix<T>::Zero(5, 5);
  Qr(this->pool, tall).q(this->pool, q);
  EXPECT_EQ(q, (Matrix<T>::Identity(5, 5)));
}

TYPED_TEST(MatrixFactor, shapes_that_do_not_fit_are_refused) {
  using T = TypeParam;
  const Matrix<T> a = positive_definite<T>(4), wide = random_matrix<T>(3, 4);
  Matrix<T> x(4, 2), three(3, 1);
  const auto message = [&](auto call) -> std::string {
    try {
      call();
    } catch (const InvalidArgument& e) {
      return e.what();
    }
    return "nothing was thrown";
  };
  Pool& pool = this->pool;
  EXPECT_THAT(message([&] { Cholesky c(pool, wide); }), HasSubstr("3 x 4, but should be square"));
  EXPECT_THAT(message([&] { Lu c(pool, wide); }), HasSubstr("3 x 4, but should be square"));
  EXPECT_THAT(message([&] { solve(pool, a, three, x); }),
              HasSubstr("the matrix has 4 rows, the right side is 3 x 1 and the result 4 x 2"));
  EXPECT_THAT(message([&] { least_squares(pool, wide, three, three); }),
              HasSubstr("the matrix is 3 x 4, the right side 3 x 1 and the result 3 x 1"));
  EXPECT_THAT(message([&] { solve_triangular(pool, a, Part::whole, x); }), HasSubstr("which part"));
  EXPECT_THAT(message([&] { Qr(pool, wide).r(pool, x); }), HasSubstr("r has 3 rows and 4 columns"));
}

// Everything that a graph makes, one after another.
template <class T>
std::vector<T> all_of_it(const PoolWith& on, std::size_t n) {
  std::vector<T> result;
  const auto keep = [&](const auto& m) {
    result.insert(result.end(), m.data(), m.data() + m.size());
  };
  const Matrix<T> a = positive_definite<T>(n), b = random_matrix<T>(n, 70, 4);
  const Matrix<T> general = random_matrix<T>(n, n, 6), tall = random_matrix<T>(7000, 40, 7);
  const auto kept = [&](auto&& factored, const auto& factor) {
    Matrix<T> x(n, 70);
    factored.solve(on, b, x);
    keep(factor);
    keep(x);
  };
  const Cholesky cholesky(on, a);
  kept(cholesky, cholesky.factor());
  const Lu lu(on, general);
  kept(lu, lu.factors());
  for (const Matrix<T>& m : {general, tall}) {
    const Qr qr(on, m);
    Matrix<T> q(m.rows(), m.cols()), r(m.cols(), m.cols());
    qr.q(on, q);
    qr.r(on, r);
    keep(q);
    keep(r);
  }
  return result;
}

TYPED_TEST(MatrixFactor, has_the_same_bits_on_any_number_of_workers_and_after_any_death) {
  using T = TypeParam;
  const std::size_t n = 300;
  const std::vector<T> expected = all_of_it<T>(this->pool, n);
  for (const unsigned workers : tine_test::worker_counts) {
    Pool others({.workers = workers});
    EXPECT_TRUE(tine_test::same_bits(all_of_it<T>(others, n), expected)) << workers;
  }
  std::size_t faults = 0;
  for (int round = 0; round < 5; ++round) {
    Policy policy{.attempts = 60};
    std::atomic<bool> over = false;
    std::thread killer([&] {
      std::mt19937 random(static_cast<unsigned>(round));
      // Ever more slowly, so that it ends where tasks are slow.
      for (unsigned us = 500; !over; us += us / 8) {
        usleep(us);
        const auto pids = this->pool.worker_pids();
        faults += tine_test::signal_child(this->pool.supervisor_pid(), pids[random() % pids.size()],
                                          SIGKILL);
      }
    });
    const std::vector<T> got = all_of_it<T>(this->pool.with(policy), n);
    over = true;
    killer.join();
    EXPECT_TRUE(tine_test::same_bits(got, expected)) << round;
  }
  EXPECT_GT(faults, 10u);
}

TYPED_TEST(MatrixFactor, is_right_or_an_error_where_slices_may_be_left_out) {
  using T = TypeParam;
  const std::vector<T> expected = all_of_it<T>(this->pool, 200);
  std::atomic<bool> over = false;
  std::thread killer([&] {
    std::mt19937 random(1);
    while (!over) {
      usleep(2000);
      const auto pids = this->pool.worker_pids();
      tine_test::signal_child(this->pool.supervisor_pid(), pids[random() % pids.size()], SIGKILL);
    }
  });
  std::size_t errors = 0;
  for (int round = 0; round < 20; ++round) try {
      const Policy policy{.attempts = 1, .on_failure = OnFailure::quarantine};
      EXPECT_TRUE(tine_test::same_bits(all_of_it<T>(this->pool.with(policy), 200), expected));
    } catch (const JobError&) {
      ++errors;
    }
  over = true;
  killer.join();
  EXPECT_GT(errors, 0u);
}

TYPED_TEST(MatrixFactor, large_ones_are_within_the_bounds) {
  using T = TypeParam;
  const std::size_t n = 4096;
  // Compared in one direction each, which a product with a matrix takes as long as all else here.
  const Matrix<T> probe = random_matrix<T>(n, 1, 2);
  const auto off = [&](const Matrix<T>& left, const Matrix<T>& right, const Matrix<T>& a) {
    return norm1(Matrix<T>(left - right)) /
           (static_cast<double>(n) * norm1(a) * norm1(probe) * epsilon<T>());
  };
  const Matrix<T> symmetric = positive_definite<T>(n);
  const Cholesky cholesky(this->pool, symmetric);
  const auto l = Eigen::Map<const Matrix<T>>(cholesky.factor().data(), n, n);
  EXPECT_LT(off(symmetric * probe, l * Matrix<T>(l.transpose() * probe), symmetric), 30);

  const Matrix<T> a = random_matrix<T>(n, n, 3);
  const Lu lu(this->pool, a);
  const auto factors = Eigen::Map<const Matrix<T>>(lu.factors().data(), n, n);
  const Matrix<T> image = factors.template triangularView<Eigen::UnitLower>() *
                          Matrix<T>(factors.template triangularView<Eigen::Upper>() * probe);
  const auto rows = lu.permutation();
  const Matrix<T> product = a * probe;
  Matrix<T> exchanged(n, 1);
  for (std::size_t i = 0; i < n; ++i)
    exchanged(static_cast<Eigen::Index>(i), 0) = product(static_cast<Eigen::Index>(rows[i]), 0);
  EXPECT_LT(off(exchanged, image, a), 30);

  const Qr qr(this->pool, a);
  Matrix<T> r(n, n);
  qr.r(this->pool, r);
  Matrix<T> turned = r * probe;
  qr.multiply_q(this->pool, turned);
  EXPECT_LT(off(product, turned, a), 30);
  qr.multiply_q(this->pool, turned, true);
  EXPECT_NEAR(turned.norm() / product.norm(), 1, 1e-4);
}

}  // namespace
}  // namespace tine::matrix
