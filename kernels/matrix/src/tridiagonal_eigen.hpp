// Eigenvalues and eigenvectors of a symmetric tridiagonal matrix.
#pragma once

#include <cstddef>
#include <vector>

#include "jobs.hpp"
#include "tridiagonal.hpp"

namespace tine::matrix {

/// In no order: `order` has, of the ascending eigenvalues, the numbers of their columns.
template <class T>
struct TridiagonalEigen {
  std::vector<double> values;
  std::vector<std::size_t> order;
  Array<T, 2> vectors;  ///< n rows; what belongs to values[i] is column i
};

/// By divide and conquer: halves, to whose eigenvectors a matrix of rank one is added (J. Cuppen, A
/// divide and conquer method for the symmetric tridiagonal eigenproblem, Numer. Math. 36, 1981; with
/// M. Gu's and S. Eisenstat's way to orthogonal vectors, see secular.hpp). 4/3 n^3 operations in
/// products of matrices; fewer where eigenvalues are clustered. Takes 4 n^2 elements.
///
/// The largest element should be about 1. Only the `wanted` largest eigenvalues have columns at the
/// end.
template <class T>
TridiagonalEigen<T> tridiagonal_eigen(Jobs& jobs, Tridiagonal matrix, std::size_t wanted);

/// The `wanted` largest eigenvalues only, ascending, by bisection (J. Barth, R. Martin, J. Wilkinson,
/// Calculation of the eigenvalues of a symmetric tridiagonal matrix by the method of bisection, Numer.
/// Math. 9, 1967): about 60 * n * wanted operations, in slices of some eigenvalues. To the last bit of
/// the largest element, which should be about 1.
std::vector<double> tridiagonal_eigenvalues(Jobs& jobs, const Tridiagonal& matrix,
                                            std::size_t wanted);

}  // namespace tine::matrix
