#include <tine/matrix/cumulative.hpp>

#include "same_order.hpp"
#include "without_quarantine.hpp"

namespace tine::matrix::detail {

namespace {

// With whole lines in a tile if there are enough of them: then none has to be summed first.
template <class T>
Lines cumulative_lines(const View<const T, 2>& a, bool rows) {
  constexpr std::size_t enough = 16, cache_line = 64 / sizeof(T);
  Lines lines = lines_of(a, rows);
  if (rows && lines.count >= enough) {
    lines.part_length = lines.length;
    lines.grain = std::min(lines.grain, lines.count / enough);
  } else if (!rows && lines.count >= enough * cache_line) {
    lines.part_length = lines.length;
    lines.grain = std::min(lines.count / enough / cache_line * cache_line, lines.grain);
  }
  return lines;
}

// Along `count` rows at once: each addition waits for the one before it.
template <class Op, std::size_t count, class T>
void along_rows(const View<const T, 2>& from, const View<T, 2>& to, std::size_t y,
                const double* states) {
  double state[count];
  const T* x[count];
  T* result[count];
  for (std::size_t r = 0; r < count; ++r) {
    state[r] = states[r];
    x[r] = from.data() + (y + r) * from.stride(0);
    result[r] = to.data() + (y + r) * to.stride(0);
  }
  for (std::size_t i = 0; i < from.extent(1); ++i)
    for (std::size_t r = 0; r < count; ++r) {
      state[r] = Op::step(state[r], static_cast<double>(x[r][i]));
      result[r][i] = static_cast<T>(state[r]);
    }
}

// `states` are what comes before the tile, of each row or column.
template <class Op, class T>
void accumulate(bool rows, const View<const T, 2>& from, const View<T, 2>& to,
                const double* states) {
  if (rows) {
    std::size_t y = 0;
    for (; y + 4 <= from.extent(0); y += 4) along_rows<Op, 4>(from, to, y, states + y);
    for (; y < from.extent(0); ++y) along_rows<Op, 1>(from, to, y, states + y);
    return;
  }
  const std::size_t columns = from.extent(1);
  std::vector<double> running(states, states + columns);
  double* __restrict state = running.data();
  for (std::size_t y = 0; y < from.extent(0); ++y) {
    const T* x = from.data() + y * from.stride(0);
    T* __restrict result = to.data() + y * to.stride(0);
    for (std::size_t i = 0; i < columns; ++i) {
      state[i] = Op::step(state[i], static_cast<double>(x[i]));
      result[i] = static_cast<T>(state[i]);
    }
  }
}

template <class Op>
Report cumulate(const PoolWith& on, Operand<const typename Op::Number> a, Per per,
                Operand<typename Op::Number> result, std::string_view name) {
  using T = typename Op::Number;
  check_same_shape(a, result, name);
  if (result.empty()) return {};
  JobSequence jobs(without_quarantine(on));
  SameOrder<T> both(jobs, on.pool, a, result);
  const View<const T, 2> from = both.input();
  const Lines lines = cumulative_lines(from, (per == Per::row) == both.row_major());
  const auto shared = share_one(on.pool, lines);
  auto before = on.pool.array<double>(lines.parts(), lines.count);
  if (lines.parts() == 1) {
    std::ranges::fill(before, Op::none);
  } else {
    const auto parts = reduce_parts<Op>(jobs, on.pool, lines, shared, from);
    jobs.run([&](const PoolWith& next) {
      return for_each_slice(
          next, tiles(lines.parts(), lines.count, lines.parts(), 64),
          [](const Slice&, const View<double, 2>& to, const View<const double, 2>& sums) {
            for (std::size_t i = 0; i < to.extent(1); ++i) {
              double state = Op::none;
              for (std::size_t p = 0; p < to.extent(0); ++p) {
                to(p, i) = state;
                state = Op::merge(state, sums(p, i));
              }
            }
          },
          tine::out(before), tine::in(parts));
    });
  }
  jobs.run([&](const PoolWith& next) {
    return for_each_slice(
        next, matrix_tiles(lines),
        [](const Slice& s, const View<T, 2>& to, const View<const T, 2>& x,
           std::span<const Lines> how, const View<const double, 2>& states) {
          const bool rows = how[0].rows;
          const std::size_t part = (rows ? s.columns.begin : s.begin) / how[0].part_length;
          accumulate<Op>(rows, x, to, &states(part, rows ? s.begin : s.columns.begin));
        },
        tine::out(both.output()), tine::in(from), tine::whole(shared), tine::whole(before));
  });
  both.finish();
  return jobs.finish();
}

}  // namespace

template <class T>
Report cumulative_sum(const PoolWith& on, Operand<const T> a, Per per, Operand<T> result) {
  return cumulate<Sum<T>>(on, a, per, result, "cumulative_sum");
}
template <class T>
Report cumulative_product(const PoolWith& on, Operand<const T> a, Per per, Operand<T> result) {
  return cumulate<Product<T>>(on, a, per, result, "cumulative_product");
}

#define TINE_MATRIX_CUMULATIVE(T)                                                     \
  template Report cumulative_sum(const PoolWith&, Operand<const T>, Per, Operand<T>); \
  template Report cumulative_product(const PoolWith&, Operand<const T>, Per, Operand<T>);
TINE_MATRIX_CUMULATIVE(float)
TINE_MATRIX_CUMULATIVE(double)
#undef TINE_MATRIX_CUMULATIVE

}  // namespace tine::matrix::detail
