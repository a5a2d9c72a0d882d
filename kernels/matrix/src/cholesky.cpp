#include <tine/matrix/cholesky.hpp>

#include <cmath>
#include <limits>

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
  enum Kind : std::uint8_t { update, factor, solve } kind;
  std::uint32_t i, j;
  std::uint32_t first, last;  // columns of tiles that an update subtracts
};

/// Of a column of tiles: one more than the row in which it, or one before it, failed; 0: none.
using Failed = View<std::uint64_t>;

// Look back: the tiles of a column are brought up to date when their turn comes, some columns at a time,
// so that each is read and written seldom.
template <class T>
TaskGraph<Step> graph_of(const Tiles<T>& a, const Failed& failed) {
  constexpr std::size_t at_a_time = 4;
  TaskGraph<Step> graph;
  const auto n = static_cast<std::uint32_t>(a.down());
  const auto state = [&](std::size_t j) { return failed.part(0, j, 1); };
  for (std::uint32_t j = 0; j < n; ++j) {
    for (std::uint32_t first = 0; first < j; first += at_a_time) {
      const std::uint32_t last = std::min<std::uint32_t>(j, first + at_a_time);
      for (std::uint32_t i = j; i < n; ++i) {
        graph.add({Step::update, i, j, first, last});
        graph.use(tine::in(state(last - 1)));
        graph.use(tine::inout(a(i, j)));
        for (std::uint32_t k = first; k < last; ++k) {
          graph.use(tine::in(a(i, k)));
          if (i != j) graph.use(tine::in(a(j, k)));
        }
      }
    }
    graph.add({Step::factor, j, j, 0, 0});
    if (j > 0) graph.use(tine::in(state(j - 1)));
    graph.use(tine::out(state(j)));
    graph.use(tine::inout(a(j, j)));
    for (std::uint32_t i = j + 1; i < n; ++i)
      graph.add({Step::solve, i, j, 0, 0}, tine::in(state(j)), tine::in(a(j, j)),
                tine::inout(a(i, j)));
  }
  return graph;
}

template <class T>
void run_step(const Step& step, const TileKernels<T>& with, const Tiles<T>& a,
              const Failed& failed) {
  const Operand<T> tile = operand(a(step.i, step.j));
  switch (step.kind) {
    case Step::update: {
      if (failed[step.last - 1] != 0) return;
      const Range back{a.columns(step.first).begin, a.columns(step.last - 1).end};
      const Operand<const T> left = operand(a.region(a.rows(step.i), back));
      if (step.i == step.j) return multiply_lower(with, T(-1), left, tile);
      const Operand<const T> right = operand(a.region(a.rows(step.j), back));
      return multiply(with, T(-1), left, right.transposed(), tile);
    }
    case Step::factor: {
      const std::uint64_t before = step.j > 0 ? failed[step.j - 1] : 0;
      failed[step.j] = before;
      if (before != 0) return;
      const std::size_t row = cholesky(with, tile);
      if (row < tile.rows) failed[step.j] = a.rows(step.j).begin + row + 1;
      return;
    }
    case Step::solve:
      if (failed[step.j] != 0) return;
      return solve_triangle<T>(with, Triangle::lower, operand(a(step.j, step.j)),
                               tile.transposed());
  }
}

}  // namespace

template <class T>
Cholesky<T>::Cholesky(const PoolWith& on, const Operand<const T>& a, Part part, Private) {
  if (a.rows != a.columns)
    refuse("Cholesky", "the matrix is " + shape(a) + ", but should be square");
  const std::size_t n = a.rows;
  factor_ = on.pool.array<T>(n, n);
  if (n == 0) return;
  JobSequence jobs(without_quarantine(on));
  jobs.run([&](const PoolWith& next) {
    return load<T>(next, part == Part::upper ? a.transposed() : a, factor_);
  });
  const Tiles<T> tiles{factor_.peek(), triangular_tile(n)};
  auto failed = on.pool.array<std::uint64_t>(tiles.down());
  jobs.run([&](const PoolWith& next) {
    return tine::run(
        next, graph_of(tiles, failed.view()),
        [isa = isa_for(tiles.side), side = tiles.side](const Step& step, const View<T, 2>& matrix,
                                                       const Failed& states) {
          run_step(step, TileKernels<T>(isa), Tiles<T>{matrix, side}, states);
        },
        tine::inout(factor_), tine::out(failed));
  });
  report_ = jobs.finish();
  if (const std::uint64_t row = failed[failed.size() - 1]; row != 0)
    throw NotPositiveDefinite(
        "tine::matrix::Cholesky: the matrix is not positive definite: its first " +
            std::to_string(row) + " rows and columns are not",
        row - 1);
  for (std::size_t y = 0; y < n; ++y) std::fill(&factor_(y, 0) + y + 1, &factor_(y, 0) + n, T(0));
}

template <class T>
T Cholesky<T>::log_determinant() const {
  T sum = 0;
  for (std::size_t i = 0; i < size(); ++i) sum += std::log(factor_(i, i));
  return 2 * sum;
}

template <class T>
Report Cholesky<T>::solve_operands(const PoolWith& on, const Operand<const T>& given,
                                   const Operand<T>& wanted) const {
  const Operand<const T> b = column(given, size());
  const Operand<T> x = column(wanted, size());
  if (b.rows != size() || x.rows != size() || x.columns != b.columns)
    refuse("Cholesky::solve", "the matrix has " + std::to_string(size()) +
                                  " rows, the right side is " + shape(b) + " and the result " +
                                  shape(x));
  if (x.empty()) return {};
  return change_copy(on, b, x, [&](const PoolWith& next, Array<T, 2>& work) {
    const View<const T, 2> l = factor_.peek();
    JobSequence jobs(next);
    for (const bool transposed : {false, true})
      jobs.run([&](const PoolWith& each) {
        return solve_in_place<T>(each, transposed ? Triangle::upper : Triangle::lower, l,
                                 transposed, work.peek());
      });
    return jobs.finish();
  });
}

template class Cholesky<float>;
template class Cholesky<double>;

}  // namespace tine::matrix
