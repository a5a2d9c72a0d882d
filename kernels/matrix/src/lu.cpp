#include <tine/matrix/lu.hpp>

#include <cmath>
#include <limits>
#include <numeric>

#include <tine/for_each_slice.hpp>
#include <tine/job_sequence.hpp>
#include <tine/task_graph.hpp>

#include "shared_operands.hpp"
#include "tiles.hpp"
#include "tiling.hpp"
#include "triangular.hpp"
#include "without_quarantine.hpp"
#include "working_copy.hpp"

namespace tine::matrix {

namespace {

struct Step {
  enum Kind : std::uint8_t {
    update,    // a column of tiles by a panel before it
    factor,    // a panel
    exchange,  // the rows of a panel as panels after it have it
  } kind;
  std::uint32_t k, j;  // panel, column
};

using Pivots = View<std::uint32_t>;
/// Of each panel: one more than its first column without a pivot, 0: none.
using Singular = View<std::uint64_t>;

// Look back: a column is brought up to date when its turn comes, panel by panel.
template <class T>
TaskGraph<Step> graph_of(const Tiles<T>& a, const Pivots& pivots, const Singular& singular) {
  TaskGraph<Step> graph;
  const auto n = static_cast<std::uint32_t>(a.down());
  const auto pivots_of = [&](std::uint32_t k) {
    const Range rows = a.rows(k);
    return pivots.part(0, rows.begin, rows.size());
  };
  const auto use_column = [&](std::uint32_t first, std::uint32_t j, auto access) {
    for (std::uint32_t i = first; i < n; ++i) graph.use(access(a(i, j)));
  };
  const auto changed = [](const View<T, 2>& tile) { return tine::inout(tile); };
  for (std::uint32_t j = 0; j < n; ++j) {
    for (std::uint32_t k = 0; k < j; ++k) {
      graph.add({Step::update, k, j}, tine::in(pivots_of(k)));
      use_column(k, k, [](const View<T, 2>& tile) { return tine::in(tile); });
      use_column(k, j, changed);
    }
    graph.add({Step::factor, j, j}, tine::out(pivots_of(j)), tine::out(singular.part(0, j, 1)));
    use_column(j, j, changed);
  }
  for (std::uint32_t j = 0; j + 1 < n; ++j) {
    graph.add({Step::exchange, j, j});
    for (std::uint32_t k = j + 1; k < n; ++k) graph.use(tine::in(pivots_of(k)));
    use_column(j + 1, j, changed);
  }
  return graph;
}

template <class T>
void run_step(const Step& step, const TileKernels<T>& with, const Tiles<T>& a, const Pivots& pivots,
              const Singular& singular) {
  const std::size_t n = a.matrix.extent(0), first = a.rows(step.k).begin;
  const std::size_t side = a.rows(step.k).size(), below = n - first;
  const Operand<T> column = operand(a.region({first, n}, a.columns(step.j)));
  switch (step.kind) {
    case Step::update: {
      const Operand<const T> panel = operand(a.region({first, n}, a.columns(step.k)));
      exchange_rows(column, &pivots[first], side);
      const Operand<T> top = part(column, 0, side, 0, column.columns);
      solve_triangle<T>(with, Triangle::unit_lower, part(panel, 0, side, 0, side), top);
      return multiply<T>(with, T(-1), part(panel, side, below - side, 0, side), top,
                         part(column, side, below - side, 0, column.columns));
    }
    case Step::factor: {
      // By columns: that is how pivots are looked for.
      std::vector<T> memory(below * side);
      const Operand<T> panel{memory.data(), below, side, 1, below};
      copy<T>(column, panel);
      const std::size_t missing = lu(with, panel, &pivots[first]);
      singular[step.k] = missing < side ? first + missing + 1 : 0;
      return copy<T>(panel, column);
    }
    case Step::exchange:
      for (std::size_t k = step.k + 1; k < a.down(); ++k) {
        const Range rows = a.rows(k);
        exchange_rows(operand(a.region({rows.begin, n}, a.columns(step.j))), &pivots[rows.begin],
                      rows.size());
      }
  }
}

}  // namespace

template <class T>
Lu<T>::Lu(const PoolWith& on, const Operand<const T>& a, Private) {
  if (a.rows != a.columns) refuse("Lu", "the matrix is " + shape(a) + ", but should be square");
  const std::size_t n = a.rows;
  if (n > std::numeric_limits<std::uint32_t>::max())
    refuse("Lu", "the matrix is " + shape(a) + ", but 2^32 rows are too many");
  factors_ = on.pool.array<T>(n, n);
  pivots_ = on.pool.array<std::uint32_t>(n);
  if (n == 0) return;
  JobSequence jobs(without_quarantine(on));
  jobs.run([&](const PoolWith& next) { return load<T>(next, a, factors_); });
  const Tiles<T> tiles{factors_.peek(), panel_width(n)};
  auto singular = on.pool.array<std::uint64_t>(tiles.down());
  jobs.run([&](const PoolWith& next) {
    return tine::run(
        next, graph_of(tiles, pivots_.view(), singular.view()),
        [isa = isa_for(tiles.side), side = tiles.side](const Step& step, const View<T, 2>& matrix,
                                                       const Pivots& exchanged,
                                                       const Singular& missing) {
          run_step(step, TileKernels<T>(isa), Tiles<T>{matrix, side}, exchanged, missing);
        },
        tine::inout(factors_), tine::out(pivots_), tine::out(singular));
  });
  report_ = jobs.finish();
  for (std::size_t k = singular.size(); k-- > 0;)
    if (singular[k] != 0) singular_ = singular[k] - 1;
}

template <class T>
std::vector<std::size_t> Lu<T>::permutation() const {
  const std::size_t n = size(), side = panel_width(n);
  std::vector<std::size_t> rows(n);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  for (std::size_t i = 0; i < n; ++i) std::swap(rows[i], rows[i / side * side + pivots_[i]]);
  return rows;
}

template <class T>
Determinant<T> Lu<T>::determinant() const {
  const std::size_t n = size(), side = panel_width(n);
  Determinant<T> result{T(1), 0};
  for (std::size_t i = 0; i < n; ++i) {
    const T pivot = factors_(i, i);
    const auto size = std::abs(pivot);
    if (size == 0) return {T(0), -std::numeric_limits<decltype(std::abs(T()))>::infinity()};
    result.sign *= pivot / size;
    if (pivots_[i] != i % side) result.sign = -result.sign;
    result.log_abs += std::log(size);
  }
  return result;
}

template <class T>
Report Lu<T>::solve_in_place(const PoolWith& on, Array<T, 2>& x) const {
  if (singular_)
    throw SingularMatrix("tine::matrix::Lu::solve: the matrix is singular: column " +
                             std::to_string(*singular_) + " depends on those before it",
                         *singular_);
  const std::size_t n = size(), side = panel_width(n);
  JobSequence jobs(without_quarantine(on));
  jobs.run([&](const PoolWith& next) {
    return for_each_slice(
        next, tiles(n, x.extent(1), n, 64),
        [side](const Slice&, const View<T, 2>& columns, std::span<const std::uint32_t> pivots) {
          for (std::size_t first = 0; first < pivots.size(); first += side)
            exchange_rows(operand(columns.part(0, first, columns.extent(0) - first)),
                          pivots.data() + first, std::min(side, pivots.size() - first));
        },
        tine::inout(x), tine::whole(pivots_));
  });
  for (const Triangle triangle : {Triangle::unit_lower, Triangle::upper})
    jobs.run([&](const PoolWith& next) {
      return matrix::solve_in_place<T>(next, triangle, factors_.peek(), false, x.peek());
    });
  return jobs.finish();
}

template <class T>
Report Lu<T>::solve_operands(const PoolWith& on, const Operand<const T>& given,
                             const Operand<T>& wanted) const {
  const Operand<const T> b = column(given, size());
  const Operand<T> x = column(wanted, size());
  if (b.rows != size() || x.rows != size() || x.columns != b.columns)
    refuse("Lu::solve", "the matrix has " + std::to_string(size()) + " rows, the right side is " +
                            shape(b) + " and the result " + shape(x));
  if (x.empty()) return {};
  return change_copy(on, b, x, [&](const PoolWith& next, Array<T, 2>& work) {
    return solve_in_place(next, work);
  });
}

template <class T>
Report Lu<T>::invert(const PoolWith& on, const Operand<T>& x) const {
  if (x.rows != size() || x.columns != size())
    refuse("Lu::inverse",
           "the matrix has " + std::to_string(size()) + " rows, but the result is " + shape(x));
  if (x.empty()) return {};
  auto work = on.pool.array<T>(x.rows, x.columns);
  for (std::size_t i = 0; i < size(); ++i) work(i, i) = T(1);
  JobSequence jobs(without_quarantine(on));
  jobs.run([&](const PoolWith& next) { return solve_in_place(next, work); });
  jobs.run([&](const PoolWith& next) { return store<T>(next, work, x); });
  return jobs.finish();
}

template class Lu<float>;
template class Lu<double>;
template class Lu<std::complex<float>>;
template class Lu<std::complex<double>>;

}  // namespace tine::matrix
