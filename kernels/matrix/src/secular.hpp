// The eigenvalues of a diagonal matrix to which one of rank one is added.
#pragma once

#include <cstddef>
#include <span>

namespace tine::matrix {

/// diag(d) + rho z z', with d ascending and distinct, rho > 0, and no z of zero.
struct RankOneUpdate {
  std::span<const double> d, z;
  double rho;
};

/// An eigenvalue as its distance from the nearer of the two elements of d between which it lies:
/// d[origin] + distance. Differences from elements of d are exact to the last bits that way.
struct SecularRoot {
  std::size_t origin;
  double distance;
};

/// The eigenvalue between d[i] and d[i + 1], or beyond the last one: a zero of the secular equation
/// 1 + rho * sum z^2 / (d - x) = 0, by rational interpolation of both sums (J. Bunch, C. Nielsen,
/// D. Sorensen, Rank-one modification of the symmetric eigenproblem, Numer. Math. 31, 1978), and by
/// halving the interval where that leaves it. Ends whatever the numbers are.
SecularRoot secular_root(const RankOneUpdate& update, std::size_t i);

/// The element i of that z of which `roots` are the exact eigenvalues: with it, eigenvectors are
/// orthogonal (M. Gu, S. Eisenstat, A stable and efficient algorithm for the rank-one modification of
/// the symmetric eigenproblem, SIMAX 15, 1994).
double consistent_z(const RankOneUpdate& update, std::span<const SecularRoot> roots, std::size_t i);

}  // namespace tine::matrix
