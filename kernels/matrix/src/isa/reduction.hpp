// Reductions of the rows and columns of tiles, for whatever instructions the compiler may use here.
//
// Plain loops: over the lanes of several registers along rows, and across columns. Additions wait for
// each other in no chain that is longer than 32.
#include "tile_reduction.hpp"

namespace tine::matrix::TINE_ISA_NAMESPACE {

namespace {

// A number as what steps take: double where the state is, and T may be float.
template <class A, class T>
[[gnu::always_inline]] inline auto number(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return static_cast<A>(x);
  else
    return std::complex<A>(x);
}

// A vector register of As, or several where they are shorter, from as many Ts.
template <class A>
struct Register {
  static constexpr std::size_t size = 64 / sizeof(A);
  using Type [[gnu::vector_size(64)]] = A;
};
template <class A, class T>
[[gnu::always_inline]] inline void load(const T* x, typename Register<A>::Type& to) {
  using From [[gnu::vector_size(Register<A>::size * sizeof(T))]] = T;
  From from;
  __builtin_memcpy(&from, x, sizeof from);
  to = __builtin_convertvector(from, typename Register<A>::Type);
}

// All of x[0 ... n) in a tree of blocks, from registers if they are real. `none` is the state of no
// numbers. A block is read at four places at once, for of each page the first lines come late.
template <class A, class T, class Step, class Merge>
A fold(const T* x, std::size_t n, A none, Step step, Merge merge) {
  constexpr std::size_t block = 16384 / sizeof(T);
  if (n > block) {
    const std::size_t half = (n / 2 + block - 1) / block * block;
    return merge(fold(x, half, none, step, merge), fold(x + half, n - half, none, step, merge));
  }
  A result = none;
  std::size_t done = 0;
  if constexpr (std::is_floating_point_v<T>) {
    using Lanes = Register<A>;
    constexpr std::size_t size = Lanes::size, places = 4;
    if (n >= places * size) {
      const std::size_t quarter = n / places / size * size;
      typename Lanes::Type state[places], next;
      for (auto& s : state) s = none - typename Lanes::Type{};
      for (std::size_t i = 0; i < quarter; i += size)
        for (std::size_t place = 0; place < places; ++place) {
          load<A>(x + place * quarter + i, next);
          state[place] = step(state[place], next);
        }
      state[0] = merge(merge(state[0], state[1]), merge(state[2], state[3]));
      A lane[size];
      __builtin_memcpy(lane, &state[0], sizeof lane);
      for (std::size_t width = size / 2; width > 0; width /= 2)
        for (std::size_t l = 0; l < width; ++l) lane[l] = merge(lane[l], lane[l + width]);
      result = lane[0];
      done = places * quarter;
    }
  }
  for (; done < n; ++done) result = step(result, number<A>(x[done]));
  return result;
}

// So many columns at a time: their states stay in the L1.
constexpr std::size_t most_columns = 512;

// All of each column c into states[c], in blocks of rows; step(state, number, c).
template <class A, class T, class Step, class Merge>
void fold_columns(const T* x, std::size_t stride, std::size_t rows, std::size_t columns, A none,
                  A* __restrict states, Step step, Merge merge) {
  constexpr std::size_t block = 32;
  A some[most_columns];
  for (std::size_t c = 0; c < columns; ++c) states[c] = none;
  for (std::size_t begin = 0; begin < rows; begin += block) {
    const std::size_t end = begin + block < rows ? begin + block : rows;
    for (std::size_t c = 0; c < columns; ++c) some[c] = none;
    std::size_t y = begin;
    for (; y + 4 <= end; y += 4) {
      const T *x0 = x + y * stride, *x1 = x0 + stride, *x2 = x1 + stride, *x3 = x2 + stride;
      for (std::size_t c = 0; c < columns; ++c)
        some[c] = step(step(step(step(some[c], number<A>(x0[c]), c), number<A>(x1[c]), c),
                            number<A>(x2[c]), c),
                       number<A>(x3[c]), c);
    }
    for (; y < end; ++y)
      for (std::size_t c = 0; c < columns; ++c)
        some[c] = step(some[c], number<A>(x[y * stride + c]), c);
    for (std::size_t c = 0; c < columns; ++c) states[c] = merge(states[c], some[c]);
  }
}

// What can be done number by number.
template <class Op>
struct Reduce {
  using T = typename Op::Number;
  using State = typename Op::State;
  static State row(const T* x, std::size_t n) {
    return fold(
        x, n, Op::none, [](auto s, auto v) { return Op::step(s, v); },
        [](auto a, auto b) { return Op::merge(a, b); });
  }
  static void columns(const T* x, std::size_t stride, std::size_t rows, std::size_t columns,
                      State* states) {
    fold_columns(
        x, stride, rows, columns, Op::none, states,
        [](State s, auto v, std::size_t) { return Op::step(s, v); },
        [](auto a, auto b) { return Op::merge(a, b); });
  }
};

constexpr auto add = [](auto a, auto b) { return a + b; };

// Squares as they are, unless their sum tells that one of them may have overflown, or have lost digits
// at the lower end: then all are scaled. Where T is float that happens with zeros and infinities only.
template <class T>
struct Reduce<Squares<T>> {
  using State = typename Squares<T>::State;
  static constexpr double least = 1e-280, greatest = 1e290;

  static double sum(const T* x, std::size_t n, double scale) {
    return fold(
        x, n, 0.0, [scale](auto s, auto v) { return s + squared(v, scale); }, add);
  }
  static double scale_for(double sum) { return sum > greatest ? 0x1p+600 : 0x1p-600; }
  static bool fine(double sum) { return sum >= least && sum <= greatest; }

  static State row(const T* x, std::size_t n) {
    const double plain = sum(x, n, 1);
    if (fine(plain)) return {plain, 1};
    const double scale = scale_for(plain);
    return {sum(x, n, 1 / scale), scale};
  }
  static void columns(const T* x, std::size_t stride, std::size_t rows, std::size_t columns,
                      State* states) {
    double plain[most_columns];
    fold_columns(
        x, stride, rows, columns, 0.0, plain,
        [](double s, auto v, std::size_t) { return s + squared(v, 1); }, add);
    for (std::size_t c = 0; c < columns; ++c) {
      if (fine(plain[c])) {
        states[c] = {plain[c], 1};
        continue;
      }
      const double scale = scale_for(plain[c]);
      double sum = 0;
      for (std::size_t y = 0; y < rows; ++y)
        sum += squared(number<double>(x[y * stride + c]), 1 / scale);
      states[c] = {sum, scale};
    }
  }
};

// Numbers are counted from the first one, so that equal ones have exactly that mean.
template <class T>
struct Reduce<Moments<T>> {
  using State = typename Moments<T>::State;

  static State row(const T* x, std::size_t n) {
    if (n == 0) return Moments<T>::none;
    const double first = static_cast<double>(x[0]), count = static_cast<double>(n);
    const double sum = fold(
        x, n, 0.0, [first](auto s, auto v) { return s + (v - first); }, add);
    const double mean = first + sum / count;
    const double squares = fold(
        x, n, 0.0,
        [mean](auto s, auto v) {
          const auto distance = v - mean;
          return s + distance * distance;
        },
        add);
    return {count, mean, squares};
  }
  static void columns(const T* x, std::size_t stride, std::size_t rows, std::size_t columns,
                      State* states) {
    const double count = static_cast<double>(rows);
    double first[most_columns], mean[most_columns], squares[most_columns];
    for (std::size_t c = 0; c < columns; ++c) first[c] = static_cast<double>(x[c]);
    fold_columns(
        x, stride, rows, columns, 0.0, mean,
        [&first](double s, auto v, std::size_t c) { return s + (v - first[c]); }, add);
    for (std::size_t c = 0; c < columns; ++c) mean[c] = first[c] + mean[c] / count;
    fold_columns(
        x, stride, rows, columns, 0.0, squares,
        [&mean](double s, auto v, std::size_t c) {
          const double distance = v - mean[c];
          return s + distance * distance;
        },
        add);
    for (std::size_t c = 0; c < columns; ++c) states[c] = {count, mean[c], squares[c]};
  }
};

// First which number it is, then where: NaN is found only where NaN was chosen.
template <template <class> class Best, class T>
struct Reduce<First<Best, T>> {
  using State = typename First<Best, T>::State;

  static State row(const T* x, std::size_t n) {
    constexpr std::size_t block = 64;
    const T best = Reduce<Best<T>>::row(x, n);
    const auto is = [best](T v) { return int(v == best) | int(v != v); };
    std::size_t i = 0;
    for (; i + block <= n; i += block) {
      int any = 0;
      for (std::size_t j = i; j < i + block; ++j) any |= is(x[j]);
      if (any != 0) break;
    }
    while (i < n && is(x[i]) == 0) ++i;
    return {best, i};
  }
  static void columns(const T* x, std::size_t stride, std::size_t rows, std::size_t columns,
                      State* states) {
    using Index = std::conditional_t<sizeof(T) == 4, int, long long>;
    T best[most_columns];
    Index index[most_columns] = {};
    Reduce<Best<T>>::columns(x, stride, rows, columns, best);
    for (std::size_t y = rows; y-- > 0;)
      for (std::size_t c = 0; c < columns; ++c) {
        const T v = x[y * stride + c];
        index[c] = (int(v == best[c]) | int(v != v)) != 0 ? static_cast<Index>(y) : index[c];
      }
    for (std::size_t c = 0; c < columns; ++c)
      states[c] = {best[c], static_cast<std::size_t>(index[c])};
  }
};

}  // namespace

template <class Op>
void reduce_rows(const typename Op::Number* tile, std::size_t stride, std::size_t rows,
                 std::size_t columns, typename Op::State* states) {
  for (std::size_t y = 0; y < rows; ++y) states[y] = Reduce<Op>::row(tile + y * stride, columns);
}

template <class Op>
void reduce_columns(const typename Op::Number* tile, std::size_t stride, std::size_t rows,
                    std::size_t columns, typename Op::State* states) {
  for (std::size_t c = 0; c < columns; c += most_columns)
    Reduce<Op>::columns(tile + c, stride, rows,
                        columns - c < most_columns ? columns - c : most_columns, states + c);
}

#define TINE_REDUCE(...)                                                                          \
  template void reduce_rows<__VA_ARGS__>(const typename __VA_ARGS__::Number*, std::size_t,        \
                                         std::size_t, std::size_t, typename __VA_ARGS__::State*); \
  template void reduce_columns<__VA_ARGS__>(const typename __VA_ARGS__::Number*, std::size_t,     \
                                            std::size_t, std::size_t,                             \
                                            typename __VA_ARGS__::State*);
TINE_REDUCTIONS(TINE_REDUCE)
#undef TINE_REDUCE

}  // namespace tine::matrix::TINE_ISA_NAMESPACE
