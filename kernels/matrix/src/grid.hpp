// A stencil with its grid, as workers see it.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <tine/matrix/stencil.hpp>
#include <tine/partition.hpp>

#include "blocks.hpp"
#include "stencil_line.hpp"

namespace tine::matrix {

/// Of two or three dimensions. Units are what is added along the first one: lines, or planes of lines.
template <class T>
struct Grid {
  std::size_t units, lines, line;  ///< units; lines in a unit; cells in a line
  Coefficients<T> coefficients;
  Boundary boundary;
  bool volume;
  Isa isa;

  std::size_t unit() const { return lines * line; }
  std::size_t size() const { return units * unit(); }
};

template <class T>
Grid<T> grid_of(const Stencil<T, 2>& s) {
  return {s.extents[0], 1,
          s.extents[1], {s.centre, s.before[0], s.after[0], T(0), T(0), s.before[1], s.after[1]},
          s.boundary,   false,
          isa()};
}
template <class T>
Grid<T> grid_of(const Stencil<T, 3>& s) {
  return {s.extents[0],
          s.extents[1],
          s.extents[2],
          {s.centre, s.before[0], s.after[0], s.before[1], s.after[1], s.before[2], s.after[2]},
          s.boundary,
          true,
          isa()};
}

/// Lines of a grid with their neighbours, whatever is beyond the edges.
template <class T>
class Lines {
 public:
  explicit Lines(const Grid<T>& grid) : grid_(grid), zeros_(grid.line, T(0)) {}

  /// Part of a line of a unit, `count` cells from `begin`. `unit(u)` is where the cells of a unit are, for
  /// u - 1, u and u + 1; null: they are all zero.
  template <class Unit>
  StencilLine<T> part(Unit unit, std::ptrdiff_t u, std::size_t line, std::size_t begin,
                      std::size_t count) const {
    const auto in = [&](const T* cells, std::size_t y) {
      return cells == nullptr ? zeros_.data() + begin : cells + y * grid_.line + begin;
    };
    const T* const here = unit(u);
    StencilLine<T> result{};
    result.centre = in(here, line);
    result.before = in(unit(u - 1), line);
    result.after = in(unit(u + 1), line);
    if (grid_.volume) {
      const std::size_t last = grid_.lines - 1;
      result.up = line > 0 ? in(here, line - 1) : beyond(here, in, last, 0);
      result.down = line < last ? in(here, line + 1) : beyond(here, in, 0, last);
    }
    const T* const cells = result.centre - begin;
    const std::size_t end = begin + count, last = grid_.line - 1;
    const auto at_edge = [&](std::size_t opposite, std::size_t edge) {
      if (grid_.boundary == Boundary::zero) return T(0);
      return cells[grid_.boundary == Boundary::periodic ? opposite : edge];
    };
    result.left = begin > 0 ? cells[begin - 1] : at_edge(last, 0);
    result.right = end <= last ? cells[end] : at_edge(0, last);
    result.count = count;
    return result;
  }

  /// Where the units of a whole grid are.
  auto units_of(const T* cells) const {
    return [this, cells](std::ptrdiff_t u) -> const T* {
      const auto n = static_cast<std::ptrdiff_t>(grid_.units);
      if (u < 0 || u >= n) {
        if (grid_.boundary == Boundary::zero) return nullptr;
        u = grid_.boundary == Boundary::periodic ? (u % n + n) % n
                                                 : std::clamp<std::ptrdiff_t>(u, 0, n - 1);
      }
      return cells + static_cast<std::size_t>(u) * grid_.unit();
    };
  }

 private:
  template <class In>
  const T* beyond(const T* here, In in, std::size_t opposite, std::size_t edge) const {
    if (grid_.boundary == Boundary::zero) return in(nullptr, 0);
    return in(here, grid_.boundary == Boundary::periodic ? opposite : edge);
  }

  const Grid<T>& grid_;
  std::vector<T> zeros_;
};

/// How many sweeps are made in one pass: each but the last keeps three units, which should stay in the L2.
template <class T>
std::size_t sweeps_in_pass(const Grid<T>& grid) {
  constexpr std::size_t cache = std::size_t{512} << 10, most = 8;
  return std::clamp<std::size_t>(1 + cache / std::max<std::size_t>(3 * grid.unit() * sizeof(T), 1),
                                 1, most);
}

/// Bands of units, as cells. What is next to a seam is computed twice, so bands are much higher than there
/// are sweeps; but there should be enough of them for the workers.
template <class T>
Partition bands(const Grid<T>& grid, std::size_t sweeps) {
  constexpr std::size_t least_cells = 16384, count = 16;
  const std::size_t unit = std::max<std::size_t>(grid.unit(), 1);
  const std::size_t high = std::max(std::clamp(grid.units / count, 4 * sweeps, 16 * sweeps),
                                    (least_cells - 1) / unit + 1);
  return slices(grid.size(), high * unit);
}

/// `sweeps` sweeps of Jacobi's iteration, from `x` to the cells [begin, end), which are whole units, at
/// `to`. Each sweep follows the one before it at a distance of one unit, and needs one unit more on
/// each side than the next.
///
/// Returns the sum of squares of the residual before the last sweep, if it is wanted.
template <class T>
double relax_band(const Grid<T>& grid, std::size_t begin, std::size_t end, std::size_t sweeps,
                  const T* x, const T* b, T* to, bool wants_residual) {
  const std::size_t unit = grid.unit();
  const auto n = static_cast<std::ptrdiff_t>(grid.units);
  const auto first = static_cast<std::ptrdiff_t>(begin / unit),
             last = static_cast<std::ptrdiff_t>(end / unit);
  const auto sweep_count = static_cast<std::ptrdiff_t>(sweeps);
  const StencilKernels<T> kernels = stencil_kernels<T>(grid.isa);
  const T inverse = T(1) / grid.coefficients.centre;
  const bool past_caches = streams<T>(grid.size());
  const Lines<T> lines(grid);
  const auto of_x = lines.units_of(x), of_b = lines.units_of(b);

  // The last three units of each sweep but the last. Where the grid is periodic, units beyond its edge are
  // computed like others, under numbers beyond the edge.
  std::vector<T> ring((sweeps - 1) * 3 * unit);
  const auto kept = [&](std::ptrdiff_t sweep, std::ptrdiff_t u) {
    return ring.data() + static_cast<std::size_t>((sweep - 1) * 3 + (u % 3 + 3) % 3) * unit;
  };
  const auto unit_after = [&](std::ptrdiff_t sweep) {
    return [&, sweep](std::ptrdiff_t u) -> const T* {
      if (sweep == 0) return of_x(u);
      if (grid.boundary == Boundary::zero && (u < 0 || u >= n)) return nullptr;
      if (grid.boundary == Boundary::replicate) u = std::clamp<std::ptrdiff_t>(u, 0, n - 1);
      return kept(sweep, u);
    };
  };

  double squares = 0;
  for (std::ptrdiff_t step = first - sweep_count + 1; step < last + sweep_count - 1; ++step)
    for (std::ptrdiff_t sweep = 1; sweep <= sweep_count; ++sweep) {
      const std::ptrdiff_t u = step - (sweep - 1), more = sweep_count - sweep;
      if (u < first - more || u >= last + more) continue;
      if (grid.boundary != Boundary::periodic && (u < 0 || u >= n)) continue;
      const auto before = unit_after(sweep - 1);
      for (std::size_t y = 0; y < grid.lines; ++y) {
        const std::size_t line = y * grid.line;
        if (sweep < sweep_count) {
          kernels.relax(grid.coefficients, lines.part(before, u, y, 0, grid.line), of_b(u) + line,
                        inverse, kept(sweep, u) + line);
          continue;
        }
        T* const out = to + static_cast<std::size_t>(u - first) * unit + line;
        for (std::size_t i = 0; i < grid.line; i += block_elements) {
          const std::size_t count = std::min(block_elements, grid.line - i);
          const StencilLine<T> part = lines.part(before, u, y, i, count);
          T block[block_elements];
          kernels.relax(grid.coefficients, part, of_b(u) + line + i, inverse, block);
          put(out + i, block, count, past_caches);
          if (wants_residual)
            squares += sum_of<double>(count, [&](std::size_t c) {
              const double r =
                  (static_cast<double>(block[c]) - static_cast<double>(part.centre[c])) *
                  static_cast<double>(grid.coefficients.centre);
              return r * r;
            });
        }
      }
    }
  end_streams();
  return squares;
}

}  // namespace tine::matrix
