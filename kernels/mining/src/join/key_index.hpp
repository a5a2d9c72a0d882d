// Where the rows of a table are that have given keys.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <tine/array.hpp>
#include <tine/mining/table.hpp>
#include <tine/pool.hpp>

#include "../blob.hpp"
#include "join_keys.hpp"

namespace tine::mining {

/// The master's side: a hash table in shared memory.
class KeyIndex {
 public:
  KeyIndex() = default;
  KeyIndex(PoolWith on, const Table& table, std::span<const KeyColumns> keys);

  /// For a KeyFinder.
  void write(BlobWriter& to) const;

 private:
  std::size_t rows_ = 0, keys_ = 0;
  Array<std::uint64_t, 2> words_;  // of each row
  Array<std::uint32_t> first_;     // row with a hash, plus 1; 0: there is none
  Array<std::uint32_t> next_;      // row behind a row, plus 1, in ascending order
};

/// The worker's side. What it reads other kernels could have written over: it finds rows of the table,
/// whatever they are.
class KeyFinder {
 public:
  explicit KeyFinder(BlobReader& from);

  /// The first row with such a hash; `none` where there isn't one.
  std::size_t first(std::uint64_t hash) const { return checked(first_[hash & mask_]); }
  std::size_t next(std::size_t row) const { return checked(next_[row]); }
  bool equal(std::size_t row, const std::uint64_t* words) const {
    for (std::size_t k = 0; k < keys_; ++k)
      if (words_[row * keys_ + k] != words[k]) return false;
    return true;
  }
  static constexpr std::size_t none = ~std::size_t{0};

 private:
  std::size_t checked(std::uint32_t row) const { return row == 0 || row > rows_ ? none : row - 1; }
  std::size_t rows_, keys_;
  const std::uint64_t* words_;
  const std::uint32_t *first_, *next_;
  std::uint64_t mask_;
};

}  // namespace tine::mining
