/// @file
/// The iterator of ranges that are gone through once.
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <type_traits>

namespace tine::detail {

/// Over what `source.next()` returns, until that is nothing. `T` is const where elements are only
/// looked at.
template <class Source, class T>
class NextIterator {
 public:
  using value_type = std::remove_const_t<T>;
  using difference_type = std::ptrdiff_t;
  using iterator_category = std::input_iterator_tag;
  using pointer = T*;
  using reference = T&;

  NextIterator() = default;
  explicit NextIterator(Source& of) : of_(&of), current_(of.next()) {}
  reference operator*() const { return *current_; }
  pointer operator->() const { return &*current_; }
  NextIterator& operator++() {
    current_ = of_->next();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const NextIterator& i, std::default_sentinel_t) { return !i.current_; }

 private:
  Source* of_ = nullptr;
  mutable std::optional<value_type> current_;
};

}  // namespace tine::detail
