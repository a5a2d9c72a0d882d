// A symmetric matrix as Q T Q', with a tridiagonal T.
#pragma once

#include <cstddef>
#include <vector>

#include "reflectors.hpp"

namespace tine::matrix {

/// A symmetric tridiagonal matrix: n elements on the diagonal, n - 1 beside it.
struct Tridiagonal {
  std::vector<double> diagonal, beside;
};

/// Of the lower part of `a`, which is used up. What `q` is made of is written: n - 1 reflectors of n
/// elements, with a shift of 1.
///
/// Blocks of columns, after each of which the rest is updated by products of matrices (J. Dongarra,
/// D. Sorensen, S. Hammarling, Block reduction of matrices to condensed forms for eigenvalue
/// computations, JCAM 27, 1989). For every column the rest is read once, half of it: 4/3 n^3
/// operations, of which half are bound by memory. One job for each column.
template <class T>
Tridiagonal tridiagonalise(Jobs& jobs, Array<T, 2>& a, Reflectors<T>& q);

}  // namespace tine::matrix
