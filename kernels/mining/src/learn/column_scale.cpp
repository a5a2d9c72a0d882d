#include "learn/column_scale.hpp"

#include <algorithm>

#include "learn/slice_sums.hpp"

namespace tine::mining {

namespace {

struct Range2 {
  double least, most;
};

std::vector<Range2> ranges(const PoolWith& on, const View<const double, 2>& x) {
  const std::size_t d = x.extent(1);
  const Partition partition = sample_slices(x.extent(0), d, 2 * d);
  auto parts = on.pool.array<Range2>(partition.size(), d);
  for_each_slice(
      without_quarantine(on), {.n = partition.size()},
      [partition](const Slice& s, const View<Range2, 2>& range, const View<const double, 2>& all) {
        const Slice rows = partition.slice(s.index);
        for (std::size_t j = 0; j < all.extent(1); ++j)
          range(0, j) = {all(rows.begin, j), all(rows.begin, j)};
        for (std::size_t i = rows.begin + 1; i < rows.end; ++i)
          for (std::size_t j = 0; j < all.extent(1); ++j) {
            range(0, j).least = std::min(range(0, j).least, all(i, j));
            range(0, j).most = std::max(range(0, j).most, all(i, j));
          }
      },
      out(parts), whole(x));
  std::vector<Range2> result(parts.data(), parts.data() + d);
  for (std::size_t s = 1; s < partition.size(); ++s)
    for (std::size_t j = 0; j < d; ++j) {
      result[j].least = std::min(result[j].least, parts(s, j).least);
      result[j].most = std::max(result[j].most, parts(s, j).most);
    }
  return result;
}

// Such that |x| is below 2^exponent.
int exponent_of(double x) {
  return x == 0 ? 0 : std::max(std::ilogb(x) + 1, -1000);
}

}  // namespace

void ColumnScale::for_penalty() {
  for (int& e : exponent) e = std::max(e, -300);
}

std::vector<Standard> ColumnScale::standard() const {
  std::vector<Standard> result;
  for (std::size_t j = 0; j < size(); ++j)
    result.push_back({std::ldexp(1, -exponent[j]), std::ldexp(mean[j], -exponent[j])});
  return result;
}

ColumnScale column_scale(const PoolWith& on, const View<const double, 2>& x) {
  const std::size_t n = x.extent(0), d = x.extent(1);
  const std::vector<Range2> range = ranges(on, x);
  ColumnScale result;
  for (const auto& [least, most] : range) {
    result.largest.push_back(std::max(std::abs(least), std::abs(most)));
    result.exponent.push_back(exponent_of(result.largest.back()));
  }
  result.mean.resize(d);
  const auto factors = on.pool.array_from(result.standard());
  const std::vector<TwoFold> sums = slice_sums<TwoFold>(
      on, sample_slices(n, d, 2 * d), d,
      [](const Slice& s, std::span<TwoFold> sum, const View<const double, 2>& all,
         std::span<const Standard> standard) {
        for (std::size_t i = s.begin; i < s.end; ++i)
          for (std::size_t j = 0; j < sum.size(); ++j)
            accumulate(sum[j], all(i, j) * standard[j].factor);
      },
      whole(x), whole(factors));
  for (std::size_t j = 0; j < d; ++j) {
    const auto& [least, most] = range[j];
    const double mean = (sums[j] / static_cast<double>(n)).high;
    // Of equal values, it is that value, whatever was rounded.
    result.mean[j] = std::clamp(std::ldexp(mean, result.exponent[j]), least, most);
    const double half = result.mean[j] / 2;
    result.exponent[j] = exponent_of(std::max(most / 2 - half, half - least / 2)) + 1;
  }
  return result;
}

}  // namespace tine::mining
