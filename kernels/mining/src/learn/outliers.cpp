#include "outliers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <tine/transform.hpp>

namespace tine::mining {

void check_threshold(const std::optional<double>& threshold,
                     const std::optional<double>& contamination) {
  if (threshold && contamination)
    throw InvalidArgument(
        "tine: outliers: either a threshold or a contamination is given, not both");
  if (threshold && !std::isfinite(*threshold))
    throw InvalidArgument("tine: outliers: the threshold must be a finite number");
  if (contamination && !(*contamination > 0 && *contamination <= 0.5))
    throw InvalidArgument("tine: outliers: the contamination is " + std::to_string(*contamination) +
                          ", but it must be above 0 and at most 0.5");
}

double threshold_of(const Array<double>& scores, double contamination) {
  std::vector<double> values(scores.begin(), scores.end());
  for (double& value : values) value = std::min(value, std::numeric_limits<double>::max());
  const double place = (1 - contamination) * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), at, values.end());
  if (at + 1 == values.end()) return *at;
  return std::lerp(*at, *std::min_element(at + 1, values.end()),
                   place - static_cast<double>(below));
}

Array<std::uint8_t> above(const PoolWith& on, const Array<double>& scores, double threshold) {
  auto result = on.pool.array<std::uint8_t>(scores.size());
  transform(on, in(scores), out(result),
            [threshold](double score) { return static_cast<std::uint8_t>(score > threshold); });
  return result;
}

}  // namespace tine::mining
