// Very many values of groups, of which each is to be left once: workers do that, part by part.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <tine/array.hpp>
#include <tine/pool.hpp>

#include "../blob.hpp"
#include "columns.hpp"
#include "text_set.hpp"
#include "value_sets.hpp"

namespace tine::mining {

/// How values are written, and read some at a time, none where they are cut off: numbers, or texts, which are known by
/// their numbers in a set.
struct Numbers {
  static std::size_t read(BlobReader& from, std::span<std::uint64_t> to) {
    const std::size_t some = std::min(to.size(), from.left() / sizeof to[0]);
    if (some != 0)
      std::memcpy(to.data(), from.bytes(some * sizeof to[0]).data(), some * sizeof to[0]);
    return some;
  }
  static void write(BlobWriter& to, std::span<const std::uint64_t> values) {
    to.bytes(values.data(), values.size_bytes());
  }
  static std::uint64_t hash(std::uint64_t value) { return hash_value(value); }
};
struct Texts {
  TextSet set{};
  std::size_t read(BlobReader& from, std::span<std::uint64_t> to) {
    std::size_t some = 0;
    for (; some < to.size() && !from.empty(); ++some) {
      to[some] = set.add(from.text());
      if (!from.good()) break;
    }
    return some;
  }
  void write(BlobWriter& to, std::span<const std::uint64_t> values) const {
    for (const std::uint64_t value : values) to.text(set[value]);
  }
  std::uint64_t hash(std::uint64_t value) const { return set.hash(value); }
};

/// Values dealt out to parts by their hashes, where they were written, or after merge() in memory of our own.
template <class Kind>
class ValueParts {
 public:
  static constexpr std::size_t count = 1024;

  /// Writes values of a group, which need not be different, part after part.
  static void write(BlobWriter& to, const Kind& kind, std::span<const std::uint64_t> values);
  /// What was written is looked at later.
  void add(std::uint32_t group, BlobReader& from);
  bool empty() const { return pieces_.empty(); }
  bool looks_back() const { return looks_back_; }

  /// Leaves each value once, and nothing to look back at.
  void merge(const PoolWith& on, std::size_t groups);
  /// How many different ones each group has.
  std::vector<std::uint64_t> count_different(const PoolWith& on, std::size_t groups) const;
  /// Calls f(group, reader of values) for all there are.
  template <class F>
  void each(F f) const {
    for (const auto& pieces : pieces_)
      for (const Piece& p : pieces) f(p.group, BlobReader(p.values));
  }
  std::size_t bytes() const;

 private:
  struct Piece {
    std::span<const std::byte> values;
    std::uint64_t count;  // how many, once all of a part and a group are in one piece
    std::uint32_t group;
  };
  // What workers make of each part: of each group its number, how many values it has, how many bytes they are, and
  // unless they are only counted, the values.
  Array<std::byte> run(const PoolWith& on, bool keep,
                       std::vector<std::span<const std::byte>>& parts) const;

  std::vector<std::vector<Piece>> pieces_;  // of each part; none at all where there are none
  bool looks_back_ = false;
  Array<std::byte> own_;
};

}  // namespace tine::mining
