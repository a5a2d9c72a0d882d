// The smallest pieces of factorisations, as plain loops over adjacent elements.
#include <cmath>
#include <complex>
#include <limits>
#include <type_traits>
#include <utility>

#include "small_factors.hpp"

namespace tine::matrix::TINE_ISA_NAMESPACE {

namespace {

template <class T>
struct RealOf {
  using type = T;
};
template <class T>
struct RealOf<std::complex<T>> {
  using type = T;
};
template <class T>
using Real = typename RealOf<T>::type;

// How large a pivot is; of complex numbers the sum of the parts, as in LAPACK.
template <class T>
Real<T> size_of(const T& x) {
  if constexpr (std::is_same_v<T, Real<T>>)
    return std::fabs(x);
  else
    return std::fabs(x.real()) + std::fabs(x.imag());
}

template <class T>
T reciprocal(const T& x) {
  return T(1) / x;
}
// By Smith's method, or the square of a large number would overflow.
template <class T>
std::complex<T> reciprocal(const std::complex<T>& x) {
  const T re = x.real(), im = x.imag();
  if (std::fabs(re) >= std::fabs(im)) {
    const T ratio = im / re, scale = T(1) / (re + im * ratio);
    return {scale, -ratio * scale};
  }
  const T ratio = re / im, scale = T(1) / (re * ratio + im);
  return {ratio * scale, -scale};
}

template <class T>
T times(const T& a, const T& b) {
  return a * b;
}
// The operator of std::complex asks each time whether the result is a NaN.
template <class T>
std::complex<T> times(const std::complex<T>& a, const std::complex<T>& b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

// y -= factor * x
template <class T>
void subtract(T* __restrict y, const T* __restrict x, T factor, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] -= times(factor, x[i]);
}

// In as many partial sums as the longest vectors take, so that the compiler may use any.
template <class T>
T dot(const T* __restrict x, const T* __restrict y, std::size_t n) {
  constexpr std::size_t lanes = 32;
  T sums[lanes] = {};
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (std::size_t k = 0; k < lanes; ++k) sums[k] += x[i + k] * y[i + k];
  T rest = 0;
  for (; i < n; ++i) rest += x[i] * y[i];
  for (std::size_t half = lanes / 2; half > 0; half /= 2)
    for (std::size_t k = 0; k < half; ++k) sums[k] += sums[k + half];
  return sums[0] + rest;
}

// Without squares that overflow or vanish.
template <class T>
T norm(const T* x, std::size_t n) {
  const T squares = dot(x, x, n);
  constexpr T least = std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon();
  if ((squares > least && squares <= std::numeric_limits<T>::max()) || squares != squares)
    return std::sqrt(squares);
  T largest = 0;
  for (std::size_t i = 0; i < n; ++i) largest = std::fmax(largest, std::fabs(x[i]));
  if (largest == 0 || largest > std::numeric_limits<T>::max()) return largest;
  T sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += (x[i] / largest) * (x[i] / largest);
  return largest * std::sqrt(sum);
}

template <class T>
void solve(const T* l, std::size_t l_stride, std::size_t n, bool unit, T* b, std::size_t stride,
           std::size_t columns) {
  for (std::size_t i = 0; i < n; ++i) {
    T* row = b + i * stride;
    for (std::size_t k = 0; k < i; ++k) subtract(row, b + k * stride, l[i * l_stride + k], columns);
    if (unit) continue;
    if constexpr (std::is_same_v<T, Real<T>>) {
      const T pivot = l[i * l_stride + i];
      for (std::size_t x = 0; x < columns; ++x) row[x] /= pivot;
    } else {
      const T scale = reciprocal(l[i * l_stride + i]);
      for (std::size_t x = 0; x < columns; ++x) row[x] = times(row[x], scale);
    }
  }
}

template <class T>
std::size_t cholesky(T* a, std::size_t stride, std::size_t n) {
  T column[smallest];
  for (std::size_t k = 0; k < n; ++k) {
    const T pivot = a[k * stride + k];
    if (!(pivot > 0) || !(pivot <= std::numeric_limits<T>::max())) return k;
    const T root = std::sqrt(pivot);
    a[k * stride + k] = root;
    for (std::size_t i = k + 1; i < n; ++i) column[i] = a[i * stride + k] /= root;
    for (std::size_t i = k + 1; i < n; ++i)
      subtract(a + i * stride + k + 1, column + k + 1, column[i], i - k);
  }
  return n;
}

template <class T>
std::size_t lu(T* a, std::size_t stride, std::size_t rows, std::size_t columns,
               std::uint32_t* pivots) {
  std::size_t singular = columns;
  for (std::size_t k = 0; k < columns && k < rows; ++k) {
    T* column = a + k * stride;
    std::size_t best = k;
    Real<T> largest = size_of(column[k]);
    for (std::size_t i = k + 1; i < rows; ++i)
      if (const Real<T> size = size_of(column[i]); size > largest) {
        largest = size;
        best = i;
      }
    pivots[k] = static_cast<std::uint32_t>(best);
    if (largest == Real<T>(0)) {
      if (singular == columns) singular = k;
      continue;
    }
    if (best != k)
      for (std::size_t c = 0; c < columns; ++c) std::swap(a[c * stride + k], a[c * stride + best]);
    const T pivot = column[k];
    if constexpr (std::is_same_v<T, Real<T>>) {
      for (std::size_t i = k + 1; i < rows; ++i) column[i] /= pivot;
    } else {
      const T scale = reciprocal(pivot);
      for (std::size_t i = k + 1; i < rows; ++i) column[i] = times(column[i], scale);
    }
    for (std::size_t c = k + 1; c < columns; ++c)
      subtract(a + c * stride + k + 1, column + k + 1, a[c * stride + k], rows - k - 1);
  }
  return singular;
}

template <class T>
void qr(T* a, std::size_t stride, std::size_t rows, std::size_t columns, T* tau) {
  for (std::size_t k = 0; k < columns && k < rows; ++k) {
    T* v = a + k * stride + k;
    const std::size_t n = rows - k;
    const T alpha = v[0], below = norm(v + 1, n - 1);
    if (below == 0) {
      tau[k] = 0;
      continue;
    }
    const T beta = -std::copysign(std::hypot(alpha, below), alpha);
    tau[k] = (beta - alpha) / beta;
    for (std::size_t i = 1; i < n; ++i) v[i] /= alpha - beta;
    v[0] = 1;
    for (std::size_t c = k + 1; c < columns; ++c) {
      T* y = a + c * stride + k;
      subtract(y, v, tau[k] * dot(v, y, n), n);
    }
    v[0] = beta;
  }
}

}  // namespace

template <class T>
SmallFactors<T> small_factors() {
  SmallFactors<T> result{solve<T>, nullptr, lu<T>, nullptr};
  if constexpr (std::is_same_v<T, Real<T>>) {
    result.cholesky = cholesky<T>;
    result.qr = qr<T>;
  }
  return result;
}
template SmallFactors<float> small_factors();
template SmallFactors<double> small_factors();
template SmallFactors<std::complex<float>> small_factors();
template SmallFactors<std::complex<double>> small_factors();

}  // namespace tine::matrix::TINE_ISA_NAMESPACE
