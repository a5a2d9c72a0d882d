// Bandwidths that are none.
#pragma once

#include <cstddef>
#include <vector>

namespace tine::mining {

/// Positive and finite, and not so small that dividing by it overflows.
bool is_bandwidth(double h);

/// One for each dimension, of one for all or one for each. Throws InvalidArgument.
std::vector<double> checked_bandwidth(const std::vector<double>& bandwidth, std::size_t dimensions);

}  // namespace tine::mining
