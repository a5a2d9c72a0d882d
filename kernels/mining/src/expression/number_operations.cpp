// Numbers, value by value, and the least and greatest of all kinds.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "overflow.hpp"

namespace tine::mining {

namespace {

using Int = std::int64_t;

template <double (*f)(double)>
void each(Call& call) {
  const double* const x = call.arguments[0].as<double>();
  double* const r = call.result<double>();
  for (std::size_t i = 0; i < call.rows; ++i) r[i] = f(x[i]);
}
template <double (*f)(double, double)>
void each(Call& call) {
  const Argument &x = call.arguments[0], &y = call.arguments[1];
  for (std::size_t i = 0; i < call.rows; ++i)
    call.result<double>()[i] = f(x.at<double>(i), y.at<double>(i));
}

// ---- quotients and remainders as Python has them: rounded towards the floor, with the divisor's sign

template <bool remainder>
void divide_integers(Call& call) {
  const Argument &x = call.arguments[0], &y = call.arguments[1];
  for (std::size_t i = 0; i < call.rows; ++i) {
    const Int a = x.at<Int>(i), b = y.at<Int>(i);
    Int& r = call.result<Int>()[i];
    if (b == 0) {
      call.own_nulls()[i] = 1;
      r = 0;
    } else if (b == -1) {
      if (__builtin_sub_overflow(Int{0}, a, &r) && !remainder && !call.is_null(i))
        throw_overflow("//", a, b);
      if (remainder) r = 0;
    } else {
      const Int rest = a % b;
      const bool down = rest != 0 && (rest < 0) != (b < 0);
      r = remainder ? rest + (down ? b : 0) : a / b - down;
    }
  }
}
double floored_remainder(double a, double b) {
  const double rest = std::fmod(a, b);
  if (rest == 0) return std::copysign(0.0, b);
  return (rest < 0) != (b < 0) ? rest + b : rest;
}
double floored_quotient(double a, double b) {
  if (b == 0) return a / b;
  const double rest = std::fmod(a, b);
  double quotient = (a - rest) / b;  // nearly an integer
  if (rest != 0 && (rest < 0) != (b < 0)) quotient -= 1;
  return quotient == 0 ? std::copysign(0.0, a / b) : std::rint(quotient);
}

// ---- one argument

template <bool only_negative>
void negate(Call& call) {
  const Int* const x = call.arguments[0].as<Int>();
  for (std::size_t i = 0; i < call.rows; ++i) {
    Int& r = call.result<Int>()[i] = x[i];
    if (only_negative && x[i] >= 0) continue;
    if (__builtin_sub_overflow(Int{0}, x[i], &r) && !call.is_null(i)) throw_overflow("-", 0, x[i]);
  }
}
double sign(double x) {
  return x > 0 ? 1 : x < 0 ? -1 : x;  // NaN and zeros are their own
}
void sign_of_integers(Call& call) {
  const Int* const x = call.arguments[0].as<Int>();
  for (std::size_t i = 0; i < call.rows; ++i) call.result<Int>()[i] = (x[i] > 0) - (x[i] < 0);
}
void is_nan(Call& call) {
  const double* const x = call.arguments[0].as<double>();
  for (std::size_t i = 0; i < call.rows; ++i) call.result<std::uint8_t>()[i] = x[i] != x[i];
}
void is_finite(Call& call) {
  const double* const x = call.arguments[0].as<double>();
  for (std::size_t i = 0; i < call.rows; ++i)
    call.result<std::uint8_t>()[i] = std::fabs(x[i]) <= std::numeric_limits<double>::max();
}

/// As numpy's: halves go to the even neighbour.
struct RoundTo {
  explicit RoundTo(Int digits_) : digits(std::clamp(digits_, Int{-400}, Int{400})) {
    scale = std::pow(10.0, static_cast<double>(std::abs(digits)));
  }
  double operator()(double x) const {
    if (digits < 0 && std::isfinite(x))
      return std::isinf(scale) ? std::copysign(0.0, x) : std::rint(x / scale) * scale;
    const double scaled = x * scale;
    return std::isfinite(scaled) ? std::rint(scaled) / scale : x;
  }
  Int digits;
  double scale;
};
void round_to_digits(Call& call) {
  const Argument &x = call.arguments[0], &digits = call.arguments[1];
  RoundTo round_to(digits.at<Int>(0));
  for (std::size_t i = 0; i < call.rows; ++i) {
    if (!digits.constant) round_to = RoundTo(digits.at<Int>(i));
    call.result<double>()[i] = round_to(x.at<double>(i));
  }
}

/// The second where it precedes the first. NaN wins.
template <class T, bool greatest>
void extreme(Call& call) {
  const Argument &x = call.arguments[0], &y = call.arguments[1];
  for (std::size_t i = 0; i < call.rows; ++i) {
    const T &a = x.at<T>(i), &b = y.at<T>(i);
    call.result<T>()[i] = (greatest ? a < b : b < a) || b != b ? b : a;
  }
}

double absolute(double x) {
  return std::fabs(x);
}
double root(double x) {
  return std::sqrt(x);
}
double down(double x) {
  return std::floor(x);
}
double up(double x) {
  return std::ceil(x);
}
double to_nearest(double x) {
  return std::rint(x);
}
double power(double x, double y) {
  return std::pow(x, y);
}
double exponential(double x) {
  return std::exp(x);
}
double natural_logarithm(double x) {
  return std::log(x);
}
double logarithm_10(double x) {
  return std::log10(x);
}
double logarithm_2(double x) {
  return std::log2(x);
}
double sine(double x) {
  return std::sin(x);
}
double cosine(double x) {
  return std::cos(x);
}
double tangent(double x) {
  return std::tan(x);
}

constexpr Operation all[] = {
    {"//", "ii", 'i', divide_integers<false>},
    {"//", "ff", 'f', each<floored_quotient>},
    {"%", "ii", 'i', divide_integers<true>},
    {"%", "ff", 'f', each<floored_remainder>},
    {"-", "i", 'i', negate<false>},
    {"abs", "i", 'i', negate<true>},
    {"abs", "f", 'f', each<absolute>},
    {"ceil", "i", 'i'},
    {"ceil", "f", 'f', each<up>},
    {"cos", "f", 'f', each<cosine>},
    {"exp", "f", 'f', each<exponential>},
    {"floor", "i", 'i'},
    {"floor", "f", 'f', each<down>},
    {"greatest", "ii", 'i', extreme<Int, true>},
    {"greatest", "ff", 'f', extreme<double, true>},
    {"greatest", "dd", 'd', extreme<Int, true>},
    {"greatest", "tt", 't', extreme<Int, true>},
    {"greatest", "ss", 's', extreme<std::string_view, true>},
    {"is_finite", "f", 'b', is_finite},
    {"is_nan", "f", 'b', is_nan},
    {"least", "ii", 'i', extreme<Int, false>},
    {"least", "ff", 'f', extreme<double, false>},
    {"least", "dd", 'd', extreme<Int, false>},
    {"least", "tt", 't', extreme<Int, false>},
    {"least", "ss", 's', extreme<std::string_view, false>},
    {"ln", "f", 'f', each<natural_logarithm>},
    {"log10", "f", 'f', each<logarithm_10>},
    {"log2", "f", 'f', each<logarithm_2>},
    {"pow", "ff", 'f', each<power>},
    {"round", "i", 'i'},
    {"round", "f", 'f', each<to_nearest>},
    {"round", "fi", 'f', round_to_digits},
    {"sign", "i", 'i', sign_of_integers},
    {"sign", "f", 'f', each<sign>},
    {"sin", "f", 'f', each<sine>},
    {"sqrt", "f", 'f', each<root>},
    {"tan", "f", 'f', each<tangent>},
};

}  // namespace

std::span<const Operation> number_operations() {
  return all;
}

}  // namespace tine::mining
