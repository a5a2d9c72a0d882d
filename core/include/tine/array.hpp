/// @file
/// An N-d array in shared memory that its owner frees by going out of scope.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include <tine/arena.hpp>
#include <tine/error.hpp>
#include <tine/view.hpp>

namespace tine {

/// Owns an N-d row-major array of T in an arena. Elements start as zero bytes. Made by
/// `pool.array<float>(rows, columns)`.
///
/// Every process of the pool sees the same elements at the same address, so pointers into it may
/// travel. Move-only. An array may outlive its pool: its memory goes with the last array. Freeing
/// one that a running job uses waits for the job.
///
/// T must be trivially copyable: workers read it without ever constructing it.
template <class T, std::size_t N = 1>
class Array {
  static_assert(std::is_trivially_copyable_v<T>,
                "elements of a shared array must be trivially copyable: other processes see their "
                "bytes only; for containers use tine::allocator");

 public:
  using element_type = T;
  using Extents = typename View<T, N>::Extents;

  /// An array without elements or arena.
  Array() = default;
  /// Throws InvalidArgument when the size in bytes overflows, OutOfMemory when there is not so
  /// much. Extents of 0 are fine.
  Array(std::shared_ptr<Arena> arena, const Extents& extents) : arena_(std::move(arena)) {
    std::size_t bytes = sizeof(T);
    for (std::size_t e : extents) {
      if (e != 0 && bytes > std::numeric_limits<std::ptrdiff_t>::max() / e)
        throw InvalidArgument("tine::Array: the product of its extents overflows");
      bytes *= e;
    }
    run_ = arena_->allocate(bytes);
    view_ = View<T, N>(reinterpret_cast<T*>(run_->data), extents);
  }
  Array(Array&& other) noexcept
      : arena_(std::move(other.arena_)),
        run_(std::exchange(other.run_, nullptr)),
        view_(std::exchange(other.view_, {})) {}
  Array& operator=(Array&& other) noexcept {
    Array(std::move(other)).swap(*this);
    return *this;
  }
  ~Array() {
    if (run_ != nullptr) arena_->release(run_);
  }
  void swap(Array& other) noexcept {
    std::swap(arena_, other.arena_);
    std::swap(run_, other.run_);
    std::swap(view_, other.view_);
  }

  T* data() noexcept { return settled().data(); }
  const T* data() const noexcept { return settled().data(); }
  std::size_t size() const noexcept { return view_.size(); }
  bool empty() const noexcept { return size() == 0; }
  std::size_t extent(std::size_t d) const noexcept { return view_.extent(d); }
  const Extents& extents() const noexcept { return view_.extents(); }

  template <class... I>
    requires(sizeof...(I) == N)
  T& operator()(I... index) noexcept { return settled()(index...); }
  template <class... I>
    requires(sizeof...(I) == N)
  const T& operator()(I... index) const noexcept { return settled()(index...); }
  T& operator[](std::size_t i) noexcept requires(N == 1) { return settled().data()[i]; }
  const T& operator[](std::size_t i) const noexcept requires(N == 1) { return settled().data()[i]; }
  T* begin() noexcept { return data(); }
  T* end() noexcept { return data() + size(); }
  const T* begin() const noexcept { return data(); }
  const T* end() const noexcept { return data() + size(); }

  /// A trivially copyable handle, the way an array travels into a kernel's captures.
  View<T, N> view() noexcept { return settled(); }
  View<const T, N> view() const noexcept { return settled(); }
  std::span<T> span() noexcept { return settled().span(); }
  std::span<const T> span() const noexcept { return settled().span(); }

  /// The view before the memory has been zeroed: for posting jobs only, which zero what is stale.
  View<T, N> peek() const noexcept { return view_; }

 private:
  // Reused memory is zeroed when somebody first looks, or by the job that first writes it: an
  // allocation itself costs the same for 4 KiB and for 1 GiB.
  const View<T, N>& settled() const noexcept {
    if (run_ != nullptr && run_->stale) [[unlikely]]
      arena_->settle(run_);
    return view_;
  }

  std::shared_ptr<Arena> arena_;
  detail::Run* run_ = nullptr;
  View<T, N> view_{};
};

namespace detail {

template <class E>
std::size_t checked_extent(E extent) {
  if constexpr (std::is_signed_v<E>)
    if (extent < 0) throw InvalidArgument("tine: an extent of an array is negative");
  return static_cast<std::size_t>(extent);
}

template <class Range>
auto array_from(std::shared_ptr<Arena> arena, const Range& values) {
  std::span source(values);
  using T = std::remove_const_t<typename decltype(source)::element_type>;
  Array<T> result(std::move(arena), {source.size()});
  std::copy(source.begin(), source.end(), result.data());
  return result;
}

}  // namespace detail

}  // namespace tine
