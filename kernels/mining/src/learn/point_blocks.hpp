// Points in blocks of 64 that are near each other, and boxes around them (J. Friedman, J. Bentley, R. Finkel, An
// algorithm for finding best matches in logarithmic expected time, ACM TOMS 3, 1977).
//
// In few dimensions boxes say which blocks are too far away; in many they say little, and nearly all blocks are
// compared, 64 points at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <tine/for_each_slice.hpp>

#include "learn/block_filter.hpp"

namespace tine::mining {

/// A node of the tree of boxes: blocks [first, last). Nodes are numbered in pre-order.
struct BoxNode {
  std::size_t number, first, last;

  std::size_t blocks() const { return last - first; }
  BoxNode left() const { return {number + 1, first, middle()}; }
  BoxNode right() const { return {number + 2 * (middle() - first), middle(), last}; }
  std::size_t middle() const { return first + (blocks() + 1) / 2; }
};

/// What workers see of them.
struct BlocksView {
  std::size_t points, dimensions, blocks;
  const std::uint32_t* order;  ///< which point is at a position
  const double* x;             ///< blocks x 64 x dimensions
  const double* boxes;         ///< nodes x 2 x dimensions: the least and greatest coordinates
  const float* tiles;          ///< of each block, what BlockFrame says
  const double* centres;       ///< blocks x dimensions
  const BlockFrame* frames;    ///< of each block

  BoxNode root() const { return {0, 0, blocks}; }
  const double* point(std::size_t position) const { return x + position * dimensions; }
  const double* box(const BoxNode& node) const { return boxes + node.number * 2 * dimensions; }
  Block block(const BoxNode& leaf) const {
    return {frames[leaf.first], tiles + leaf.first * (dimensions + 1) * block_points,
            centres + leaf.first * dimensions, box(leaf)};
  }
};

class PointBlocks {
 public:
  /// Of points x dimensions finite numbers: at least one point, fewer than 2^32 - 1.
  PointBlocks(const PoolWith& on, const View<const double, 2>& points);

  BlocksView view() const;
  std::size_t size() const { return points_; }
  std::size_t blocks() const { return frames_.size(); }
  /// Which point is at a position. A block's positions begin with 64 times its number.
  std::span<const std::uint32_t> order() const { return order_.span(); }
  /// Slices of blocks, each of about so many points.
  Partition partition(std::size_t points) const {
    return {.n = blocks(), .grain = std::max<std::size_t>(1, points / block_points)};
  }

  /// Calls kernel(slice, view(), parts of the arrays...).
  template <class Kernel, AccessKind... K, class... T, std::size_t... N>
  Report run(const PoolWith& on, const Partition& partition, Kernel kernel,
             const Access<K, T, N>&... accesses) const {
    return for_each_slice(
        on, partition,
        [kernel, view = view()](const Slice& slice, std::span<const std::uint32_t>,
                                const View<const double, 2>&, const View<const double, 2>&,
                                const View<const float, 2>&, const View<const double, 2>&,
                                std::span<const BlockFrame>, auto&&... parts) {
          Kernel k = kernel;
          k(slice, view, parts...);
        },
        whole(order_), whole(x_), whole(boxes_), whole(tiles_), whole(centres_), whole(frames_),
        accesses...);
  }

 private:
  void arrange(const PoolWith& on, const View<const double, 2>& points);
  void pack(const PoolWith& on, const View<const double, 2>& points, Array<double, 2>& leaves);
  void join_boxes(const BoxNode& node, const Array<double, 2>& leaves);

  std::size_t points_, dimensions_;
  Array<std::uint32_t> order_;
  Array<double, 2> x_, boxes_, centres_;
  Array<float, 2> tiles_;
  Array<BlockFrame> frames_;
};

}  // namespace tine::mining
