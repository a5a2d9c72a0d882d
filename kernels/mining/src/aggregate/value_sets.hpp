// Sets of values, and of values of groups.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "hash.hpp"

namespace tine::mining {

inline std::uint64_t hash_value(std::uint64_t value) {
  return mix(value, 0);
}

/// Values, each once; room has to be made before.
class ValueSet {
 public:
  void clear(std::size_t values) {
    slots_.assign(std::bit_ceil(2 * values + 2), 0);
    zero_ = false;
  }
  /// Whether it was not there.
  bool add(std::uint64_t value) {
    if (value == 0) return !std::exchange(zero_, true);  // which stands for a free slot
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash_value(value) & mask;
    while (slots_[at] != value && slots_[at] != 0) at = (at + 1) & mask;
    return std::exchange(slots_[at], value) != value;
  }

 private:
  std::vector<std::uint64_t> slots_;
  bool zero_ = false;
};

/// Pairs of a group and a value, each once.
class PairSet {
 public:
  /// Whether it was not there.
  bool add(std::uint32_t group, std::uint64_t value) {
    if (2 * size_ >= slots_.size()) grow();
    Slot& slot = find(group, value);
    if (slot.taken != 0) return false;
    slot = {value, group, 1};
    ++size_;
    return true;
  }
  /// Empties it, and makes room for so many.
  void clear(std::size_t pairs) {
    slots_.assign(std::bit_ceil(std::max<std::size_t>(64, 2 * pairs + 2)), {});
    size_ = 0;
  }
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint64_t value = 0;
    std::uint32_t group = 0, taken = 0;
  };
  Slot& find(std::uint32_t group, std::uint64_t value) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = mix(value, group) & mask;
    while (slots_[at].taken != 0 && (slots_[at].value != value || slots_[at].group != group))
      at = (at + 1) & mask;
    return slots_[at];
  }
  void grow() {
    std::vector<Slot> old(std::max<std::size_t>(64, 2 * slots_.size()));
    old.swap(slots_);
    for (const Slot& s : old)
      if (s.taken != 0) find(s.group, s.value) = s;
  }

  std::vector<Slot> slots_;  // a power of two, at most half of them taken
  std::size_t size_ = 0;
};

}  // namespace tine::mining
