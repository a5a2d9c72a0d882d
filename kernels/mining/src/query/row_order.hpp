// The order of rows that lie in blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "plan.hpp"
#include "row_block.hpp"

namespace tine::mining {

/// A row on its way to its place: what it is ordered by in so far as that fits into a number, then what
/// it is, and where it lies.
struct Ranked {
  std::uint64_t key;
  std::uint64_t
      place;  // 2 bits: 0 a value, 1 NaN, 2 missing; 24 bits: the block; 38: the row in it

  std::size_t block() const { return place >> 38 & 0xffffff; }
  std::size_t row() const { return place & ((std::uint64_t{1} << 38) - 1); }
  unsigned rank() const { return static_cast<unsigned>(place >> 62); }
};

/// All blocks' columns, block by block, and how many columns a block has.
struct Blocks {
  const BlockColumn* all = nullptr;
  std::size_t columns = 0;
  const BlockColumn* operator[](std::size_t block) const { return all + block * columns; }
};

/// Those of one block, by the first of what they are ordered by. Throws Error for too many rows or blocks.
void rank_rows(const Blocks& blocks, std::size_t block, const Plan::Order& by,
               std::span<Ranked> rows);

/// Whether a row comes before another one: of different rows always one does. Trivially copyable.
class RankedBefore {
 public:
  /// `order` must stay.
  RankedBefore(const Blocks& blocks, std::span<const Plan::Order> order, bool key_says_all)
      : blocks_(blocks), order_(order.data()), count_(order.size()), key_says_all_(key_says_all) {}

  bool operator()(const Ranked& a, const Ranked& b) const {
    if (a.key != b.key) return a.key < b.key;
    if (key_says_all_ || a.rank() != b.rank()) return a.place < b.place;
    return compare(a, b);
  }

 private:
  bool compare(const Ranked& a, const Ranked& b) const;
  Blocks blocks_;
  const Plan::Order* order_;
  std::size_t count_;
  bool key_says_all_;
};
/// Whether the number says all about the order of two values.
bool key_says_all(std::span<const Plan::Order> order, std::span<const Type> types);

/// Makes batches of rows that lie anywhere.
class RowGatherer {
 public:
  RowGatherer(const Blocks& blocks, std::span<const Type> types);
  /// Of at most batch_rows of them. What it points to is valid until the next call.
  std::span<const Vector> operator()(std::span<const Ranked> rows);

 private:
  Blocks blocks_;
  std::vector<std::vector<std::string_view>> values_;  // 16 bytes each, for values of any type
  std::vector<std::vector<std::uint8_t>> nulls_;
  std::vector<Vector> vectors_;
};

/// Writes the first rows of one block, as a RowCollector does; of few enough all in their order.
void write_first_rows(const RowCollector& rows, std::span<const Type> types,
                      std::span<const Plan::Order> order, std::size_t most, BlobWriter& to);

}  // namespace tine::mining
