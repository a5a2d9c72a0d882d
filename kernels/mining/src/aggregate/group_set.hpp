// Groups and what is known of them: of one slice, of some slices, or of one part of all groups.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <tine/mining/query.hpp>

#include "../batch.hpp"
#include "../blob.hpp"
#include "accumulator.hpp"
#include "aggregate.hpp"
#include "key_table.hpp"

namespace tine::mining {

class GroupSet {
 public:
  GroupSet(std::span<const Type> keys, std::span<const Aggregate> aggregates);

  void add(std::size_t rows, std::span<const Vector> keys, std::span<const Vector> arguments);
  std::size_t size() const { return keys_.size(); }
  std::uint64_t hash(std::uint32_t group) const { return keys_.hash(group); }
  void write(BlobWriter& to, std::span<const std::uint32_t> groups);
  /// What was written, and rows if some follow: groups that are here already go on, others are new. It must stay
  /// while looks_back().
  void merge(std::span<const std::byte> groups);
  bool looks_back() const;
  void compact(const PoolWith& on);
  /// Without keys there is one group, also when there were no rows.
  Result finish(const PoolWith* on = nullptr);
  std::size_t bytes() const;

 private:
  void grow();

  std::size_t key_count_;
  KeyTable keys_;
  std::vector<Type> types_;              // of keys and arguments
  std::vector<std::uint8_t> arguments_;  // how many each aggregate takes
  std::vector<std::unique_ptr<Accumulator>> accumulators_;
  std::vector<std::uint32_t> groups_;  // of the rows of a batch
};

}  // namespace tine::mining
