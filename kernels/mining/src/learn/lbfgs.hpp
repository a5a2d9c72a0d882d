// L-BFGS: the minimum of a smooth convex function of many variables, from its slopes (D. Liu, J. Nocedal, On
// the limited memory BFGS method for large scale optimization, Math. Programming 45, 1989).
#pragma once

#include <cmath>
#include <deque>

#include <Eigen/Core>

namespace tine::mining {

/// The steps that were made last, and how slopes changed along them: an estimate of the inverse Hessian.
class LimitedMemory {
 public:
  void add(Eigen::VectorXd step, Eigen::VectorXd change) {
    const double curvature = step.dot(change);
    if (!(curvature > 1e-14 * step.norm() * change.norm())) return;
    if (pairs_.size() == most) pairs_.pop_front();
    pairs_.push_back({std::move(step), std::move(change), 1 / curvature});
  }
  /// Where to go from a gradient.
  Eigen::VectorXd direction(const Eigen::VectorXd& gradient) const {
    Eigen::VectorXd d = -gradient;
    if (pairs_.empty()) return d / std::max(1.0, gradient.norm());
    Eigen::VectorXd along(static_cast<Eigen::Index>(pairs_.size()));
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      const double a = along(static_cast<Eigen::Index>(i)) =
          pairs_[i].scale * pairs_[i].step.dot(d);
      d -= a * pairs_[i].change;
    }
    const Pair& last = pairs_.back();
    d *= 1 / (last.scale * last.change.squaredNorm());
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      d += (along(static_cast<Eigen::Index>(i)) - pairs_[i].scale * pairs_[i].change.dot(d)) *
           pairs_[i].step;
    return d;
  }

 private:
  struct Pair {
    Eigen::VectorXd step, change;
    double scale;
  };
  static constexpr std::size_t most = 20;
  std::deque<Pair> pairs_;
};

}  // namespace tine::mining
