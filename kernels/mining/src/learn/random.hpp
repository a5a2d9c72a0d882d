// Random draws. std::mt19937_64 gives the same numbers with every standard library, but the distributions of
// <random> do not: these do. They are made in the master, so that they do not depend on workers.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>

namespace tine::mining {

using Random = std::mt19937_64;

/// One of the 2^53 multiples of 2^-53 in [0, 1).
inline double uniform(Random& random) {
  return static_cast<double>(random() >> 11) * 0x1p-53;
}

/// One of 0, ..., n - 1, all of which are as likely; n must not be 0.
inline std::uint64_t index_below(Random& random, std::uint64_t n) {
  const std::uint64_t uneven =
      (std::uint64_t{0} - n) % n;  // 2^64 modulo n: so many draws are refused
  std::uint64_t draw;
  do draw = random();
  while (draw < uneven);
  return draw % n;
}

/// Of mean 0 and variance 1, by the polar method (G. Marsaglia, T. Bray, A convenient method for generating
/// normal variables, SIAM Review 6, 1964). A draw is the same but for what libraries of mathematics make of the
/// last bit of a logarithm.
inline double normal(Random& random) {
  double x, square;
  do {
    x = 2 * uniform(random) - 1;
    const double y = 2 * uniform(random) - 1;
    square = x * x + y * y;
  } while (square >= 1 || square == 0);
  return x * std::sqrt(-2 * std::log(square) / square);
}

}  // namespace tine::mining
