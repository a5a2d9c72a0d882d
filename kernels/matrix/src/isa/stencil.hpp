// Stencils on a line, for whatever instructions the compiler may use here.
#include "stencil_line.hpp"

namespace tine::matrix::TINE_ISA_NAMESPACE {

namespace {

// Calls put(i, sum) for each cell. The cells at the ends have neighbours elsewhere.
template <bool volume, class T, class Put>
[[gnu::always_inline]] inline void for_cells(const Coefficients<T>& coefficients,
                                             const StencilLine<T>& line, Put put) {
  const Coefficients<T> c = coefficients;
  const T *const centre = line.centre, *const before = line.before, *const after = line.after,
                 *const up = line.up, *const down = line.down;
  const std::size_t last = line.count - 1;
  const auto sum = [=](std::size_t i, T left, T right) {
    T s = c.centre * centre[i] + c.left * left + c.right * right + c.before * before[i] +
          c.after * after[i];
    if constexpr (volume) s += c.up * up[i] + c.down * down[i];
    return s;
  };
  put(0, sum(0, line.left, last == 0 ? line.right : centre[1]));
#pragma GCC ivdep
  for (std::size_t i = 1; i < last; ++i) put(i, sum(i, centre[i - 1], centre[i + 1]));
  if (last > 0) put(last, sum(last, centre[last - 1], line.right));
}

template <class T, class Put>
[[gnu::always_inline]] inline void for_cells_of(const Coefficients<T>& c,
                                                const StencilLine<T>& line, Put put) {
  if (line.up != nullptr)
    for_cells<true>(c, line, put);
  else
    for_cells<false>(c, line, put);
}

}  // namespace

template <class T>
void apply(const Coefficients<T>& c, const StencilLine<T>& line, T* to) {
  for_cells_of(c, line, [to](std::size_t i, T sum) { to[i] = sum; });
}

template <class T>
void relax(const Coefficients<T>& c, const StencilLine<T>& line, const T* b, T inverse, T* to) {
  for_cells_of(c, line, [to, b, inverse, centre = line.centre](std::size_t i, T sum) {
    to[i] = centre[i] + (b[i] - sum) * inverse;
  });
}

#define TINE_STENCIL(T)                                                   \
  template void apply(const Coefficients<T>&, const StencilLine<T>&, T*); \
  template void relax(const Coefficients<T>&, const StencilLine<T>&, const T*, T, T*);
TINE_STENCIL(float)
TINE_STENCIL(double)
#undef TINE_STENCIL

}  // namespace tine::matrix::TINE_ISA_NAMESPACE
