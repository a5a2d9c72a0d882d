#include "learn/nearest_points.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "learn/block_search.hpp"

namespace tine::mining {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A neighbour so far. The heap's first is the one that goes next.
struct Candidate {
  double square = infinity;
  std::uint32_t point = std::numeric_limits<std::uint32_t>::max();
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return a.square != b.square ? a.square < b.square : a.point < b.point;
  }
};
using Heap = std::vector<Candidate>;

/// The nearest points of several queries at a time.
class NearestVisitor {
 public:
  NearestVisitor(const BlocksView& points, std::size_t k, bool others)
      : points_(points),
        search_(points),
        k_(k),
        others_(others),
        heaps_(queries_at_a_time(points.dimensions)) {}

  /// Of queries at these positions: in ascending order.
  const std::vector<Heap>& find(const BlocksView& queries, std::size_t first, std::size_t count) {
    first_ = first;
    for (Heap& heap : heaps_) heap.assign(k_, {});
    search_.limits.fill(infinity);
    search_.begin(queries.point(first), count);
    search_.run(*this);
    for (Heap& heap : heaps_) std::sort_heap(heap.begin(), heap.end());
    return heaps_;
  }

  bool skip(const BoxNode&) const { return false; }
  bool wants(std::size_t query, std::size_t position) const {
    return !others_ || position != first_ + query;
  }
  void found(std::size_t query, std::size_t position, double square) {
    Heap& heap = heaps_[query];
    const Candidate candidate{square, points_.order[position]};
    if (!(candidate < heap.front())) return;
    std::pop_heap(heap.begin(), heap.end());
    heap.back() = candidate;
    std::push_heap(heap.begin(), heap.end());
    search_.limits[query] = heap.front().square;
  }

 private:
  BlocksView points_;
  BlockSearch search_;
  std::size_t k_, first_ = 0;
  bool others_;  // points are queries, and no neighbours of their own
  std::vector<Heap> heaps_;
};

/// Of the queries of a slice of blocks, in the order of `queries`.
void search(const Slice& slice, const BlocksView& points, const BlocksView& queries, std::size_t k,
            bool others, const View<std::uint32_t, 2>& index, const View<double, 2>& distance) {
  NearestVisitor nearest(points, k, others);
  const std::size_t begin = slice.begin * block_points;
  const std::size_t end = std::min(slice.end * block_points, queries.points);
  const std::size_t step = queries_at_a_time(points.dimensions);
  for (std::size_t q = begin; q < end; q += step) {
    const std::size_t count = std::min(step, end - q);
    const std::vector<Heap>& found = nearest.find(queries, q, count);
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t j = 0; j < k; ++j) {
        index.data()[(q - begin + i) * k + j] = found[i][j].point;
        distance.data()[(q - begin + i) * k + j] = std::sqrt(found[i][j].square);
      }
  }
}

/// Which rows have a number that is missing or infinite.
Array<std::uint8_t> rows_not_finite(const PoolWith& on, const View<const double, 2>& x) {
  auto bad = on.pool.array<std::uint8_t>(x.extent(0));
  for_each_slice(
      on, rows(x),
      [](const Slice& s, std::span<std::uint8_t> flags, const View<const double, 2>& part) {
        for (std::size_t row = 0; row < s.size(); ++row) {
          double sum = 0;  // of zeros, or of what is NaN
          for (std::size_t i = 0; i < part.extent(1); ++i) sum += part(row, i) * 0;
          flags[row] = sum != 0;
        }
      },
      out(bad), in(x));
  return bad;
}

/// The same with zeros in the rows that have flags.
Array<double, 2> without(const PoolWith& on, const Array<std::uint8_t>& bad,
                         const View<const double, 2>& x) {
  auto result = on.pool.array<double>(x.extent(0), x.extent(1));
  for_each_slice(
      on, rows(x),
      [](const Slice& s, const View<double, 2>& to, std::span<const std::uint8_t> flags,
         const View<const double, 2>& from) {
        for (std::size_t row = 0; row < s.size(); ++row)
          for (std::size_t i = 0; i < to.extent(1); ++i)
            to(row, i) = flags[row] != 0 ? 0 : from(row, i);
      },
      out(result), in(bad), in(x));
  return result;
}

/// Rows in the order of `order`, back in their own; of those with flags, zeros and NaN.
Neighbours in_order(const PoolWith& on, std::span<const std::uint32_t> order,
                    const Array<std::uint8_t>& bad, const Array<std::uint32_t, 2>& index,
                    const Array<double, 2>& distance, std::size_t k) {
  Neighbours result{on.pool.array<std::uint32_t>(order.size(), k),
                    on.pool.array<double>(order.size(), k)};
  auto position = on.pool.array<std::uint32_t>(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) position[order[i]] = static_cast<std::uint32_t>(i);
  for_each_slice(
      on, rows(result.distance),
      [](const Slice& s, const View<std::uint32_t, 2>& to, const View<double, 2>& far,
         std::span<const std::uint32_t> from, std::span<const std::uint8_t> flags,
         const View<const std::uint32_t, 2>& all, const View<const double, 2>& all_far) {
        const std::size_t k_of = to.extent(1);
        for (std::size_t row = 0; row < s.size(); ++row) {
          const std::size_t begin = from[row] * k_of;
          for (std::size_t j = 0; j < k_of; ++j) {
            to(row, j) = flags[row] != 0 ? 0 : all.data()[begin + j];
            far(row, j) = flags[row] != 0 ? std::numeric_limits<double>::quiet_NaN()
                                          : all_far.data()[begin + j];
          }
        }
      },
      out(result.index), out(result.distance), in(position), in(bad), whole(index),
      whole(distance));
  return result;
}

/// A failed slice ends the call: what is left out would be neighbours that are none.
PoolWith whole_or_nothing(PoolWith on) {
  on.policy.on_failure = OnFailure::fail;
  return on;
}

void check(const PoolWith& on, const View<const double, 2>& points, std::size_t k,
           std::size_t most) {
  const std::size_t n = points.extent(0);
  if (n >= std::numeric_limits<std::uint32_t>::max())
    throw SampleError(
        "tine: nearest neighbours can be found among fewer than 2^32 - 1 samples, not " +
        std::to_string(n));
  if (k == 0 || k > most)
    throw SampleError("tine: there are no " + std::to_string(k) + " nearest neighbours among " +
                      std::to_string(n) + " samples" +
                      (most < n ? ", which are none of their own" : "") + ", but 1 to " +
                      std::to_string(most));
  if (points.extent(1) == 0) throw SampleError("tine: the samples have no features");
  const auto bad = rows_not_finite(on, points);
  if (const auto at = std::ranges::find(bad, 1); at != bad.end())
    throw SampleError("tine: sample " + std::to_string(at - bad.begin() + 1) +
                      " has a number that is missing or infinite, and so no distance from others");
}

Neighbours find(const PoolWith& on, const PointBlocks& points, const PointBlocks& queries,
                const Array<std::uint8_t>& bad, std::size_t k, bool others) {
  auto index = on.pool.array<std::uint32_t>(queries.blocks(), block_points * k);
  auto distance = on.pool.array<double>(queries.blocks(), block_points * k);
  queries.run(
      on, queries.partition(queries.size() / 256),
      [k, others, points = points.view()](const Slice& s, const BlocksView& of,
                                          const View<std::uint32_t, 2>& to,
                                          const View<double, 2>& far, const auto&...) {
        search(s, points, of, k, others, to, far);
      },
      out(index), out(distance));
  return in_order(on, queries.order(), bad, index, distance, k);
}

}  // namespace

Neighbours nearest_points(const PoolWith& given, const View<const double, 2>& points,
                          const View<const double, 2>& queries, std::size_t k) {
  const PoolWith on = whole_or_nothing(given);
  check(on, points, k, points.extent(0));
  if (queries.extent(0) == 0)
    return {on.pool.array<std::uint32_t>(0, k), on.pool.array<double>(0, k)};
  if (queries.extent(1) != points.extent(1))
    throw SampleError("tine: queries have " + std::to_string(queries.extent(1)) +
                      " dimensions, but points have " + std::to_string(points.extent(1)));
  const auto bad = rows_not_finite(on, queries);
  const PointBlocks blocks(on, points);
  if (std::ranges::count(bad, 0) == std::ssize(bad.span()))
    return find(on, blocks, PointBlocks(on, queries), bad, k, false);
  const auto finite = without(on, bad, queries);
  return find(on, blocks, PointBlocks(on, finite.view()), bad, k, false);
}

Neighbours nearest_other_points(const PoolWith& given, const View<const double, 2>& points,
                                std::size_t k) {
  const PoolWith on = whole_or_nothing(given);
  check(on, points, k, points.extent(0) == 0 ? 0 : points.extent(0) - 1);
  const auto good = on.pool.array<std::uint8_t>(points.extent(0));
  const PointBlocks blocks(on, points);
  return find(on, blocks, blocks, good, k, true);
}

Neighbours nearest(const PoolWith& on, const Array<double, 2>& points,
                   const Array<double, 2>& queries, std::size_t k) {
  return nearest_points(on, points.view(), queries.view(), k);
}

Neighbours nearest_others(const PoolWith& on, const Array<double, 2>& points, std::size_t k) {
  return nearest_other_points(on, points.view(), k);
}

}  // namespace tine::mining
