#include "magnitude.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <tine/reduce.hpp>

#include "shared_operands.hpp"
#include "transpose_tile.hpp"

namespace tine::matrix {

namespace {

/// The largest magnitude, and the first element that is no finite number.
struct Magnitude {
  double largest = 0, wrong = 0;
  std::size_t row = 0, column = 0;
};

struct Task {
  Part part;
};

template <class T>
T element(const View<const T, 2>& of, std::size_t row, Column column) {
  const T value = of(row, column.number);
  return column.negative ? -value : value;
}

}  // namespace

template <class T>
T scale_to_one(Jobs& jobs, const Operand<const T>& matrix, Part part, std::string_view function) {
  // The view is of the transpose where that is row-major.
  const bool turned = !matrix.row_major();
  if (turned && part != Part::whole) part = part == Part::lower ? Part::upper : Part::lower;
  const Task task{part};
  const auto shared = jobs.pool.array_from(std::span<const Task>(&task, 1));
  const View<const T, 2> view = view_of(turned ? matrix.transposed() : matrix);
  const Magnitude found = jobs.sequence().run([&](const PoolWith& on) {
    return reduce_slices(
        on, rows(view), Magnitude{},
        [](Magnitude a, const Magnitude& b) {
          const double largest = std::max(a.largest, b.largest);
          if (std::isfinite(a.wrong)) a = b;
          a.largest = largest;
          return a;
        },
        [](const Slice& s, const View<const T, 2>& band, std::span<const Task> tasks) {
          Magnitude m;
          for (std::size_t y = 0; y < s.size(); ++y) {
            const std::size_t row = s.begin + y, columns = band.extent(1);
            const std::size_t begin = tasks[0].part == Part::upper ? std::min(row, columns) : 0;
            const std::size_t end =
                tasks[0].part == Part::lower ? std::min(row + 1, columns) : columns;
            const T* x = &band(y, 0);
            T largest = 0;
            bool finite = true;
            for (std::size_t i = begin; i < end; ++i) {
              const T size = std::abs(x[i]);
              largest = size > largest ? size : largest;
              finite &= size <= std::numeric_limits<T>::max();
            }
            m.largest = std::max(m.largest, static_cast<double>(largest));
            if (finite || !std::isfinite(m.wrong)) continue;
            const T* wrong =
                std::find_if(x + begin, x + end, [](T v) { return !std::isfinite(v); });
            m.wrong = static_cast<double>(*wrong);
            m.row = row;
            m.column = static_cast<std::size_t>(wrong - x);
          }
          return m;
        },
        tine::in(view), tine::whole(shared));
  });
  if (!std::isfinite(found.wrong))
    refuse(function, "the element in row " + std::to_string(turned ? found.column : found.row) +
                         " and column " + std::to_string(turned ? found.row : found.column) +
                         " is " + std::to_string(found.wrong) + "; all must be finite numbers");
  if (found.largest == 0) return 1;
  constexpr int most = std::numeric_limits<T>::max_exponent - 3;
  return std::ldexp(T(1), std::clamp(-std::ilogb(found.largest), -most, most));
}

template <class T>
void copy_scaled(Jobs& jobs, const Operand<const T>& from, T scale, const View<T, 2>& to) {
  struct Copy {
    T scale;
    bool turned;
  };
  const bool turned = !from.row_major();
  const Copy task{scale, turned};
  const auto shared = jobs.pool.array_from(std::span<const Copy>(&task, 1));
  jobs.run(
      tiles(from.rows, from.columns, 64, 64),
      [](const Slice& s, const View<T, 2>& tile, std::span<const Copy> copy,
         const View<const T, 2>& in) {
        if (copy[0].turned)
          transpose_tile(&in(s.columns.begin, s.begin), in.stride(0), tile.data(), tile.stride(0),
                         tile.extent(0), tile.extent(1));
        for (std::size_t y = 0; y < tile.extent(0); ++y)
          for (std::size_t x = 0; x < tile.extent(1); ++x)
            tile(y, x) = copy[0].scale *
                         (copy[0].turned ? tile(y, x) : in(s.begin + y, s.columns.begin + x));
      },
      tine::out(to), tine::whole(shared), tine::whole(view_of(turned ? from.transposed() : from)));
}

template <class T>
void write_column(Jobs& jobs, const std::vector<double>& from, double factor,
                  const Operand<T>& to) {
  std::vector<double> scaled(from);
  for (double& value : scaled) value *= factor;
  const auto shared = jobs.pool.array_from(scaled);
  SharedOutput<T> output(jobs.pool, to, false);
  jobs.run(
      {.n = scaled.size(), .grain = scaled.size()},
      [](const Slice&, const View<T, 2>& column, std::span<const double> values) {
        for (std::size_t y = 0; y < values.size(); ++y) column(y, 0) = static_cast<T>(values[y]);
      },
      tine::out(output.view()), tine::whole(shared));
  output.finish();
}

template <class T>
void copy_columns(Jobs& jobs, const Array<T, 2>& from, const std::vector<Column>& order,
                  const Operand<T>& to) {
  const auto shared = jobs.pool.array_from(order);
  const bool turned = !to.row_major();
  SharedOutput<T> output(jobs.pool, turned ? to.transposed() : to, false);
  const View<T, 2> view = output.view();
  const Partition parts = tiles(view.extent(0), view.extent(1), 64, 64);
  const auto accesses = [&](auto kernel) {
    jobs.run(parts, kernel, tine::out(view), tine::whole(shared), tine::whole(from));
  };
  if (turned)
    accesses([](const Slice& s, const View<T, 2>& tile, std::span<const Column> columns,
                const View<const T, 2>& in) {
      for (std::size_t y = 0; y < tile.extent(0); ++y)
        for (std::size_t x = 0; x < tile.extent(1); ++x)
          tile(y, x) = element(in, s.columns.begin + x, columns[s.begin + y]);
    });
  else
    accesses([](const Slice& s, const View<T, 2>& tile, std::span<const Column> columns,
                const View<const T, 2>& in) {
      for (std::size_t y = 0; y < tile.extent(0); ++y)
        for (std::size_t x = 0; x < tile.extent(1); ++x)
          tile(y, x) = element(in, s.begin + y, columns[s.columns.begin + x]);
    });
  output.finish();
}

#define TINE_MAGNITUDE(T)                                                                   \
  template void write_column(Jobs&, const std::vector<double>&, double, const Operand<T>&); \
  template T scale_to_one(Jobs&, const Operand<const T>&, Part, std::string_view);          \
  template void copy_scaled(Jobs&, const Operand<const T>&, T, const View<T, 2>&);          \
  template void copy_columns(Jobs&, const Array<T, 2>&, const std::vector<Column>&,         \
                             const Operand<T>&);
TINE_MAGNITUDE(float)
TINE_MAGNITUDE(double)
#undef TINE_MAGNITUDE

}  // namespace tine::matrix
