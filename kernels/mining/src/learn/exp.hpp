// e^x of many numbers.
#pragma once

#include <span>

namespace tine::mining {

/// Each of `to` becomes e^x of its x: within 2 units in the last place, subnormal results included; 0, infinity
/// and NaN where they are right. `to` is as long as `x`, and may be the same.
void exp(std::span<const double> x, std::span<double> to);

}  // namespace tine::mining
