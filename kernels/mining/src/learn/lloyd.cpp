#include "lloyd.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include <tine/for_each_slice.hpp>
#include <tine/mining/error.hpp>
#include <tine/reduce.hpp>

#include "aggregate/two_fold.hpp"

namespace tine::mining {

namespace {

/// Enough slices for any machine; and their sums are never more than half of the rows.
std::size_t grain_of(std::size_t rows, std::size_t clusters) {
  const std::size_t grain = std::max({rows / 128, 4 * clusters, std::size_t{256}});
  return std::min((grain + 63) / 64 * 64, std::max<std::size_t>(1, rows));
}

/// sums += sign * row
void add(const double* __restrict row, double sign, std::size_t dimensions, double* __restrict high,
         double* __restrict low) {
  for (std::size_t j = 0; j < dimensions; ++j) {
    const auto [sum, lost] = rounded_sum(high[j], sign * row[j]);
    high[j] = sum;
    low[j] += lost;
  }
}

/// One iteration of the rows of a slice.
struct Step {
  std::size_t rows, grain, clusters, dimensions;
  bool first;  ///< nothing is known yet

  void operator()(const Slice& s, const View<std::uint32_t, 2>& labels,
                  const View<float, 2>& bounds, const View<double, 2>& changes,
                  const View<std::int64_t, 2>& counts, std::span<const float> moved,
                  std::span<const double> numbers, std::span<const float> screen,
                  const View<const double, 2>& x) const {
    const std::size_t begin = s.index * grain, size = std::min(grain, rows - begin);
    const double* const own = x.data() + begin * dimensions;
    std::uint32_t* const label = &labels(0, 0);
    float* const upper = &bounds(0, 0);
    float* const lower = upper + grain;
    std::vector<std::uint32_t> open(size);
    open.resize(still_open(size, label, upper, lower, moved.data(), open.data()));

    double* const high = &changes(0, 0);
    double* const low = high + clusters * dimensions;
    std::fill_n(high, 2 * clusters * dimensions, 0.0);
    std::int64_t* const change = &counts(0, 0);
    std::fill_n(change, clusters + 1, std::int64_t{0});
    NearestCentres found;
    // So many at once that they are still in a cache when they are added.
    const std::size_t block = std::max<std::size_t>(64, (128 << 10) / sizeof(double) / dimensions);
    for (std::size_t first_open = 0; first_open < open.size(); first_open += block) {
      const std::span some =
          std::span(open).subspan(first_open, std::min(block, open.size() - first_open));
      found.find({clusters, dimensions, numbers.data(), screen.data()}, own, some);
      for (std::size_t k = 0; k < some.size(); ++k) {
        const std::size_t i = some[k];
        upper[i] = found.upper()[k];
        lower[i] = found.lower()[k];
        const std::uint32_t nearest = found.nearest()[k];
        if (!first && nearest == label[i]) continue;
        const double* const row = own + i * dimensions;
        if (!first) {
          add(row, -1, dimensions, high + label[i] * dimensions, low + label[i] * dimensions);
          --change[label[i]];
        }
        add(row, 1, dimensions, high + nearest * dimensions, low + nearest * dimensions);
        ++change[nearest];
        ++change[clusters];
        label[i] = nearest;
      }
    }
  }

 private:
  // Moves the bounds as the centres moved, and lists the rows that may have another centre now: their distance
  // to their own is not certainly less than that to all others.
  std::size_t still_open(std::size_t size, const std::uint32_t* label, float* upper, float* lower,
                         const float* moved, std::uint32_t* open) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < size; ++i) {
      open[count] = static_cast<std::uint32_t>(i);
      if (!first) {
        const float *const own = moved + label[i], *const others = own + clusters;
        upper[i] = (upper[i] + *own) * rounding_up;
        lower[i] = (lower[i] - *others) * rounding_down;
      }
      count += first || !(upper[i] < lower[i]);
    }
    return count;
  }
};

}  // namespace

Array<double> squared_distances(JobSequence& jobs, Pool& pool, const Array<double, 2>& x,
                                std::span<const double> centres,
                                const Array<std::uint32_t>& nearest) {
  const std::size_t n = x.extent(0), d = x.extent(1);
  auto result = pool.array<double>(n);
  const auto shared = pool.array_from(centres);
  jobs.run([&](const PoolWith& on) {
    return for_each_slice(
        on, slices(n, 0, d * sizeof(double)),
        [d](const Slice& s, const View<const double, 2>& rows, std::span<const std::uint32_t> of,
            std::span<double> to, std::span<const double> all) {
          for (std::size_t i = 0; i < s.size(); ++i)
            to[i] = squared_distance(rows.data() + i * d, all.data() + of[i] * d, d);
        },
        in(x), in(View<const std::uint32_t>(nearest.peek().data(), {n})), out(result),
        whole(shared));
  });
  return result;
}

double sum_of(JobSequence& jobs, const Array<double>& values) {
  return jobs
      .run([&](const PoolWith& on) {
        return reduce_slices(
            on, slices(values.size()), TwoFold{}, std::plus<>(),
            [](const Slice&, std::span<const double> part) {
              Lanes sum;
              sum.add(part.size(), [&](std::size_t i) { return part[i]; });
              return sum.sum();
            },
            in(values));
      })
      .high;
}

Lloyd::Lloyd(JobSequence& jobs, Pool& pool, const Array<double, 2>& x, std::size_t clusters,
             const Frame& frame)
    : jobs_(jobs),
      pool_(pool),
      x_(x),
      grain_(grain_of(x.extent(0), clusters)),
      slices_((x.extent(0) - 1) / grain_ + 1),
      centres_(pool, clusters, frame),
      nearest_(pool.array<std::uint32_t>(slices_ * grain_)),
      bounds_(pool.array<float>(slices_, 2 * grain_)),
      changes_(pool.array<double>(slices_, 2 * clusters * x.extent(1))),
      counts_(pool.array<std::int64_t>(slices_, clusters + 1)),
      moved_(pool.array<float>(2 * clusters)) {}

std::uint64_t Lloyd::assign(const std::vector<double>& centres) {
  const std::size_t k = centres_.count(), d = centres_.dimensions();
  Step step{
      .rows = x_.extent(0), .grain = grain_, .clusters = k, .dimensions = d, .first = !started_};
  if (started_) {
    float most = 0, second = 0;
    std::size_t farthest = 0;
    for (std::size_t c = 0; c < k; ++c) {
      const double way = std::sqrt(squared_distance(&centres[c * d], &values_[c * d], d));
      moved_[c] = static_cast<float>(way * centres_.frame().scale) * rounding_up;
      second = std::max(second, std::min(most, moved_[c]));
      if (moved_[c] > most) farthest = c;
      most = std::max(most, moved_[c]);
    }
    std::fill_n(moved_.data() + k, k, most);
    moved_[k + farthest] = second;
  } else {
    sums_ = {std::vector<double>(k * d), std::vector<double>(k * d), std::vector<std::int64_t>(k)};
  }
  centres_.set(centres);
  values_ = centres;
  jobs_.run([&](const PoolWith& on) {
    return for_each_slice(on, {.n = slices_}, step,
                          inout(View<std::uint32_t, 2>(nearest_.peek().data(), {slices_, grain_})),
                          inout(bounds_), out(changes_), out(counts_), whole(moved_),
                          whole(centres_.numbers()), whole(centres_.screen()), whole(x_));
  });
  started_ = true;
  std::uint64_t changed = 0;
  const double* changes = changes_.data();
  const std::int64_t* counts = counts_.data();
  for (std::size_t s = 0; s < slices_; ++s, changes += 2 * k * d, counts += k + 1) {
    if (counts[k] == 0) continue;
    changed += static_cast<std::uint64_t>(counts[k]);
    for (std::size_t c = 0; c < k; ++c) sums_.counts[c] += counts[c];
    add(changes, 1, k * d, sums_.high.data(), sums_.low.data());
    for (std::size_t i = 0; i < k * d; ++i) sums_.low[i] += changes[k * d + i];
  }
  return changed;
}

Lloyd::Means Lloyd::means() const {
  const std::size_t k = centres_.count(), d = centres_.dimensions();
  std::vector<std::size_t> empty;
  for (std::size_t c = 0; c < k; ++c)
    if (sums_.counts[c] <= 0) empty.push_back(c);
  Sums sums = sums_;
  if (!empty.empty()) {
    const std::vector<std::size_t> rows = farthest(empty.size());
    for (std::size_t e = 0; e < rows.size(); ++e) {
      const std::size_t from = nearest_[rows[e]], to = empty[e];
      const double* const row = x_.data() + rows[e] * d;
      add(row, -1, d, &sums.high[from * d], &sums.low[from * d]);
      --sums.counts[from];
      add(row, 1, d, &sums.high[to * d], &sums.low[to * d]);
      ++sums.counts[to];
    }
  }
  Means means{values_, !empty.empty()};
  for (std::size_t c = 0; c < k; ++c)
    for (std::size_t i = c * d; sums.counts[c] > 0 && i < (c + 1) * d; ++i)
      means.centres[i] =
          (normalised({sums.high[i], sums.low[i]}) / static_cast<double>(sums.counts[c])).high;
  return means;
}

std::vector<std::size_t> Lloyd::farthest(std::size_t count) const {
  const Array<double> distances = squared_distances();
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < distances.size(); ++i)
    if (distances[i] > 0 && nearest_[i] < centres_.count()) rows.push_back(i);
  if (rows.empty())
    throw SampleError("tine: there are fewer different samples than the " +
                      std::to_string(centres_.count()) +
                      " clusters that are wanted: ask for fewer clusters");
  count = std::min(count, rows.size());
  std::ranges::partial_sort(
      rows, rows.begin() + static_cast<std::ptrdiff_t>(count), [&](std::size_t a, std::size_t b) {
        return distances[a] != distances[b] ? distances[a] > distances[b] : a < b;
      });
  rows.resize(count);
  return rows;
}

std::vector<std::uint64_t> Lloyd::sizes() const {
  return {sums_.counts.begin(), sums_.counts.end()};
}

double Lloyd::inertia() const {
  return sum_of(jobs_, squared_distances());
}

Array<double> Lloyd::squared_distances() const {
  return mining::squared_distances(jobs_, pool_, x_, values_, nearest_);
}

}  // namespace tine::mining
