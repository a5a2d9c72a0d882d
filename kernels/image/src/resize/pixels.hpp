// A row of an image: into floats, and its pixels weighed into as many as a row of the output has. Four
// values at a time, the channels of a pixel; four rows of a gray image make one with four channels.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include <opencv2/core/hal/intrin.hpp>

#include "resize/inline.hpp"
#include "resize/weights.hpp"

namespace tine::image::resizing {

inline constexpr int padding = 8;  // pixels before and after a row, equal to its first and last one
inline constexpr int slack = 4;    // values after a row, since four are stored at a time

using Lanes = float __attribute__((vector_size(16)));
using WholeLanes = std::int32_t __attribute__((vector_size(16)));

TINE_INLINE Lanes load(const float* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

template <class T>
TINE_INLINE void to_floats(const T* from, int count, float* to) {
  for (int i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]);
}

template <class T, class To>
TINE_INLINE void interleave(const T* __restrict a, const T* __restrict b, const T* __restrict c,
                            const T* __restrict d, int count, To* __restrict to) {
  for (int i = 0; i < count; ++i) {
    to[4 * i] = static_cast<To>(a[i]);
    to[4 * i + 1] = static_cast<To>(b[i]);
    to[4 * i + 2] = static_cast<To>(c[i]);
    to[4 * i + 3] = static_cast<To>(d[i]);
  }
}

template <class R>
TINE_INLINE void separate(const R* __restrict from, int count, R* __restrict a, R* __restrict b,
                          R* __restrict c, R* __restrict d) {
  for (int i = 0; i < count; ++i) {
    a[i] = from[4 * i];
    b[i] = from[4 * i + 1];
    c[i] = from[4 * i + 2];
    d[i] = from[4 * i + 3];
  }
}

template <int stride>
TINE_INLINE void pad(float* row, int columns) {
  for (int i = 0; i < padding * stride; ++i) {
    row[-1 - i] = row[stride - 1 - i % stride];
    row[columns * stride + i] = row[(columns - 1) * stride + i % stride];
  }
}

template <class R>
TINE_INLINE void store(R* to, Lanes lanes) {
  if constexpr (std::is_same_v<R, float>) {
    std::memcpy(to, &lanes, sizeof lanes);
  } else {
    const auto whole = __builtin_convertvector(lanes, WholeLanes);
    std::memcpy(to, &whole, sizeof whole);
  }
}

// Weighs pixels of `stride` channels; taps = 0: any number of them.
template <int taps, int stride, class R>
TINE_INLINE void weigh_pixels(const float* row, const Weights& columns, R* out) {
  const int count = static_cast<int>(columns.first.size());
  const int* first = columns.first.data();
  const int* begin = columns.begin.data();
  const float* w = columns.weights.data();
  for (int x = 0; x < count; ++x) {
    const float* from = row + first[x] * stride;
    const int neighbours = taps > 0 ? taps : begin[x + 1] - begin[x];
    Lanes sum;
    if constexpr (taps > 0)
      sum = load(from) * w[0];
    else
      sum = Lanes{} + load(from) * w[0];
    for (int k = 1; k < neighbours; ++k) sum += load(from + k * stride) * w[k];
    w += neighbours;
    store(out + x * stride, sum);
  }
}

// Two taps of the pixel of an 8-bit row that `from` points to, eight bytes of it.
template <int stride>
TINE_INLINE cv::v_int32x4 weigh_pair(const std::uint8_t* from, std::uint32_t weights) {
  const cv::v_uint8x16 pixels = cv::v_load_low(from);
  cv::v_uint8x16 both, none;
  cv::v_zip(pixels, cv::v_rotate_right<stride>(pixels), both, none);
  return cv::v_dotprod(cv::v_reinterpret_as_s16(cv::v_expand_low(both)),
                       cv::v_reinterpret_as_s16(cv::v_setall_u32(weights))) >>
         4;
}

// Two taps of the pixels of an 8-bit row of `length` bytes.
template <int stride>
TINE_INLINE void weigh_bytes(const std::uint8_t* row, int length, const Weights& columns,
                             std::int16_t* __restrict out) {
  const int* first = columns.first.data();
  const std::uint32_t* pairs = columns.pairs.data();
  const int count = static_cast<int>(columns.pairs.size());
  int fast = count;  // those after which there are eight bytes
  while (fast > 0 && first[fast - 1] * stride + 8 > length) --fast;
  int x = 0;
  for (; x + 2 <= fast; x += 2) {
    const cv::v_int16x8 two =
        cv::v_pack(weigh_pair<stride>(row + first[x] * stride, pairs[x]),
                   weigh_pair<stride>(row + first[x + 1] * stride, pairs[x + 1]));
    cv::v_store_low(out + x * stride, two);
    cv::v_store_high(out + (x + 1) * stride, two);
  }
  for (; x < count; ++x)
    for (int c = 0; c < stride; ++c) {
      const std::uint8_t* from = row + first[x] * stride + c;
      const float* w = columns.weights.data() + 2 * x;
      const int next = w[1] > 0 ? from[stride] * static_cast<int>(w[1]) : 0;
      out[x * stride + c] =
          static_cast<std::int16_t>((from[0] * static_cast<int>(w[0]) + next) >> 4);
    }
}

// cv::resize takes another path for pixels whose neighbours lie outside the image. It makes a
// difference for infinities and for -0.
template <int taps, int stride>
TINE_INLINE void weigh_edges(const float* row, const Weights& columns, float* out) {
  const int count = static_cast<int>(columns.first.size());
  if constexpr (taps > 2) {
    for (int i = 0; i < columns.inside_begin * stride; ++i) out[i] += 0.f;
    for (int i = columns.inside_end * stride; i < count * stride; ++i) out[i] += 0.f;
  } else {
    for (int x = columns.inside_end; x < count; ++x)
      std::memcpy(out + x * stride, row + columns.first[static_cast<std::size_t>(x)] * stride,
                  stride * sizeof(float));
  }
}

}  // namespace tine::image::resizing
