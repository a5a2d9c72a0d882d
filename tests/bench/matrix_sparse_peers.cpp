// Compiled for this very machine: Eigen has another name here, so that it does not get mixed with Eigen
// for other instruction sets.
#define Eigen Eigen_of_the_sparse_peer
#include <Eigen/IterativeLinearSolvers>
#include <Eigen/SparseCore>

#include <algorithm>
#include <vector>

#include "matrix_sparse.hpp"

namespace bench {

struct SparseEigen::Matrix {
  Eigen::SparseMatrix<double, Eigen::RowMajor> a;
};

SparseEigen::SparseEigen(std::size_t rows, const std::uint64_t* row_offsets,
                         const std::int32_t* columns, const double* values) {
  const std::vector<int> offsets(row_offsets, row_offsets + rows + 1);
  const Eigen::Map<const Eigen::SparseMatrix<double, Eigen::RowMajor>> map(
      static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(rows), offsets.back(),
      offsets.data(), columns, values);
  matrix_ = std::make_shared<Matrix>(Matrix{map});
}

void SparseEigen::multiply(const double* x, double* y, int threads) const {
  Eigen::setNbThreads(threads);
  const auto& a = matrix_->a;
  Eigen::Map<Eigen::VectorXd>(y, a.rows()).noalias() =
      a * Eigen::Map<const Eigen::VectorXd>(x, a.cols());
}

void SparseEigen::conjugate_gradient(const double* b, double* x, int iterations,
                                     int threads) const {
  Eigen::setNbThreads(threads);
  const auto& a = matrix_->a;
  Eigen::ConjugateGradient<Eigen::SparseMatrix<double, Eigen::RowMajor>,
                           Eigen::Lower | Eigen::Upper, Eigen::IdentityPreconditioner>
      solver(a);
  solver.setMaxIterations(iterations);
  solver.setTolerance(1e-300);
  Eigen::Map<Eigen::VectorXd>(x, a.rows()) =
      solver.solve(Eigen::Map<const Eigen::VectorXd>(b, a.rows()));
}

namespace {

// The ends of a line by themselves, so that what is between them is vectorised.
inline void laplacian_line(const double* x, const double* before, const double* after, double* y,
                           std::size_t n) {
  y[0] = 4 * x[0] - (n > 1 ? x[1] : 0) - before[0] - after[0];
#pragma omp simd
  for (std::size_t i = 1; i < n - 1; ++i)
    y[i] = 4 * x[i] - x[i - 1] - x[i + 1] - before[i] - after[i];
  if (n > 1) y[n - 1] = 4 * x[n - 1] - x[n - 2] - before[n - 1] - after[n - 1];
}

}  // namespace

void openmp_5_points(const double* x, double* y, std::size_t rows, std::size_t columns,
                     int threads) {
  const std::vector<double> zeros(columns);
#pragma omp parallel for schedule(static) num_threads(threads)
  for (std::size_t r = 0; r < rows; ++r) {
    const double* here = x + r * columns;
    laplacian_line(here, r > 0 ? here - columns : zeros.data(),
                   r + 1 < rows ? here + columns : zeros.data(), y + r * columns, columns);
  }
}

void openmp_7_points(const double* x, double* y, std::size_t planes, std::size_t rows,
                     std::size_t columns, int threads) {
  const std::vector<double> zeros(columns);
  const std::size_t plane = rows * columns;
#pragma omp parallel for schedule(static) num_threads(threads)
  for (std::size_t p = 0; p < planes; ++p)
    for (std::size_t r = 0; r < rows; ++r) {
      const double* here = x + p * plane + r * columns;
      const double* before = p > 0 ? here - plane : zeros.data();
      const double* after = p + 1 < planes ? here + plane : zeros.data();
      const double* up = r > 0 ? here - columns : zeros.data();
      const double* down = r + 1 < rows ? here + columns : zeros.data();
      double* to = y + p * plane + r * columns;
      const std::size_t last = columns - 1;
      to[0] = 6 * here[0] - here[1] - up[0] - down[0] - before[0] - after[0];
#pragma omp simd
      for (std::size_t i = 1; i < last; ++i)
        to[i] = 6 * here[i] - here[i - 1] - here[i + 1] - up[i] - down[i] - before[i] - after[i];
      to[last] =
          6 * here[last] - here[last - 1] - up[last] - down[last] - before[last] - after[last];
    }
}

void openmp_jacobi(const double* b, double* x, double* other, std::size_t rows, std::size_t columns,
                   int sweeps, int threads) {
  const std::vector<double> zeros(columns);
  for (int s = 0; s < sweeps; ++s) {
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::size_t r = 0; r < rows; ++r) {
      const double* here = x + r * columns;
      const double* before = r > 0 ? here - columns : zeros.data();
      const double* after = r + 1 < rows ? here + columns : zeros.data();
      const double* right = b + r * columns;
      double* to = other + r * columns;
      const std::size_t last = columns - 1;
      to[0] = (right[0] + here[1] + before[0] + after[0]) * 0.25;
#pragma omp simd
      for (std::size_t i = 1; i < last; ++i)
        to[i] = (right[i] + here[i - 1] + here[i + 1] + before[i] + after[i]) * 0.25;
      to[last] = (right[last] + here[last - 1] + before[last] + after[last]) * 0.25;
    }
    std::swap(x, other);
  }
}

}  // namespace bench
