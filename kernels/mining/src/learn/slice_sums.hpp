// Sums over samples, many at once: gradients, products of columns, counts of classes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <tine/for_each_slice.hpp>

#include "aggregate/two_fold.hpp"

namespace tine::mining {

/// Samples in slices for which `count` numbers each are made: fewer of them where these are many.
inline Partition sample_slices(std::size_t samples, std::size_t dimensions, std::size_t count) {
  constexpr std::size_t most = std::size_t{1} << 23;  // of such numbers in all
  const std::size_t grain = slices(samples, 0, dimensions * sizeof(double)).grain;
  return slices(samples, std::max(grain, samples / std::max<std::size_t>(1, most / count) + 1));
}

/// The same policy, but a slice that fails every time ends the call: sums without it would be wrong.
inline PoolWith without_quarantine(PoolWith on) {
  on.policy.on_failure = OnFailure::fail;
  return on;
}

/// Calls `kernel(slice, sums, arguments...)` for each of these slices; it adds to `count` sums of its own,
/// zeros at first: doubles, or TwoFold. They are added up in the order of slices. Arguments are whole() ones.
template <class T, class F, class... A>
std::vector<TwoFold> slice_sums(const PoolWith& on, const Partition& partition, std::size_t count,
                                F kernel, const A&... arguments) {
  auto parts = on.pool.array<T>(partition.size(), count);
  for_each_slice(
      without_quarantine(on), {.n = partition.size()},
      [kernel, partition](const Slice& s, const View<T, 2>& sums, const auto&... all) {
        std::fill_n(sums.data(), sums.extent(1), T{});
        kernel(partition.slice(s.index), std::span<T>(sums.data(), sums.extent(1)), all...);
      },
      out(parts), arguments...);
  std::vector<TwoFold> total(count);
  for (std::size_t s = 0; s < partition.size(); ++s)
    for (std::size_t i = 0; i < count; ++i) accumulate(total[i], parts(s, i));
  for (TwoFold& sum : total) sum = normalised(sum);
  return total;
}

}  // namespace tine::mining
