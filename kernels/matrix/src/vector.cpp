#include <tine/matrix/vector.hpp>

#include <span>

#include <tine/for_each_slice.hpp>
#include <tine/reduce.hpp>

#include "shared_operands.hpp"

namespace tine::matrix::detail {

namespace {

template <class T>
Operand<T> as_column(const Operand<T>& v) {
  return v.columns != 1 && v.rows == 1 ? v.transposed() : v;
}
template <class T, class U>
void check_pair(const Operand<T>& x, const Operand<U>& y, std::string_view function) {
  if (x.columns != 1 || y.columns != 1 || x.rows != y.rows)
    refuse(function, "the vectors are " + shape(x) + " and " + shape(y) +
                         ", but should be of the same length");
}

// Products are taken in double precision, in which those of floats are exact. Conjugating changes the sign
// of an imaginary part.
struct Signs {
  double x = 1, y = 1;
};
template <class T>
struct Products {
  using Sum = double;
  static double of(T x, T y, Signs) { return static_cast<double>(x) * static_cast<double>(y); }
};
template <class R>
struct Products<std::complex<R>> {
  struct Sum {
    double real, imaginary;
    friend Sum operator+(Sum a, Sum b) { return {a.real + b.real, a.imaginary + b.imaginary}; }
  };
  static Sum of(std::complex<R> x, std::complex<R> y, Signs signs) {
    const double xr = static_cast<double>(x.real()), yr = static_cast<double>(y.real());
    const double xi = signs.x * static_cast<double>(x.imag());
    const double yi = signs.y * static_cast<double>(y.imag());
    return {xr * yr - xi * yi, xr * yi + xi * yr};
  }
};

// In a tree of blocks, of which four are read at once: of each page the first lines come late.
template <class T>
typename Products<T>::Sum dot_of(const T* x, std::size_t x_step, const T* y, std::size_t y_step,
                                 std::size_t n, Signs signs) {
  using Sum = typename Products<T>::Sum;
  constexpr std::size_t block = 16384 / sizeof(T), lanes = 8, places = 4;
  if (n > block) {
    const std::size_t half = (n / 2 + block - 1) / block * block;
    return dot_of(x, x_step, y, y_step, half, signs) +
           dot_of(x + half * x_step, x_step, y + half * y_step, y_step, n - half, signs);
  }
  Sum lane[places * lanes]{};
  const std::size_t quarter = n / (places * lanes) * lanes;
  if (x_step == 1 && y_step == 1) {
    for (std::size_t i = 0; i < quarter; i += lanes)
      for (std::size_t p = 0; p < places; ++p)
        for (std::size_t l = 0; l < lanes; ++l) {
          const std::size_t at = p * quarter + i + l;
          lane[p * lanes + l] = lane[p * lanes + l] + Products<T>::of(x[at], y[at], signs);
        }
  } else {
    for (std::size_t i = 0; i < quarter * places; ++i)
      lane[i % lanes] = lane[i % lanes] + Products<T>::of(x[i * x_step], y[i * y_step], signs);
  }
  for (std::size_t width = places * lanes / 2; width > 0; width /= 2)
    for (std::size_t l = 0; l < width; ++l) lane[l] = lane[l] + lane[l + width];
  for (std::size_t i = quarter * places; i < n; ++i)
    lane[0] = lane[0] + Products<T>::of(x[i * x_step], y[i * y_step], signs);
  return lane[0];
}

template <class T>
struct Scaling {
  T alpha;
  bool conjugate;
};

}  // namespace

template <class T>
Report axpy(const PoolWith& on, T alpha, Operand<const T> x, Operand<T> y) {
  x = as_column(x);
  y = as_column(y);
  check_pair(x, y, "axpy");
  check_output(y, "axpy");
  if (y.empty()) return {};
  SharedOutput<T> result(on.pool, y, true);
  const SharedInput<T> input(on.pool, x);
  const auto scaling = share_one(on.pool, Scaling<T>{alpha, x.conjugate});
  const Report report = for_each_slice(
      on, slices(y.rows, 0, sizeof(T)),
      [](const Slice&, const View<T, 2>& changed, const View<const T, 2>& added,
         std::span<const Scaling<T>> how) {
        const T a = how[0].alpha, *from = added.data();
        T* sum = changed.data();
        const std::size_t n = changed.extent(0), from_step = added.stride(0),
                          step = changed.stride(0);
        if constexpr (!std::is_floating_point_v<T>) {
          for (std::size_t i = 0; i < n; ++i) {
            const T value = how[0].conjugate ? std::conj(from[i * from_step]) : from[i * from_step];
            sum[i * step] += T(a.real() * value.real() - a.imag() * value.imag(),
                               a.real() * value.imag() + a.imag() * value.real());
          }
        } else if (step == 1 && from_step == 1) {
          for (std::size_t i = 0; i < n; ++i) sum[i] += a * from[i];
        } else {
          for (std::size_t i = 0; i < n; ++i) sum[i * step] += a * from[i * from_step];
        }
      },
      tine::inout(result.view()), tine::in(input.view()), tine::whole(scaling));
  result.finish();
  return report;
}

template <class T>
T dot(const PoolWith& on, Operand<const T> x, Operand<const T> y) {
  using Sum = typename Products<T>::Sum;
  x = as_column(x);
  y = as_column(y);
  check_pair(x, y, "dot");
  if (x.empty()) return 0;
  const SharedInput<T> left(on.pool, x), right(on.pool, y);
  const auto signs = share_one(on.pool, Signs{x.conjugate ? -1.0 : 1.0, y.conjugate ? -1.0 : 1.0});
  const Sum sum = reduce_slices(
      on, slices(x.rows, 32768), Sum{}, [](Sum a, Sum b) { return a + b; },
      [](const Slice&, const View<const T, 2>& a, const View<const T, 2>& b,
         std::span<const Signs> how) {
        return dot_of(a.data(), a.stride(0), b.data(), b.stride(0), a.extent(0), how[0]);
      },
      tine::in(left.view()), tine::in(right.view()), tine::whole(signs));
  if constexpr (std::is_floating_point_v<T>)
    return static_cast<T>(sum);
  else
    return {static_cast<typename T::value_type>(sum.real),
            static_cast<typename T::value_type>(sum.imaginary)};
}

#define TINE_MATRIX_VECTORS(T)                                            \
  template Report axpy(const PoolWith&, T, Operand<const T>, Operand<T>); \
  template T dot(const PoolWith&, Operand<const T>, Operand<const T>);
TINE_MATRIX_VECTORS(float)
TINE_MATRIX_VECTORS(double)
TINE_MATRIX_VECTORS(std::complex<float>)
TINE_MATRIX_VECTORS(std::complex<double>)
#undef TINE_MATRIX_VECTORS

}  // namespace tine::matrix::detail
