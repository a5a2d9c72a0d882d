#include <tine/matrix/covariance.hpp>

#include <cmath>
#include <vector>

#include "isa_variants.hpp"
#include "reduce_lines.hpp"
#include "triangle.hpp"
#include "without_quarantine.hpp"

namespace tine::matrix::detail {

namespace {

struct Task {
  bool row_major;  // the observations
  bool correlation;
  Isa isa;
  std::size_t observations;
  double divisor;
};

/// Of a column: its mean, and the sum of the squared distances from it.
struct Variable {
  double mean, squares;
};
struct ToVariable {
  template <class S>
  Variable operator()(const S& moments, double) const {
    return {moments.mean, moments.squares};
  }
};

// Rows [rows) of columns [columns) of the observations less the columns' means, in the order that they
// have. `a` is the transpose of them where they are column-major.
template <class T>
Tile<T> centred(const View<const T, 2>& a, bool row_major, Range rows, Range columns,
                std::span<const Variable> variables, std::vector<T>& memory) {
  const Range y = row_major ? rows : columns, x = row_major ? columns : rows;
  memory.resize(y.size() * x.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const T* from = &a(y.begin + i, x.begin);
    T* to = memory.data() + i * x.size();
    if (row_major) {
      const Variable* variable = &variables[x.begin];
      for (std::size_t j = 0; j < x.size(); ++j)
        to[j] = static_cast<T>(static_cast<double>(from[j]) - variable[j].mean);
    } else {
      const double mean = variables[y.begin + i].mean;
      for (std::size_t j = 0; j < x.size(); ++j)
        to[j] = static_cast<T>(static_cast<double>(from[j]) - mean);
    }
  }
  return {memory.data(), rows.size(), columns.size(), x.size(), row_major};
}

template <class T>
Tile<T> transposed(Tile<T> t) {
  std::swap(t.rows, t.columns);
  t.row_major = !t.row_major;
  return t;
}

// to = the products of the centred columns [left) and [right), of rows [rows); where both are the same, only
// the lower triangle of them.
template <class T>
void multiply_centred(const Task& task, const View<const T, 2>& a,
                      std::span<const Variable> variables, Range rows, Range left, Range right,
                      const View<T, 2>& to) {
  constexpr std::size_t step = 256;
  std::vector<T> left_memory, right_memory;
  for (std::size_t begin = rows.begin; begin < rows.end; begin += step) {
    const Range some{begin, std::min(begin + step, rows.end)};
    const T beta = begin == rows.begin ? T(0) : T(1);
    const Tile<T> x = centred(a, task.row_major, some, left, variables, left_memory);
    if (left == right) {
      multiply_lower(tile_product<T>(task.isa), transposed(x), x, T(1), beta, to);
    } else {
      const Tile<T> y = centred(a, task.row_major, some, right, variables, right_memory);
      tile_product<T>(task.isa)(transposed(x), y, T(1), beta, to.data(), to.stride(0));
    }
  }
}

// What comes of a sum of products of columns y and x.
template <class T>
T finished(const Task& task, std::span<const Variable> variables, std::size_t y, std::size_t x,
           T products) {
  const double sum = static_cast<double>(products);
  if (!task.correlation) return static_cast<T>(sum / task.divisor);
  const double r = sum / std::sqrt(variables[y].squares) / std::sqrt(variables[x].squares);
  if (std::isnan(r)) return static_cast<T>(r);
  return y == x ? T(1) : static_cast<T>(std::clamp(r, -1.0, 1.0));
}

using Tasks = std::span<const Task>;
using Variables = std::span<const Variable>;

// Of many variables: tiles of the triangle, which is then mirrored.
template <class T>
void in_tiles(JobSequence& jobs, const View<const T, 2>& a, const Array<Task, 1>& task,
              const Array<Variable, 1>& variables, const View<T, 2>& c) {
  const std::size_t n = variables.size();
  jobs.run([&](const PoolWith& next) {
    return for_each_slice(
        next, triangle_tiles(n, triangle_side(n), Partition::Triangle::lower),
        [](const Slice& s, const View<T, 2>& to, Tasks tasks, Variables vs,
           const View<const T, 2>& from) {
          multiply_centred(tasks[0], from, vs, {0, tasks[0].observations}, {s.begin, s.end},
                           s.columns, to);
          const bool diagonal = s.begin == s.columns.begin;
          for (std::size_t y = 0; y < to.extent(0); ++y)
            for (std::size_t x = 0; x < (diagonal ? y + 1 : to.extent(1)); ++x) {
              to(y, x) = finished(tasks[0], vs, s.begin + y, s.columns.begin + x, to(y, x));
              if (diagonal) to(x, y) = to(y, x);
            }
        },
        tine::out(c), tine::whole(task), tine::whole(variables), tine::whole(a));
  });
  jobs.run([&](const PoolWith& next) { return mirror(next, c, triangle_side(c.extent(0))); });
}

// Of few variables: parts of the sums over all observations, which are then added in order.
template <class T>
void in_parts(JobSequence& jobs, Pool& pool, const View<const T, 2>& a, const Array<Task, 1>& task,
              const Array<Variable, 1>& variables, std::size_t observations, const View<T, 2>& c) {
  constexpr std::size_t shortest = 512, most = 64, most_elements = 4 << 20;
  const std::size_t n = variables.size();
  const std::size_t parts =
      std::clamp<std::size_t>(observations / shortest, 1, std::min(most, most_elements / (n * n)));
  auto sums = pool.array<T>(parts, n * n);
  jobs.run([&](const PoolWith& next) {
    return for_each_slice(
        next, {.n = parts},
        [](const Slice& s, const View<T, 2>& to, Tasks tasks, Variables vs,
           const View<const T, 2>& from) {
          const std::size_t m = tasks[0].observations, count = vs.size();
          multiply_centred(tasks[0], from, vs, {m * s.index / s.count, m * (s.index + 1) / s.count},
                           {0, count}, {0, count}, View<T, 2>(to.data(), {count, count}));
        },
        tine::out(sums), tine::whole(task), tine::whole(variables), tine::whole(a));
  });
  jobs.run([&](const PoolWith& next) {
    return for_each_slice(
        next, slices(n, 0, n * sizeof(T)),
        [](const Slice& s, const View<T, 2>& to, Tasks tasks, Variables vs,
           const View<const T, 2>& added) {
          for (std::size_t y = s.begin; y < s.end; ++y)
            for (std::size_t x = 0; x < vs.size(); ++x) {
              const std::size_t at = std::max(x, y) * vs.size() + std::min(x, y);
              T sum = added(0, at);
              for (std::size_t p = 1; p < added.extent(0); ++p) sum += added(p, at);
              to(y - s.begin, x) = finished(tasks[0], vs, y, x, sum);
            }
        },
        tine::out(c), tine::whole(task), tine::whole(variables), tine::whole(sums));
  });
}

}  // namespace

template <class T>
Report covariance(const PoolWith& on, Operand<const T> a, Operand<T> c, std::size_t ddof,
                  bool correlation) {
  const std::size_t m = a.rows, n = a.columns;
  const char* name = correlation ? "correlation" : "covariance";
  if (c.rows != n || c.columns != n)
    refuse(name, "the observations are " + shape(a) + " and the result " + shape(c) +
                     ", but should be m x n and n x n");
  check_output(c, name);
  if (c.empty()) return {};
  if (!c.row_major()) c = c.transposed();
  if (m <= ddof) {
    for (std::size_t y = 0; y < n; ++y)
      std::fill_n(c.data + y * c.row_stride, n, std::numeric_limits<T>::quiet_NaN());
    return {};
  }
  SharedOutput<T> result(on.pool, c, false);
  const SharedInput<T> input(on.pool, a);
  JobSequence jobs(without_quarantine(on));
  auto variables = on.pool.array<Variable>(n);
  jobs.run([&](const PoolWith& next) {
    return reduce_lines<Moments<T>, ToVariable>(next, input.get(), Per::column, operand(variables),
                                                1);
  });
  const bool many = n > 512;
  const bool blas = many && triangle_side(n) >= 512;
  const auto task = share_one(on.pool, Task{input.get().row_major(), correlation,
                                            isa() == Isa::blas && !blas ? eigen_isa() : isa(), m,
                                            static_cast<double>(m) - static_cast<double>(ddof)});
  if (many)
    in_tiles(jobs, input.view(), task, variables, result.view());
  else
    in_parts(jobs, on.pool, input.view(), task, variables, m, result.view());
  result.finish();
  return jobs.finish();
}

template Report covariance(const PoolWith&, Operand<const float>, Operand<float>, std::size_t,
                           bool);
template Report covariance(const PoolWith&, Operand<const double>, Operand<double>, std::size_t,
                           bool);

}  // namespace tine::matrix::detail
