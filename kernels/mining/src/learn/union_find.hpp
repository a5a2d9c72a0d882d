// Sets that are united (R. Tarjan, J. van Leeuwen, Worst-case analysis of set union algorithms, JACM 31, 1984). The
// least of a set stands for it, whatever the order in which sets were united.
#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace tine::mining {

class UnionFind {
 public:
  explicit UnionFind(std::size_t size) : parents_(size) {
    std::iota(parents_.begin(), parents_.end(), std::uint32_t{0});
  }
  /// As it was when somebody had flattened it.
  explicit UnionFind(std::span<const std::uint32_t> flat) : parents_(flat.begin(), flat.end()) {}

  std::uint32_t find(std::uint32_t i) {
    while (parents_[i] != i) i = parents_[i] = parents_[parents_[i]];
    return i;
  }
  /// Returns whether they were two.
  bool unite(std::uint32_t i, std::uint32_t j) {
    i = find(i);
    j = find(j);
    if (i == j) return false;
    if (i > j) std::swap(i, j);
    parents_[j] = i;
    return true;
  }
  /// What stands for each.
  std::span<const std::uint32_t> flatten() {
    for (std::uint32_t& parent : parents_) parent = parents_[parent];  // parents are less
    return parents_;
  }

 private:
  std::vector<std::uint32_t> parents_;
};

}  // namespace tine::mining
