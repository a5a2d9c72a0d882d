// Groups that are too many to be merged by the master: workers do it, part by part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <tine/mining/query.hpp>
#include <tine/pool.hpp>

#include "aggregate.hpp"
#include "group_set.hpp"
#include "parts.hpp"

namespace tine::mining {

/// The groups so far lie in an array of the pool, part after part. A merge reads it, and what slices wrote, and
/// writes another one: nothing is changed in place, so that a worker's death costs one part once more.
class ManyGroups {
 public:
  ManyGroups(PoolWith on, std::span<const Type> keys, std::span<const Aggregate> aggregates,
             std::uint64_t memory);

  /// Merges the parts of slices, in this order. They are in shared memory.
  void merge(std::span<const std::vector<std::span<const std::byte>>> slices);
  Result finish();
  /// Of the groups so far.
  std::size_t bytes() const { return state_.size(); }

 private:
  std::size_t groups() const;
  void check_memory(std::uint64_t bytes) const;

  PoolWith on_;
  std::size_t key_count_;
  Array<Type> keys_;
  Array<Aggregate> aggregates_;
  std::uint64_t memory_;
  Array<std::byte> state_;
  std::vector<std::span<const std::byte>> parts_;  // of the state
};

}  // namespace tine::mining
