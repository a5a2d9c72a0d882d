// Exponentials of tiles on Eigen, for whatever instructions the compiler may use here.
//
#include <Eigen/Core>

#include "tile_softmax.hpp"

namespace tine::matrix::TINE_ISA_NAMESPACE {

namespace {

// So many numbers at a time, in memory that stays in the L1.
constexpr std::size_t most = 512;
std::size_t some(std::size_t left) {
  return left < most ? left : most;
}

// exp of x[0 ... n), all at most 0; Eigen's own ends at the least number that is not denormal, and knows no
// NaN.
template <class T>
void exponentials(T* __restrict x, std::size_t n) {
  constexpr T least = sizeof(T) == 4 ? T(-87.3) : T(-708.3);
  T result[most];
  Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>(result, static_cast<Eigen::Index>(n)) =
      Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>(x, static_cast<Eigen::Index>(n)).exp();
  for (std::size_t i = 0; i < n; ++i) {
    const T positive = x[i] < least ? T(0) : result[i];
    x[i] = x[i] != x[i] ? x[i] : positive;
  }
}

template <class T>
T greatest_of(const T* x, std::size_t n) {
  constexpr std::size_t lanes = 128 / sizeof(T);
  T lane[lanes];
  for (std::size_t l = 0; l < lanes; ++l) lane[l] = Greatest<T>::none;
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (std::size_t l = 0; l < lanes; ++l) lane[l] = Greatest<T>::step(lane[l], x[i + l]);
  for (std::size_t l = 0; i < n; ++i, ++l) lane[l] = Greatest<T>::step(lane[l], x[i]);
  for (std::size_t l = 1; l < lanes; ++l) lane[0] = Greatest<T>::step(lane[0], lane[l]);
  return lane[0];
}

}  // namespace

template <class T>
void sum_row_exponentials(const T* tile, std::size_t stride, std::size_t rows, std::size_t columns,
                          typename Exponentials<T>::State* states) {
  for (std::size_t y = 0; y < rows; ++y) {
    const T* row = tile + y * stride;
    const T greatest = greatest_of(row, columns);
    double lane[8] = {};
    // Of nothing but minus infinity the sum is 0: it must not spoil that of another part.
    for (std::size_t x = 0; greatest != Greatest<T>::none && x < columns; x += most) {
      const std::size_t n = some(columns - x);
      T part[most];
      for (std::size_t i = 0; i < n; ++i) part[i] = row[x + i] - greatest;
      exponentials(part, n);
      std::size_t i = 0;
      for (; i + 8 <= n; i += 8)
        for (std::size_t l = 0; l < 8; ++l) lane[l] += static_cast<double>(part[i + l]);
      for (std::size_t l = 0; i < n; ++i, ++l) lane[l] += static_cast<double>(part[i]);
    }
    states[y] = {static_cast<double>(greatest), ((lane[0] + lane[4]) + (lane[1] + lane[5])) +
                                                    ((lane[2] + lane[6]) + (lane[3] + lane[7]))};
  }
}

template <class T>
void sum_column_exponentials(const T* tile, std::size_t stride, std::size_t rows,
                             std::size_t columns, typename Exponentials<T>::State* states) {
  for (std::size_t x = 0; x < columns; x += most) {
    const std::size_t n = some(columns - x);
    T greatest[most], part[most];
    double sum[most];
    for (std::size_t i = 0; i < n; ++i) greatest[i] = Greatest<T>::none;
    for (std::size_t i = 0; i < n; ++i) sum[i] = 0;
    for (std::size_t y = 0; y < rows; ++y)
      for (std::size_t i = 0; i < n; ++i)
        greatest[i] = Greatest<T>::step(greatest[i], tile[y * stride + x + i]);
    for (std::size_t y = 0; y < rows; ++y) {
      for (std::size_t i = 0; i < n; ++i) part[i] = tile[y * stride + x + i] - greatest[i];
      exponentials(part, n);
      for (std::size_t i = 0; i < n; ++i) sum[i] += static_cast<double>(part[i]);
    }
    for (std::size_t i = 0; i < n; ++i)
      states[x + i] = {static_cast<double>(greatest[i]),
                       greatest[i] == Greatest<T>::none ? 0 : sum[i]};
  }
}

template <class T>
void softmax(const T* tile, std::size_t stride, std::size_t rows, std::size_t columns,
             const typename Exponentials<T>::State* states, bool per_row, bool logarithm, T* to,
             std::size_t to_stride) {
  for (std::size_t x = 0; x < columns; x += most) {
    const std::size_t n = some(columns - x);
    T greatest[most], factor[most];  // or what is subtracted
    const auto prepare = [&](std::size_t i, const typename Exponentials<T>::State& s) {
      greatest[i] = static_cast<T>(s.greatest);
      factor[i] = static_cast<T>(logarithm ? __builtin_log(s.sum) : 1 / s.sum);
    };
    if (!per_row)
      for (std::size_t i = 0; i < n; ++i) prepare(i, states[x + i]);
    for (std::size_t y = 0; y < rows; ++y) {
      const T* from = tile + y * stride + x;
      T* result = to + y * to_stride + x;
      if (per_row) {
        prepare(0, states[y]);
        for (std::size_t i = 1; i < n; ++i) greatest[i] = greatest[0];
        for (std::size_t i = 1; i < n; ++i) factor[i] = factor[0];
      }
      for (std::size_t i = 0; i < n; ++i) result[i] = from[i] - greatest[i];
      if (logarithm) {
        for (std::size_t i = 0; i < n; ++i) result[i] -= factor[i];
      } else {
        exponentials(result, n);
        for (std::size_t i = 0; i < n; ++i) result[i] *= factor[i];
      }
    }
  }
}

#define TINE_SOFTMAX(T)                                                                  \
  template void sum_row_exponentials(const T*, std::size_t, std::size_t, std::size_t,    \
                                     typename Exponentials<T>::State*);                  \
  template void sum_column_exponentials(const T*, std::size_t, std::size_t, std::size_t, \
                                        typename Exponentials<T>::State*);               \
  template void softmax(const T*, std::size_t, std::size_t, std::size_t,                 \
                        const typename Exponentials<T>::State*, bool, bool, T*, std::size_t);
TINE_SOFTMAX(float)
TINE_SOFTMAX(double)
#undef TINE_SOFTMAX

}  // namespace tine::matrix::TINE_ISA_NAMESPACE
