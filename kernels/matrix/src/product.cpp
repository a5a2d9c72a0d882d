#include <tine/matrix/product.hpp>

#include <vector>

#include <tine/for_each_slice.hpp>
#include <tine/job_sequence.hpp>

#include "shared_operands.hpp"
#include "tile_product.hpp"
#include "tiling.hpp"
#include "triangle.hpp"
#include "without_quarantine.hpp"

namespace tine::matrix {

namespace {

/// A factor without its elements, which travel as a view.
struct Layout {
  bool row_major, conjugate;
};

template <class T>
Layout layout(const SharedInput<T>& input) {
  return {input.get().row_major(), input.get().conjugate};
}

template <class T>
Tile<T> tile_of(const View<const T, 2>& v, Layout layout) {
  const std::size_t rows = v.extent(layout.row_major ? 0 : 1);
  const std::size_t columns = v.extent(layout.row_major ? 1 : 0);
  return {v.data(), rows, columns, v.stride(0), layout.row_major, layout.conjugate};
}

/// What kernels need to know beside the elements.
template <class T>
struct Task {
  Layout a, b;
  T alpha, beta;
  Isa isa;
};

/// It travels in shared memory rather than in captures: these are searched for what may be a pointer, and
/// numbers may look like one.
template <class T>
using Tasks = std::span<const Task<T>>;
template <class T>
Array<Task<T>, 1> share(Pool& pool, const Task<T>& task) {
  return pool.array_from(Tasks<T>(&task, 1));
}

template <class T>
void multiply_tile(const Slice& s, const Task<T>& task, const View<const T, 2>& a,
                   const View<const T, 2>& b, const View<T, 2>& c) {
  tile_product<T>(task.isa)(rows_of(tile_of(a, task.a), s.begin, s.size()),
                            columns_of(tile_of(b, task.b), s.columns.begin, s.columns.size()),
                            task.alpha, task.beta, c.data(), c.stride(0));
}

// Runs the kernel on the tiles of c, which are only written when beta is 0.
template <class T, class F, class... A>
Report for_tiles(const PoolWith& on, const Partition& tiles, T beta, const View<T, 2>& c, F kernel,
                 const A&... accesses) {
  return beta == T(0) ? for_each_slice(on, tiles, kernel, tine::out(c), accesses...)
                      : for_each_slice(on, tiles, kernel, tine::inout(c), accesses...);
}

Isa isa_for(const Partition& tiles) {
  return matrix::isa_for(std::min(tiles.grain, tiles.column_grain));
}

/// The part of [0, k) with this number.
Range part_of(std::size_t k, std::size_t number, std::size_t count) {
  return {k * number / count, k * (number + 1) / count};
}

// c = alpha * a * b + beta * c as a sum of products of parts of a's columns and b's rows.
template <class T>
Report add_parts(const PoolWith& on, const View<const T, 2>& a, const View<const T, 2>& b,
                 const View<T, 2>& c, const Task<T>& task, std::size_t parts) {
  const std::size_t rows = c.extent(0), columns = c.extent(1);
  const auto shared = share(on.pool, task);
  auto sums = on.pool.array<T>(parts, rows * columns);
  JobSequence jobs(without_quarantine(on));
  jobs.run([&](const PoolWith& next) {
    return for_each_slice(
        next, {.n = parts},
        [](const Slice& s, const View<T, 2>& sum, Tasks<T> tasks, const View<const T, 2>& left,
           const View<const T, 2>& right) {
          const Task<T>& t = tasks[0];
          const Tile<T> l = tile_of(left, t.a), r = tile_of(right, t.b);
          const Range part = part_of(l.columns, s.index, s.count);
          tile_product<T>(t.isa)(columns_of(l, part.begin, part.size()),
                                 rows_of(r, part.begin, part.size()), t.alpha, T(0), sum.data(),
                                 r.columns);
        },
        tine::out(sums), tine::whole(shared), tine::whole(a), tine::whole(b));
  });
  jobs.run([&](const PoolWith& next) {
    return for_tiles(
        next, tiles(rows, columns, std::min<std::size_t>(rows, 64), columns), task.beta, c,
        [](const Slice& s, const View<T, 2>& out, Tasks<T> tasks, const View<const T, 2>& added) {
          const T beta = tasks[0].beta;
          for (std::size_t y = s.begin; y < s.end; ++y)
            for (std::size_t x = 0; x < out.extent(1); ++x) {
              T sum = added(0, y * out.extent(1) + x);
              for (std::size_t p = 1; p < added.extent(0); ++p)
                sum += added(p, y * out.extent(1) + x);
              T& to = out(y - s.begin, x);
              to = beta == T(0) ? sum : beta * to + sum;
            }
        },
        tine::whole(shared), tine::whole(sums));
  });
  return jobs.finish();
}

// A tile on the diagonal: of c = alpha * a * a' + beta * c the part that is wanted.
template <class T>
void multiply_diagonal_tile(const Slice& s, const Task<T>& task, const View<const T, 2>& a,
                            const View<T, 2>& c, Part part) {
  const Tile<T> left = rows_of(tile_of(a, task.a), s.begin, s.size());
  const Tile<T> right = columns_of(tile_of(a, task.b), s.begin, s.size());
  const std::size_t n = c.extent(0);
  if (part != Part::upper) {
    multiply_lower(tile_product<T>(task.isa), left, right, task.alpha, task.beta, c);
    for (std::size_t y = 0; part == Part::whole && y < n; ++y)
      for (std::size_t x = y + 1; x < n; ++x) c(y, x) = c(x, y);
    return;
  }
  std::vector<T> product(n * n);  // its lower part
  multiply_lower(tile_product<T>(task.isa), left, right, task.alpha, T(0),
                 View<T, 2>(product.data(), {n, n}));
  for (std::size_t y = 0; y < n; ++y)
    for (std::size_t x = y; x < n; ++x)
      c(y, x) = product[x * n + y] + (task.beta == T(0) ? T(0) : task.beta * c(y, x));
}

}  // namespace

namespace detail {

template <class T>
Report gemm(const PoolWith& on, Operand<const T> a, Operand<const T> b, Operand<T> c, T alpha,
            T beta) {
  if (a.columns != b.rows || c.rows != a.rows || c.columns != b.columns)
    refuse("gemm", "the factors are " + shape(a) + " and " + shape(b) + " and the result " +
                       shape(c) + ", but should be m x k, k x n and m x n");
  check_output(c, "gemm");
  if (c.empty()) return {};
  if (!c.row_major()) return gemm(on, b.transposed(), a.transposed(), c.transposed(), alpha, beta);
  SharedOutput<T> result(on.pool, c, beta != T(0));
  const SharedInput<T> left(on.pool, a), right(on.pool, b);
  const Partition tiles = result_tiles(c.rows, c.columns);
  const std::size_t parts = sum_parts(tiles, a.columns);
  const Task<T> task{layout(left), layout(right), alpha, beta, isa_for(tiles)};
  Report report;
  if (parts > 1) {
    report = add_parts(on, left.view(), right.view(), result.view(), task, parts);
  } else {
    const auto shared = share(on.pool, task);
    report = for_tiles(
        on, tiles, beta, result.view(),
        [](const Slice& s, const View<T, 2>& to, Tasks<T> tasks, const View<const T, 2>& l,
           const View<const T, 2>& r) { multiply_tile(s, tasks[0], l, r, to); },
        tine::whole(shared), tine::whole(left.view()), tine::whole(right.view()));
  }
  result.finish();
  return report;
}

template <class T>
Report gemv(const PoolWith& on, Operand<const T> a, Operand<const T> x, Operand<T> y, T alpha,
            T beta) {
  if (x.columns != 1 && x.rows == 1) x = x.transposed();
  if (y.columns != 1 && y.rows == 1) y = y.transposed();
  if (x.columns != 1 || y.columns != 1 || a.columns != x.rows || a.rows != y.rows)
    refuse("gemv", "the matrix is " + shape(a) + ", the vectors are " + shape(x) + " and " +
                       shape(y) + ", but should be m x n, n x 1 and m x 1");
  return gemm(on, a, x, y, alpha, beta);
}

template <class T>
Report syrk(const PoolWith& on, Operand<const T> a, Operand<T> c, Part part, T alpha, T beta) {
  if (c.rows != a.rows || c.columns != a.rows)
    refuse("syrk", "the factor is " + shape(a) + " and the result " + shape(c) +
                       ", but should be n x k and n x n");
  check_output(c, "syrk");
  if (c.empty()) return {};
  if (!c.row_major()) {
    c = c.transposed();
    if (part != Part::whole) part = part == Part::lower ? Part::upper : Part::lower;
  }
  // Of what is outside the part not a bit may change, even where a tile is computed twice.
  const bool reads = beta != T(0) || part != Part::whole;
  SharedOutput<T> result(on.pool, c, reads);
  const SharedInput<T> left(on.pool, a);
  const auto triangle =
      part == Part::upper ? Partition::Triangle::upper : Partition::Triangle::lower;
  const Partition tiles = triangle_tiles(c.rows, triangle_side(c.rows), triangle);
  const Layout rows = layout(left), columns{!rows.row_major, false};
  const auto shared = share(on.pool, Task<T>{rows, columns, alpha, beta, isa_for(tiles)});
  JobSequence jobs(on);
  const auto compute = [&](auto access) {
    jobs.run([&](const PoolWith& next) {
      return for_each_slice(
          next, tiles,
          [part](const Slice& s, const View<T, 2>& to, Tasks<T> tasks,
                 const View<const T, 2>& factor) {
            if (s.begin != s.columns.begin)
              multiply_tile(s, tasks[0], factor, factor, to);
            else
              multiply_diagonal_tile(s, tasks[0], factor, to, part);
          },
          access, tine::whole(shared), tine::whole(left.view()));
    });
  };
  if (reads)
    compute(tine::inout(result.view()));
  else
    compute(tine::out(result.view()));
  if (part == Part::whole)
    jobs.run(
        [&](const PoolWith& next) { return mirror(next, result.view(), triangle_side(c.rows)); });
  result.finish();
  return jobs.finish();
}

#define TINE_MATRIX_PRODUCTS(T)                                                                \
  template Report gemm(const PoolWith&, Operand<const T>, Operand<const T>, Operand<T>, T, T); \
  template Report gemv(const PoolWith&, Operand<const T>, Operand<const T>, Operand<T>, T, T);
TINE_MATRIX_PRODUCTS(float)
TINE_MATRIX_PRODUCTS(double)
TINE_MATRIX_PRODUCTS(std::complex<float>)
TINE_MATRIX_PRODUCTS(std::complex<double>)
#undef TINE_MATRIX_PRODUCTS
template Report syrk(const PoolWith&, Operand<const float>, Operand<float>, Part, float, float);
template Report syrk(const PoolWith&, Operand<const double>, Operand<double>, Part, double, double);

}  // namespace detail

}  // namespace tine::matrix
