// The innermost loop of kernel density estimation: some points, seen from some queries.
#pragma once

#include <cstddef>

#include <tine/mining/density.hpp>

namespace tine::mining {

/// Queries that are worked on together; each in a lane of a vector.
inline constexpr std::size_t density_lanes = 64;

/// `sum` * 2^-`shift` is the sum of the kernel over some points, each term at most 1. There is a shift where the
/// sum would be close to what is too small for a double; it is infinite where there is nothing at all.
struct DensityPart {
  double sum, shift;
};

struct DensityTile {
  const double* queries;  ///< by dimension, density_lanes of each
  const double* points;   ///< by point
  std::size_t dimensions;
  std::size_t first, last;  ///< of the points, those that are summed
  const double* scales;     ///< of each dimension: density_scale() of its bandwidth
  /// Of each lane, points that do not count: from the one to before the other. Null: there are none.
  const double *excluded_begin, *excluded_end;
};

/// What the tile wants to know of a bandwidth.
double density_scale(Kde::Kernel kernel, double bandwidth);

/// The sums of the first `lanes` lanes, within 2^-46 of their size; each is what it is whatever the other ones,
/// and whatever the width of a processor's vectors. Those of queries with NaN are of no use.
void sum_densities(Kde::Kernel kernel, const DensityTile& tile, std::size_t lanes,
                   DensityPart* parts);

}  // namespace tine::mining
