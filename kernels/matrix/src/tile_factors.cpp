#include "tile_factors.hpp"

#include <algorithm>
#include <complex>
#include <utility>
#include <vector>

#include "triangle.hpp"

namespace tine::matrix {

namespace {

template <class T>
Tile<T> tile_of(const Operand<const T>& a) {
  const bool row_major = a.row_major();
  return {a.data, a.rows, a.columns, row_major ? a.row_stride : a.column_stride, row_major};
}

/// Where to cut, so that what comes before is a multiple of the smallest pieces.
std::size_t half(std::size_t n, std::size_t unit) {
  return (n / 2 + unit - 1) / unit * unit;
}

/// A row-major matrix in memory of its own.
template <class T>
class Scratch {
 public:
  Scratch(std::size_t rows, std::size_t columns)
      : memory_(rows * columns), operand_{memory_.data(), rows, columns, columns, 1} {}
  const Operand<T>& operator*() const { return operand_; }
  const Operand<T>* operator->() const { return &operand_; }
  T& operator()(std::size_t y, std::size_t x) { return memory_[y * operand_.columns + x]; }

 private:
  std::vector<T> memory_;
  Operand<T> operand_;
};

template <class T>
T& at(const Operand<T>& a, std::size_t y, std::size_t x) {
  return a.data[y * a.row_stride + x * a.column_stride];
}

/// A triangle of ones on the diagonal and what is below it: the first rows of reflectors.
template <class T>
Scratch<T> unit_lower(const Operand<const T>& v, std::size_t n) {
  Scratch<T> result(n, n);
  for (std::size_t y = 0; y < n; ++y) {
    for (std::size_t x = 0; x < y; ++x) result(y, x) = at(v, y, x);
    result(y, y) = T(1);
  }
  return result;
}

template <class T>
void solve_small(const TileKernels<T>& with, Triangle triangle, const Operand<const T>& a,
                 const Operand<T>& b) {
  const bool unit = triangle == Triangle::unit_lower || triangle == Triangle::unit_upper;
  const bool upper = triangle == Triangle::upper || triangle == Triangle::unit_upper;
  const std::size_t n = a.rows;
  // The last row of an upper triangle is the first one of a lower triangle.
  const auto turned = [&](std::size_t i) { return upper ? n - 1 - i : i; };
  T l[smallest * smallest];
  for (std::size_t y = 0; y < n; ++y)
    for (std::size_t x = 0; x <= y; ++x) l[y * n + x] = at(a, turned(y), turned(x));
  if (!upper && b.column_stride == 1) {
    with.small.solve(l, n, n, unit, b.data, b.row_stride, b.columns);
    return;
  }
  constexpr std::size_t most = 64;
  T copy[smallest * most];
  for (std::size_t begin = 0; begin < b.columns; begin += most) {
    const std::size_t columns = std::min(most, b.columns - begin);
    for (std::size_t y = 0; y < n; ++y)
      for (std::size_t x = 0; x < columns; ++x) copy[y * most + x] = at(b, turned(y), begin + x);
    with.small.solve(l, n, n, unit, copy, most, columns);
    for (std::size_t y = 0; y < n; ++y)
      for (std::size_t x = 0; x < columns; ++x) at(b, turned(y), begin + x) = copy[y * most + x];
  }
}

}  // namespace

template <class T>
void multiply(const TileKernels<T>& with, T alpha, const Operand<const T>& a,
              const Operand<const T>& b, const Operand<T>& c, T beta) {
  if (c.empty()) return;
  if (c.column_stride == 1)
    with.product(tile_of(a), tile_of(b), alpha, beta, c.data, c.row_stride);
  else
    with.product(tile_of(b.transposed()), tile_of(a.transposed()), alpha, beta, c.data,
                 c.column_stride);
}

template <class T>
void multiply_lower(const TileKernels<T>& with, T alpha, const Operand<const T>& a,
                    const Operand<T>& c) {
  multiply_lower(with.product, tile_of(a), tile_of(a.transposed()), alpha, T(1),
                 View<T, 2>(c.data, {c.rows, c.rows}, {c.row_stride, 1}));
}

template <class T>
void solve_triangle(const TileKernels<T>& with, Triangle triangle, const Operand<const T>& a,
                    const Operand<T>& b) {
  if (b.empty()) return;
  const std::size_t n = a.rows;
  if (n <= smallest) return solve_small(with, triangle, a, b);
  const std::size_t top = half(n, smallest), below = n - top;
  const Operand<T> b_top = part(b, 0, top, 0, b.columns),
                   b_below = part(b, top, below, 0, b.columns);
  const Operand<const T> a_top = part(a, 0, top, 0, top), a_below = part(a, top, below, top, below);
  if (triangle == Triangle::lower || triangle == Triangle::unit_lower) {
    solve_triangle(with, triangle, a_top, b_top);
    multiply<T>(with, T(-1), part(a, top, below, 0, top), b_top, b_below);
    solve_triangle(with, triangle, a_below, b_below);
  } else {
    solve_triangle(with, triangle, a_below, b_below);
    multiply<T>(with, T(-1), part(a, 0, top, top, below), b_below, b_top);
    solve_triangle(with, triangle, a_top, b_top);
  }
}

template <class T>
std::size_t cholesky(const TileKernels<T>& with, const Operand<T>& a) {
  const std::size_t n = a.rows;
  if (n <= smallest) {
    T copy[smallest * smallest];
    for (std::size_t y = 0; y < n; ++y)
      for (std::size_t x = 0; x <= y; ++x) copy[y * n + x] = at(a, y, x);
    const std::size_t failed = with.small.cholesky(copy, n, n);
    for (std::size_t y = 0; y < n; ++y)
      for (std::size_t x = 0; x <= y; ++x) at(a, y, x) = copy[y * n + x];
    return failed;
  }
  const std::size_t top = half(n, smallest), below = n - top;
  const Operand<T> corner = part(a, 0, top, 0, top), left = part(a, top, below, 0, top);
  const Operand<T> rest = part(a, top, below, top, below);
  if (const std::size_t failed = cholesky(with, corner); failed < top) return failed;
  solve_triangle<T>(with, Triangle::lower, corner, left.transposed());
  multiply_lower<T>(with, T(-1), left, rest);
  return top + cholesky(with, rest);
}

template <class T>
void exchange_rows(const Operand<T>& a, const std::uint32_t* pivots, std::size_t count) {
  if (a.column_stride == 1) {
    for (std::size_t i = 0; i < count; ++i)
      if (pivots[i] != i)
        std::swap_ranges(&at(a, i, 0), &at(a, i, 0) + a.columns, &at(a, pivots[i], 0));
    return;
  }
  for (std::size_t x = 0; x < a.columns; ++x)
    for (std::size_t i = 0; i < count; ++i) std::swap(at(a, i, x), at(a, pivots[i], x));
}

template <class T>
std::size_t lu(const TileKernels<T>& with, const Operand<T>& a, std::uint32_t* pivots) {
  const std::size_t m = a.rows, n = a.columns;
  if (n <= narrowest) return with.small.lu(a.data, a.column_stride, m, n, pivots);
  const std::size_t left = std::min(half(n, narrowest), m), right = n - left;
  std::size_t singular = lu(with, part(a, 0, m, 0, left), pivots);
  const Operand<T> beside = part(a, 0, m, left, right);
  exchange_rows(beside, pivots, left);
  const Operand<T> top = part(beside, 0, left, 0, right);
  const Operand<T> rest = part(beside, left, m - left, 0, right);
  solve_triangle<T>(with, Triangle::unit_lower, part(a, 0, left, 0, left), top);
  if (singular == left) singular = n;
  if (rest.rows == 0) return singular;
  multiply<T>(with, T(-1), part(a, left, m - left, 0, left), top, rest);
  const std::size_t later = lu(with, rest, pivots + left);
  if (later < right) singular = std::min(singular, left + later);
  const std::size_t eliminated = std::min(rest.rows, right);
  exchange_rows(part(a, left, m - left, 0, left), pivots + left, eliminated);
  for (std::size_t i = 0; i < eliminated; ++i) pivots[left + i] += static_cast<std::uint32_t>(left);
  return singular;
}

template <class T>
void reflect(const TileKernels<T>& with, const Operand<const T>& v, const Operand<const T>& t,
             const Operand<T>& c, bool transposed) {
  if (c.empty()) return;
  const std::size_t m = v.rows, k = std::min(m, v.columns), n = c.columns;
  Scratch<T> top = unit_lower(v, k);
  const Operand<const T> below = part(v, k, m - k, 0, k);
  const Operand<T> c_top = part(c, 0, k, 0, n), c_below = part(c, k, m - k, 0, n);
  const Scratch<T> inner(k, n), turned(k, n);
  multiply<T>(with, T(1), top->transposed(), c_top, *inner, T(0));
  if (m > k) multiply<T>(with, T(1), below.transposed(), c_below, *inner);
  const Operand<const T> block = part(t, 0, k, 0, k);
  multiply<T>(with, T(1), transposed ? block.transposed() : block, *inner, *turned, T(0));
  multiply<T>(with, T(-1), *top, *turned, c_top);
  multiply<T>(with, T(-1), below, *turned, c_below);
}

template <class T>
void qr(const TileKernels<T>& with, const Operand<T>& a, const Operand<T>& t) {
  const std::size_t m = a.rows, n = a.columns;
  for (std::size_t y = 0; y < n; ++y) std::fill_n(&at(t, y, 0), n, T(0));
  if (m < n) {  // no reflector for the last columns
    qr(with, part(a, 0, m, 0, m), part(t, 0, m, 0, m));
    reflect<T>(with, part(a, 0, m, 0, m), part(t, 0, m, 0, m), part(a, 0, m, m, n - m), true);
    return;
  }
  if (n <= narrowest) {
    T tau[narrowest];
    with.small.qr(a.data, a.column_stride, m, n, tau);
    for (std::size_t j = 0; j < n; ++j) {
      // t's next column: -tau * t * V' * v.
      T products[narrowest] = {};
      for (std::size_t i = 0; i < j; ++i) {
        products[i] = at(a, j, i);
        for (std::size_t y = j + 1; y < m; ++y) products[i] += at(a, y, i) * at(a, y, j);
      }
      for (std::size_t i = 0; i < j; ++i) {
        T sum = 0;
        for (std::size_t k = i; k < j; ++k) sum += at(t, i, k) * products[k];
        at(t, i, j) = -tau[j] * sum;
      }
      at(t, j, j) = tau[j];
    }
    return;
  }
  const std::size_t left = half(n, narrowest), right = n - left;
  const Operand<T> v1 = part(a, 0, m, 0, left), t1 = part(t, 0, left, 0, left);
  const Operand<T> v2 = part(a, left, m - left, left, right);
  const Operand<T> t2 = part(t, left, right, left, right);
  qr(with, v1, t1);
  reflect<T>(with, v1, t1, part(a, 0, m, left, right), true);
  qr(with, v2, t2);
  // t's corner: -t1 * V1' * V2 * t2.
  Scratch<T> top = unit_lower<T>(v2, right);
  const Scratch<T> products(left, right), turned(left, right);
  multiply<T>(with, T(1), part(a, left, right, 0, left).transposed(), *top, *products, T(0));
  if (m > n)
    multiply<T>(with, T(1), part(a, n, m - n, 0, left).transposed(), part(a, n, m - n, left, right),
                *products);
  multiply<T>(with, T(-1), t1, *products, *turned, T(0));
  multiply<T>(with, T(1), *turned, t2, part(t, 0, left, left, right), T(0));
}

#define TINE_TILE_FACTORS(T)                                                             \
  template void multiply(const TileKernels<T>&, T, const Operand<const T>&,              \
                         const Operand<const T>&, const Operand<T>&, T);                 \
  template void solve_triangle(const TileKernels<T>&, Triangle, const Operand<const T>&, \
                               const Operand<T>&);                                       \
  template void exchange_rows(const Operand<T>&, const std::uint32_t*, std::size_t);     \
  template std::size_t lu(const TileKernels<T>&, const Operand<T>&, std::uint32_t*);
TINE_TILE_FACTORS(float)
TINE_TILE_FACTORS(double)
TINE_TILE_FACTORS(std::complex<float>)
TINE_TILE_FACTORS(std::complex<double>)
#undef TINE_TILE_FACTORS
#define TINE_REAL_TILE_FACTORS(T)                                                                \
  template void multiply_lower(const TileKernels<T>&, T, const Operand<const T>&,                \
                               const Operand<T>&);                                               \
  template std::size_t cholesky(const TileKernels<T>&, const Operand<T>&);                       \
  template void qr(const TileKernels<T>&, const Operand<T>&, const Operand<T>&);                 \
  template void reflect(const TileKernels<T>&, const Operand<const T>&, const Operand<const T>&, \
                        const Operand<T>&, bool);
TINE_REAL_TILE_FACTORS(float)
TINE_REAL_TILE_FACTORS(double)
#undef TINE_REAL_TILE_FACTORS

}  // namespace tine::matrix
