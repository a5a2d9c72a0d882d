// What logistic regression makes small: the log loss of all samples and a penalty, as a function of the
// coefficients of standardised features.
#pragma once

#include <vector>

#include <Eigen/Core>

#include <tine/mining/samples.hpp>

#include "learn/column_scale.hpp"

namespace tine::mining {

class LogisticObjective {
 public:
  LogisticObjective(const PoolWith& on, const Samples& samples, ColumnScale scale, double ridge);

  /// How many there are of coefficients: a row for each class (one for two classes), in which the intercept
  /// comes last.
  Eigen::Index rows() const { return rows_; }
  Eigen::Index columns() const { return static_cast<Eigen::Index>(standard_.size()) + 1; }
  Eigen::Index size() const { return rows() * columns(); }

  struct Value {
    double log_loss = 0, value = 0;  ///< without and with the penalty
    Eigen::VectorXd gradient;
    Eigen::MatrixXd hessian;  ///< where it is wanted; the lower triangle
  };
  Value operator()(const Eigen::VectorXd& coefficients, bool with_hessian) const;

  const ColumnScale& scale() const { return scale_; }
  const std::vector<Standard>& standard() const { return standard_; }

 private:
  void penalise(const Eigen::VectorXd& coefficients, Value& value) const;

  PoolWith on_;
  const Samples& samples_;
  ColumnScale scale_;
  std::vector<Standard> standard_;
  Array<Standard> shared_standard_;
  Eigen::Index rows_;
  double ridge_;
};

}  // namespace tine::mining
