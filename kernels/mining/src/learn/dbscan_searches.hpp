// The two searches of dbscan() besides that for core samples, in workers. Samples go by their positions in blocks.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "learn/block_search.hpp"
#include "learn/union_find.hpp"

namespace tine::mining {

/// Two core samples that are neighbours.
struct Link {
  std::uint32_t a, b;
};

/// Of all nodes of boxes, in which component their core samples are; or as follows.
inline constexpr std::uint32_t no_core = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::uint32_t several = no_core - 1;

/// Looks for links between components. Those that are known at its beginning are not found again.
class LinkVisitor {
 public:
  /// @param components  of each sample, what stands for it
  /// @param links       for those that are found
  LinkVisitor(const BlocksView& points, double limit, const std::uint8_t* core,
              std::span<const std::uint32_t> components, const std::uint32_t* of_nodes,
              std::span<Link> links)
      : search_(points),
        points_(points),
        limit_(limit),
        core_(core),
        known_(components),
        of_nodes_(of_nodes),
        links_(links) {}

  /// Of several samples with earlier ones. Returns whether there was room for all links.
  bool find(std::size_t first, std::size_t count) {
    first_ = first;
    count_ = count;
    for (std::size_t q = 0; q < count; ++q) search_.limits[q] = core_[first + q] != 0 ? limit_ : -1;
    search_.begin(points_.point(first), count);
    search_.run(*this);
    return found_ < links_.size();
  }
  std::size_t found() const { return found_; }

  bool skip(const BoxNode& node) {
    const std::uint32_t of = of_nodes_[node.number];
    if (of == no_core || node.first * block_points >= first_ + count_) return true;
    if (of == several) return false;
    for (std::size_t q = 0; q < count_; ++q)
      if (search_.limits[q] >= 0 && component(first_ + q) != component(of)) return false;
    return true;
  }
  bool wants(std::size_t query, std::size_t position) {
    return position < first_ + query && core_[position] != 0 &&
           component(position) != component(first_ + query);
  }
  void found(std::size_t query, std::size_t position, double) {
    known_.unite(static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(first_ + query));
    links_[found_++] = {static_cast<std::uint32_t>(position),
                        static_cast<std::uint32_t>(first_ + query)};
    if (found_ == links_.size()) search_.limits.fill(-1);
  }

 private:
  std::uint32_t component(std::size_t position) {
    return known_.find(static_cast<std::uint32_t>(position));
  }

  BlockSearch search_;
  BlocksView points_;
  double limit_;
  const std::uint8_t* core_;
  UnionFind known_;
  const std::uint32_t* of_nodes_;
  std::span<Link> links_;
  std::size_t first_ = 0, count_ = 0, found_ = 0;
};

/// Looks for the first of the clusters of core samples that are near, for samples that are none.
class BorderVisitor {
 public:
  /// @param labels    of core samples their clusters, of others no_core
  /// @param of_nodes  the least of those in there
  BorderVisitor(const BlocksView& points, double limit, const std::uint32_t* labels,
                const std::uint32_t* of_nodes)
      : search_(points), points_(points), limit_(limit), labels_(labels), of_nodes_(of_nodes) {}

  /// Of several samples; no_core is noise.
  std::span<const std::uint32_t> find(std::size_t first, std::size_t count) {
    count_ = count;
    for (std::size_t q = 0; q < count; ++q) {
      best_[q] = labels_[first + q];
      search_.limits[q] = best_[q] == no_core ? limit_ : -1;
    }
    search_.begin(points_.point(first), count);
    search_.run(*this);
    return std::span(best_).first(count);
  }

  bool skip(const BoxNode& node) const {
    const std::uint32_t least = of_nodes_[node.number];
    for (std::size_t q = 0; q < count_; ++q)
      if (search_.limits[q] >= 0 && least < best_[q]) return false;
    return true;
  }
  bool wants(std::size_t query, std::size_t position) const {
    return labels_[position] < best_[query];
  }
  void found(std::size_t query, std::size_t position, double) { best_[query] = labels_[position]; }

 private:
  BlockSearch search_;
  BlocksView points_;
  double limit_;
  const std::uint32_t *labels_, *of_nodes_;
  std::size_t count_ = 0;
  std::array<std::uint32_t, most_queries> best_{};
};

}  // namespace tine::mining
