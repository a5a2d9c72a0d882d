// Points within a distance of some queries, in a worker.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "point_blocks.hpp"

namespace tine::mining {

/// The sum of squared differences in the order of the dimensions: what all results are made of.
inline double squared_distance(const double* a, const double* b, std::size_t dimensions) {
  double sum = 0;
  for (std::size_t i = 0; i < dimensions; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

/// Up to eight queries at a time, which should be near each other.
class BlockSearch {
 public:
  explicit BlockSearch(const BlocksView& points)
      : points_(points),
        queries_(points.dimensions * filter_queries),
        box_(2 * points.dimensions),
        scratch_(points.dimensions * filter_queries) {}

  /// Squared distances within which points are found; may be made smaller by those that are.
  std::array<double, filter_queries> limits{};

  /// @param queries  count x dimensions
  void begin(const double* queries, std::size_t count) {
    const std::size_t d = points_.dimensions;
    rows_ = queries;
    for (std::size_t i = 0; i < d; ++i) {
      box_[i] = box_[d + i] = queries[i];
      for (std::size_t q = 0; q < filter_queries; ++q) {
        const double x = queries[std::min(q, count - 1) * d + i];
        queries_[i * filter_queries + q] = x;
        box_[i] = std::min(box_[i], x);
        box_[d + i] = std::max(box_[d + i], x);
      }
    }
    for (std::size_t q = count; q < filter_queries; ++q) limits[q] = -1;
  }

  /// Looks at blocks that are near first. The visitor has
  ///
  ///     bool skip(const BoxNode& node);                             // nothing in there is wanted
  ///     bool wants(std::size_t query, std::size_t position);        // whether this point is, if it is near
  ///     void found(std::size_t query, std::size_t position, double square);  // one that is
  template <class Visitor>
  void run(Visitor& visitor) {
    nodes_.assign(1, {points_.root(), 0.0});
    while (!nodes_.empty()) {
      const auto [node, distance] = nodes_.back();
      nodes_.pop_back();
      if (distance > *std::ranges::max_element(limits) || visitor.skip(node)) continue;
      if (node.blocks() == 1) {
        compare(node, visitor);
        continue;
      }
      Reached left{node.left(), distance_from(node.left())};
      Reached right{node.right(), distance_from(node.right())};
      if (left.distance > right.distance) std::swap(left, right);
      nodes_.push_back(right);
      nodes_.push_back(left);
    }
  }

 private:
  struct Reached {
    BoxNode node;
    double distance;
  };

  /// Never more than squared_distance() of a query and a point in there: each of its steps is monotone, so is its
  /// rounding, and this takes the same steps.
  double distance_from(const BoxNode& node) const {
    const std::size_t d = points_.dimensions;
    const double* const box = points_.box(node);
    double sum = 0;
    for (std::size_t i = 0; i < d; ++i) {
      const double gap = std::max({box[i] - box_[d + i], box_[i] - box[d + i], 0.0});
      sum += gap * gap;
    }
    return sum;
  }

  template <class Visitor>
  void compare(const BoxNode& leaf, Visitor& visitor) {
    const std::size_t d = points_.dimensions, begin = leaf.first * block_points;
    const std::size_t count = std::min(block_points, points_.points - begin);
    std::uint64_t bits[filter_queries];
    filter_block(points_.block(leaf), d, queries_.data(), limits.data(), scratch_.data(), bits);
    for (std::size_t q = 0; q < filter_queries; ++q)
      for (std::uint64_t rest = bits[q] & (~std::uint64_t{0} >> (block_points - count)); rest != 0;
           rest &= rest - 1) {
        const std::size_t position = begin + static_cast<std::size_t>(std::countr_zero(rest));
        if (!visitor.wants(q, position)) continue;
        const double square = squared_distance(rows_ + q * d, points_.point(position), d);
        if (square <= limits[q]) visitor.found(q, position, square);
      }
  }

  BlocksView points_;
  const double* rows_ = nullptr;
  std::vector<double> queries_, box_;
  std::vector<float> scratch_;
  std::vector<Reached> nodes_;
};

}  // namespace tine::mining
