/// @file
/// How often a classifier takes one class for another.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tine::mining {

/// Counts of samples: a row for what they are, a column for what they are taken for.
struct Confusion {
  std::size_t classes = 0;
  std::vector<std::uint64_t> counts;  ///< classes x classes

  /// @throws InvalidArgument  other lengths, or a label that is none of so many classes
  Confusion(std::span<const std::uint32_t> labels, std::span<const std::uint32_t> predicted,
            std::size_t classes);
  std::uint64_t operator()(std::size_t is, std::size_t taken_for) const {
    return counts[is * classes + taken_for];
  }
  /// The part of the samples that is taken for what it is; 0 if there are none.
  double accuracy() const;
};

}  // namespace tine::mining
