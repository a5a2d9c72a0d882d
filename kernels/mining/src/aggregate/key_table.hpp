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
#include "word_table.hpp"

namespace tine::mining {

/// By which the groups of keys are dealt out to parts: the same for the same key everywhere.
void hash_keys(std::size_t rows, std::span<const Vector> keys, std::uint64_t* hashes);

/// Numbers groups in the order in which their keys come. Each key's values are numbered; then the pairs of
/// the numbers of the first and the second key; then pairs of these with the third key's; and so on.
class KeyTable {
 public:
  explicit KeyTable(std::span<const Type> types) : keys_(types.size()), pairs_(types.size()) {
    for (std::size_t k = 0; k < types.size(); ++k) keys_[k].type = types[k];
  }

  /// The number of the group of each row.
  void find(std::size_t rows, const Vector* keys, std::uint32_t* groups);
  std::size_t size() const;

  /// That of hash_keys().
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
  /// The values of one key: words are numbers that order as the values do, or those of texts.
  struct Key {
    Type type{};
    TextSet texts{};
    WordTable values{};
  };
  std::uint32_t value_of(std::size_t key, std::uint32_t group) const;

  std::vector<Key> keys_;
  std::vector<WordTable>
      pairs_;          // from the second key on: number of what comes before, number of this
  bool some_ = false;  // rows without keys
  std::vector<std::uint32_t> numbers_;
  std::vector<std::int64_t> words_;
};

}  // namespace tine::mining
