// Distances of points, for whatever instructions the compiler may use here.
//
// As a product of matrices is computed: four points against two registers full of others stay in registers
// while their coordinates go by. The others are packed, so that a coordinate of all that are in the
// registers is adjacent. Each pair is computed in the same way wherever it lies in a tile.
#include "tile_distance.hpp"

namespace tine::matrix::TINE_ISA_NAMESPACE {

namespace {

#if defined(__AVX512F__)
constexpr std::size_t register_bytes = 64;
#elif defined(__AVX__)
constexpr std::size_t register_bytes = 32;
#else
constexpr std::size_t register_bytes = 16;
#endif

template <class T>
struct Register {
  using Type [[gnu::vector_size(register_bytes)]] = T;
};
template <class T>
using Lanes = typename Register<T>::Type;

constexpr std::size_t tall = 4;
template <class T>
constexpr std::size_t wide = 2 * register_bytes / sizeof(T);

struct Squares {
  template <class V>
  [[gnu::always_inline]] static V step(V sum, V difference) {
    return sum + difference * difference;
  }
  template <class X>
  [[gnu::always_inline]] static X merge(X a, X b) {
    return a + b;
  }
};
struct Magnitudes {
  template <class V>
  [[gnu::always_inline]] static V step(V sum, V difference) {
    return sum + (difference < 0 ? -difference : difference);
  }
  template <class X>
  [[gnu::always_inline]] static X merge(X a, X b) {
    return a + b;
  }
};
// Of NaN and a number it is NaN.
struct Greatest {
  template <class X>
  [[gnu::always_inline]] static X merge(X a, X b) {
    return ((b > a) | (b != b)) ? b : a;
  }
  template <class V>
  [[gnu::always_inline]] static V step(V greatest, V difference) {
    return merge<V>(greatest, difference < 0 ? -difference : difference);
  }
};

// Some coordinates of points: `width` points beside each other, coordinate by coordinate; zeros where there
// are no more points.
template <class T>
void pack(const Points<T>& from, std::size_t begin, std::size_t count, std::size_t width, T* to) {
  for (std::size_t first = 0; first < from.count; first += width, to += count * width)
    for (std::size_t i = 0; i < width; ++i) {
      if (first + i >= from.count) {
        for (std::size_t k = 0; k < count; ++k) to[k * width + i] = 0;
        continue;
      }
      const T* point = from.data + (first + i) * from.row_stride + begin * from.column_stride;
      if (from.lengths == nullptr) {
        for (std::size_t k = 0; k < count; ++k) to[k * width + i] = point[k * from.column_stride];
      } else {
        const T length = from.lengths[first + i];
        for (std::size_t k = 0; k < count; ++k)
          to[k * width + i] = point[k * from.column_stride] / length;
      }
    }
}

// block = the distances of `tall` points x from `wide` points y, both packed.
template <class Op, class T>
void block_distances(const T* x, const T* y, std::size_t count, T (&block)[tall][wide<T>]) {
  Lanes<T> sums[tall][2] = {};
  for (std::size_t k = 0; k < count; ++k) {
    Lanes<T> left, right;
    __builtin_memcpy(&left, y + k * wide<T>, sizeof left);
    __builtin_memcpy(&right, y + k * wide<T> + wide<T> / 2, sizeof right);
    for (std::size_t i = 0; i < tall; ++i) {
      const Lanes<T> all = x[k * tall + i] - Lanes<T>{};
      sums[i][0] = Op::step(sums[i][0], all - left);
      sums[i][1] = Op::step(sums[i][1], all - right);
    }
  }
  __builtin_memcpy(&block, &sums, sizeof block);
}

template <class Op, class T>
void sum_distances(const Points<T>& x, const Points<T>& y, std::size_t dimensions, T* to,
                   std::size_t stride, T* memory) {
  T* const packed_x = memory;
  T* const packed_y = memory + (most_points + 64) * most_coordinates;
  for (std::size_t begin = 0; begin < dimensions; begin += most_coordinates) {
    const std::size_t left = dimensions - begin;
    const std::size_t count = left < most_coordinates ? left : most_coordinates;
    pack(x, begin, count, tall, packed_x);
    pack(y, begin, count, wide<T>, packed_y);
    for (std::size_t j = 0; j < y.count; j += wide<T>) {
      const std::size_t columns = y.count - j < wide<T> ? y.count - j : wide<T>;
      for (std::size_t i = 0; i < x.count; i += tall) {
        T block[tall][wide<T>];
        block_distances<Op>(packed_x + i * count, packed_y + j * count, count, block);
        for (std::size_t r = 0; r < tall && i + r < x.count; ++r) {
          T* row = to + (i + r) * stride + j;
          if (begin == 0)
            for (std::size_t c = 0; c < columns; ++c) row[c] = block[r][c];
          else
            for (std::size_t c = 0; c < columns; ++c) row[c] = Op::merge(row[c], block[r][c]);
        }
      }
    }
  }
}

template <class T, class F>
void for_each(std::size_t rows, std::size_t columns, T* to, std::size_t stride, F change) {
  for (std::size_t y = 0; y < rows; ++y)
    for (std::size_t x = 0; x < columns; ++x) to[y * stride + x] = change(to[y * stride + x]);
}

}  // namespace

template <class T>
void distances(Metric metric, const Points<T>& x, const Points<T>& y, std::size_t dimensions, T* to,
               std::size_t stride, T* memory) {
  switch (metric) {
    case Metric::cityblock:
      return sum_distances<Magnitudes>(x, y, dimensions, to, stride, memory);
    case Metric::chebyshev:
      return sum_distances<Greatest>(x, y, dimensions, to, stride, memory);
    default:
      sum_distances<Squares>(x, y, dimensions, to, stride, memory);
  }
  if (metric == Metric::euclidean)
    for_each(x.count, y.count, to, stride, [](T s) { return static_cast<T>(__builtin_sqrt(s)); });
  if (metric == Metric::cosine) for_each(x.count, y.count, to, stride, [](T s) { return s / 2; });
}

#define TINE_DISTANCES(T)                                                              \
  template void distances(Metric, const Points<T>&, const Points<T>&, std::size_t, T*, \
                          std::size_t, T*);
TINE_DISTANCES(float)
TINE_DISTANCES(double)
#undef TINE_DISTANCES

}  // namespace tine::matrix::TINE_ISA_NAMESPACE
