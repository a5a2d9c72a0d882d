// How far results are from what Eigen computes serially, or from what they should be. Made for the types that
// are computed in.
#pragma once

#include <tine/matrix/operand.hpp>

namespace tine::app {

/// The largest error of an element of c = alpha * a * b + beta * c0, as a multiple of the bound for sums of
/// k terms in any order (N. Higham, Accuracy and stability of numerical algorithms, 2nd ed., section 3.5):
/// up to 1 or so where all is right, on any machine. Large products are multiplied by a random vector
/// first (R. Freivalds, Probabilistic machines can use less running time, 1977).
///
/// @param c0  may be empty when beta is 0
template <class T>
double product_residual(const matrix::Operand<const T>& a, const matrix::Operand<const T>& b,
                        const matrix::Operand<const T>& c0, const matrix::Operand<const T>& c,
                        T alpha, T beta);

/// ||b - a * x|| / (||a|| ||x|| epsilon), as LAPACK's tests have it, to be below 30.
template <class T>
double solve_residual(const matrix::Operand<const T>& a, const matrix::Operand<const T>& x,
                      const matrix::Operand<const T>& b);

/// ||a' * (b - a * x)|| / (max(m, n) ||a|| ||b|| epsilon), which vanishes where x is the best.
template <class T>
double gradient_residual(const matrix::Operand<const T>& a, const matrix::Operand<const T>& x,
                         const matrix::Operand<const T>& b);

/// ||a * x - I|| / (n ||a|| ||x|| epsilon)
template <class T>
double inverse_residual(const matrix::Operand<const T>& a, const matrix::Operand<const T>& x);

/// ||a - u * diag(values) * v'|| / (max(m, n) ||a|| epsilon), of what is wanted of it: with fewer
/// values than there are, the part of `a` that is orthogonal to `v` is left out.
template <class T>
double spectral_residual(const matrix::Operand<const T>& a, const matrix::Operand<const T>& u,
                         const matrix::Operand<const T>& values, const matrix::Operand<const T>& v);

}  // namespace tine::app
