// Conjugate gradients, Jacobi and the power iteration against Eigen, and what is told when they fail.
#include <tine/matrix/iterations.hpp>

#include <numbers>

#include <gmock/gmock.h>
#include <Eigen/Eigenvalues>
#include <Eigen/IterativeLinearSolvers>
#include <tine/error.hpp>

#include "matrix_sparse.hpp"
#include "support/fixture.hpp"
#include "support/message.hpp"

namespace tine::matrix {

namespace {

class MatrixIterations : public tine_test::NothingLeftBehind {};
template <class T>
class MatrixIterationsOf : public tine_test::NothingLeftBehind {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(MatrixIterationsOf, Reals);

/// Symmetric, and diagonally dominant by `margin`; the diagonal spans some powers of ten.
template <class T>
std::vector<Triplet<T>> dominant_matrix(std::size_t n, double margin = 1, double decades = 0) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> number(-1, 1);
  std::vector<Triplet<T>> triplets;
  std::vector<double> sums(n, margin);
  for (std::size_t i = 0; n > 1 && i < 3 * n; ++i) {
    const std::size_t y = random() % n, x = random() % n;
    if (x == y) continue;
    const double value = number(random);
    triplets.push_back({y, x, static_cast<T>(value)});
    triplets.push_back({x, y, static_cast<T>(value)});
    sums[y] += std::abs(value);
    sums[x] += std::abs(value);
  }
  for (std::size_t i = 0; i < n; ++i)
    triplets.push_back(
        {i, i, static_cast<T>(sums[i] * std::pow(10, decades * static_cast<double>(i % 7) / 6))});
  return triplets;
}

template <class T>
double true_residual(const Sparse<T>& a, const Column<T>& b, const T* x) {
  const Eigen::VectorXd error =
      b.template cast<double>() -
      a.template cast<double>() * Eigen::Map<const Column<T>>(x, b.size()).template cast<double>();
  return b.size() == 0 ? 0 : error.norm() / b.template cast<double>().norm();
}

template <class T>
Column<T> random_column(std::size_t n, unsigned seed) {
  return random_matrix<T>(n, 1, seed);
}

TYPED_TEST(MatrixIterationsOf, conjugate_gradient_solves_what_eigen_solves_at_all_sizes) {
  using T = TypeParam;
  auto pools = pools_of_all_sizes();
  for (const std::size_t n : {0, 1, 2, 63, 64, 65, 1000, 40000})
    for (const bool preconditioned : {false, true}) {
      SCOPED_TRACE(testing::Message() << n << (preconditioned ? ", preconditioned" : ""));
      const auto triplets = dominant_matrix<T>(n, 1, preconditioned ? 3 : 1);
      const Sparse<T> m = eigen_matrix(n, n, triplets);
      const Column<T> b = random_column<T>(n, 3);
      const IterationOptions options{.tolerance = 200 * epsilon<T>(),
                                     .preconditioned = preconditioned};
      std::vector<T> first;
      Iterated with_one;
      for (Pool& pool : pools) {
        const Csr<T> a(pool, n, n, triplets);
        auto x = pool.array<T>(n);
        const Iterated how = conjugate_gradient(pool, a, b, x, options);
        ASSERT_TRUE(how.converged()) << to_string(how.ending) << ' ' << how.residual;
        ASSERT_LE(how.residual, options.tolerance);
        // Rounded otherwise than by the solver, so that half of the tolerance may be added.
        ASSERT_LE(true_residual(m, b, x.data()), 1.5 * options.tolerance);
        if (pool.workers() == 1) {
          first.assign(x.begin(), x.end());
          with_one = how;
        }
        ASSERT_EQ(how.iterations, with_one.iterations);
        ASSERT_TRUE(tine_test::same_bits(x.span(), std::span<T>(first))) << pool.workers();
      }
      if (n < 2) continue;
      Eigen::ConjugateGradient<Sparse<T>, Eigen::Lower | Eigen::Upper> eigen(m);
      eigen.setTolerance(static_cast<T>(options.tolerance));
      const Column<T> expected = eigen.solve(b);
      ASSERT_EQ(eigen.info(), Eigen::Success);
      if (preconditioned) {  // as Eigen does
        EXPECT_LE(with_one.iterations, 2 * static_cast<std::size_t>(eigen.iterations()) + 2);
      }
      const double error = static_cast<double>(
          (Eigen::Map<const Column<T>>(first.data(), b.size()) - expected).norm());
      EXPECT_LE(error, 1000 * options.tolerance * static_cast<double>(b.norm()));
    }
}

TEST_F(MatrixIterations, conjugate_gradient_solves_the_laplacian_of_a_million_cells) {
  constexpr std::size_t side = 1000, n = side * side;
  Pool pool({.workers = 2});
  const auto stencil = Stencil<double, 2>::laplacian({side, side});
  auto b = pool.array<double>(side, side), x = pool.array<double>(side, side);
  // An eigenvector and another one: two iterations are enough.
  const double step = std::numbers::pi / (side + 1);
  const auto wave = [&](double k, std::size_t i) {
    return std::sin(k * step * static_cast<double>(i + 1));
  };
  for (std::size_t r = 0; r < side; ++r)
    for (std::size_t c = 0; c < side; ++c)
      b(r, c) = wave(1, r) * wave(1, c) + wave(2, r) * wave(3, c);
  const auto of = [&](double k) { return 2 - 2 * std::cos(k * step); };
  const Iterated how = conjugate_gradient(pool, stencil, b, x, {.tolerance = 1e-9});
  ASSERT_TRUE(how.converged()) << to_string(how.ending) << ' ' << how.residual;
  for (std::size_t r = 0; r < side; r += 7)
    for (std::size_t c = 0; c < side; ++c) {
      const double expected =
          wave(1, r) * wave(1, c) / (2 * of(1)) + wave(2, r) * wave(3, c) / (of(2) + of(3));
      ASSERT_NEAR(x(r, c), expected, 1e-5 / of(1));
    }

  std::vector<Triplet<double>> triplets;
  for (std::size_t i = 0; i < n; ++i) {
    triplets.push_back({i, i, 4.0});
    if (i % side > 0) triplets.push_back({i, i - 1, -1.0});
    if (i % side + 1 < side) triplets.push_back({i, i + 1, -1.0});
    if (i >= side) triplets.push_back({i, i - side, -1.0});
    if (i + side < n) triplets.push_back({i, i + side, -1.0});
  }
  const Csr<double> csr(pool, n, n, triplets);
  auto y = pool.array<double>(n);
  const View<double> right = b.view().flat();
  for (std::size_t i = 0; i < n; ++i) right[i] = static_cast<double>(i % 1013) - 500;
  const IterationOptions few{.tolerance = 1e-12, .most_iterations = 60};
  std::ranges::fill(x.view().span(), 0.0);
  const Iterated by_stencil = conjugate_gradient(pool, stencil, b, x, few);
  const Iterated by_csr = conjugate_gradient(pool, csr, right, y, few);
  EXPECT_EQ(by_stencil.ending, Ending::iteration_limit);
  EXPECT_EQ(by_csr.iterations, 60u);
  EXPECT_NEAR(by_csr.residual, by_stencil.residual, 1e-9);
  double largest = 0;
  for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(y[i]));
  for (std::size_t i = 0; i < n; ++i) ASSERT_NEAR(y[i], x.data()[i], 1e-9 * largest);
}

TYPED_TEST(MatrixIterationsOf, dense_matrices_and_stencils_are_solved_as_well) {
  using T = TypeParam;
  auto pools = pools_of_all_sizes();
  const IterationOptions options{.tolerance = 100 * epsilon<T>(), .preconditioned = true};
  for (const std::size_t n : {1, 2, 65, 500}) {
    const Sparse<T> sparse = eigen_matrix(n, n, dominant_matrix<T>(n));
    const Matrix<T> m = sparse;
    const Column<T> b = random_column<T>(n, 3);
    Column<T> first;
    for (Pool& pool : pools) {
      SharedMatrix<T> a(pool, m, 3);
      Column<T> x = Column<T>::Zero(b.size());
      ASSERT_TRUE(conjugate_gradient(pool, a.map(), b, x, options).converged());
      ASSERT_LE(true_residual(sparse, b, x.data()), 2 * options.tolerance);
      if (pool.workers() == 1) first = x;
      ASSERT_EQ(std::memcmp(x.data(), first.data(), n * sizeof(T)), 0);
      // From outside the arena, by columns.
      const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> columns = m;
      x.setZero();
      ASSERT_TRUE(conjugate_gradient(pool, columns, b, x, options).converged());
      ASSERT_EQ(std::memcmp(x.data(), first.data(), n * sizeof(T)), 0);
      x.setZero();
      ASSERT_TRUE(jacobi(pool, columns, b, x, {.tolerance = options.tolerance}).converged());
      ASSERT_LE(true_residual(sparse, b, x.data()), 2 * options.tolerance);
    }
  }
  Stencil<T, 3> stencil = Stencil<T, 3>::laplacian({40, 41, 42}, Boundary::periodic);
  stencil.centre = T(6.5);
  const std::size_t n = stencil.size();
  const Column<T> b = random_column<T>(n, 3);
  std::vector<T> first, first_jacobi;
  for (Pool& pool : pools) {
    auto x = pool.array<T>(40, 41, 42), y = pool.array<T>(40, 41, 42);
    auto product = pool.array<T>(n);
    for (const bool by_jacobi : {false, true}) {
      std::ranges::fill(x.view().span(), T(0));
      const Iterated how = by_jacobi ? jacobi(pool, stencil, b, x, {.tolerance = options.tolerance})
                                     : conjugate_gradient(pool, stencil, b, x, options);
      ASSERT_TRUE(how.converged()) << to_string(how.ending) << ' ' << how.residual;
      apply(pool, stencil, x, product);
      const Eigen::Map<const Column<T>> got(product.data(), b.size());
      ASSERT_LE((got - b).norm(), T(2 * options.tolerance) * b.norm());
      auto& bits = by_jacobi ? first_jacobi : first;
      if (pool.workers() == 1) bits.assign(x.data(), x.data() + n);
      ASSERT_EQ(std::memcmp(x.data(), bits.data(), n * sizeof(T)), 0);
    }
  }
}

TYPED_TEST(MatrixIterationsOf, jacobi_solves_what_is_diagonally_dominant) {
  using T = TypeParam;
  auto pools = pools_of_all_sizes();
  for (const std::size_t n : {0, 1, 2, 63, 64, 65, 1000, 40000}) {
    SCOPED_TRACE(n);
    // Not symmetric: every row times another factor.
    auto triplets = dominant_matrix<T>(n, 2);
    for (auto& t : triplets) t.value *= static_cast<T>(1 + t.row % 5);
    const Sparse<T> m = eigen_matrix(n, n, triplets);
    const Column<T> b = random_column<T>(n, 3);
    std::vector<T> first;
    for (Pool& pool : pools) {
      const Csr<T> a(pool, n, n, triplets);
      auto x = pool.array<T>(n);
      const Iterated how = jacobi(pool, a, b, x, {.tolerance = 50 * epsilon<T>()});
      ASSERT_TRUE(how.converged()) << to_string(how.ending) << ' ' << how.residual;
      ASSERT_LE(true_residual(m, b, x.data()), 100 * epsilon<T>());
      if (pool.workers() == 1) first.assign(x.begin(), x.end());
      ASSERT_TRUE(tine_test::same_bits(x.span(), std::span<T>(first))) << pool.workers();
    }
  }
}

TYPED_TEST(MatrixIterationsOf, power_iteration_finds_the_dominant_eigenpair_of_eigen) {
  using T = TypeParam;
  auto pools = pools_of_all_sizes();
  for (const std::size_t n : {1, 2, 63, 64, 65, 400}) {
    SCOPED_TRACE(n);
    auto triplets = dominant_matrix<T>(n);
    // The largest one is negative, and well apart.
    triplets.push_back({n / 2, n / 2, T(-60)});
    const Matrix<T> m = eigen_matrix(n, n, triplets);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(m.template cast<double>());
    const double expected = eigen.eigenvalues()(0);
    const Eigen::VectorXd vector = eigen.eigenvectors().col(0);
    const IterationOptions options{.tolerance = 20 * epsilon<T>(), .most_iterations = 5000};
    std::vector<T> first;
    for (Pool& pool : pools) {
      const Csr<T> a(pool, n, n, triplets);
      auto v = pool.array<T>(n), w = pool.array<T>(n);
      const IteratedEigenpair how = power_iteration(pool, a, v, options);
      ASSERT_TRUE(how.converged()) << to_string(how.ending) << ' ' << how.residual;
      ASSERT_NEAR(how.eigenvalue, expected, 100 * epsilon<T>() * std::abs(expected));
      const Eigen::Map<const Column<T>> got(v.data(), static_cast<Eigen::Index>(n));
      ASSERT_NEAR(std::abs(got.template cast<double>().dot(vector)), 1, 100 * epsilon<T>());
      SharedMatrix<T> dense(pool, m);
      const IteratedEigenpair again = power_iteration(pool, dense.map(), w, options);
      ASSERT_NEAR(again.eigenvalue, expected, 100 * epsilon<T>() * std::abs(expected));
      if (pool.workers() == 1) first.assign(v.begin(), v.end());
      ASSERT_EQ(std::memcmp(v.data(), first.data(), n * sizeof(T)), 0) << pool.workers();
    }
  }
}

TEST_F(MatrixIterations, power_iteration_takes_stencils_and_matrices_without_symmetry) {
  Pool pool({.workers = 2});
  const auto stencil = Stencil<double, 2>::laplacian({9, 10});
  auto v = pool.array<double>(9, 10);
  const IteratedEigenpair how =
      power_iteration(pool, stencil, v, {.tolerance = 1e-10, .most_iterations = 100000});
  ASSERT_TRUE(how.converged()) << how.residual;
  const double expected =
      4 + 2 * std::cos(std::numbers::pi / 10) + 2 * std::cos(std::numbers::pi / 11);
  EXPECT_NEAR(how.eigenvalue, expected, 1e-9);

  Eigen::MatrixXd m(2, 2);
  m << 3, 1, 0, 1;
  Eigen::VectorXd w = Eigen::VectorXd::Zero(2);
  EXPECT_NEAR(power_iteration(pool, m, w).eigenvalue, 3, 1e-7);
  EXPECT_NEAR(std::abs(w(0)), 1, 1e-7);
  m << 0, 1, 0, 0;  // nilpotent: zero is its only eigenvalue
  w.setZero();
  EXPECT_NEAR(power_iteration(pool, m, w).eigenvalue, 0, 1e-7);
  m << 1, 0, 0, -1;
  w << 1, 1;
  EXPECT_EQ(power_iteration(pool, m, w).ending, Ending::iteration_limit);
  m << 1, 2, 3, NAN;
  EXPECT_EQ(power_iteration(pool, m, w).ending, Ending::not_finite);
  Eigen::VectorXd none(0);
  EXPECT_TRUE(power_iteration(pool, Eigen::MatrixXd(0, 0), none).converged());
}

Iterated solve(Pool& pool, const Eigen::MatrixXd& m, const Eigen::VectorXd& b, Eigen::VectorXd& x,
               const IterationOptions& options = {}) {
  return conjugate_gradient(pool, Csr<double>::from_dense(pool, m), b, x, options);
}

TEST_F(MatrixIterations, what_does_not_work_out_is_told) {
  Pool pool({.workers = 2});
  Eigen::MatrixXd m = Eigen::MatrixXd::Identity(4, 4);
  Eigen::VectorXd b = Eigen::VectorXd::Ones(4), x = Eigen::VectorXd::Zero(4);
  const auto ending = [&](const IterationOptions& options = {}) {
    x.setZero();
    return solve(pool, m, b, x, options).ending;
  };
  m(2, 2) = -5;  // indefinite
  EXPECT_EQ(ending(), Ending::not_positive_definite);
  EXPECT_EQ(ending({.preconditioned = true}), Ending::not_positive_definite);
  m(2, 2) = 0;  // singular: nothing makes the third element of b
  EXPECT_EQ(ending({.preconditioned = true}), Ending::not_positive_definite);
  EXPECT_NE(ending(), Ending::converged);
  b(2) = 0;  // and now it has a solution
  EXPECT_EQ(ending(), Ending::converged);
  EXPECT_EQ(x(2), 0);
  m(2, 2) = NAN;
  EXPECT_EQ(ending(), Ending::not_finite);
  m(2, 2) = INFINITY;
  b(2) = 1;
  EXPECT_EQ(ending(), Ending::not_finite);
  m(2, 2) = 2;
  b(1) = NAN;
  EXPECT_EQ(ending(), Ending::not_finite);
  b(1) = 1;
  EXPECT_EQ(ending({.most_iterations = 0}), Ending::iteration_limit);
  EXPECT_EQ(ending(), Ending::converged);
  b.setZero();
  x.setOnes();
  const Iterated how = solve(pool, m, b, x);
  EXPECT_TRUE(how.converged());
  EXPECT_EQ(how.residual, 0);
  EXPECT_TRUE(x.isZero(0));

  // Hilbert's matrix: its condition is beyond what double can hold.
  m.resize(14, 14);
  for (Eigen::Index r = 0; r < 14; ++r)
    for (Eigen::Index c = 0; c < 14; ++c) m(r, c) = 1.0 / static_cast<double>(r + c + 1);
  b.setOnes(14);
  x.setZero(14);
  const Iterated hilbert = solve(pool, m, b, x, {.tolerance = 1e-15, .most_iterations = 10000});
  EXPECT_FALSE(hilbert.converged());
  EXPECT_NEAR(hilbert.residual, (b - m * x).norm() / b.norm(), 1e-6);

  Eigen::MatrixXd growing(2, 2);
  growing << 1, 10, 10, 1;  // Jacobi diverges
  b.setOnes(2);
  x.setZero(2);
  EXPECT_EQ(jacobi(pool, growing, b, x).ending, Ending::not_finite);
  growing(1, 1) = 0;
  EXPECT_EQ(jacobi(pool, growing, b, x).ending, Ending::zero_diagonal);
  auto stencil = Stencil<double, 2>::laplacian({1, 2});
  stencil.centre = 0.1;
  EXPECT_EQ(jacobi(pool, stencil, b, x).ending, Ending::not_finite);
  stencil.centre = 0;
  EXPECT_EQ(jacobi(pool, stencil, b, x).ending, Ending::zero_diagonal);
  EXPECT_EQ(jacobi(pool, stencil, Eigen::VectorXd(0 * b), x).ending, Ending::zero_diagonal);
}

TEST_F(MatrixIterations, a_good_beginning_shortens_the_way) {
  Pool pool({.workers = 2});
  const auto stencil = Stencil<double, 2>::laplacian({50, 50});
  auto b = pool.array<double>(50, 50), x = pool.array<double>(50, 50);
  std::ranges::fill(b.view().span(), 1.0);
  EXPECT_GT(conjugate_gradient(pool, stencil, b, x).iterations, 20u);
  const Iterated again = conjugate_gradient(pool, stencil, b, x);
  EXPECT_TRUE(again.converged());
  EXPECT_EQ(again.iterations, 0u);
  EXPECT_EQ(jacobi(pool, stencil, b, x).iterations, 0u);
}

using testing::HasSubstr;
using tine_test::message_of;

TEST_F(MatrixIterations, misuse_is_refused) {
  Pool pool({.workers = 1});
  const Csr<double> wide(pool, 3, 4, {}), square(pool, 3, 3, {});
  Eigen::VectorXd three(3), four(4);
  EXPECT_EQ(
      message_of([&] { conjugate_gradient(pool, wide, three, three); }),
      "tine::matrix::conjugate_gradient: the matrix is 3 x 4, the vectors have 3 and 3 adjacent "
      "elements, but should be n x n, n and n");
  EXPECT_THAT(message_of([&] { conjugate_gradient(pool, square, four, three); }),
              HasSubstr("4 and 3"));
  EXPECT_THAT(message_of([&] { jacobi(pool, square, three, four); }), HasSubstr("3 and 4"));
  EXPECT_THAT(message_of([&] { power_iteration(pool, wide, three); }), HasSubstr("3 x 4"));
  EXPECT_THAT(message_of([&] { jacobi(pool, square, three, three, {.tolerance = -1}); }),
              HasSubstr("tolerance"));
  EXPECT_THAT(message_of([&] { power_iteration(pool, square, three, {.tolerance = NAN}); }),
              HasSubstr("tolerance"));
}

TEST_F(MatrixIterations, a_stop_or_a_deadline_ends_them_and_progress_is_told) {
  Pool pool({.workers = 2});
  const auto stencil = Stencil<double, 2>::laplacian({300, 300});
  auto b = pool.array<double>(300, 300), x = pool.array<double>(300, 300);
  std::ranges::fill(b.view().span(), 1.0);
  std::stop_source stop;
  std::size_t told = 0;
  const auto progress = [&](const Progress& so_far) {
    told = so_far.done;
    if (told > 100) stop.request_stop();
  };
  const IterationOptions endless{.tolerance = 1e-300, .most_iterations = 1000000000};
  EXPECT_THROW(conjugate_gradient(pool.with({.stop = stop.get_token(), .progress = progress}),
                                  stencil, b, x, endless),
               Cancelled);
  EXPECT_GT(told, 100u);
  EXPECT_TRUE(std::ranges::all_of(x.view().span(), [](double v) { return v == 0; }));
  const Policy deadline{.job_deadline = std::chrono::milliseconds(50)};
  EXPECT_THROW(jacobi(pool.with(deadline), stencil, b, x, endless), DeadlineExceeded);
  const Csr<double> small(pool, 2, 2, {{0, 0, 1.0}, {1, 1, -1.0}});
  auto v = pool.array_from(std::vector<double>{1, 1});
  EXPECT_THROW(power_iteration(pool.with(deadline), small, v, endless), DeadlineExceeded);
}

TEST_F(MatrixIterations, workers_that_are_killed_change_no_bit) {
  Pool pool({.workers = 3});
  const std::size_t n = 60000;
  const Csr<double> a(pool, n, n, dominant_matrix<double>(n));
  const auto stencil = Stencil<double, 2>::laplacian({300, 200});
  const auto small = Stencil<double, 2>::laplacian({100, 100});
  auto b = pool.array<double>(n);
  for (std::size_t i = 0; i < n; ++i) b[i] = static_cast<double>(i % 1021) - 500;
  const auto run = [&](std::vector<Array<double>>& results) {
    std::size_t faults = 0;
    for (int i = 0; i < 5; ++i) results.push_back(pool.array<double>(n));
    const IterationOptions few{.tolerance = 1e-300, .most_iterations = 20};
    faults += conjugate_gradient(pool, a, b, results[0], few).report.faults.size();
    faults += jacobi(pool, a, b, results[1], few).report.faults.size();
    faults += jacobi(pool, stencil, b, results[2], few).report.faults.size();
    faults += power_iteration(pool, stencil, results[3], few).report.faults.size();
    // So small that one worker does it alone, a thousand iterations in a job.
    const View<double> few_rows(results[4].data(), {10000});
    const IterationOptions many{.tolerance = 1e-300, .most_iterations = 1000};
    faults += conjugate_gradient(pool, small, b.view().part(0, 0, 10000), few_rows, many)
                  .report.faults.size();
    return faults;
  };
  std::vector<Array<double>> first;
  run(first);
  while_workers_die(pool, [&] {
    std::vector<Array<double>> again;
    const std::size_t faults = run(again);
    for (std::size_t i = 0; i < first.size(); ++i)
      EXPECT_EQ(std::memcmp(first[i].data(), again[i].data(), n * sizeof(double)), 0) << i;
    return faults;
  });
}

}  // namespace

}  // namespace tine::matrix
