// Sums as if in twice the digits of a double (T. Ogita, S. Rump, S. Oishi, Accurate sum and dot product,
// SIAM J. Sci. Comput. 26, 2005; M. Joldes, J.-M. Muller, V. Popescu, Tight and rigorous error bounds
// for basic building blocks of double-word arithmetic, ACM TOMS 44, 2017).
//
// Without fused operations, so that all instruction sets give the same bits. Where `high` is not finite,
// `low` may be anything: it is left out at the end.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace tine::mining {

struct TwoFold {
  double high = 0, low = 0;
};

/// a + b, and what is lost by rounding it (D. Knuth). Of doubles, or of vectors of them.
template <class T>
struct Rounded {
  T value, lost;
};
template <class T>
Rounded<T> rounded_sum(const T& a, const T& b) {
  const T sum = a + b, of_b = sum - a;
  return {sum, (a - (sum - of_b)) + (b - of_b)};
}
inline TwoFold two_sum(double a, double b) {
  const auto [sum, lost] = rounded_sum(a, b);
  return {sum, lost};
}

/// a * b, and what is lost by rounding it, but for 2^-106 of it. Halves are cut by their bits, since
/// the usual way, a multiplication, overflows.
inline TwoFold two_product(double a, double b) {
  constexpr std::uint64_t upper = ~std::uint64_t{0} << 27;
  const double a1 = std::bit_cast<double>(std::bit_cast<std::uint64_t>(a) & upper), a2 = a - a1;
  const double b1 = std::bit_cast<double>(std::bit_cast<std::uint64_t>(b) & upper), b2 = b - b1;
  const double product = a * b;
  return {product, (((a1 * b1 - product) + a1 * b2) + a2 * b1) + a2 * b2};
}

/// One more term of a long sum; `low` gathers what was lost.
inline void accumulate(TwoFold& sum, double term) {
  const TwoFold s = two_sum(sum.high, term);
  sum.high = s.high;
  sum.low += s.low;
}
inline void accumulate(TwoFold& sum, const TwoFold& term) {
  accumulate(sum, term.high);
  sum.low += term.low;
}

/// With `high` the double that is nearest to the sum.
inline TwoFold normalised(const TwoFold& x) {
  if (!std::isfinite(x.high)) return {x.high, 0};
  return two_sum(x.high, x.low);
}

// Of what is normalised, and so is what they give.
inline TwoFold operator+(const TwoFold& a, const TwoFold& b) {
  const TwoFold high = two_sum(a.high, b.high), low = two_sum(a.low, b.low);
  const TwoFold sum = normalised({high.high, high.low + low.high});
  return normalised({sum.high, sum.low + low.low});
}
inline TwoFold operator-(const TwoFold& x) {
  return {-x.high, -x.low};
}
inline TwoFold operator-(const TwoFold& a, const TwoFold& b) {
  return a + -b;
}
inline TwoFold operator*(const TwoFold& a, const TwoFold& b) {
  const TwoFold high = two_product(a.high, b.high);
  return normalised({high.high, high.low + (a.high * b.low + a.low * b.high)});
}
inline TwoFold operator/(const TwoFold& a, double b) {
  const double quotient = a.high / b;
  if (!std::isfinite(quotient)) return {quotient, 0};
  const TwoFold rest = a - two_product(quotient, b);
  return normalised({quotient, rest.high / b});
}

/// The same for two sums at once, which must not be the same one.
inline void accumulate(TwoFold& a, TwoFold& b, const double* terms) {
  using Two = double __attribute__((vector_size(16)));
  static_assert(sizeof(TwoFold) == sizeof(Two));
  Two x, y, both;
  std::memcpy(&x, &a, sizeof x);
  std::memcpy(&y, &b, sizeof y);
  std::memcpy(&both, terms, sizeof both);
  const Two high = __builtin_shufflevector(x, y, 0, 2), low = __builtin_shufflevector(x, y, 1, 3);
  const auto [sum, lost] = rounded_sum(high, both);
  const Two rest = low + lost;
  x = __builtin_shufflevector(sum, rest, 0, 2);
  y = __builtin_shufflevector(sum, rest, 1, 3);
  std::memcpy(&a.high, &x, sizeof x);
  std::memcpy(&b.high, &y, sizeof y);
}

/// A long sum in a fixed number of interleaved ones, whatever the width of a processor's vectors.
class Lanes {
 public:
  template <class Term>
  void add(std::size_t terms, Term term) {
    std::size_t i = 0;
    for (; i + count <= terms; i += count)
      for (std::size_t lane = 0; lane < count; ++lane) add_one(lane, term(i + lane));
    for (std::size_t lane = 0; i < terms; ++i, ++lane) add_one(lane, term(i));
  }
  TwoFold sum() const {
    TwoFold sum;
    for (std::size_t lane = 0; lane < count; ++lane)
      sum = sum + normalised({high_[lane], low_[lane]});
    return sum;
  }

 private:
  static constexpr std::size_t count = 8;
  void add_one(std::size_t lane, double term) {
    const TwoFold s = two_sum(high_[lane], term);
    high_[lane] = s.high;
    low_[lane] += s.low;
  }
  void add_one(std::size_t lane, const TwoFold& term) {
    add_one(lane, term.high);
    low_[lane] += term.low;
  }
  double high_[count] = {}, low_[count] = {};
};

}  // namespace tine::mining
