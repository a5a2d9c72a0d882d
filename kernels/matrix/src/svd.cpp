#include <tine/matrix/svd.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "shared_operands.hpp"
#include "svd_columns.hpp"
#include "working_copy.hpp"

namespace tine::matrix {

namespace {

/// Writes the first columns, as many as there is room for; the signs are u's.
template <class T>
void write(Jobs& jobs, const SvdColumns<T>& from, const Operand<T>& u, const Operand<T>& values,
           const Operand<T>& v, bool signs_of_v) {
  write_column(
      jobs, {from.values.begin(), from.values.begin() + static_cast<std::ptrdiff_t>(values.rows)},
      1, values);
  if (u.data == nullptr) return;
  const std::vector<Column> signs = with_positive_peaks(jobs, signs_of_v ? from.v : from.u);
  for (const auto& [to, array] : {std::pair{&u, &from.u}, {&v, &from.v}}) {
    std::vector<Column> order;
    for (std::size_t i = 0; i < to->columns; ++i)
      order.push_back({i, i < from.values.size() && signs[i].negative});
    copy_columns(jobs, *array, order, *to);
  }
}

/// Random numbers of a normal distribution, each by its place (G. Steele, D. Lea, C. Flood, Fast splittable
/// pseudorandom number generators, OOPSLA 2014; G. Box, M. Muller, A note on the generation of random normal
/// deviates, 1958).
double normal(std::uint64_t seed, std::uint64_t place) {
  const auto uniform = [](std::uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (static_cast<double>((x ^ (x >> 31)) >> 11) + 0.5) * 0x1p-53;
  };
  constexpr std::uint64_t step = 0x9e3779b97f4a7c15u;
  const std::uint64_t first = (seed * 0xd1342543de82ef95u + 2 * place) * step;
  return std::sqrt(-2 * std::log(uniform(first))) *
         std::cos(2 * std::numbers::pi * uniform(first + step));
}

template <class T>
Array<T, 2> random_columns(Jobs& jobs, std::size_t rows, std::size_t columns, std::uint64_t seed) {
  auto result = jobs.pool.array<T>(rows, columns);
  const auto shared = jobs.pool.array_from(std::span<const std::uint64_t>(&seed, 1));
  jobs.run(
      tine::rows(result, 0, 64),
      [](const Slice& s, const View<T, 2>& to, std::span<const std::uint64_t> seeds) {
        for (std::size_t y = 0; y < s.size(); ++y)
          for (std::size_t x = 0; x < to.extent(1); ++x)
            to(y, x) = static_cast<T>(normal(seeds[0], (s.begin + y) * to.extent(1) + x));
      },
      tine::out(result), tine::whole(shared));
  return result;
}

}  // namespace

namespace detail {

template <class T>
Report svd(const PoolWith& on, Operand<const T> a, Operand<T> u, Operand<T> values, Operand<T> v) {
  const std::size_t m = a.rows, n = a.columns, few = std::min(m, n);
  const bool wanted = u.data != nullptr || v.data != nullptr;
  values = column(values, few);
  const auto fits = [&](const Operand<T>& vectors, std::size_t size) {
    return vectors.rows == size && (vectors.columns == few || vectors.columns == size);
  };
  if (values.rows != few || (few > 0 && values.columns != 1) ||
      (wanted && !(fits(u, m) && fits(v, n))))
    refuse("svd", "the matrix is " + shape(a) + ", the values are " + shape(values) +
                      (wanted ? " and the vectors " + shape(u) + " and " + shape(v) : "") +
                      ", but should be m x n, r x 1" +
                      (wanted ? ", m x r or m x m, and n x r or n x n," : "") +
                      " with r the lesser of m and n");
  if (wanted) {
    check_output(u, "svd");
    check_output(v, "svd");
  }
  Jobs jobs(on);
  if (few == 0) {
    for (const Operand<T>& to : {u, v})
      for (std::size_t y = 0; y < to.rows; ++y)
        for (std::size_t x = 0; x < to.columns; ++x)
          to.data[y * to.row_stride + x * to.column_stride] = T(y == x ? 1 : 0);
    return jobs.finish();
  }
  const SharedInput<T> input(jobs.pool, a);
  a = input.get();
  const T scale = scale_to_one(jobs, a, Part::whole, "svd");
  const bool turned = m < n;
  if (turned) {
    a = a.transposed();
    std::swap(u, v);
  }
  const Vectors which = !wanted ? Vectors::none : u.columns == few ? Vectors::thin : Vectors::full;
  write(jobs, svd_columns(jobs, a, scale, which), u, values, v, turned);
  return jobs.finish();
}

template <class T>
Report randomized_svd(const PoolWith& on, Operand<const T> a, Operand<T> u, Operand<T> values,
                      Operand<T> v, const RandomizedSvdOptions& options) {
  const std::size_t m = a.rows, n = a.columns, few = std::min(m, n);
  const std::size_t k = values.rows * values.columns;
  values = column(values, k);
  if (k > few || (k > 0 && values.columns != 1) || u.rows != m || u.columns != k || v.rows != n ||
      v.columns != k)
    refuse("randomized_svd",
           "the matrix is " + shape(a) + ", the values are " + shape(values) + " and the vectors " +
               shape(u) + " and " + shape(v) +
               ", but should be m x n, k x 1, m x k and n x k with k no more than m and n");
  check_output(u, "randomized_svd");
  check_output(v, "randomized_svd");
  Jobs jobs(on);
  if (k == 0) return jobs.finish();
  const std::size_t wide = k + std::min(options.oversampling, few - k);
  const SharedInput<T> input(jobs.pool, a);
  a = input.get();
  const T scale = scale_to_one(jobs, a, Part::whole, "randomized_svd");
  if (wide == few) {
    const bool turned = m < n;
    if (turned) {
      a = a.transposed();
      std::swap(u, v);
    }
    write(jobs, svd_columns(jobs, a, scale, Vectors::thin), u, values, v, turned);
    return jobs.finish();
  }
  // Orthonormal columns, whose span a and its transpose turn to where a is large.
  auto left = jobs.pool.array<T>(m, wide);
  Array<T, 2> right = random_columns<T>(jobs, n, wide, options.seed);
  jobs.multiply(a, right, left, scale);
  orthonormalise(jobs, left.peek());
  for (std::size_t i = 0; i < options.power_iterations; ++i) {
    jobs.multiply(a.transposed(), left, right, scale);
    orthonormalise(jobs, right.peek());
    jobs.multiply(a, right, left, scale);
    orthonormalise(jobs, left.peek());
  }
  // What a is there, left' a, transposed.
  jobs.multiply(a.transposed(), left, right, scale);
  SvdColumns<T> inner = svd_columns<T>(jobs, operand(std::as_const(right)), T(1), Vectors::thin);
  SvdColumns<T> result{std::move(inner.values), jobs.pool.array<T>(m, wide), std::move(inner.u)};
  jobs.multiply(left, inner.v, result.u);
  for (double& value : result.values) value /= static_cast<double>(scale);
  write(jobs, result, u, values, v, false);
  return jobs.finish();
}

#define TINE_MATRIX_SVD(T)                                                                    \
  template Report svd(const PoolWith&, Operand<const T>, Operand<T>, Operand<T>, Operand<T>); \
  template Report randomized_svd(const PoolWith&, Operand<const T>, Operand<T>, Operand<T>,   \
                                 Operand<T>, const RandomizedSvdOptions&);
TINE_MATRIX_SVD(float)
TINE_MATRIX_SVD(double)
#undef TINE_MATRIX_SVD

}  // namespace detail

}  // namespace tine::matrix
