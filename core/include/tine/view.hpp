/// @file
/// A trivially copyable handle on an N-d block of memory that somebody else owns.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <type_traits>

namespace tine {

/// N-d view of elements of type T: a pointer, N extents and N strides, all counted in elements.
/// Row-major unless it is a part of something wider. Copying it copies no element; it does not keep
/// what it shows alive.
template <class T, std::size_t N = 1>
class View {
  static_assert(N >= 1, "a view has at least one dimension");

 public:
  using element_type = T;
  using Extents = std::array<std::size_t, N>;

  constexpr View() noexcept : data_(nullptr), extents_{}, strides_{} {}
  /// Contiguous, row-major.
  constexpr View(T* data, const Extents& extents) noexcept : data_(data), extents_(extents) {
    std::size_t stride = 1;
    for (std::size_t d = N; d-- > 0;) {
      strides_[d] = stride;
      stride *= extents_[d];
    }
  }
  constexpr View(T* data, const Extents& extents, const Extents& strides) noexcept
      : data_(data), extents_(extents), strides_(strides) {}
  /// A view of mutable elements serves as one of constant elements.
  template <class U>
    requires(std::is_same_v<const U, T> && !std::is_const_v<U>)
  constexpr View(const View<U, N>& other) noexcept  // NOLINT: implicit, as for pointers
      : data_(other.data()), extents_(other.extents()), strides_(other.strides()) {}

  constexpr T* data() const noexcept { return data_; }
  constexpr std::size_t extent(std::size_t d) const noexcept { return extents_[d]; }
  constexpr const Extents& extents() const noexcept { return extents_; }
  constexpr std::size_t stride(std::size_t d) const noexcept { return strides_[d]; }
  constexpr const Extents& strides() const noexcept { return strides_; }
  /// Number of elements.
  constexpr std::size_t size() const noexcept {
    std::size_t n = 1;
    for (std::size_t e : extents_) n *= e;
    return n;
  }
  constexpr bool empty() const noexcept { return size() == 0; }

  /// Whether the elements lie one after another, row-major.
  constexpr bool contiguous() const noexcept {
    std::size_t stride = 1;
    for (std::size_t d = N; d-- > 0;) {
      if (extents_[d] > 1 && strides_[d] != stride) return false;
      stride *= extents_[d];
    }
    return true;
  }

  /// The element at the given indices, one per dimension; not checked.
  template <class... I>
    requires(sizeof...(I) == N)
  constexpr T& operator()(I... index) const noexcept {
    std::size_t offset = 0, d = 0;
    ((offset += static_cast<std::size_t>(index) * strides_[d++]), ...);
    return data_[offset];
  }
  constexpr T& operator[](std::size_t i) const noexcept requires(N == 1) {
    return data_[i * strides_[0]];
  }

  /// `count` units of dimension `d` from `begin`; not checked.
  constexpr View part(std::size_t d, std::size_t begin, std::size_t count) const noexcept {
    View result = *this;
    result.data_ += begin * strides_[d];
    result.extents_[d] = count;
    return result;
  }

  /// All elements in one dimension. The view must be contiguous.
  constexpr View<T, 1> flat() const noexcept { return View<T, 1>(data_, {size()}); }
  /// All elements as a span. The view must be contiguous.
  constexpr std::span<T> span() const noexcept { return {data_, size()}; }

 private:
  T* data_;
  Extents extents_;
  Extents strides_;
};

}  // namespace tine
