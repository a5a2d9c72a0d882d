// What all kinds of outliers have in common.
#pragma once

#include <optional>

#include <tine/mining/outliers.hpp>

namespace tine::mining {

/// Throws InvalidArgument for what is out of bounds, and where both are given.
void check_threshold(const std::optional<double>& threshold,
                     const std::optional<double>& contamination);

/// The score above which there is that part of the samples, interpolated as numpy.percentile does.
double threshold_of(const Array<double>& scores, double contamination);

/// Which scores are above the threshold.
Array<std::uint8_t> above(const PoolWith& on, const Array<double>& scores, double threshold);

}  // namespace tine::mining
