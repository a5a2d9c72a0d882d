// Which groups have a value at all.
#pragma once

#include <cstdint>
#include <vector>

#include "accumulator.hpp"
#include "columns.hpp"

namespace tine::mining {

/// Costs nothing once every group has one.
class Presence {
 public:
  void grow(std::size_t groups) {
    absent_ += groups - present_.size();
    present_.resize(groups);
  }
  void mark(const GroupedRows& rows, const std::uint8_t* nulls) {
    if (absent_ != 0) each_value(rows, nulls, [&](std::uint32_t g, std::size_t) { mark(g); });
  }
  void mark(std::uint32_t group) {
    absent_ -= present_[group] == 0;
    present_[group] = 1;
  }
  bool operator[](std::uint32_t group) const { return present_[group] != 0; }
  void write(BlobWriter& to, std::span<const std::uint32_t> groups) const {
    write_some(to, present_, groups);
  }
  std::size_t bytes() const { return present_.capacity(); }

 private:
  std::vector<std::uint8_t> present_;
  std::size_t absent_ = 0;
};

}  // namespace tine::mining
