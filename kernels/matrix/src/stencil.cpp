#include <tine/matrix/stencil.hpp>

#include "row_products.hpp"
#include "without_quarantine.hpp"

namespace tine::matrix::detail {

namespace {

template <class T, std::size_t N>
std::string shape(const Stencil<T, N>& a) {
  std::string result = std::to_string(a.extents[0]);
  for (std::size_t d = 1; d < N; ++d) result += " x " + std::to_string(a.extents[d]);
  return result;
}

template <class T, std::size_t N, class O>
void check_cells(const Stencil<T, N>& a, const O& cells, const char* which, const char* function) {
  if (cells.rows * cells.columns == a.size() && (cells.rows <= 1 || cells.row_stride == 1)) return;
  refuse(function, std::string(which) + " has " + std::to_string(cells.rows) +
                       " adjacent cells, but the grid is " + shape(a));
}

}  // namespace

template <class T, std::size_t N>
Report apply(const PoolWith& on, const Stencil<T, N>& a, Operand<const T> x, Operand<T> y) {
  check_cells(a, x, "x", "apply");
  check_cells(a, y, "y", "apply");
  if (a.size() == 0) return {};
  const SharedVector<T> from(on.pool, x);
  SharedOutput<T> to(on.pool, y, false);
  const GridRows<T> rows(on.pool, a);
  JobSequence jobs(without_quarantine(on));
  rows.for_rows(
      jobs, from.view(),
      [](const RowBlock<T>& block, std::span<T> out) {
        put(out.data() + block.local, block.product, block.count, streams<T>(block.all));
        return Sums{};
      },
      tine::out(View<T>(to.view().data(), {a.size()})));
  to.finish();
  return jobs.finish();
}

template <class T, std::size_t N>
Report jacobi_sweeps(const PoolWith& on, const Stencil<T, N>& a, Operand<const T> b, Operand<T> x,
                     std::size_t sweeps) {
  check_cells(a, b, "b", "jacobi_sweeps");
  check_cells(a, x, "x", "jacobi_sweeps");
  if (a.centre == T(0)) refuse("jacobi_sweeps", "the coefficient of the centre is zero");
  if (a.size() == 0 || sweeps == 0) return {};
  const SharedVector<T> right(on.pool, b);
  SharedOutput<T> result(on.pool, x, true);
  const GridRows<T> rows(on.pool, a);
  auto other = on.pool.array<T>(a.size());
  View<T> from(result.view().data(), {a.size()}), to = other.peek();

  // The last pass must end in x: their number is even, or x is moved to the other array first.
  const std::size_t most = sweeps_in_pass(rows.grid());
  std::size_t passes = (sweeps - 1) / most + 1;
  if (passes % 2 == 1 && passes < sweeps) ++passes;
  JobSequence jobs(without_quarantine(on));
  if (passes % 2 == 1) {
    scale_vector<T>(jobs, on.pool, from, to);
    std::swap(from, to);
  }
  for (std::size_t pass = 0; pass < passes; ++pass) {
    const std::size_t count = sweeps * (pass + 1) / passes - sweeps * pass / passes;
    jobs.run([&](const PoolWith& next) {
      return for_each_slice(
          next, bands(rows.grid(), count),
          [count](const Slice& s, std::span<const T> old, std::span<const T> rhs,
                  std::span<T> fresh, std::span<const Grid<T>> grid) {
            relax_band(grid[0], s.begin, s.end, count, old.data(), rhs.data(), fresh.data(), false);
          },
          tine::whole(View<const T>(from)), tine::whole(right.view()), tine::out(to),
          tine::whole(rows.shared()));
    });
    std::swap(from, to);
  }
  result.finish();
  return jobs.finish();
}

#define TINE_STENCIL(T, N)                                                                    \
  template Report apply(const PoolWith&, const Stencil<T, N>&, Operand<const T>, Operand<T>); \
  template Report jacobi_sweeps(const PoolWith&, const Stencil<T, N>&, Operand<const T>,      \
                                Operand<T>, std::size_t);
TINE_STENCIL(float, 2)
TINE_STENCIL(float, 3)
TINE_STENCIL(double, 2)
TINE_STENCIL(double, 3)
#undef TINE_STENCIL

}  // namespace tine::matrix::detail
