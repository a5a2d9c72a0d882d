/// @file
/// A function from the elements of one array, or two, to those of another.
#pragma once

#include <tine/for_each.hpp>

namespace tine {

/// `y[i] = f(x[i])`. The arrays have the same number of elements and do not overlap.
/// Throws InvalidArgument otherwise, and what for_each_slice() throws.
template <class T, std::size_t N, class U, std::size_t M, class F>
Report transform(const PoolWith& on, const Access<AccessKind::in, T, N>& x,
                 const Access<AccessKind::out, U, M>& y, F f) {
  const auto from = detail::flat(x);
  const auto to = detail::flat(y);
  return for_each_slice(
      on, slices(to.view.size(), 0, sizeof(U)),
      [f](const Slice&, std::span<T> in, std::span<U> out) mutable {
        F g = f;
        T* __restrict p = in.data();
        U* __restrict q = out.data();
        for (std::size_t i = 0, n = out.size(); i < n; ++i) q[i] = g(p[i]);
      },
      from, to);
}

/// `z[i] = f(x[i], y[i])`.
template <class T, std::size_t N, class U, std::size_t M, class V, std::size_t L, class F>
Report transform(const PoolWith& on, const Access<AccessKind::in, T, N>& x,
                 const Access<AccessKind::in, U, M>& y, const Access<AccessKind::out, V, L>& z,
                 F f) {
  const auto first = detail::flat(x);
  const auto second = detail::flat(y);
  const auto to = detail::flat(z);
  return for_each_slice(
      on, slices(to.view.size(), 0, sizeof(V)),
      [f](const Slice&, std::span<T> a, std::span<U> b, std::span<V> out) mutable {
        F g = f;
        T* p = a.data();
        U* q = b.data();
        V* __restrict r = out.data();
        for (std::size_t i = 0, n = out.size(); i < n; ++i) r[i] = g(p[i], q[i]);
      },
      first, second, to);
}

}  // namespace tine
