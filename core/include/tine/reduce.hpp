/// @file
/// Reductions whose bits do not depend on the number of workers, nor on faults.
#pragma once

#include <bit>
#include <functional>
#include <optional>

#include <tine/for_each.hpp>

namespace tine {

namespace detail {

/// Operators that are known to commute, so that a slice may be folded in interleaved lanes.
template <class Op, class T>
inline constexpr bool commutes = false;
template <class T, class U>
inline constexpr bool commutes<std::plus<U>, T> = std::is_arithmetic_v<T>;
template <class T, class U>
inline constexpr bool commutes<std::multiplies<U>, T> = std::is_arithmetic_v<T>;

/// Folds get(0) ... get(n - 1), n >= 1, from the left in blocks whose shape depends on n alone:
/// several chains at once, since a single one would wait for the latency of every operation.
template <class T, class Op, class Get>
T fold(std::size_t n, Op op, Get get) {
  constexpr std::size_t lanes = 16;
  if (n < 4 * lanes) {
    T result = get(0);
    for (std::size_t i = 1; i < n; ++i) result = op(result, get(i));
    return result;
  }
  T lane[lanes];
  if constexpr (commutes<Op, T>) {
    std::size_t i = lanes;
    for (std::size_t l = 0; l < lanes; ++l) lane[l] = get(l);
    for (; i + lanes <= n; i += lanes)
      for (std::size_t l = 0; l < lanes; ++l) lane[l] = op(lane[l], static_cast<T>(get(i + l)));
    for (std::size_t l = 0; i < n; ++i, ++l) lane[l] = op(lane[l], static_cast<T>(get(i)));
  } else {
    const std::size_t block = n / lanes;
    for (std::size_t l = 0; l < lanes; ++l) lane[l] = get(l * block);
    for (std::size_t i = 1; i < block; ++i)
      for (std::size_t l = 0; l < lanes; ++l)
        lane[l] = op(lane[l], static_cast<T>(get(l * block + i)));
    for (std::size_t i = lanes * block; i < n; ++i) lane[lanes - 1] = op(lane[lanes - 1], get(i));
  }
  for (std::size_t width = 1; width < lanes; width *= 2)
    for (std::size_t l = 0; l < lanes; l += 2 * width) lane[l] = op(lane[l], lane[l + width]);
  return lane[0];
}

/// Combines the partials of [begin, end) in a tree whose shape depends on the range alone; slices
/// that are missing are left out.
template <class T, class Get, class Combine>
std::optional<T> merge(std::size_t begin, std::size_t end, Get& get, Combine& combine) {
  if (end - begin == 1) return get(begin);
  const std::size_t middle = begin + std::bit_floor(end - begin - 1);
  std::optional<T> left = merge<T>(begin, middle, get, combine);
  std::optional<T> right = merge<T>(middle, end, get, combine);
  if (!left) return right;
  if (!right) return left;
  return combine(*left, *right);
}

}  // namespace detail

/// One partial result per slice, merged in a fixed tree: `combine(init, combine(...))`.
///
/// `kernel(slice, arguments...)` returns the slice's partial, a trivially copyable T of any size.
/// `combine(T, T)` runs in the master; it must be associative, and need not commute. `init` enters
/// once, on the left. Quarantined slices are omitted.
///
/// @returns `init` for an empty partition
/// @throws  what for_each_slice() throws
template <class T, class Combine, class F, AccessKind... K, class... E, std::size_t... N>
T reduce_slices(const PoolWith& on, const Partition& partition, T init, Combine combine, F kernel,
                const Access<K, E, N>&... accesses) {
  static_assert(std::is_trivially_copyable_v<T>, "a partial result travels as bytes");
  struct alignas(128) Partial {  // 128 bytes apart: neighbours are written by different workers
    T value;
  };
  const std::size_t count = partition.size();
  auto partials = on.pool.array<Partial>(count);
  Report report = detail::post<T>(on, partition, reinterpret_cast<T*>(partials.peek().data()),
                                  sizeof(Partial), kernel, accesses...);
  if (count == 0) return init;
  auto quarantined = report.quarantined.begin();
  auto get = [&](std::size_t i) -> std::optional<T> {  // called with ascending i
    while (quarantined != report.quarantined.end() && i >= quarantined->end) ++quarantined;
    if (quarantined != report.quarantined.end() && i >= quarantined->begin) return std::nullopt;
    return partials.peek()[i].value;
  };
  std::optional<T> merged = detail::merge<T>(0, count, get, combine);
  return merged ? combine(init, *merged) : init;
}

/// `init op f(x[0]) op f(x[1]) op ...`, in the type of `init`. The same bits on any number of
/// workers. `op` must be associative and need not commute.
template <class T, std::size_t N, class R, class Op, class F>
R transform_reduce(const PoolWith& on, const Access<AccessKind::in, T, N>& x, R init, Op op, F f) {
  const auto flat = detail::flat(x);
  return reduce_slices(
      on, slices(flat.view.size(), 0, sizeof(T)), init, op,
      [op, f](const Slice&, std::span<T> part) mutable {
        T* p = part.data();
        F g = f;
        return detail::fold<R>(part.size(), op,
                               [p, g](std::size_t i) mutable { return static_cast<R>(g(p[i])); });
      },
      flat);
}

/// `init op (x[0] * y[0]) op ...` with `f` in the place of `*`.
template <class T, std::size_t N, class U, std::size_t M, class R, class Op, class F>
R transform_reduce(const PoolWith& on, const Access<AccessKind::in, T, N>& x,
                   const Access<AccessKind::in, U, M>& y, R init, Op op, F f) {
  const auto first = detail::flat(x);
  const auto second = detail::flat(y);
  return reduce_slices(
      on, slices(first.view.size(), 0, sizeof(T)), init, op,
      [op, f](const Slice&, std::span<T> a, std::span<U> b) mutable {
        T* p = a.data();
        U* q = b.data();
        F g = f;
        return detail::fold<R>(a.size(), op, [p, q, g](std::size_t i) mutable {
          return static_cast<R>(g(p[i], q[i]));
        });
      },
      first, second);
}

/// `init op x[0] op x[1] op ...`, in the type of `init`: `reduce(pool, in(x), 0.0, std::plus<>{})`
/// sums floats in double precision.
template <class T, std::size_t N, class R, class Op = std::plus<>>
R reduce(const PoolWith& on, const Access<AccessKind::in, T, N>& x, R init, Op op = {}) {
  return transform_reduce(on, x, init, op, [](const T& v) { return static_cast<R>(v); });
}

}  // namespace tine
