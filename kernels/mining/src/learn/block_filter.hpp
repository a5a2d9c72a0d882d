// Which points of a block may be near enough to some queries: a matrix product of small numbers, 64 points by 8
// queries, with bounds of its error, so that all points that are near enough are among those it finds.
//
// With a and b a query and a point less the centre of the block, |a - b|^2 = |a|^2 + (|b|^2 - 2 a'b), and what
// is in brackets takes one operation for each coordinate, in floats. The block is small and its centre near, so
// that floats hold what matters.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tine::mining {

inline constexpr std::size_t block_points = 64, filter_queries = 8;

struct BlockFrame {
  double scale;   ///< a power of two: coordinates less the centre's, times this, are at most 1
  double radius;  ///< the largest distance from the centre, in this scale
};

struct Block {
  BlockFrame frame;
  const float* tile;     ///< 64 x |b|^2, infinite where there is no point; then dimensions x 64 x b
  const double* centre;  ///< of each dimension
  const double* box;     ///< least coordinates, then greatest
};

/// A bit for each point that may be near enough to the query.
///
/// @param queries  dimensions x 8
/// @param limits   of each query, a squared distance, as it is computed of doubles: the sum of squared differences in
///                 the order of the dimensions, without fused operations; negative: no point is near enough
/// @param scratch  dimensions x 8
/// @param found    bits of each query
void filter_block(const Block& block, std::size_t dimensions, const double* queries,
                  const double* limits, float* scratch, std::uint64_t* found);

}  // namespace tine::mining
