// The groups that there are: different keys, each with a number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <tine/mining/query.hpp>

#include "../batch.hpp"
#include "../blob.hpp"
#include "text_set.hpp"

namespace tine::mining {

/// Numbers groups in the order in which their keys come. A key is a word for each of its values (a number
/// that orders as the values do, or that of a text), and one that says which values are missing.
class KeyTable {
 public:
  explicit KeyTable(std::span<const Type> types);

  /// The number of the group of each row.
  void find(std::size_t rows, const Vector* keys, std::uint32_t* groups);
  std::size_t size() const { return size_; }

  /// By which groups are dealt out to parts: the same for the same key everywhere.
  std::uint64_t hash(std::uint32_t group) const;
  void write(BlobWriter& to, std::span<const std::uint32_t> groups) const;
  /// Finds the groups of the keys that were written, `rows` of them.
  std::vector<std::uint32_t> merge(BlobReader& from, std::size_t rows);

  /// Groups in ascending order: missing values last.
  std::vector<std::uint32_t> sorted() const;
  /// One of the values of the keys of groups.
  ResultColumn column(std::size_t key, std::span<const std::uint32_t> groups) const;
  std::size_t bytes() const;

 private:
  struct Slot {
    std::uint32_t tag = 0;    // bits of the hash
    std::uint32_t group = 0;  // number + 1; 0: free
  };
  void encode(std::size_t rows, const Vector* keys);
  std::uint32_t find_or_add(const std::uint64_t* key);
  void grow();
  std::size_t width() const { return types_.size() + 1; }
  const std::uint64_t* key(std::uint32_t group) const { return keys_.data() + group * width(); }
  bool is_missing(std::uint32_t group, std::size_t k) const {
    return (key(group)[types_.size()] >> k & 1) != 0;
  }
  bool less(std::uint32_t a, std::uint32_t b) const;

  std::vector<Type> types_;
  std::vector<TextSet> texts_;  // of each key; empty where it is not text
  std::size_t size_ = 0;
  std::vector<std::uint64_t> keys_;   // of all groups, word by word
  std::vector<Slot> slots_;           // a power of two, at most half of them taken
  std::vector<std::uint64_t> batch_;  // keys of rows
  std::vector<std::int64_t> room_;
};

}  // namespace tine::mining
