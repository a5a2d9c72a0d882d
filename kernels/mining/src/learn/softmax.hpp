// Probabilities from their logarithms.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

namespace tine::mining {

/// Turns logarithms of weights (at least one) into parts of their sum, and returns the logarithm of that.
inline double softmax(std::span<double> weights) {
  const double largest = *std::ranges::max_element(weights);
  double sum = 0;
  for (double& w : weights) sum += w = std::exp(w - largest);
  for (double& w : weights) w /= sum;
  return largest + std::log(sum);
}

/// The first of the largest.
inline std::uint32_t argmax(std::span<const double> values) {
  return static_cast<std::uint32_t>(std::ranges::max_element(values) - values.begin());
}

}  // namespace tine::mining
