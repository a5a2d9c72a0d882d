/// The peers of matrix_bench: Eigen with its own threads, and BLAS libraries with theirs.
#pragma once

#include <string>
#include <vector>

namespace bench {

/// Square row-major matrices, or vectors, of the same size.
template <class T>
struct Square {
  const T* a;
  const T* b;
  T* c;
  int n;
};

/// Eigen as it comes, compiled for this machine; `threads` of OpenMP.
template <class T>
struct EigenPeer {
  static void gemm(const Square<T>& m, int threads);
  static void syrk(const Square<T>& m, int threads);  ///< the lower part
  static void gemv(const Square<T>& m, int threads);  ///< with the first row of b
  static void transpose(const Square<T>& m, int threads);
  // Factorisations of a, or of b where it is not symmetric; c gets the factors.
  static void cholesky(const Square<T>& m, int threads);
  static void lu(const Square<T>& m, int threads);
  static void qr(const Square<T>& m, int threads);
  /// What matrix_statistics.cpp names, of `a`, into the first elements of `c`, or all of it. Eigen has
  /// threads for products alone.
  static void statistic(const std::string& work, const Square<T>& m);
};

/// A row-major matrix, and k values that are found of it.
struct Tall {
  const double* a;
  double* values;
  int rows, columns, k;
};

/// Eigen as it comes, compiled for this machine; `threads` of OpenMP. Vectors are computed, too.
struct EigenSpectra {
  static void eigh(const Tall& m, int threads);  ///< SelfAdjointEigenSolver
  static void svd(const Tall& m, int threads);   ///< BDCSVD, thin
  /// As tine does it, with its own random numbers: two power iterations, ten columns more.
  static void randomized_svd(const Tall& m, int threads);
  static void pca(const Tall& m, int threads);  ///< by the covariance
};

/// A BLAS library, loaded beside whatever tine is linked with.
class Blas {
 public:
  /// OpenBLAS with threads, and BLIS, where Debian's packages put them.
  static std::vector<Blas>& installed();

  const std::string& name() const { return name_; }
  void set_threads(int threads) const;
  template <class T>
  void gemm(const Square<T>& m) const;
  template <class T>
  void syrk(const Square<T>& m) const;
  template <class T>
  void gemv(const Square<T>& m) const;
  /// Of functions that are not a part of every BLAS: omatcopy, and LAPACK's.
  bool has(const char* name) const { return function(name) != nullptr; }
  template <class T>
  void transpose(const Square<T>& m) const;
  template <class T>
  void cholesky(const Square<T>& m) const;
  template <class T>
  void lu(const Square<T>& m) const;
  template <class T>
  void qr(const Square<T>& m) const;

 private:
  Blas(std::string name, void* library) : name_(std::move(name)), library_(library) {}
  void* function(const char* name) const;

  std::string name_;
  void* library_;
};

}  // namespace bench
