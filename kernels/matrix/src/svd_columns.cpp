#include "svd_columns.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <tine/matrix/qr.hpp>

#include "bidiagonal.hpp"
#include "tridiagonal_eigen.hpp"

namespace tine::matrix {

namespace {

/// Golub's and Kahan's matrix: symmetric, its eigenvalues are those of B and their opposites, and its
/// eigenvectors hold elements of v and u in turn.
Tridiagonal golub_kahan(const Bidiagonal& b) {
  Tridiagonal t;
  t.diagonal.assign(2 * b.diagonal.size(), 0);
  for (std::size_t i = 0; i < b.diagonal.size(); ++i) {
    if (i > 0) t.beside.push_back(b.above[i - 1]);
    t.beside.push_back(b.diagonal[i]);
  }
  return t;
}

/// A QR factorization.
template <class T>
Qr<T> factor(Jobs& jobs, const View<T, 2>& a) {
  std::optional<Qr<T>> qr;
  jobs.sequence().run([&](const PoolWith& on) {
    qr.emplace(on, View<const T, 2>(a));
    return qr->report();
  });
  return std::move(*qr);
}

template <class T>
Array<T, 2> triangle(Jobs& jobs, const Qr<T>& qr) {
  auto r = jobs.pool.array<T>(qr.columns(), qr.columns());
  jobs.sequence().run([&](const PoolWith& on) { return qr.r(on, r); });
  return r;
}

/// Every second element of some columns of `from`, beginning with the row `first`; below, and right of
/// it, as in the unit matrix.
template <class T>
void unpack(Jobs& jobs, const TridiagonalEigen<T>& from, std::size_t first, Array<T, 2>& to) {
  struct Task {
    std::size_t first, count;
  };
  const std::size_t n = from.order.size();
  const Task task{first, n};
  const auto shared = jobs.pool.array_from(std::span<const Task>(&task, 1));
  std::vector<std::size_t> descending(from.order.rbegin(), from.order.rend());
  const auto order = jobs.pool.array_from(descending);
  jobs.run(
      rows(to),
      [](const Slice& s, const View<T, 2>& out, std::span<const Task> tasks,
         std::span<const std::size_t> columns, const View<const T, 2>& vectors) {
        const T length = std::sqrt(T(2));
        for (std::size_t y = 0; y < s.size(); ++y) {
          const std::size_t row = s.begin + y;
          for (std::size_t x = 0; x < out.extent(1); ++x)
            out(y, x) = row < tasks[0].count && x < tasks[0].count
                            ? length * vectors(2 * row + tasks[0].first, columns[x])
                            : T(row == x ? 1 : 0);
        }
      },
      tine::out(to), tine::whole(shared), tine::whole(order), tine::whole(from.vectors));
}

/// Copies columns of a view to an array of their own.
template <class T>
Array<T, 2> copy_of(Jobs& jobs, const View<T, 2>& from) {
  auto copy = jobs.pool.array<T>(from.extent(0), from.extent(1));
  jobs.run(
      rows(copy),
      [](const Slice&, const View<T, 2>& to, const View<const T, 2>& in) {
        for (std::size_t y = 0; y < to.extent(0); ++y)
          std::copy_n(&in(y, 0), to.extent(1), &to(y, 0));
      },
      tine::out(copy), tine::in(from));
  return copy;
}

/// The same, where the first `good` columns are orthonormal already.
template <class T>
void orthonormalise_rest(Jobs& jobs, const View<T, 2>& columns, std::size_t good) {
  const std::size_t count = columns.extent(1) - good;
  if (count == 0) return;
  auto rest = copy_of(jobs, columns.part(1, good, count));
  if (good > 0) {
    const View<T, 2> first = columns.part(1, 0, good);
    auto dots = jobs.pool.array<T>(good, count);
    for (int twice = 0; twice < 2; ++twice) {  // once is not enough where little is left
      jobs.multiply(operand(first).transposed(), rest, dots);
      jobs.multiply(first, dots, rest, T(-1), T(1));
    }
  }
  const Qr<T> qr = factor(jobs, rest.peek());
  const Array<T, 2> r = triangle(jobs, qr);
  std::vector<T> signs;
  for (std::size_t i = 0; i < count; ++i) signs.push_back(r(i, i));
  // Of a column of which little is left, the factor's column has any direction, also one of the first
  // columns': then all are done together.
  if (good > 0 && std::ranges::any_of(signs, [](T d) { return std::abs(d) < T(0.5); }))
    return orthonormalise_rest(jobs, columns, 0);
  const View<T, 2> result = columns.part(1, good, count);
  jobs.sequence().run([&](const PoolWith& on) { return qr.q(on, result); });
  const auto shared = jobs.pool.array_from(signs);
  jobs.run(
      rows(result),
      [](const Slice& s, const View<T, 2>& to, std::span<const T> diagonal) {
        for (std::size_t y = 0; y < s.size(); ++y)
          for (std::size_t x = 0; x < to.extent(1); ++x)
            if (diagonal[x] < 0) to(y, x) = -to(y, x);
      },
      tine::inout(result), tine::whole(shared));
}

/// How many of the vectors are orthonormal as they come, since their values are not small. Of few
/// vectors, which are quickly made so, none.
std::size_t good_columns(const std::vector<double>& values) {
  if (values.size() <= 64) return 0;
  return static_cast<std::size_t>(
      std::ranges::count_if(values, [&](double v) { return v > values[0] / 16; }));
}

}  // namespace

template <class T>
void orthonormalise(Jobs& jobs, const View<T, 2>& columns) {
  orthonormalise_rest(jobs, columns, 0);
}

template <class T>
SvdColumns<T> svd_columns(Jobs& jobs, const Operand<const T>& a, T scale, Vectors wanted) {
  const std::size_t m = a.rows, n = a.columns;
  Pool& pool = jobs.pool;
  auto work = pool.array<T>(m, n);
  copy_scaled(jobs, a, scale, work.peek());
  const bool tall = m > n + n / 2;
  std::optional<Qr<T>> outer;
  if (tall) {
    outer = factor(jobs, work.peek());
    work = triangle(jobs, *outer);
  }
  Reflectors<T> q(pool, n, work.extent(0), 0), p(pool, n - 1, n, 1);
  const Tridiagonal symmetric = golub_kahan(bidiagonalise(jobs, work.peek(), q, p));
  work = {};

  SvdColumns<T> result;
  if (wanted == Vectors::none) {
    result.values = tridiagonal_eigenvalues(jobs, symmetric, n);
  } else {
    result.u = pool.array<T>(m, wanted == Vectors::full ? m : n);
    result.v = pool.array<T>(n, n);
    const auto eigen = tridiagonal_eigen<T>(jobs, symmetric, n);
    for (const std::size_t i : eigen.order) result.values.push_back(eigen.values[i]);
    unpack(jobs, eigen, 1, result.u);
    unpack(jobs, eigen, 0, result.v);
  }
  std::ranges::reverse(result.values);
  if (wanted != Vectors::none) {
    const std::size_t good = good_columns(result.values);
    orthonormalise_rest(jobs, result.u.peek().part(0, 0, n).part(1, 0, n), good);
    orthonormalise_rest(jobs, result.v.peek(), good);
    apply(jobs, q, result.u.peek().part(0, 0, q.size()));
    if (outer)
      jobs.sequence().run([&](const PoolWith& on) { return outer->multiply_q(on, result.u); });
    apply(jobs, p, result.v.peek());
  }
  for (double& value : result.values) value = std::max(value, 0.0) / static_cast<double>(scale);
  return result;
}

template <class T>
std::vector<Column> with_positive_peaks(Jobs& jobs, const Array<T, 2>& columns) {
  auto result = jobs.pool.array<Column>(columns.extent(1));
  jobs.run(
      {.n = result.size(), .grain = 64},
      [](const Slice& s, std::span<Column> to, const View<const T, 2>& from) {
        std::vector<T> peaks(s.size());
        for (std::size_t y = 0; y < from.extent(0); ++y)
          for (std::size_t x = 0; x < s.size(); ++x) {
            const T element = from(y, s.begin + x);
            if (std::abs(element) > std::abs(peaks[x])) peaks[x] = element;
          }
        for (std::size_t x = 0; x < s.size(); ++x) to[x] = {s.begin + x, peaks[x] < 0};
      },
      tine::out(result), tine::whole(columns));
  return {result.begin(), result.end()};
}

#define TINE_SVD_COLUMNS(T)                                                       \
  template SvdColumns<T> svd_columns(Jobs&, const Operand<const T>&, T, Vectors); \
  template void orthonormalise(Jobs&, const View<T, 2>&);                         \
  template std::vector<Column> with_positive_peaks(Jobs&, const Array<T, 2>&);
TINE_SVD_COLUMNS(float)
TINE_SVD_COLUMNS(double)
#undef TINE_SVD_COLUMNS

}  // namespace tine::matrix
