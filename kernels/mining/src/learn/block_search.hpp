// Points within a distance of some queries, in a worker.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "learn/point_blocks.hpp"

namespace tine::mining {

/// The sum of squared differences in the order of the dimensions: what all results are made of.
inline double squared_distance(const double* a, const double* b, std::size_t dimensions) {
  double sum = 0;
  for (std::size_t i = 0; i < dimensions; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

inline constexpr std::size_t most_queries = block_points;

/// How many queries are best asked at a time. Many share what is read of blocks, few are nearer to each other.
inline std::size_t queries_at_a_time(std::size_t dimensions) {
  return dimensions <= 8 ? filter_queries : most_queries;
}

/// Several queries at a time, which should be near each other.
class BlockSearch {
 public:
  explicit BlockSearch(const BlocksView& points)
      : points_(points),
        queries_(points.dimensions * most_queries),
        box_(2 * points.dimensions),
        scratch_(points.dimensions * filter_queries) {}

  /// Squared distances within which points are found; may be made smaller by those that are. Negative ones find
  /// none.
  std::array<double, most_queries> limits{};

  /// @param queries  count x dimensions, at most most_queries
  void begin(const double* queries, std::size_t count) {
    const std::size_t d = points_.dimensions;
    rows_ = queries;
    groups_ = (count + filter_queries - 1) / filter_queries;
    std::copy_n(queries, d, box_.begin());
    std::copy_n(queries, d, box_.begin() + static_cast<std::ptrdiff_t>(d));
    for (std::size_t q = 0; q < groups_ * filter_queries; ++q) {
      const double* const row = queries + std::min(q, count - 1) * d;
      double* const group = queries_.data() + q / filter_queries * filter_queries * d;
      for (std::size_t i = 0; i < d; ++i) {
        group[i * filter_queries + q % filter_queries] = row[i];
        box_[i] = std::min(box_[i], row[i]);
        box_[d + i] = std::max(box_[d + i], row[i]);
      }
      if (q >= count) limits[q] = -1;
    }
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
      if (distance > *std::max_element(limits.begin(), limits.begin() + queries()) ||
          visitor.skip(node))
        continue;
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
    const std::uint64_t there = ~std::uint64_t{0} >> (block_points - count);
    const Block block = points_.block(leaf);
    for (std::size_t group = 0; group < groups_; ++group) {
      const std::size_t first = group * filter_queries;
      std::uint64_t bits[filter_queries];
      filter_block(block, d, queries_.data() + first * d, limits.data() + first, scratch_.data(),
                   bits);
      for (std::size_t i = 0; i < filter_queries; ++i)
        for (std::uint64_t rest = bits[i] & there; rest != 0; rest &= rest - 1) {
          const std::size_t q = first + i;
          const std::size_t position = begin + static_cast<std::size_t>(std::countr_zero(rest));
          if (!visitor.wants(q, position)) continue;
          const double square = squared_distance(rows_ + q * d, points_.point(position), d);
          if (square <= limits[q]) visitor.found(q, position, square);
        }
    }
  }

  std::ptrdiff_t queries() const { return static_cast<std::ptrdiff_t>(groups_ * filter_queries); }

  BlocksView points_;
  const double* rows_ = nullptr;
  std::size_t groups_ = 0;
  std::vector<double> queries_, box_;
  std::vector<float> scratch_;
  std::vector<Reached> nodes_;
};

}  // namespace tine::mining
