// Products of a matrix with a vector as jobs: what is done with a * x is up to the caller, block by block
// while it is in cache, so that a solver posts one job for a product, the update of a vector and sums.
#pragma once

#include <algorithm>
#include <functional>
#include <span>

#include <tine/for_each_slice.hpp>
#include <tine/job_sequence.hpp>
#include <tine/matrix/sparse.hpp>
#include <tine/reduce.hpp>

#include "blocks.hpp"
#include "grid.hpp"
#include "shared_operands.hpp"

namespace tine::matrix {

/// Some rows of a product: rows [row, row + count) of the matrix, which are [local, local + count) of the
/// slice; `product` is what they make with `x`.
template <class T>
struct RowBlock {
  std::size_t row, local, count;
  std::size_t all;  ///< rows of the matrix
  const T* product;
  const T* x;
};

/// A vector that jobs read: itself where its elements are adjacent and in the arena, else a copy.
template <class T>
class SharedVector {
 public:
  /// `column` has one column.
  SharedVector(Pool& pool, const Operand<const T>& column) : view_(column.data, {column.rows}) {
    if (column.empty() || (column.row_stride == 1 && pool.arena()->contains(column.data))) return;
    memory_ = pool.array<T>(column.rows);
    memory_.data();  // settles it
    copy(column, operand(memory_));
    view_ = std::as_const(memory_).view();
  }
  const View<const T>& view() const { return view_; }

 private:
  Array<T> memory_;
  View<const T> view_;
};

/// to = factor * from
template <class T>
void scale_vector(JobSequence& jobs, Pool& pool, const View<const T>& from, const View<T>& to,
                  double factor = 1) {
  const auto shared = pool.array_from(std::span<const double>(&factor, 1));
  jobs.run([&](const PoolWith& next) {
    return for_each_slice(
        next, slices(to.size(), 0, sizeof(T)),
        [](const Slice&, std::span<const T> old, std::span<T> fresh, std::span<const double> by) {
          const double times = by[0];
          for (std::size_t i = 0; i < old.size(); ++i)
            fresh[i] = static_cast<T>(times * static_cast<double>(old[i]));
        },
        tine::in(from), tine::out(to), tine::whole(shared));
  });
}

/// All rows as one slice.
inline Slice all_of(std::size_t rows) {
  Slice s;
  s.count = 1;
  s.end = rows;
  return s;
}

/// For a job of one slice: its result.
struct Last {
  template <class R>
  R operator()(const R&, const R& result) const {
    return result;
  }
};

/// Calls make(row, count, block) for blocks of the rows of a slice, and then use(RowBlock).
template <class T, class Make, class Use>
Sums for_row_blocks(const Slice& s, std::size_t all, const T* x, Make make, Use use) {
  Sums sums;
  T block[block_elements];
  for (std::size_t row = s.begin; row < s.end; row += block_elements) {
    const std::size_t count = std::min(block_elements, s.end - row);
    make(row, count, block);
    sums = sums + use(RowBlock<T>{row, row - s.begin, count, all, block, x});
  }
  end_streams();
  return sums;
}

/// The sum over a range of non-zeros, in an order that its length decides alone: one chain of additions for
/// a short row, as those of the next rows run beside it, and four for a long one.
template <class T>
T sum_nonzeros(const T* values, const std::int32_t* columns, const T* x, std::size_t begin,
               std::size_t end) {
  constexpr std::size_t short_row = 32;
  std::size_t k = begin;
  T a = 0, b = 0, c = 0, d = 0;
  if (end - begin > short_row)
    for (; k + 4 <= end; k += 4) {
      a += values[k] * x[columns[k]];
      b += values[k + 1] * x[columns[k + 1]];
      c += values[k + 2] * x[columns[k + 2]];
      d += values[k + 3] * x[columns[k + 3]];
    }
  for (; k < end; ++k) a += values[k] * x[columns[k]];
  return (a + b) + (c + d);
}

/// A Csr as jobs take it.
template <class T>
class CsrRows {
 public:
  CsrRows(Pool& pool, const Csr<T>& a)
      : a_(a), part_sums_(pool.array<T>(a.row_cut().parts.size())) {}

  std::size_t rows() const { return a_.rows(); }
  std::size_t columns() const { return a_.columns(); }

  /// Calls use(RowBlock, arguments...) for all rows, in slices. `use` captures nothing.
  template <class Use, class... A>
  Sums for_rows(JobSequence& jobs, const View<const T>& x, Use, const A&... accesses) const {
    if (rows() == 0) return {};
    const Array<Range>& parts = a_.row_cut().parts;
    const View<const T> values(a_.values().data(), {a_.nonzeros()});
    const View<const std::int32_t> columns(a_.column_indices().data(), {a_.nonzeros()});
    const View<const std::uint64_t> offsets(a_.row_offsets().data(), {rows() + 1});
    if (!parts.empty())
      jobs.run([&](const PoolWith& next) {
        return for_each_slice(
            next, {.n = parts.size()},
            [](const Slice&, std::span<const Range> part, std::span<T> sum, std::span<const T> v,
               std::span<const std::int32_t> c, std::span<const T> from) {
              sum[0] = sum_nonzeros(v.data(), c.data(), from.data(), part[0].begin, part[0].end);
            },
            tine::in(parts), tine::out(part_sums_), tine::whole(values), tine::whole(columns),
            tine::whole(x));
      });
    return jobs.run([&](const PoolWith& next) {
      return reduce_slices(
          next, cut(a_.row_cut().bounds), Sums{}, std::plus<>{},
          [](const Slice& s, std::span<const T> from, std::span<const T> v,
             std::span<const std::int32_t> c, std::span<const std::uint64_t> begins,
             std::span<const std::size_t> first_part, std::span<const T> part_sums,
             const auto&... arguments) {
            const std::size_t part = first_part[s.index], end_part = first_part[s.index + 1];
            const auto with = [&](const RowBlock<T>& rows) { return Use{}(rows, arguments...); };
            if (part == end_part) return multiply(s, v, c, begins, from.data(), with);
            T sum = part_sums[part];  // of a single row
            for (std::size_t p = part + 1; p < end_part; ++p) sum += part_sums[p];
            return with({s.begin, 0, 1, begins.size() - 1, &sum, from.data()});
          },
          tine::whole(x), tine::whole(values), tine::whole(columns), tine::whole(offsets),
          tine::whole(a_.row_cut().first_part), tine::whole(part_sums_), accesses...);
    });
  }

  /// Whether all of it is one slice.
  bool is_small() const { return a_.row_cut().bounds.size() <= 2 && a_.row_cut().parts.empty(); }
  std::size_t work() const { return a_.nonzeros() + rows(); }

  /// For a small one: use(product, arguments...) in a job of one slice, where product(x, f) is for_rows()
  /// without a job. `use` captures nothing and returns a trivially copyable R.
  template <class R, class Use, class... A>
  R alone(JobSequence& jobs, Use, const A&... accesses) const {
    return jobs.run([&](const PoolWith& next) {
      return reduce_slices(
          next, {.n = 1}, R{}, Last{},
          [](const Slice&, std::span<const T> v, std::span<const std::int32_t> c,
             std::span<const std::uint64_t> begins, const auto&... arguments) {
            const auto product = [&](const T* x, auto with) {
              return multiply(all_of(begins.size() - 1), v, c, begins, x, with);
            };
            return Use{}(product, arguments...);
          },
          tine::whole(View<const T>(a_.values().data(), {a_.nonzeros()})),
          tine::whole(View<const std::int32_t>(a_.column_indices().data(), {a_.nonzeros()})),
          tine::whole(View<const std::uint64_t>(a_.row_offsets().data(), {rows() + 1})),
          accesses...);
    });
  }

  /// d[i] = 1 / a(i, i); infinity where there is no such element.
  void invert_diagonal(JobSequence& jobs, Array<T>& d) const {
    if (rows() == 0) return;
    jobs.run([&](const PoolWith& next) {
      return for_each_slice(
          next, cut(a_.row_cut().bounds),
          [](const Slice& s, std::span<T> to, std::span<const T> v, std::span<const std::int32_t> c,
             std::span<const std::uint64_t> begins) {
            for (std::size_t row = s.begin; row < s.end; ++row) {
              const auto begin = c.begin() + static_cast<std::ptrdiff_t>(begins[row]),
                         end = c.begin() + static_cast<std::ptrdiff_t>(begins[row + 1]);
              const auto found = std::lower_bound(begin, end, static_cast<std::int32_t>(row));
              const bool there = found != end && *found == static_cast<std::int32_t>(row);
              to[row - s.begin] =
                  T(1) / (there ? v[static_cast<std::size_t>(found - c.begin())] : T(0));
            }
          },
          tine::out(d), tine::whole(View<const T>(a_.values().data(), {a_.nonzeros()})),
          tine::whole(View<const std::int32_t>(a_.column_indices().data(), {a_.nonzeros()})),
          tine::whole(View<const std::uint64_t>(a_.row_offsets().data(), {rows() + 1})));
    });
  }

 private:
  template <class With>
  static Sums multiply(const Slice& s, std::span<const T> v, std::span<const std::int32_t> c,
                       std::span<const std::uint64_t> begins, const T* x, With with) {
    return for_row_blocks<T>(
        s, begins.size() - 1, x,
        [&](std::size_t row, std::size_t count, T* block) {
          for (std::size_t i = 0; i < count; ++i)
            block[i] = sum_nonzeros(v.data(), c.data(), x, begins[row + i], begins[row + i + 1]);
        },
        with);
  }

  const Csr<T>& a_;
  mutable Array<T> part_sums_;
};

/// A dense matrix as jobs take it: its rows are adjacent elements, in the arena.
template <class T>
class DenseRows {
 public:
  DenseRows(Pool& pool, const Operand<const T>& a) : view_(view_of(a)) {
    if (a.empty() || (a.row_major() && pool.arena()->contains(a.data))) return;
    memory_ = pool.array<T>(a.rows, a.columns);
    memory_.data();  // settles it
    copy(a, operand(memory_));
    view_ = std::as_const(memory_).view();
  }

  std::size_t rows() const { return view_.extent(0); }
  std::size_t columns() const { return view_.extent(1); }

  template <class Use, class... A>
  Sums for_rows(JobSequence& jobs, const View<const T>& x, Use, const A&... accesses) const {
    if (rows() == 0) return {};
    return jobs.run([&](const PoolWith& next) {
      return reduce_slices(
          next, partition(), Sums{}, std::plus<>{},
          [](const Slice& s, std::span<const T> from, const View<const T, 2>& a,
             const auto&... arguments) {
            return multiply(s, a, from.data(),
                            [&](const RowBlock<T>& rows) { return Use{}(rows, arguments...); });
          },
          tine::whole(x), tine::whole(view_), accesses...);
    });
  }

  bool is_small() const { return partition().size() <= 1; }
  std::size_t work() const { return view_.size(); }

  template <class R, class Use, class... A>
  R alone(JobSequence& jobs, Use, const A&... accesses) const {
    return jobs.run([&](const PoolWith& next) {
      return reduce_slices(
          next, {.n = 1}, R{}, Last{},
          [](const Slice&, const View<const T, 2>& a, const auto&... arguments) {
            const auto product = [&](const T* x, auto with) {
              return multiply(all_of(a.extent(0)), a, x, with);
            };
            return Use{}(product, arguments...);
          },
          tine::whole(view_), accesses...);
    });
  }

  void invert_diagonal(JobSequence& jobs, Array<T>& d) const {
    jobs.run([&](const PoolWith& next) {
      return for_each_slice(
          next, partition(),
          [](const Slice& s, std::span<T> to, const View<const T, 2>& a) {
            for (std::size_t i = s.begin; i < s.end; ++i) to[i - s.begin] = T(1) / a(i, i);
          },
          tine::out(d), tine::whole(view_));
    });
  }

 private:
  template <class With>
  static Sums multiply(const Slice& s, const View<const T, 2>& a, const T* x, With with) {
    return for_row_blocks<T>(
        s, a.extent(0), x,
        [&](std::size_t row, std::size_t count, T* block) {
          for (std::size_t i = 0; i < count; ++i)
            block[i] = sum_of<T>(a.extent(1),
                                 [v = &a(row + i, 0), x](std::size_t k) { return v[k] * x[k]; });
        },
        with);
  }

  Partition partition() const {
    constexpr std::size_t slice_elements = 32768;
    return slices(rows(),
                  std::max<std::size_t>(slice_elements / std::max<std::size_t>(columns(), 1), 1));
  }

  Array<T, 2> memory_;
  View<const T, 2> view_;
};

/// A stencil as jobs take it.
template <class T>
class GridRows {
 public:
  template <std::size_t N>
  GridRows(Pool& pool, const Stencil<T, N>& a)
      : grid_(grid_of(a)), shared_(pool.array_from(std::span<const Grid<T>>(&grid_, 1))) {}

  std::size_t rows() const { return grid_.size(); }
  std::size_t columns() const { return grid_.size(); }
  const Grid<T>& grid() const { return grid_; }
  const Array<Grid<T>>& shared() const { return shared_; }

  template <class Use, class... A>
  Sums for_rows(JobSequence& jobs, const View<const T>& x, Use, const A&... accesses) const {
    if (rows() == 0) return {};
    return jobs.run([&](const PoolWith& next) {
      return reduce_slices(
          next, partition(), Sums{}, std::plus<>{},
          [](const Slice& s, std::span<const T> from, std::span<const Grid<T>> grid,
             const auto&... arguments) {
            return multiply(s, grid[0], from.data(),
                            [&](const RowBlock<T>& rows) { return Use{}(rows, arguments...); });
          },
          tine::whole(x), tine::whole(shared_), accesses...);
    });
  }

  bool is_small() const { return rows() == 0 || partition().size() <= 1; }
  std::size_t work() const { return rows(); }

  template <class R, class Use, class... A>
  R alone(JobSequence& jobs, Use, const A&... accesses) const {
    return jobs.run([&](const PoolWith& next) {
      return reduce_slices(
          next, {.n = 1}, R{}, Last{},
          [](const Slice&, std::span<const Grid<T>> grid, const auto&... arguments) {
            const auto product = [&](const T* x, auto with) {
              return multiply(all_of(grid[0].size()), grid[0], x, with);
            };
            return Use{}(product, arguments...);
          },
          tine::whole(shared_), accesses...);
    });
  }

 private:
  template <class With>
  static Sums multiply(const Slice& s, const Grid<T>& shared, const T* x, With with) {
    const Grid<T> grid = shared;
    const StencilKernels<T> kernels = stencil_kernels<T>(grid.isa);
    const Lines<T> lines(grid);
    const auto units = lines.units_of(x);
    Sums sums;
    T block[block_elements];
    for (std::size_t row = s.begin; row < s.end;) {
      const std::size_t line = row / grid.line, i = row % grid.line;
      const std::size_t count = std::min(block_elements, grid.line - i);
      kernels.apply(grid.coefficients,
                    lines.part(units, static_cast<std::ptrdiff_t>(line / grid.lines),
                               line % grid.lines, i, count),
                    block);
      sums = sums + with(RowBlock<T>{row, row - s.begin, count, grid.size(), block, x});
      row += count;
    }
    end_streams();
    return sums;
  }

  /// Whole lines.
  Partition partition() const {
    constexpr std::size_t slice_cells = 32768;
    return slices(rows(), std::max<std::size_t>(slice_cells / grid_.line, 1) * grid_.line);
  }

  Grid<T> grid_;
  Array<Grid<T>> shared_;
};

}  // namespace tine::matrix
