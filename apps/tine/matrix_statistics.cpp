#include "matrix_statistics.hpp"

#include <algorithm>
#include <cmath>

#include <tine/for_each_slice.hpp>

namespace tine::app {

void Moments::add(const Moments& other) {
  nan += other.nan;
  if (other.count == 0) return;
  min = std::min(min, other.min);
  max = std::max(max, other.max);
  const double mine = static_cast<double>(count), its = static_cast<double>(other.count);
  const double difference = other.mean - mean;
  if (count == 0) {
    mean = other.mean;
    squares = other.squares;
  } else {
    mean += difference * (its / (mine + its));
    squares += other.squares + difference * difference * (mine * its / (mine + its));
  }
  count += other.count;
}

double Moments::variance() const {
  return count > 1 ? squares / static_cast<double>(count - 1)
                   : std::numeric_limits<double>::quiet_NaN();
}

std::size_t moment_rows(std::size_t columns) {
  constexpr std::size_t elements = 1 << 17;
  return std::max<std::size_t>(64, elements / std::max<std::size_t>(1, columns));
}

namespace {

struct Task {
  std::uint64_t rows, row_stride, column_stride, step;
};

// Of rows [begin, end), twice: their means first, and then the squares around them.
void moments_of(const double* data, const Task& task, std::size_t begin, std::size_t end,
                std::span<Moments> columns) {
  std::vector<double> sums(columns.size());
  const auto each = [&](auto f) {
    if (task.column_stride == 1) {
      for (std::size_t r = begin; r < end; ++r)
        for (std::size_t c = 0; c < columns.size(); ++c) f(c, data[r * task.row_stride + c]);
    } else {
      for (std::size_t c = 0; c < columns.size(); ++c)
        for (std::size_t r = begin; r < end; ++r)
          f(c, data[r * task.row_stride + c * task.column_stride]);
    }
  };
  each([&](std::size_t c, double value) {
    Moments& m = columns[c];
    if (std::isnan(value)) {
      ++m.nan;
      return;
    }
    ++m.count;
    m.min = std::min(m.min, value);
    m.max = std::max(m.max, value);
    sums[c] += value;
  });
  for (std::size_t c = 0; c < columns.size(); ++c)
    if (columns[c].count > 0) columns[c].mean = sums[c] / static_cast<double>(columns[c].count);
  each([&](std::size_t c, double value) {
    const double difference = value - columns[c].mean;
    if (!std::isnan(value)) columns[c].squares += difference * difference;
  });
}

}  // namespace

void add_rows(const PoolWith& on, const matrix::AnyMatrix& rows, std::vector<Moments>& columns) {
  if (rows.rows() == 0 || columns.empty()) return;
  const auto m = rows.as<double>();
  const Task one{m.rows, m.row_stride, m.column_stride, moment_rows(columns.size())};
  const std::size_t parts = (m.rows + one.step - 1) / one.step;
  const auto task = on.pool.array_from(std::span<const Task>(&one, 1));
  auto partial = on.pool.array<Moments>(parts, columns.size());
  for_each_slice(
      on, {.n = parts},
      [](const Slice& s, const View<Moments, 2>& to, std::span<const Task> tasks,
         const View<const std::byte, 2>& bytes) {
        const Task& t = tasks[0];
        std::ranges::fill(to.span(), Moments());
        moments_of(reinterpret_cast<const double*>(bytes.data()), t, s.begin * t.step,
                   std::min<std::size_t>(s.end * t.step, t.rows), to.span());
      },
      out(partial), whole(task), whole(rows.bytes()));
  for (std::size_t p = 0; p < parts; ++p)
    for (std::size_t c = 0; c < columns.size(); ++c) columns[c].add(partial(p, c));
}

}  // namespace tine::app
