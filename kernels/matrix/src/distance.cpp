#include <tine/matrix/distance.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <tine/for_each_slice.hpp>
#include <tine/job_sequence.hpp>
#include <tine/matrix/norm.hpp>

#include "shared_operands.hpp"
#include "tile_distance.hpp"
#include "triangle.hpp"

namespace tine::matrix::detail {

namespace {

struct Task {
  Metric metric;
  Isa isa;
  std::size_t dimensions;
  bool x_row_major, y_row_major;
};
using Tasks = std::span<const Task>;

// The points [range) of those in `v`, which is their transpose where they are column-major.
template <class T>
Points<T> points_of(const View<const T, 2>& v, bool row_major, Range range,
                    std::span<const T> lengths) {
  const std::size_t row_stride = row_major ? v.stride(0) : 1;
  return {v.data() + range.begin * row_stride, range.size(), row_stride,
          row_major ? 1 : v.stride(0), lengths.empty() ? nullptr : &lengths[range.begin]};
}

// About 64 tiles, of 32 to 256 points a side.
std::size_t tile_side(std::size_t rows, std::size_t columns) {
  const double wanted = std::sqrt(static_cast<double>(rows) * static_cast<double>(columns) / 64);
  return std::clamp<std::size_t>((static_cast<std::size_t>(wanted) + 31) / 32 * 32, 32,
                                 most_points);
}

// The lengths of all points, where the metric needs them.
template <class T>
Array<T, 1> lengths_of(JobSequence& jobs, Pool& pool, const SharedInput<T>& points, Metric metric) {
  auto lengths = pool.array<T>(metric == Metric::cosine ? points.get().rows : 0);
  if (!lengths.empty())
    jobs.run([&](const PoolWith& next) {
      return norms<T>(next, points.get(), Norm::frobenius, Per::row, operand(lengths));
    });
  return lengths;
}

template <class T>
void compute(JobSequence& jobs, Pool& pool, const Partition& partition, Metric metric,
             const SharedInput<T>& x, const SharedInput<T>& y, const Array<T, 1>& x_lengths,
             const Array<T, 1>& y_lengths, const View<T, 2>& d) {
  const auto task = share_one(
      pool, Task{metric, isa(), x.get().columns, x.get().row_major(), y.get().row_major()});
  jobs.run([&](const PoolWith& next) {
    return for_each_slice(
        next, partition,
        [](const Slice& s, const View<T, 2>& to, Tasks tasks, const View<const T, 2>& xs,
           const View<const T, 2>& ys, std::span<const T> x_long, std::span<const T> y_long) {
          const Task& t = tasks[0];
          std::vector<T> memory(tile_memory);
          tile_distance<T>(t.isa)(t.metric, points_of(xs, t.x_row_major, {s.begin, s.end}, x_long),
                                  points_of(ys, t.y_row_major, s.columns, y_long), t.dimensions,
                                  to.data(), to.stride(0), memory.data());
        },
        tine::out(d), tine::whole(task), tine::whole(x.view()), tine::whole(y.view()),
        tine::whole(x_lengths), tine::whole(y_lengths));
  });
}

// Points without coordinates are equal, and have no direction.
template <class T>
void fill(const Operand<T>& d, Metric metric) {
  const T value = metric == Metric::cosine ? std::numeric_limits<T>::quiet_NaN() : T(0);
  for (std::size_t i = 0; i < d.rows; ++i)
    for (std::size_t j = 0; j < d.columns; ++j)
      d.data[i * d.row_stride + j * d.column_stride] = value;
}

}  // namespace

template <class T>
Report distances(const PoolWith& on, Operand<const T> x, Operand<const T> y, Operand<T> d,
                 Metric metric) {
  if (x.columns != y.columns || d.rows != x.rows || d.columns != y.rows)
    refuse("distances", "the points are " + shape(x) + " and " + shape(y) + " and the result " +
                            shape(d) + ", but should be m x k, n x k and m x n");
  check_output(d, "distances");
  if (!d.row_major()) return distances(on, y, x, d.transposed(), metric);
  if (x.empty() || y.empty()) {
    fill(d, metric);
    return {};
  }
  SharedOutput<T> result(on.pool, d, false);
  const SharedInput<T> left(on.pool, x), right(on.pool, y);
  JobSequence jobs(on);
  const auto left_lengths = lengths_of(jobs, on.pool, left, metric);
  const auto right_lengths = lengths_of(jobs, on.pool, right, metric);
  const std::size_t side = tile_side(d.rows, d.columns);
  compute(jobs, on.pool, tiles(d.rows, d.columns, side, side), metric, left, right, left_lengths,
          right_lengths, result.view());
  result.finish();
  return jobs.finish();
}

template <class T>
Report distances(const PoolWith& on, Operand<const T> x, Operand<T> d, Metric metric) {
  if (d.rows != x.rows || d.columns != x.rows)
    refuse("distances", "the points are " + shape(x) + " and the result " + shape(d) +
                            ", but should be n x k and n x n");
  check_output(d, "distances");
  if (!d.row_major()) d = d.transposed();
  if (x.empty()) {
    fill(d, metric);
    return {};
  }
  SharedOutput<T> result(on.pool, d, false);
  const SharedInput<T> points(on.pool, x);
  JobSequence jobs(on);
  const auto lengths = lengths_of(jobs, on.pool, points, metric);
  const std::size_t side = tile_side(d.rows, d.columns);
  compute(jobs, on.pool, triangle_tiles(d.rows, side, Partition::Triangle::lower), metric, points,
          points, lengths, lengths, result.view());
  jobs.run([&](const PoolWith& next) { return mirror(next, result.view(), side); });
  result.finish();
  return jobs.finish();
}

#define TINE_MATRIX_DISTANCES(T)                                                             \
  template Report distances(const PoolWith&, Operand<const T>, Operand<const T>, Operand<T>, \
                            Metric);                                                         \
  template Report distances(const PoolWith&, Operand<const T>, Operand<T>, Metric);
TINE_MATRIX_DISTANCES(float)
TINE_MATRIX_DISTANCES(double)
#undef TINE_MATRIX_DISTANCES

}  // namespace tine::matrix::detail
