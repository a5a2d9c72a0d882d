// Linear least squares of many samples and few features: a triangle by orthogonal transformations, never the
// products of columns, whose condition is the square of theirs.
#pragma once

#include <vector>

#include <Eigen/Core>

#include "learn/column_scale.hpp"

namespace tine::mining {

/// q' * [x, y], for an orthogonal q, of at most 16 rows for each column; x and y are in standard units, of
/// which those of y come last. Slices are factored by themselves, and what they leave in groups again
/// (J. Demmel, L. Grigori, M. Hoemmen, J. Langou, Communication-optimal parallel and sequential QR and LU
/// factorizations, SIAM J. Sci. Comput. 34, 2012).
Eigen::MatrixXd reduced_rows(const PoolWith& on, const View<const double, 2>& x,
                             const View<const double>& y, const std::vector<Standard>& standard);

/// How long what rounding leaves of a column can be that depends on others: for Triangle.
std::vector<double> rounding_lengths(const ColumnScale& scale, std::size_t samples);

/// Columns, taken one after another, some of which depend on those before them.
class Triangle {
 public:
  /// Of rows x (columns and a right side): a column depends on others if what is left of it without them is no
  /// longer than its tolerance.
  Triangle(Eigen::MatrixXd rows, const std::vector<double>& tolerance);

  const std::vector<Eigen::Index>& kept() const { return kept_; }
  const std::vector<Eigen::Index>& dependent() const { return dependent_; }

  /// The coefficients whose residual is the shortest, with zeros where columns are dependent.
  Eigen::VectorXd solution() const;
  /// (R'R)^-1 of a gradient, with zeros where columns are dependent.
  Eigen::VectorXd correction(const Eigen::VectorXd& gradient) const;
  /// R'^-1 of what belongs to columns, of those that are kept.
  Eigen::VectorXd whitened(const Eigen::VectorXd& of_columns) const;
  /// Of each column kept, the length of its row of R^-1.
  Eigen::VectorXd row_lengths() const;
  /// Of all coefficients that fit as well as these, those with the least sum of (2^-exponent * c)^2.
  Eigen::VectorXd shortest(Eigen::VectorXd solution, const std::vector<int>& exponent) const;

 private:
  Eigen::VectorXd spread(const Eigen::VectorXd& of_kept) const;

  Eigen::Index columns_;
  std::vector<Eigen::Index> kept_, dependent_;
  Eigen::MatrixXd r_, combinations_;  // of kept columns; of dependent ones, what they are of those
  Eigen::VectorXd right_;
};

}  // namespace tine::mining
