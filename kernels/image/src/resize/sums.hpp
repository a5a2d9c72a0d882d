// A row of the output from rows whose pixels are weighed already. Where floats round, sums are made in
// the order of cv::resize, which is another in its vectors than at the end of a row: `body_of()`.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "resize/inline.hpp"

namespace tine::image::resizing {

// To the nearest integer, halves to even; for values below 2^22.
TINE_INLINE int rounded(float value) {
  return std::bit_cast<std::int32_t>(value + 12582912.f) - std::bit_cast<std::int32_t>(12582912.f);
}

template <class T>
TINE_INLINE T saturated(int value) {
  constexpr int top = std::is_same_v<T, std::uint8_t> ? 255 : 65535;
  return static_cast<T>(value < 0 ? 0 : value > top ? top : value);
}

template <class T>
TINE_INLINE T pixel_from(float value) {
  if constexpr (std::is_same_v<T, float>)
    return value;
  else
    return saturated<T>(rounded(value));
}

// How many values of a row cv::resize makes with vectors that sum rows from the last to the first.
template <class T, int taps>
constexpr int body_of(int count) {
  if (std::is_same_v<T, std::uint16_t> && taps == 8) return 0;
  return count - count % (std::is_same_v<T, float> ? 4 : 8);
}

// Sums of rows: from the last to the first in vectors, from the first to the last after them.
template <int taps>
TINE_INLINE float sum_upwards(const float* const* rows, const float* w, int x) {
  float sum = rows[taps - 1][x] * w[taps - 1];
  for (int k = taps - 2; k >= 0; --k) sum = rows[k][x] * w[k] + sum;
  return sum;
}

template <int taps>
TINE_INLINE float sum_downwards(const float* const* rows, const float* w, int x) {
  float sum = rows[0][x] * w[0];
  for (int k = 1; k < taps; ++k) sum += rows[k][x] * w[k];
  return sum;
}

template <class T, int taps>
TINE_INLINE void weigh_rows(const float* const* rows, const float* w, int count,
                            T* __restrict out) {
  int x = 0;
  for (const int body = body_of<T, taps>(count); x < body; ++x)
    out[x] = pixel_from<T>(sum_upwards<taps>(rows, w, x));
  for (; x < count; ++x) out[x] = pixel_from<T>(sum_downwards<taps>(rows, w, x));
}

// Two taps for 8-bit images: all in 16 bits.
TINE_INLINE void weigh_rows_8(const std::int16_t* const* rows, const float* w, int count,
                              std::uint8_t* __restrict out) {
  const auto upper = static_cast<std::int16_t>(w[0]), lower = static_cast<std::int16_t>(w[1]);
  const std::int16_t *a = rows[0], *b = rows[1];
  for (int x = 0; x < count; ++x) {
    const auto above = static_cast<std::int16_t>((a[x] * upper) >> 16);
    const auto below = static_cast<std::int16_t>((b[x] * lower) >> 16);
    out[x] = static_cast<std::uint8_t>(static_cast<std::int16_t>(above + below + 2) >> 2);
  }
}

// Four: floats in vectors, integers after them.
TINE_INLINE void weigh_rows_8(const float* const* rows, const float* w, int count,
                              std::uint8_t* __restrict out) {
  constexpr float one = 1 << 22;
  const float part[] = {w[0] / one, w[1] / one, w[2] / one, w[3] / one};
  int x = 0;
  for (const int body = body_of<std::uint8_t, 4>(count); x < body; ++x)
    out[x] = pixel_from<std::uint8_t>(sum_upwards<4>(rows, part, x));
  for (; x < count; ++x) {
    int sum = 1 << 21;
    for (int k = 0; k < 4; ++k) sum += static_cast<int>(rows[k][x]) * static_cast<int>(w[k]);
    out[x] = saturated<std::uint8_t>(sum >> 22);
  }
}

// Eight: integers, which may wrap around.
TINE_INLINE void weigh_rows_8(const std::int32_t* const* rows, const float* w, int count,
                              std::uint8_t* __restrict out) {
  std::uint32_t weight[8];
  for (int k = 0; k < 8; ++k)
    weight[k] = static_cast<std::uint32_t>(static_cast<std::int32_t>(w[k]));
  for (int x = 0; x < count; ++x) {
    std::uint32_t sum = 1u << 21;
    for (int k = 0; k < 8; ++k) sum += static_cast<std::uint32_t>(rows[k][x]) * weight[k];
    out[x] = saturated<std::uint8_t>(static_cast<std::int32_t>(sum) >> 22);
  }
}

}  // namespace tine::image::resizing
