#include "secular.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tine::matrix {

namespace {

/// f = 1 / rho + sum z^2 / (d - x), in two sums: of those up to d[i], and of those beyond.
struct Value {
  double left = 0, right = 0, left_slope = 0, right_slope = 0;
  double offset;
  double f() const { return offset + left + right; }
  double size() const { return offset + std::abs(left) + std::abs(right); }
};

Value evaluate(const RankOneUpdate& u, std::size_t i, SecularRoot x) {
  const auto sum = [&](std::size_t begin, std::size_t end, double& value, double& slope) {
    const double *d = u.d.data(), *z = u.z.data();
    const double origin = d[x.origin];
    double s = 0, t = 0;
#pragma omp simd reduction(+ : s, t)
    for (std::size_t k = begin; k < end; ++k) {
      const double term = z[k] / ((d[k] - origin) - x.distance);
      s += z[k] * term;
      t += term * term;
    }
    value = s;
    slope = t;
  };
  Value v{.offset = 1 / u.rho};
  sum(0, i + 1, v.left, v.left_slope);
  sum(i + 1, u.d.size(), v.right, v.right_slope);
  return v;
}

/// The zero of c t^2 - a t + b that matters: the one that continues b / a.
double small_zero(double a, double b, double c) {
  const double root = std::sqrt(std::abs(a * a - 4 * b * c));
  return a <= 0 ? (a - root) / (2 * c) : 2 * b / (a + root);
}

}  // namespace

SecularRoot secular_root(const RankOneUpdate& u, std::size_t i) {
  const bool last = i + 1 == u.d.size();
  double norm = 0;
  for (const double z : u.z) norm += z * z;
  const double gap = last ? u.rho * norm : u.d[i + 1] - u.d[i];
  SecularRoot x{i, gap / 2};
  double low = 0, high = gap;
  Value v = evaluate(u, i, x);
  if (!last && v.f() < 0) {  // nearer to d[i + 1]
    x = {i + 1, -gap / 2};
    low = -gap / 2;
    high = 0;
  }
  constexpr double epsilon = std::numeric_limits<double>::epsilon();
  for (int step = 0; step < 200; ++step) {
    const double f = v.f();
    if (std::abs(f) <= epsilon * v.size()) break;
    (f < 0 ? low : high) = x.distance;
    const double to_left = (u.d[i] - u.d[x.origin]) - x.distance;
    double change;
    if (last) {
      const double c = f - v.left_slope * to_left;
      change = to_left + v.left_slope * to_left * to_left / c;
    } else {
      const double to_right = (u.d[i + 1] - u.d[x.origin]) - x.distance;
      const double slope = v.left_slope + v.right_slope;
      change =
          small_zero((to_left + to_right) * f - to_left * to_right * slope, to_left * to_right * f,
                     f - to_left * v.left_slope - to_right * v.right_slope);
    }
    double next = x.distance + change;
    if (!(next > low && next < high)) next = low + (high - low) / 2;
    if (next == x.distance || next == 0) break;
    x.distance = next;
    if (high - low <= epsilon * std::max(std::abs(low), std::abs(high))) break;
    v = evaluate(u, i, x);
  }
  return x;
}

double consistent_z(const RankOneUpdate& u, std::span<const SecularRoot> roots, std::size_t i) {
  const double* d = u.d.data();
  const double own = d[i];
  const auto product = [&](std::size_t begin, std::size_t end) {
    double result = 1;
#pragma omp simd reduction(* : result)
    for (std::size_t k = begin; k < end; ++k)
      result *= ((own - d[roots[k].origin]) - roots[k].distance) / (own - d[k]);
    return result;
  };
  const double square = -((own - d[roots[i].origin]) - roots[i].distance) * product(0, i) *
                        product(i + 1, u.d.size());
  return std::copysign(std::sqrt(std::max(square, 0.0)), u.z[i]);
}

}  // namespace tine::matrix
