// What is known so far of an aggregate, for each group.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <tine/mining/query.hpp>
#include <tine/pool.hpp>

#include "../batch.hpp"
#include "../blob.hpp"
#include "aggregate.hpp"

namespace tine::mining {

/// Rows and their groups.
struct GroupedRows {
  std::size_t rows = 0;
  const std::uint32_t* groups = nullptr;  // of each row; nullptr: all are of group 0
  std::uint32_t group(std::size_t row) const { return groups == nullptr ? 0 : groups[row]; }
};

/// One state for each group, in workers and in the master. What is added first comes first: the same rows,
/// merged in the same order, give the same bits.
class Accumulator {
 public:
  virtual ~Accumulator() = default;
  /// How many groups there are from now on.
  virtual void grow(std::size_t groups) = 0;
  virtual void add(const GroupedRows& rows, const Vector* arguments) = 0;
  /// The states of some groups, in this order.
  virtual void write(BlobWriter& to, std::span<const std::uint32_t> groups) = 0;
  /// Takes over what was written, each for the group that is said. It must stay while
  /// looks_back().
  virtual void merge(std::span<const std::uint32_t> groups, BlobReader& from) = 0;
  /// Whether what was merged is still needed.
  virtual bool looks_back() const { return false; }
  /// Lets go of it as far as that makes things smaller.
  virtual void compact(const PoolWith&) {}
  /// @param on  workers that may help, if what was merged is in their memory; nullptr: there are none
  virtual ResultColumn finish(std::span<const std::uint32_t> groups, const PoolWith* on) = 0;
  /// Bytes that the states take.
  virtual std::size_t bytes() const = 0;
};

std::unique_ptr<Accumulator> make_accumulator(const Aggregate& aggregate);

// By what they keep.
std::unique_ptr<Accumulator> make_sum(const Aggregate& aggregate);
std::unique_ptr<Accumulator> make_moments(const Aggregate& aggregate);
std::unique_ptr<Accumulator> make_chosen(const Aggregate& aggregate);
std::unique_ptr<Accumulator> make_quantile(const Aggregate& aggregate);
std::unique_ptr<Accumulator> make_distinct(const Aggregate& aggregate);
std::unique_ptr<Accumulator> make_approx_distinct();

}  // namespace tine::mining
