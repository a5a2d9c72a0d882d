// Reductions of all rows, or all columns, of a matrix in jobs.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include <tine/for_each_slice.hpp>
#include <tine/job_sequence.hpp>
#include <tine/matrix/per.hpp>
#include <tine/reduce.hpp>

#include "shared_operands.hpp"
#include "tile_reduction.hpp"
#include "without_quarantine.hpp"

namespace tine::matrix {

/// The rows, or the columns, of a row-major matrix, and how they are cut into tiles of 256 KiB or so: by
/// sizes alone. Travels in shared memory.
struct Lines {
  bool rows;                  ///< or columns
  std::size_t count, length;  ///< of lines; of the elements in each
  std::size_t grain;          ///< lines in a tile
  std::size_t part_length;    ///< elements of a line in a tile
  Isa isa;
  double divisor = 1;  ///< for means and the like

  std::size_t parts() const { return length == 0 ? 1 : (length - 1) / part_length + 1; }
  Range part(std::size_t number) const {
    return {number * part_length, std::min(length, (number + 1) * part_length)};
  }
  /// The tile in which these lines have this part.
  template <class T>
  View<T, 2> tile(const View<T, 2>& a, Range lines, Range part) const {
    const Range y = rows ? lines : part, x = rows ? part : lines;
    return a.part(0, y.begin, y.size()).part(1, x.begin, x.size());
  }
  Partition partition() const { return tiles(parts(), count, 1, grain); }
};

/// Of a matrix whose rows are adjacent elements.
template <class T>
Lines lines_of(const View<T, 2>& a, bool rows) {
  constexpr std::size_t tile = (256 << 10) / sizeof(T), columns = 512;
  Lines lines{rows, a.extent(rows ? 0 : 1), a.extent(rows ? 1 : 0), 1, 1, isa()};
  if (rows) {
    lines.part_length = std::clamp<std::size_t>(lines.length, 1, tile);
    lines.grain = std::max<std::size_t>(tile / lines.part_length, 1);
  } else {
    lines.grain = std::clamp<std::size_t>(lines.count, 1, columns);
    lines.part_length = tile / lines.grain;
  }
  return lines;
}

template <class Op>
void reduce_part(const Lines& lines, const View<const typename Op::Number, 2>& a, Range range,
                 Range part, typename Op::State* states) {
  const auto tile = lines.tile(a, range, part);
  (lines.rows ? rows_reduction<Op>(lines.isa) : columns_reduction<Op>(lines.isa))(
      tile.data(), tile.stride(0), tile.extent(0), tile.extent(1), states);
  if constexpr (requires { states->index; })
    for (std::size_t i = 0; i < range.size(); ++i) states[i].index += part.begin;
}

/// The states of get(begin) ... get(end - 1) as one, in a tree.
template <class Op, class Get>
typename Op::State merged(std::size_t begin, std::size_t end, const Get& get) {
  if (end - begin == 1) return get(begin);
  const std::size_t middle = begin + (end - begin) / 2;
  return Op::merge(merged<Op>(begin, middle, get), merged<Op>(middle, end, get));
}

/// The states of all parts of all lines: parts x lines.
template <class Op>
Array<typename Op::State, 2> reduce_parts(JobSequence& jobs, Pool& pool, const Lines& lines,
                                          const Array<Lines, 1>& shared,
                                          const View<const typename Op::Number, 2>& a) {
  auto states = pool.array<typename Op::State>(lines.parts(), lines.count);
  jobs.run([&](const PoolWith& next) {
    return for_each_slice(
        next, lines.partition(),
        [](const Slice& s, const View<typename Op::State, 2>& to, std::span<const Lines> how,
           const View<const typename Op::Number, 2>& from) {
          reduce_part<Op>(how[0], from, s.columns, how[0].part(s.begin), to.data());
        },
        tine::out(states), tine::whole(shared), tine::whole(a));
  });
  return states;
}

/// result(i) = Finish{}(state of row or column i, lines.divisor). `a` has elements.
template <class Op, class Finish, class R>
Report reduce_lines(const PoolWith& on, Operand<const typename Op::Number> a, Per per,
                    const Operand<R>& result, double divisor) {
  using T = typename Op::Number;
  using State = typename Op::State;
  SharedOutput<R> output(on.pool, result, false);
  const SharedInput<T> input(on.pool, a);
  Lines lines = lines_of(input.view(), (per == Per::row) == input.get().row_major());
  lines.divisor = divisor;
  const auto shared = share_one(on.pool, lines);
  JobSequence jobs(without_quarantine(on));
  if (lines.parts() == 1) {
    jobs.run([&](const PoolWith& next) {
      return for_each_slice(
          next, slices(lines.count, lines.grain),
          [](const Slice& s, const View<R, 2>& to, std::span<const Lines> how,
             const View<const T, 2>& from) {
            std::vector<State> states(s.size());
            reduce_part<Op>(how[0], from, {s.begin, s.end}, how[0].part(0), states.data());
            for (std::size_t i = 0; i < s.size(); ++i)
              to(i, 0) = Finish{}(states[i], how[0].divisor);
          },
          tine::out(output.view()), tine::whole(shared), tine::whole(input.view()));
    });
  } else {
    const auto states = reduce_parts<Op>(jobs, on.pool, lines, shared, input.view());
    jobs.run([&](const PoolWith& next) {
      return for_each_slice(
          next, slices(lines.count, 0, lines.parts() * sizeof(State)),
          [](const Slice& s, const View<R, 2>& to, std::span<const Lines> how,
             const View<const State, 2>& parts) {
            for (std::size_t i = s.begin; i < s.end; ++i)
              to(i - s.begin, 0) = Finish{}(
                  merged<Op>(0, parts.extent(0), [&](std::size_t p) { return parts(p, i); }),
                  how[0].divisor);
          },
          tine::out(output.view()), tine::whole(shared), tine::whole(states));
    });
  }
  output.finish();
  return jobs.finish();
}

/// The state of all elements. An index is that of the element in the whole, row by row.
template <class Op>
typename Op::State reduce_all(const PoolWith& on, Operand<const typename Op::Number> a) {
  using T = typename Op::Number;
  using State = typename Op::State;
  constexpr bool finds = requires(State s) {
    s.index;
  };
  if (a.empty()) return Op::none;
  const SharedInput<T> input(on.pool, a);
  const bool row_major = input.get().row_major();
  View<const T, 2> view = input.view();
  // In one row, which short ones are slower than; but the first of several must be looked for in rows.
  if (view.contiguous() && (!finds || row_major))
    view = View<const T, 2>(view.data(), {1, view.size()});
  const Lines lines = lines_of(view, true);
  const auto shared = share_one(on.pool, lines);
  struct Whole {
    std::size_t row_step, column_step;  // from one line to the next; from one element to the next
  };
  const auto whole = share_one(on.pool, row_major ? Whole{view.extent(1), 1} : Whole{1, a.columns});
  return reduce_slices(
      on, lines.partition(), Op::none, [](State x, State y) { return Op::merge(x, y); },
      [](const Slice& s, std::span<const Lines> how, std::span<const Whole> steps,
         const View<const T, 2>& from) {
        std::vector<State> states(s.columns.size());
        reduce_part<Op>(how[0], from, s.columns, how[0].part(s.begin), states.data());
        if constexpr (finds)
          for (std::size_t i = 0; i < states.size(); ++i)
            states[i].index =
                (s.columns.begin + i) * steps[0].row_step + states[i].index * steps[0].column_step;
        return merged<Op>(0, states.size(), [&](std::size_t i) { return states[i]; });
      },
      tine::whole(shared), tine::whole(whole), tine::whole(view));
}

/// A vector as a column, or refuses it: of so many elements.
template <class R>
Operand<R> column_of(Operand<R> v, std::size_t elements, std::string_view function,
                     std::string_view of) {
  if (v.columns != 1 && v.rows == 1) v = v.transposed();
  if (v.columns != 1 || v.rows != elements)
    refuse(function, "there are " + std::to_string(elements) + " " + std::string(of) +
                         ", but the result is " + shape(v));
  if (v.conjugate) refuse(function, "the result is a conjugate");
  if (v.rows > 1 && v.row_stride == 0) refuse(function, "the results overlap each other");
  return v;
}
template <class T, class R>
Operand<R> result_per(const Operand<const T>& a, Per per, const Operand<R>& result,
                      std::string_view function) {
  return per == Per::row ? column_of(result, a.rows, function, "rows")
                         : column_of(result, a.columns, function, "columns");
}

}  // namespace tine::matrix
