/// Comparisons of sparse matrices, stencils and iterations, and what they are compared with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <tine/pool.hpp>

namespace bench {

/// Registers them.
void compare_sparse(tine::Pool& all, tine::Pool& one);

/// Eigen's sparse matrix of doubles in rows, compiled for this machine; `threads` of OpenMP.
class SparseEigen {
 public:
  /// Copies compressed rows.
  SparseEigen(std::size_t rows, const std::uint64_t* row_offsets, const std::int32_t* columns,
              const double* values);
  /// y = a * x
  void multiply(const double* x, double* y, int threads) const;
  /// So many iterations without a preconditioner.
  void conjugate_gradient(const double* b, double* x, int iterations, int threads) const;

 private:
  struct Matrix;
  std::shared_ptr<const Matrix> matrix_;
};

/// Plain loops with OpenMP, compiled for this machine: Laplacians with zeros around.
void openmp_5_points(const double* x, double* y, std::size_t rows, std::size_t columns,
                     int threads);
void openmp_7_points(const double* x, double* y, std::size_t planes, std::size_t rows,
                     std::size_t columns, int threads);
/// Sweeps of Jacobi's iteration with that of 5 points; an even number. `other` is as large as x.
void openmp_jacobi(const double* b, double* x, double* other, std::size_t rows, std::size_t columns,
                   int sweeps, int threads);

}  // namespace bench
