// Columns brought to the middle and to a size near one, so that squares neither overflow nor vanish, and what
// is computed from them is as exact as they are.
#pragma once

#include <cmath>
#include <vector>

#include <tine/pool.hpp>

namespace tine::mining {

/// x * factor - shift, where factor is a power of two: that is in [-1, 1], and about 0 on average.
struct Standard {
  double factor = 1, shift = 0;
  double operator()(double x) const { return x * factor - shift; }
};

struct ColumnScale {
  std::vector<double> mean;
  std::vector<double> largest;  ///< by magnitude
  std::vector<int> exponent;    ///< the factor is 2^-exponent
  std::size_t size() const { return mean.size(); }
  /// Leaves columns of tiny numbers small: what a penalty makes of them would be too large otherwise.
  void for_penalty();
  /// For kernels.
  std::vector<Standard> standard() const;
};

/// Of each column of x, whose elements are finite. Two passes over them.
ColumnScale column_scale(const PoolWith& on, const View<const double, 2>& x);

}  // namespace tine::mining
