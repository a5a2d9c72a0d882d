// Vectors in blocks that stay in the L1 cache while they are made, summed up and written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tine::matrix {

inline constexpr std::size_t block_elements = 512;

/// What slices make beside vectors: sums, which are added in the order of slices.
struct Sums {
  double first = 0, second = 0, third = 0;
  friend Sums operator+(const Sums& a, const Sums& b) {
    return {a.first + b.first, a.second + b.second, a.third + b.third};
  }
};

/// The sum of f(0) ... f(count - 1), in an order that `count` decides alone: several chains, as a single
/// one would wait for the latency of every addition.
template <class S, class F>
S sum_of(std::size_t count, F f) {
  constexpr std::size_t chains = 64 / sizeof(S);
  S sum[chains] = {};
  std::size_t i = 0;
  for (; i + chains <= count; i += chains)
    for (std::size_t c = 0; c < chains; ++c) sum[c] += f(i + c);
  for (std::size_t c = 0; c < count % chains; ++c) sum[c] += f(i + c);
  for (std::size_t half = chains / 2; half > 0; half /= 2)
    for (std::size_t c = 0; c < half; ++c) sum[c] += sum[c + half];
  return sum[0];
}
template <class T>
double dot(const T* a, const T* b, std::size_t count) {
  return sum_of<double>(
      count, [=](std::size_t i) { return static_cast<double>(a[i]) * static_cast<double>(b[i]); });
}

/// Whether a vector of so many elements is written past the caches: it has left them anyway before it is
/// read, and an ordinary store would read each line from memory only to write over it.
template <class T>
constexpr bool streams(std::size_t elements) {
  return elements * sizeof(T) >= std::size_t{16} << 20;
}

/// Writes a block. After the last one of a slice comes end_streams().
template <class T>
void put(T* to, const T* from, std::size_t count, [[maybe_unused]] bool past_caches) {
#if defined(__SSE2__)
  if (past_caches) {
    constexpr std::size_t lanes = 16 / sizeof(T);
    for (; count > 0 && reinterpret_cast<std::uintptr_t>(to) % 16 != 0; --count) *to++ = *from++;
    for (; count >= lanes; count -= lanes, to += lanes, from += lanes)
      _mm_stream_si128(reinterpret_cast<__m128i*>(to),
                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
#endif
  for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
}

/// Streamed stores come in any order, but before all that follow.
inline void end_streams() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

}  // namespace tine::matrix
