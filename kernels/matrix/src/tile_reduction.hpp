// What the numbers of a row or column are reduced to, and how two parts of it become one.
#pragma once

#include <cmath>
#include <complex>
#include <cstddef>
#include <limits>
#include <type_traits>

#include <tine/matrix/isa.hpp>

namespace tine::matrix {

/// What follows is used in each instruction set's kernels, and must leave no function behind there.
#define TINE_INLINE [[gnu::always_inline]] static inline

template <class X>
TINE_INLINE auto magnitude(X x) {
  return x < 0 ? -x : x;
}
template <class T>
TINE_INLINE T magnitude(std::complex<T> x) {
  return static_cast<T>(__builtin_hypot(x.real(), x.imag()));
}
/// The square of the magnitude of x * scale.
template <class X>
TINE_INLINE X squared(X x, double scale) {
  return x * scale * (x * scale);
}
TINE_INLINE double squared(std::complex<double> x, double scale) {
  return squared(x.real(), scale) + squared(x.imag(), scale);
}

/// Each has `none`, the state of no numbers; step(), which adds a number; and merge(). Both do the same
/// to vector registers: numbers come as they are, but where the state is a double, as doubles.
template <class T>
struct Sum {
  using Number = T;
  using State = double;
  static constexpr State none = 0;
  template <class X>
  TINE_INLINE X step(X s, X x) {
    return s + x;
  }
  template <class X>
  TINE_INLINE X merge(X a, X b) {
    return a + b;
  }
};

template <class T>
struct SumOfMagnitudes {
  using Number = T;
  using State = double;
  static constexpr State none = 0;
  template <class S, class X>
  TINE_INLINE S step(S s, X x) {
    return s + magnitude(x);
  }
  template <class X>
  TINE_INLINE X merge(X a, X b) {
    return a + b;
  }
};

template <class T>
struct Product {
  using Number = T;
  using State = double;
  static constexpr State none = 1;
  template <class X>
  TINE_INLINE X step(X s, X x) {
    return s * x;
  }
  template <class X>
  TINE_INLINE X merge(X a, X b) {
    return a * b;
  }
};

/// Of NaN and a number it is NaN.
template <class T>
struct Least {
  using Number = T;
  using State = T;
  static constexpr State none = std::numeric_limits<T>::infinity();
  template <class X>
  TINE_INLINE X step(X s, X x) {
    return ((x < s) | (x != x)) ? x : s;
  }
  template <class X>
  TINE_INLINE X merge(X a, X b) {
    return step(a, b);
  }
};

template <class T>
struct Greatest {
  using Number = T;
  using State = T;
  static constexpr State none = -std::numeric_limits<T>::infinity();
  template <class X>
  TINE_INLINE X step(X s, X x) {
    return ((x > s) | (x != x)) ? x : s;
  }
  template <class X>
  TINE_INLINE X merge(X a, X b) {
    return step(a, b);
  }
};

template <class T>
struct GreatestMagnitude {
  using Number = T;
  using State = decltype(magnitude(T()));
  static constexpr State none = 0;
  template <class S, class X>
  TINE_INLINE S step(S s, X x) {
    return Greatest<State>::step(s, magnitude(x));
  }
  template <class X>
  TINE_INLINE X merge(X a, X b) {
    return Greatest<State>::step(a, b);
  }
};

/// A sum of squares, safe from overflow and underflow: it is sum * scale * scale.
template <class T>
struct Squares {
  using Number = T;
  struct State {
    double sum, scale;
    double root() const { return std::sqrt(sum) * scale; }
  };
  static constexpr State none{0, 1};
  TINE_INLINE State merge(State a, State b) {
    if (a.sum == 0) return b;
    if (b.sum == 0) return a;
    const double scale = a.scale < b.scale ? b.scale : a.scale;
    const double from_a = a.scale / scale, from_b = b.scale / scale;
    return {a.sum * from_a * from_a + b.sum * from_b * from_b, scale};
  }
};

/// The mean and the squared distances from it.
template <class T>
struct Moments {
  using Number = T;
  struct State {
    double count, mean, squares;
  };
  static constexpr State none{0, 0, 0};
  TINE_INLINE State merge(const State& a, const State& b) {
    if (a.count == 0) return b;
    if (b.count == 0) return a;
    const double count = a.count + b.count, step = b.mean - a.mean;
    return {count, a.mean + step * (b.count / count),
            a.squares + b.squares + step * step * (a.count / count * b.count)};
  }
};

/// The first of the numbers that Best, which is Least or Greatest, chooses.
template <template <class> class Best, class T>
struct First {
  using Number = T;
  struct State {
    T value;
    std::size_t index;
  };
  static constexpr State none{Best<T>::none, std::numeric_limits<std::size_t>::max()};
  TINE_INLINE State merge(const State& a, const State& b) {
    const bool same = a.value == b.value || (a.value != a.value && b.value != b.value);
    if (same) return a.index < b.index ? a : b;
    const T best = Best<T>::merge(a.value, b.value);
    return best == b.value || b.value != b.value ? b : a;
  }
};
template <class T>
using FirstLeast = First<Least, T>;
template <class T>
using FirstGreatest = First<Greatest, T>;

/// CALL for each that there is: some for real numbers only.
#define TINE_REAL_REDUCTIONS(CALL, T) \
  CALL(Sum<T>)                        \
  CALL(Product<T>)                    \
  CALL(Least<T>)                      \
  CALL(Greatest<T>)                   \
  CALL(Moments<T>)                    \
  CALL(FirstLeast<T>)                 \
  CALL(FirstGreatest<T>)
#define TINE_NORM_REDUCTIONS(CALL, T) \
  CALL(Squares<T>)                    \
  CALL(SumOfMagnitudes<T>)            \
  CALL(GreatestMagnitude<T>)
#define TINE_REDUCTIONS(CALL)                     \
  TINE_REAL_REDUCTIONS(CALL, float)               \
  TINE_REAL_REDUCTIONS(CALL, double)              \
  TINE_NORM_REDUCTIONS(CALL, float)               \
  TINE_NORM_REDUCTIONS(CALL, double)              \
  TINE_NORM_REDUCTIONS(CALL, std::complex<float>) \
  TINE_NORM_REDUCTIONS(CALL, std::complex<double>)

/// The state of each row, or of each column, of a row-major tile; indices count in the tile.
template <class Op>
using ReduceTile = void(const typename Op::Number* tile, std::size_t stride, std::size_t rows,
                        std::size_t columns, typename Op::State* states);

/// Those for an instruction set that this machine has.
template <class Op>
ReduceTile<Op>& rows_reduction(Isa isa);
template <class Op>
ReduceTile<Op>& columns_reduction(Isa isa);

}  // namespace tine::matrix
