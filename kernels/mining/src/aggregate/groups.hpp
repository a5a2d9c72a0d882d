// Groups of rows: those of one slice in a worker, those of all in the master.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <tine/mining/query.hpp>
#include <tine/pool.hpp>

#include "../batch.hpp"
#include "../blob.hpp"
#include "aggregate.hpp"

namespace tine::mining {

/// The groups of a slice.
class Groups {
 public:
  Groups(std::span<const Type> keys, std::span<const Aggregate> aggregates);
  ~Groups();

  /// @param keys       a vector for each key; without keys all rows are of one group
  /// @param arguments  those of all aggregates, one after another
  /// Missing values and NaN are keys of their own; -0 and 0 are the same key. Aggregates leave out missing
  /// values; NaN makes sums, means and the like NaN, and is larger than all numbers in min, max, quantiles.
  void add(std::size_t rows, std::span<const Vector> keys, std::span<const Vector> arguments);
  void write(BlobWriter& to) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Merges what slices wrote, always in their order.
class GroupMerger {
 public:
  GroupMerger(PoolWith on, std::vector<Type> keys, std::vector<Aggregate> aggregates,
              std::uint64_t memory);
  ~GroupMerger();

  /// The blobs of the next slices, in shared memory that is the caller's again afterwards.
  void add(std::span<const std::span<const std::byte>> slices);
  /// The columns of the keys, then those of the aggregates, without names; groups in ascending order of
  /// keys, missing values last. Without keys there is one row, also for no rows at all.
  Result finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tine::mining
