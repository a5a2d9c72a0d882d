/// @file
/// A function applied to every element.
#pragma once

#include <tine/for_each_slice.hpp>

namespace tine {

namespace detail {

/// Elementwise work sees any array as one dimension.
template <AccessKind K, class T, std::size_t N>
Access<K, T, 1> flat(const Access<K, T, N>& access) {
  if (!access.view.contiguous()) bad_argument(0, "is not contiguous, which elementwise work needs");
  return {access.view.flat()};
}

}  // namespace detail

/// Calls `f(element)` for each element of an array of any rank, with `inout` access to change it
/// (`[](float& v) { v *= 2; }`). The order is not specified; each element is visited once.
template <class T, std::size_t N, class F>
Report for_each(const PoolWith& on, const Access<AccessKind::inout, T, N>& x, F f) {
  const auto flat = detail::flat(x);
  return for_each_slice(
      on, slices(flat.view.size(), 0, sizeof(T)),
      [f](const Slice&, std::span<T> part) mutable {
        F g = f;
        for (T& v : part) g(v);
      },
      flat);
}

}  // namespace tine
