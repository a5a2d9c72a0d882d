#include "learn/student_t.hpp"

#include <cmath>

namespace tine::mining {

namespace {

// The continued fraction of the incomplete beta function (NIST's Digital Library of Mathematical Functions,
// 8.17.22), from its front (W. Lentz, Applied Optics 15, 1976). It converges fast for x < (a + 1) / (a + b + 2).
double fraction(double x, double a, double b) {
  constexpr double tiny = 1e-300;
  const auto nonzero = [](double v) { return std::abs(v) < tiny ? tiny : v; };
  double c = 1, d = 1 / nonzero(1 - (a + b) * x / (a + 1)), value = d;
  for (int m = 1; m < 100'000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonzero(1 + even * d);
    c = nonzero(1 + even / c);
    value *= c * d;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonzero(1 + odd * d);
    c = nonzero(1 + odd / c);
    value *= c * d;
    if (std::abs(c * d - 1) < 1e-16) break;
  }
  return value;
}

// log Gamma(a) - log Gamma(a + 1/2), without the difference of large numbers.
double log_gamma_step(double a) {
  if (a < 100) return std::lgamma(a) - std::lgamma(a + 0.5);
  const double r = 1 / a, r2 = r * r;  // Stirling's series of the two
  return -0.5 * std::log(a) + r * (1.0 / 8 - r2 * (1.0 / 192 - r2 / 640));
}

}  // namespace

double two_sided_probability(double t, double degrees) {
  if (t == 0) return 1;
  if (!std::isfinite(t)) return 0;
  // The incomplete beta function of x = degrees / (degrees + t^2), a = degrees / 2, b = 1/2.
  const double a = degrees / 2, ratio = t / std::sqrt(degrees);
  const double x = 1 / (1 + ratio * ratio), y = ratio * ratio * x;
  const double log_factor =
      -a * std::log1p(ratio * ratio) + 0.5 * std::log(y) - log_gamma_step(a) - std::lgamma(0.5);
  const double factor = std::exp(log_factor);
  if (x < (a + 1) / (a + 2.5)) return factor * fraction(x, a, 0.5) / a;
  return 1 - factor * fraction(y, 0.5, a) / 0.5;
}

}  // namespace tine::mining
