#include <tine/matrix/statistics.hpp>

#include <cmath>
#include <string_view>

#include "reduce_lines.hpp"

namespace tine::matrix::detail {

namespace {

constexpr std::string_view names[] = {"sum", "mean", "product", "min", "max", "variance", "stddev"};

// What becomes of a state.
template <class T>
struct Itself {
  T operator()(double x, double) const { return static_cast<T>(x); }
};
template <class T>
struct OverCount {
  T operator()(double sum, double count) const { return static_cast<T>(sum / count); }
};
// `count` is of the elements that count: less ddof.
template <class T>
struct Variance {
  T operator()(const typename Moments<T>::State& m, double count) const {
    return count > 0 ? static_cast<T>(m.squares / count) : std::numeric_limits<T>::quiet_NaN();
  }
};
template <class T>
struct Deviation {
  T operator()(const typename Moments<T>::State& m, double count) const {
    return count > 0 ? static_cast<T>(std::sqrt(m.squares / count))
                     : std::numeric_limits<T>::quiet_NaN();
  }
};
struct Index {
  template <class S>
  std::size_t operator()(const S& found, double) const {
    return found.index;
  }
};

// Calls `with` with the reduction that is wanted and what becomes of its result.
template <class T, class F>
auto for_statistic(Statistic which, F with) {
  switch (which) {
    case Statistic::sum:
      return with(Sum<T>(), Itself<T>());
    case Statistic::mean:
      return with(Sum<T>(), OverCount<T>());
    case Statistic::product:
      return with(Product<T>(), Itself<T>());
    case Statistic::min:
      return with(Least<T>(), Itself<T>());
    case Statistic::max:
      return with(Greatest<T>(), Itself<T>());
    case Statistic::variance:
      return with(Moments<T>(), Variance<T>());
    default:
      return with(Moments<T>(), Deviation<T>());
  }
}

void refuse_none(std::size_t elements, std::string_view function) {
  if (elements == 0) refuse(function, "there are no elements to choose from");
}

template <class T, class F>
auto for_extreme(Extreme which, F with) {
  return which == Extreme::min ? with(FirstLeast<T>()) : with(FirstGreatest<T>());
}

}  // namespace

template <class T>
Report statistic(const PoolWith& on, Statistic which, Operand<const T> a, Per per,
                 Operand<T> result, std::size_t ddof) {
  const std::string_view name = names[static_cast<std::size_t>(which)];
  result = result_per(a, per, result, name);
  const std::size_t length = per == Per::row ? a.columns : a.rows;
  if (result.empty()) return {};
  if (which == Statistic::min || which == Statistic::max) refuse_none(length, name);
  const double count = static_cast<double>(length) - static_cast<double>(ddof);
  return for_statistic<T>(which, [&]<class Op, class Finish>(Op, Finish finish) {
    if (length > 0) return reduce_lines<Op, Finish>(on, a, per, result, count);
    for (std::size_t i = 0; i < result.rows; ++i)
      result.data[i * result.row_stride] = finish(Op::none, count);
    return Report();
  });
}

template <class T>
T statistic(const PoolWith& on, Statistic which, Operand<const T> a, std::size_t ddof) {
  const std::size_t elements = a.rows * a.columns;
  if (which == Statistic::min || which == Statistic::max)
    refuse_none(elements, names[static_cast<std::size_t>(which)]);
  return for_statistic<T>(which, [&]<class Op, class Finish>(Op, Finish finish) {
    return finish(reduce_all<Op>(on, a), static_cast<double>(elements) - static_cast<double>(ddof));
  });
}

template <class T>
Report position(const PoolWith& on, Extreme which, Operand<const T> a, Per per,
                Operand<std::size_t> result) {
  const std::string_view name = which == Extreme::min ? "argmin" : "argmax";
  result = result_per(a, per, result, name);
  if (result.empty()) return {};
  refuse_none(a.rows * a.columns, name);
  return for_extreme<T>(
      which, [&]<class Op>(Op) { return reduce_lines<Op, Index>(on, a, per, result, 1); });
}

template <class T>
Position position(const PoolWith& on, Extreme which, Operand<const T> a) {
  refuse_none(a.rows * a.columns, which == Extreme::min ? "argmin" : "argmax");
  return for_extreme<T>(which, [&]<class Op>(Op) {
    const std::size_t index = reduce_all<Op>(on, a).index;
    return Position{index / a.columns, index % a.columns};
  });
}

#define TINE_MATRIX_STATISTICS(T)                                                                  \
  template Report statistic(const PoolWith&, Statistic, Operand<const T>, Per, Operand<T>,         \
                            std::size_t);                                                          \
  template T statistic(const PoolWith&, Statistic, Operand<const T>, std::size_t);                 \
  template Report position(const PoolWith&, Extreme, Operand<const T>, Per, Operand<std::size_t>); \
  template Position position(const PoolWith&, Extreme, Operand<const T>);
TINE_MATRIX_STATISTICS(float)
TINE_MATRIX_STATISTICS(double)
#undef TINE_MATRIX_STATISTICS

}  // namespace tine::matrix::detail
