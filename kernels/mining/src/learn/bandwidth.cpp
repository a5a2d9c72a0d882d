#include "bandwidth.hpp"

#include <cmath>
#include <numbers>

#include <tine/mining/density.hpp>

#include "aggregate/two_fold.hpp"
#include "density_sum.hpp"
#include "model_text.hpp"

namespace tine::mining {

namespace {

/// Standard deviation of a feature, by two passes.
double deviation(const Samples& samples, std::size_t feature) {
  const double n = static_cast<double>(samples.size());
  const View<const double, 2> x = samples.x.view();
  bool same = true;  // then the mean may be another in its last bits
  for (std::size_t i = 0; i < samples.size(); ++i) same &= x(i, feature) == x(0, feature);
  if (same) return 0;
  TwoFold sum, squares;
  for (std::size_t i = 0; i < samples.size(); ++i) accumulate(sum, x(i, feature));
  const TwoFold mean = normalised(sum) / n;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double off = (x(i, feature) - mean.high) - mean.low;
    accumulate(squares, off * off);
  }
  return std::sqrt(normalised(squares).high / (n - 1));
}

/// How many times wider than a Gaussian a cube smoothes as much: the ratio of their canonical bandwidths, each
/// (R / m^2)^(1 / (d + 4)) with the integral R of the kernel's square and its variance m; of sides, not halves.
double wider(Kde::Kernel kernel, double d) {
  if (kernel == Kde::Kernel::gaussian) return 1;
  const double cube = std::pow(0.5, d) * 9;
  const double gaussian = std::pow(2 * std::sqrt(std::numbers::pi), -d);
  return 2 * std::pow(cube / gaussian, 1 / (d + 4));
}

}  // namespace

bool is_bandwidth(double h) {
  return h > 0 && std::isnormal(h);
}

std::vector<double> checked_bandwidth(const std::vector<double>& bandwidth,
                                      std::size_t dimensions) {
  if (bandwidth.size() != 1 && bandwidth.size() != dimensions)
    throw InvalidArgument("tine: there are " + std::to_string(bandwidth.size()) +
                          " bandwidths for " + std::to_string(dimensions) +
                          " features: there should be one for all or one for each");
  for (const double h : bandwidth)
    if (!is_bandwidth(h))
      throw InvalidArgument("tine: a bandwidth is a positive number, not " + std::to_string(h));
  return bandwidth.size() == dimensions ? bandwidth : std::vector<double>(dimensions, bandwidth[0]);
}

std::vector<double> rule_bandwidth(const PoolWith& on, const Samples& samples, BandwidthRule rule,
                                   Kde::Kernel kernel) {
  check_samples(on, samples, 2);
  const double n = static_cast<double>(samples.size());
  const double d = static_cast<double>(samples.dimensions());
  const double factor =
      wider(kernel, d) * std::pow(rule == BandwidthRule::scott ? n : n * (d + 2) / 4, -1 / (d + 4));
  std::vector<double> result;
  for (std::size_t k = 0; k < samples.dimensions(); ++k) {
    result.push_back(deviation(samples, k) * factor);
    if (!is_bandwidth(result.back()))
      throw SampleError("tine: no rule gives a bandwidth for " + samples.features[k].name +
                        (result.back() == 0 ? ", which is the same in all samples"
                                            : ", whose values are too far apart") +
                        ": give one, or leave it out");
  }
  return result;
}

BandwidthChoice choose_bandwidth(const PoolWith& on, const Samples& samples,
                                 const BandwidthSearch& search) {
  check_samples(on, samples, 2);
  if (search.candidates.empty())
    throw InvalidArgument("tine: there are no bandwidths to choose from");
  const std::size_t n = samples.size(), folds = search.folds == 0 ? n : search.folds;
  if (folds < 2 || folds > n)
    throw InvalidArgument("tine: " + std::to_string(n) + " samples cannot be cut into " +
                          std::to_string(folds) + " folds: there should be 2 to " +
                          std::to_string(n));
  std::vector<std::vector<double>> candidates;
  for (const auto& candidate : search.candidates)
    candidates.push_back(checked_bandwidth(candidate, samples.dimensions()));

  PoolWith telling(on);
  if (search.progress)
    telling.policy.progress = [&](const Progress& all) { search.progress(all.done, all.slices); };
  JobSequence jobs(telling, candidates.size() * density_slices(n, n));
  BandwidthChoice choice;
  for (const auto& candidate : candidates) {
    const Densities found = densities(jobs, on.pool, search.kernel, candidate, samples.x.view(),
                                      samples.x.view(), folds);
    TwoFold sum;
    for (const double log_density : found.log_density) accumulate(sum, log_density);
    choice.log_likelihood.push_back(normalised(sum).high);
    if (choice.log_likelihood.back() > choice.log_likelihood[choice.index])
      choice.index = choice.log_likelihood.size() - 1;
  }
  jobs.finish();
  if (!std::isfinite(choice.log_likelihood[choice.index]))
    throw SampleError(
        "tine: of each of these bandwidths, some sample is too far from all others: give wider "
        "ones");
  choice.bandwidth = search.candidates[choice.index];
  return choice;
}

std::vector<std::vector<double>> bandwidth_range(const std::vector<double>& bandwidth, double least,
                                                 double most, std::size_t count) {
  std::vector<std::vector<double>> result(count, bandwidth);
  for (std::size_t i = 0; i < count; ++i)
    for (double& h : result[i])
      h *= least * (count == 1 ? 1
                               : std::pow(most / least,
                                          static_cast<double>(i) / static_cast<double>(count - 1)));
  return result;
}

}  // namespace tine::mining
