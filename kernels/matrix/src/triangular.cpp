#include "triangular.hpp"

#include <complex>

#include <tine/task_graph.hpp>

#include "tiles.hpp"
#include "tiling.hpp"

namespace tine::matrix {

namespace {

struct Step {
  bool solves;                // with the tile on the diagonal; or subtracts what is known already
  std::uint32_t i;            // row of tiles
  std::uint32_t j;            // column of tiles of b
  std::uint32_t first, last;  // rows of tiles that are known
};

}  // namespace

template <class T>
Report solve_in_place(const PoolWith& on, Triangle triangle, const View<const T, 2>& a,
                      bool transposed, const View<T, 2>& b) {
  constexpr std::size_t at_a_time = 4;
  const std::size_t side = triangular_tile(a.extent(0)), width = std::min<std::size_t>(side, 256);
  const bool upper = triangle == Triangle::upper || triangle == Triangle::unit_upper;
  const auto n = static_cast<std::uint32_t>(tile_count(b.extent(0), side));
  const auto columns = static_cast<std::uint32_t>(tile_count(b.extent(1), width));
  const auto tile = [&](std::size_t i, std::size_t j) {
    const Range rows = tile_range(b.extent(0), side, i), c = tile_range(b.extent(1), width, j);
    return b.part(0, rows.begin, rows.size()).part(1, c.begin, c.size());
  };
  TaskGraph<Step> graph;
  // Down a lower triangle, up an upper one.
  for (std::uint32_t step = 0; step < n; ++step) {
    const std::uint32_t i = upper ? n - 1 - step : step;
    for (std::uint32_t begin = 0; begin < step; begin += at_a_time) {
      const auto end = static_cast<std::uint32_t>(std::min<std::size_t>(step, begin + at_a_time));
      const std::uint32_t first = upper ? n - end : begin, last = upper ? n - begin : end;
      for (std::uint32_t j = 0; j < columns; ++j) {
        graph.add({false, i, j, first, last});
        for (std::uint32_t k = first; k < last; ++k) graph.use(tine::in(tile(k, j)));
        graph.use(tine::inout(tile(i, j)));
      }
    }
    for (std::uint32_t j = 0; j < columns; ++j)
      graph.add({true, i, j, 0, 0}, tine::inout(tile(i, j)));
  }
  return tine::run(
      on, graph,
      [=, isa = isa_for(side)](const Step& step, const View<T, 2>& x,
                               const View<const T, 2>& memory) {
        const Operand<const T> matrix = transposed ? operand(memory).transposed() : operand(memory);
        const std::size_t size = matrix.rows;
        const Range rows = tile_range(size, side, step.i);
        const Range across = tile_range(x.extent(1), width, step.j);
        const Operand<T> to =
            part(operand(x), rows.begin, rows.size(), across.begin, across.size());
        const TileKernels<T> with(isa);
        if (step.solves)
          return solve_triangle<T>(
              with, triangle, part(matrix, rows.begin, rows.size(), rows.begin, rows.size()), to);
        const Range known{step.first * side, std::min(size, step.last * side)};
        multiply<T>(with, T(-1), part(matrix, rows.begin, rows.size(), known.begin, known.size()),
                    part(operand(x), known.begin, known.size(), across.begin, across.size()), to);
      },
      tine::inout(b), tine::whole(a));
}

template Report solve_in_place(const PoolWith&, Triangle, const View<const float, 2>&, bool,
                               const View<float, 2>&);
template Report solve_in_place(const PoolWith&, Triangle, const View<const double, 2>&, bool,
                               const View<double, 2>&);
template Report solve_in_place(const PoolWith&, Triangle, const View<const std::complex<float>, 2>&,
                               bool, const View<std::complex<float>, 2>&);
template Report solve_in_place(const PoolWith&, Triangle,
                               const View<const std::complex<double>, 2>&, bool,
                               const View<std::complex<double>, 2>&);

}  // namespace tine::matrix
