// Values, and values of groups, each once.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hash.hpp"

namespace tine::mining {

inline std::uint64_t hash_value(std::uint64_t value) {
  return mix(value, 0);
}

class ValueSet {
 public:
  static constexpr std::size_t most = 64;  // values that are added at a time

  void add(std::span<const std::uint64_t> values) {
    if (2 * (size_ + most) > slots_.size()) grow();
    std::uint64_t *const slots = slots_.data(), *const found = values_.data();
    const std::size_t mask = slots_.size() - 1;
    std::array<std::size_t, most> places;
    for (std::size_t i = 0; i < values.size(); ++i) {
      places[i] = hash_value(values[i]) & mask;
      __builtin_prefetch(slots + places[i], 1);
    }
    std::size_t size = size_;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::uint64_t value = values[i];
      if (value == 0) {  // which stands for a free slot
        zero_ = true;
        continue;
      }
      std::size_t at = places[i];
      while (slots[at] != value && slots[at] != 0) at = (at + 1) & mask;
      found[size] = value;
      size += slots[at] == 0;
      slots[at] = value;
    }
    size_ = size;
  }
  void clear() {
    std::ranges::fill(slots_, 0);
    size_ = 0;
    zero_ = false;
  }
  std::span<const std::uint64_t> values() {
    if (zero_) values_[size_] = 0;
    return std::span(values_).first(size_ + zero_);
  }

 private:
  void grow() {
    slots_.assign(std::max(8 * most, 4 * slots_.size()), 0);
    values_.resize(slots_.size() / 2 + 1);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = 0; i < size_; ++i) {
      std::size_t at = hash_value(values_[i]) & mask;
      while (slots_[at] != 0) at = (at + 1) & mask;
      slots_[at] = values_[i];
    }
  }

  std::vector<std::uint64_t> slots_;   // a power of two, at most half of them taken
  std::vector<std::uint64_t> values_;  // those in slots, and room for as many as may come
  std::size_t size_ = 0;
  bool zero_ = false;
};

class PairSet {
 public:
  void add(std::uint32_t group, std::uint64_t value) {
    if (2 * size_ >= slots_.size()) grow();
    Slot& slot = find(group, value);
    size_ += slot.taken == 0;
    slot = {value, group, 1};
  }
  std::size_t size() const { return size_; }
  /// Calls f(group, value) for each of them.
  template <class F>
  void each(F f) const {
    for (const Slot& s : slots_)
      if (s.taken != 0) f(s.group, s.value);
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
