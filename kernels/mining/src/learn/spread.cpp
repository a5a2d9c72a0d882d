#include "spread.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <tine/for_each_slice.hpp>
#include <tine/mining/error.hpp>
#include <tine/reduce.hpp>

#include "aggregate/two_fold.hpp"

namespace tine::mining {

Spread spread_of(JobSequence& jobs, Pool& pool, const Array<double, 2>& x) {
  const std::size_t n = x.extent(0), d = x.extent(1);
  const Partition parts = rows(x);
  // Of each feature: the sum, what it lost, the least and the greatest value.
  auto found = pool.array<double>(parts.size(), 4 * d);
  jobs.run([&](const PoolWith& on) {
    return for_each_slice(
        on, {.n = parts.size()},
        [n, d, grain = parts.grain](const Slice& s, const View<double, 2>& to,
                                    const View<const double, 2>& from) {
          double* const __restrict high = &to(0, 0), * const __restrict low = high + d;
          double* const __restrict least = low + d, * const __restrict greatest = least + d;
          std::fill_n(high, 2 * d, 0.0);
          std::fill_n(least, d, std::numeric_limits<double>::infinity());
          std::fill_n(greatest, d, -std::numeric_limits<double>::infinity());
          const std::size_t end = std::min(n, (s.index + 1) * grain);
          for (std::size_t i = s.index * grain; i < end; ++i) {
            const double* const __restrict row = from.data() + i * d;
            for (std::size_t j = 0; j < d; ++j) {
              const auto [sum, lost] = rounded_sum(high[j], row[j]);
              high[j] = sum;
              low[j] += lost;
              least[j] = std::min(least[j], row[j]);
              greatest[j] = std::max(greatest[j], row[j]);
            }
          }
        },
        out(found), whole(x));
  });
  Spread spread;
  for (std::size_t j = 0; j < d; ++j) {
    TwoFold sum;
    double least = found(0, 2 * d + j), greatest = found(0, 3 * d + j);
    for (std::size_t s = 0; s < parts.size(); ++s) {
      accumulate(sum, TwoFold{found(s, j), found(s, d + j)});
      least = std::min(least, found(s, 2 * d + j));
      greatest = std::max(greatest, found(s, 3 * d + j));
    }
    const double mean = (normalised(sum) / static_cast<double>(n)).high;
    spread.mean.push_back(mean);
    spread.radius = std::max({spread.radius, mean - least, greatest - mean});
    // Squares of it and sums of them, of as many as there is memory for, are within 1e+-308.
    if (!(spread.radius < 1e140))
      throw SampleError(
          "tine: the values of a feature are too far apart for squares of their "
          "distances: divide them by 1e150, say");
  }
  if (spread.radius > 0 && spread.radius < 1e-140)
    throw SampleError(
        "tine: all values of the features are too near for squares of their "
        "distances: multiply them by 1e150, say");
  return spread;
}

double mean_variance(JobSequence& jobs, Pool& pool, const Array<double, 2>& x,
                     const std::vector<double>& mean) {
  const std::size_t d = x.extent(1);
  const auto middle = pool.array_from(mean);
  const TwoFold sum = jobs.run([&](const PoolWith& on) {
    return reduce_slices(
        on, rows(x), TwoFold{}, std::plus<>(),
        [d](const Slice& s, const View<const double, 2>& part, std::span<const double> from) {
          std::vector<double> squares(d);
          for (std::size_t i = 0; i < s.size(); ++i) {
            const double* const row = part.data() + i * d;
            for (std::size_t j = 0; j < d; ++j)
              squares[j] += (row[j] - from[j]) * (row[j] - from[j]);
          }
          Lanes all;
          all.add(d, [&](std::size_t j) { return squares[j]; });
          return all.sum();
        },
        in(x), whole(middle));
  });
  return sum.high / static_cast<double>(x.size());
}

}  // namespace tine::mining
