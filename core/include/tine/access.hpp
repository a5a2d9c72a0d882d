/// @file
/// What a job does with each of its arrays. Declared access is what makes it safe to run a slice
/// again after its worker died, so it is not optional.
///
/// | access   | the kernel gets                  | before a slice is run again         | when                  |
/// |----------|----------------------------------|-------------------------------------|-----------------------|
/// | in(x)    | its slice and halo, read-only    | nothing to do                       | inputs                |
/// | out(x)   | its slice, to be written whole   | zeroed                              | outputs               |
/// | inout(x) | its slice, to be read and written| restored from a copy saved before   | updates in place      |
/// | whole(x) | all of x, read-only              | nothing to do                       | tables, matrix factors|
///
/// `inout` costs memory bandwidth, since every slice is saved before it is changed. Where there is
/// room for a second array, `in` and `out` are faster.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tine/array.hpp>

namespace tine {

enum class AccessKind : std::uint8_t { in, out, inout, whole };

/// A view and what the job does with it; made by in(), out(), inout() and whole().
template <AccessKind K, class T, std::size_t N>
struct Access {
  static constexpr AccessKind kind = K;
  using element_type = T;
  static constexpr std::size_t rank = N;
  View<T, N> view;
};

template <class T, std::size_t N>
Access<AccessKind::in, const T, N> in(const Array<T, N>& array) {
  return {array.peek()};
}
template <class T, std::size_t N>
Access<AccessKind::in, const T, N> in(const View<T, N>& view) {
  return {view};
}
template <class T, std::size_t N>
Access<AccessKind::out, T, N> out(Array<T, N>& array) {
  return {array.peek()};
}
template <class T, std::size_t N>
  requires(!std::is_const_v<T>)
Access<AccessKind::out, T, N> out(const View<T, N>& view) {
  return {view};
}
template <class T, std::size_t N>
Access<AccessKind::inout, T, N> inout(Array<T, N>& array) {
  return {array.peek()};
}
template <class T, std::size_t N>
  requires(!std::is_const_v<T>)
Access<AccessKind::inout, T, N> inout(const View<T, N>& view) {
  return {view};
}
template <class T, std::size_t N>
Access<AccessKind::whole, const T, N> whole(const Array<T, N>& array) {
  return {array.peek()};
}
template <class T, std::size_t N>
Access<AccessKind::whole, const T, N> whole(const View<T, N>& view) {
  return {view};
}

}  // namespace tine
