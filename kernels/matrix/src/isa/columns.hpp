// Sums of columns, dot products with columns, and products with half a symmetric matrix: what reductions
// to a few diagonals consist of. Bound by memory, with whatever instructions the compiler may use here.
#include <algorithm>
#include <cstddef>

namespace tine::matrix::TINE_ISA_NAMESPACE {

// Four columns at a time: y is read and written once for all of them.
template <class T>
void add_columns(const T* columns, std::size_t stride, std::size_t rows, std::size_t count,
                 const T* x, T alpha, T* y) {
  std::size_t j = 0;
  for (; j + 4 <= count; j += 4) {
    const T *c0 = columns + j * stride, *c1 = c0 + stride, *c2 = c1 + stride, *c3 = c2 + stride;
    const T x0 = alpha * x[j], x1 = alpha * x[j + 1], x2 = alpha * x[j + 2], x3 = alpha * x[j + 3];
#pragma omp simd
    for (std::size_t i = 0; i < rows; ++i)
      y[i] += (x0 * c0[i] + x1 * c1[i]) + (x2 * c2[i] + x3 * c3[i]);
  }
  for (; j < count; ++j) {
    const T* c = columns + j * stride;
    const T by = alpha * x[j];
#pragma omp simd
    for (std::size_t i = 0; i < rows; ++i) y[i] += by * c[i];
  }
}

template <class T>
void column_dots(const T* columns, std::size_t stride, std::size_t rows, std::size_t count,
                 const T* x, T* y) {
  std::size_t j = 0;
  for (; j + 4 <= count; j += 4) {
    const T *c0 = columns + j * stride, *c1 = c0 + stride, *c2 = c1 + stride, *c3 = c2 + stride;
    T s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
    for (std::size_t i = 0; i < rows; ++i) {
      s0 += c0[i] * x[i];
      s1 += c1[i] * x[i];
      s2 += c2[i] * x[i];
      s3 += c3[i] * x[i];
    }
    y[j] = s0;
    y[j + 1] = s1;
    y[j + 2] = s2;
    y[j + 3] = s3;
  }
  for (; j < count; ++j) {
    const T* c = columns + j * stride;
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::size_t i = 0; i < rows; ++i) sum += c[i] * x[i];
    y[j] = sum;
  }
}

template <class T>
void symmetric_rows(const T* a, std::size_t stride, std::size_t begin, std::size_t end, const T* x,
                    T* y) {
  std::fill_n(y, end, T(0));
  for (std::size_t r = begin; r < end; r += 4) {
    const std::size_t rows = std::min<std::size_t>(4, end - r);
    if (rows == 4) {
      const T *a0 = a + r * stride, *a1 = a0 + stride, *a2 = a1 + stride, *a3 = a2 + stride;
      const T x0 = x[r], x1 = x[r + 1], x2 = x[r + 2], x3 = x[r + 3];
      T s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
      for (std::size_t i = 0; i < r; ++i) {
        s0 += a0[i] * x[i];
        s1 += a1[i] * x[i];
        s2 += a2[i] * x[i];
        s3 += a3[i] * x[i];
        y[i] += (x0 * a0[i] + x1 * a1[i]) + (x2 * a2[i] + x3 * a3[i]);
      }
      y[r] += s0;
      y[r + 1] += s1;
      y[r + 2] += s2;
      y[r + 3] += s3;
    }
    const std::size_t done = rows == 4 ? r : 0;  // columns, of these rows
    for (std::size_t k = r; k < r + rows; ++k) {
      const T* row = a + k * stride;
      for (std::size_t i = done; i < k; ++i) {
        y[k] += row[i] * x[i];
        y[i] += row[i] * x[k];
      }
      y[k] += row[k] * x[k];
    }
  }
}

#define TINE_COLUMNS(T)                                                                        \
  template void add_columns(const T*, std::size_t, std::size_t, std::size_t, const T*, T, T*); \
  template void column_dots(const T*, std::size_t, std::size_t, std::size_t, const T*, T*);    \
  template void symmetric_rows(const T*, std::size_t, std::size_t, std::size_t, const T*, T*);
TINE_COLUMNS(float)
TINE_COLUMNS(double)
#undef TINE_COLUMNS

}  // namespace tine::matrix::TINE_ISA_NAMESPACE
