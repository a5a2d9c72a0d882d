// What is so small that Eigen does it in one slice: in doubles, whatever it is made of.
#pragma once

#include <cstddef>

#include <Eigen/Core>

#include <tine/view.hpp>

namespace tine::matrix {

template <class T>
Eigen::MatrixXd eigen_copy(const View<T, 2>& from) {
  Eigen::MatrixXd to(from.extent(0), from.extent(1));
  for (Eigen::Index y = 0; y < to.rows(); ++y)
    for (Eigen::Index x = 0; x < to.cols(); ++x) to(y, x) = static_cast<double>(from(y, x));
  return to;
}

template <class T, class M>
void copy_back(const M& from, const View<T, 2>& to) {
  for (Eigen::Index y = 0; y < from.rows(); ++y)
    for (Eigen::Index x = 0; x < from.cols(); ++x) to(y, x) = static_cast<T>(from(y, x));
}

}  // namespace tine::matrix
