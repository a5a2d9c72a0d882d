// Count, smallest, largest, mean and standard deviation, of columns and of all.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include <tine/matrix/any_matrix.hpp>

namespace tine::app {

/// Of numbers that are seen once. NaN is counted and else left out.
struct Moments {
  std::uint64_t count = 0, nan = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  double mean = 0;
  double squares = 0;  ///< sum of the squared differences from the mean

  /// Those of both together (T. Chan, G. Golub and R. LeVeque, Algorithms for computing the sample
  /// variance, 1983).
  void add(const Moments& other);
  double variance() const;  ///< of the sample: with count - 1; NaN for less than two numbers
};

/// How many rows are summed before their moments are merged: by the number of columns alone, so that
/// blocks of a multiple of it give the same bits as all rows at once.
std::size_t moment_rows(std::size_t columns);

/// Merges the moments of these rows, of type f8, into those of each column.
void add_rows(const PoolWith& on, const matrix::AnyMatrix& rows, std::vector<Moments>& columns);

}  // namespace tine::app
