// The two steps of an iteration of a mixture.
#pragma once

#include <vector>

#include <tine/mining/mixture.hpp>

#include "aggregate/two_fold.hpp"

namespace tine::mining {

/// The log likelihood of all samples in two parts; then, of each component, how many samples belong to it, their
/// differences from its mean, and the products of these. Samples belong to components by their densities, or where
/// `labels` are given, by those.
std::vector<TwoFold> mixture_moments(const PoolWith& on, const Samples& samples,
                                     const Mixture& mixture, const Array<std::uint32_t>& labels);

/// Makes it the mixture that is most likely for such sums, which are of differences from the means that it had.
void maximise(const std::vector<TwoFold>& sums, double regularisation, Mixture& mixture);

}  // namespace tine::mining
