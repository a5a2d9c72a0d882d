// A matrix as Q B P', with an upper bidiagonal B.
#pragma once

#include <vector>

#include "reflectors.hpp"

namespace tine::matrix {

/// Square: n elements on the diagonal, n - 1 above it.
struct Bidiagonal {
  std::vector<double> diagonal, above;
};

/// Of `a`, rows x columns with no fewer rows than columns, row-major, its largest element about 1; it is used
/// up. What the factors are made of is written: `q` has a reflector for each column, with a shift of 0,
/// and `p` one less, with a shift of 1.
///
/// Blocks of columns and rows, after each of which the rest is updated by products of matrices (J.
/// Dongarra, D. Sorensen, S. Hammarling, Block reduction of matrices to condensed forms for eigenvalue
/// computations, JCAM 27, 1989). 4 n^2 (m - n / 3) operations, of which half are bound by memory: for
/// every column the rest is read twice, in a job each.
template <class T>
Bidiagonal bidiagonalise(Jobs& jobs, const View<T, 2>& a, Reflectors<T>& q, Reflectors<T>& p);

}  // namespace tine::matrix
