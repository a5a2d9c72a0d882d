// Values of groups that have to be kept, one after another.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "accumulator.hpp"
#include "columns.hpp"

namespace tine::mining {

template <class T>
class ValueLists {
 public:
  void add(std::uint32_t group, const T& value) {
    if (group != 0 && groups_.empty()) groups_.resize(values_.size());
    if (group != 0 || !groups_.empty()) groups_.push_back(group);
    values_.push_back(value);
  }
  /// Those of rows in which they are there.
  void add(const GroupedRows& rows, const T* values, const std::uint8_t* nulls) {
    if (nulls == nullptr && groups_.empty() && rows.groups == nullptr) {
      values_.insert(values_.end(), values, values + rows.rows);
    } else if (nulls == nullptr && rows.groups != nullptr) {
      groups_.resize(values_.size());
      groups_.insert(groups_.end(), rows.groups, rows.groups + rows.rows);
      values_.insert(values_.end(), values, values + rows.rows);
    } else {
      each_value(rows, nulls, [&](std::uint32_t g, std::size_t i) { add(g, values[i]); });
    }
  }
  /// Brings those of a group together, in the order in which they came.
  void arrange(std::size_t groups) {
    if (begins_.size() == groups + 1 && begins_.back() == values_.size()) return;
    begins_.assign(groups + 1, 0);
    if (groups_.empty()) {  // all are of group 0
      for (std::size_t g = 0; g < groups; ++g) begins_[g + 1] = values_.size();
      return;
    }
    for (const std::uint32_t g : groups_) ++begins_[g + 1];
    for (std::size_t g = 0; g < groups; ++g) begins_[g + 1] += begins_[g];
    std::vector<std::size_t> next(begins_.begin(), begins_.end() - 1);
    std::vector<T> values(values_.size());
    for (std::size_t i = 0; i < values_.size(); ++i) {
      values[next[groups_[i]]++] = values_[i];
    }
    values_.swap(values);
    for (std::size_t g = 0; g < groups; ++g)
      std::fill(groups_.begin() + static_cast<std::ptrdiff_t>(begins_[g]),
                groups_.begin() + static_cast<std::ptrdiff_t>(begins_[g + 1]),
                static_cast<std::uint32_t>(g));
  }
  std::size_t size() const { return values_.size(); }
  /// Once they are arranged.
  std::span<const T> of(std::uint32_t group) const {
    return std::span(values_).subspan(begins_[group], begins_[group + 1] - begins_[group]);
  }
  std::size_t bytes() const {
    return values_.capacity() * sizeof(T) + groups_.capacity() * sizeof(groups_[0]);
  }

 private:
  std::vector<T> values_;
  std::vector<std::uint32_t> groups_;  // empty: all are of group 0
  std::vector<std::size_t> begins_;
};

}  // namespace tine::mining
