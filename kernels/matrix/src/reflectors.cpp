#include "reflectors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "isa_variants.hpp"
#include "tile_product.hpp"
#include "tiling.hpp"

namespace tine::matrix {

namespace {

struct Task {
  Isa isa;
  std::size_t shift;
};

/// Some reflectors, and the rows that they change.
template <class T>
struct Block {
  Block(const View<const T, 2>& v, std::size_t begin, std::size_t shift)
      : first_row(std::min(begin + shift, v.extent(1))),
        rows(v.extent(1) - first_row),
        count(std::min(block, v.extent(0) - begin)),
        columns{&v(begin, first_row), rows, count, v.stride(0), false},
        transposed{columns.data, count, rows, columns.stride, true} {}

  std::size_t first_row, rows, count;
  Tile<T> columns, transposed;  ///< V and V'
};

// The upper triangle of a block's T, row-major: H(0) ... H(count - 1) = I - V T V'.
template <class T>
void make_triangle(const Task& task, const Block<T>& b, const T* tau, T* t) {
  T dots[block * block];
  tile_product<T>(task.isa)(b.transposed, b.columns, T(1), T(0), dots, b.count);
  std::fill_n(t, block * block, T(0));
  for (std::size_t i = 0; i < b.count; ++i) {
    t[i * block + i] = tau[i];
    for (std::size_t y = 0; y < i; ++y) {
      T sum = 0;
      for (std::size_t k = y; k < i; ++k) sum += t[y * block + k] * dots[k * b.count + i];
      t[y * block + i] = -tau[i] * sum;
    }
  }
}

}  // namespace

template <class T>
Reflector<T> make_reflector(T* x, std::size_t size) {
  const T nothing = std::sqrt(std::numeric_limits<T>::min()) / std::numeric_limits<T>::epsilon();
  T largest = 0, squares = 0;
  for (std::size_t i = 1; i < size; ++i) largest = std::max(largest, std::abs(x[i]));
  const T head = x[0];
  x[0] = 1;
  if (!(largest >= nothing)) {  // as if the rest were zero
    std::fill_n(x + 1, size - 1, T(0));
    return {head, 0};
  }
  T lanes[8] = {};
  std::size_t i = 1;
  for (; i + 8 <= size; i += 8)
    for (std::size_t l = 0; l < 8; ++l) lanes[l] += x[i + l] * x[i + l];
  for (; i < size; ++i) squares += x[i] * x[i];
  for (const T lane : lanes) squares += lane;
  const T beta = -std::copysign(std::sqrt(head * head + squares), head);
  const T scale = 1 / (head - beta);
  for (std::size_t k = 1; k < size; ++k) x[k] *= scale;
  return {beta, (beta - head) / beta};
}

template <class T>
void apply(Jobs& jobs, const Reflectors<T>& q, const View<T, 2>& c) {
  const std::size_t blocks = (q.count() + block - 1) / block, columns = c.extent(1);
  if (blocks == 0 || columns == 0) return;
  const Task task{isa_for(block), q.shift};
  const auto shared = jobs.pool.array_from(std::span<const Task>(&task, 1));
  auto triangles = jobs.pool.array<T>(blocks, block * block);
  jobs.run(
      {.n = blocks},
      [](const Slice& s, const View<T, 2>& t, std::span<const Task> tasks,
         const View<const T, 2>& v, std::span<const T> tau) {
        const Block<T> b(v, s.index * block, tasks[0].shift);
        make_triangle(tasks[0], b, tau.data() + s.index * block, t.data());
      },
      tine::out(triangles), tine::whole(shared), tine::whole(q.v), tine::whole(q.tau));
  // Bands of about 16, and small enough for an L2.
  const std::size_t grain = std::clamp<std::size_t>((columns / 16 + 15) / 16 * 16, 16, 64);
  jobs.run(
      tiles(c.extent(0), columns, c.extent(0), grain),
      [](const Slice&, const View<T, 2>& band, std::span<const Task> tasks,
         const View<const T, 2>& v, const View<const T, 2>& ts) {
        const auto multiply = tile_product<T>(tasks[0].isa);
        const std::size_t wide = band.extent(1);
        std::vector<T> dots(block * wide), combined(block * wide);
        for (std::size_t k = ts.extent(0); k-- > 0;) {
          const Block<T> b(v, k * block, tasks[0].shift);
          if (b.rows == 0) continue;
          T* rows = &band(b.first_row, 0);
          multiply(b.transposed, {rows, b.rows, wide, band.stride(0), true}, T(1), T(0),
                   dots.data(), wide);
          multiply({&ts(k, 0), b.count, b.count, block, true},
                   {dots.data(), b.count, wide, wide, true}, T(1), T(0), combined.data(), wide);
          multiply(b.columns, {combined.data(), b.count, wide, wide, true}, T(-1), T(1), rows,
                   band.stride(0));
        }
      },
      tine::inout(c), tine::whole(shared), tine::whole(q.v), tine::whole(triangles));
}

#define TINE_REFLECTORS(T)                               \
  template Reflector<T> make_reflector(T*, std::size_t); \
  template void apply(Jobs&, const Reflectors<T>&, const View<T, 2>&);
TINE_REFLECTORS(float)
TINE_REFLECTORS(double)
#undef TINE_REFLECTORS

}  // namespace tine::matrix
