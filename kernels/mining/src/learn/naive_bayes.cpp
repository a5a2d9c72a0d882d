#include <tine/mining/naive_bayes.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "learn/classes.hpp"
#include "learn/slice_sums.hpp"
#include "learn/softmax.hpp"

namespace tine::mining {

namespace {

// Of each class and feature: the sum of differences from a centre, and of their squares.
std::vector<TwoFold> moments(const PoolWith& on, const Samples& samples,
                             const std::vector<double>& centres) {
  const std::size_t n = samples.size(), d = samples.dimensions(), size = centres.size();
  const auto shared = on.pool.array_from(centres);
  return slice_sums<TwoFold>(
      on, sample_slices(n, d, 4 * size), 2 * size,
      [d](const Slice& s, std::span<TwoFold> sum, const View<const double, 2>& x,
          std::span<const std::uint32_t> labels, std::span<const double> centre) {
        for (std::size_t i = s.begin; i < s.end; ++i)
          for (std::size_t j = 0; j < d; ++j) {
            const std::size_t at = labels[i] * d + j;
            const TwoFold difference = two_sum(x(i, j), -centre[at]);
            accumulate(sum[2 * at], difference);
            accumulate(sum[2 * at + 1], two_product(difference.high, difference.high));
            sum[2 * at + 1].low += 2 * difference.high * difference.low;
          }
      },
      whole(samples.x), whole(samples.labels), whole(shared));
}

struct ClassMoments {
  std::vector<double> means, variances;  // classes x features
  double largest_variance = 0;           // of a feature among all samples
};

// The first sample of each class: near enough to its mean for differences from it to keep all digits.
std::vector<double> first_of_classes(const Samples& samples) {
  const std::size_t d = samples.dimensions();
  std::vector<double> result(samples.classes.size() * d);
  for (std::size_t i = samples.size(); i-- > 0;)
    std::copy_n(&samples.x(i, 0), d, &result[samples.labels[i] * d]);
  return result;
}

ClassMoments class_moments(const PoolWith& on, const Samples& samples,
                           const std::vector<std::uint64_t>& counts) {
  const std::size_t d = samples.dimensions(), size = counts.size() * d;
  const std::vector<double> centres = first_of_classes(samples);
  const std::vector<TwoFold> sums = moments(on, samples, centres);
  const double n = static_cast<double>(samples.size());
  ClassMoments result;
  for (std::size_t at = 0; at < size; ++at) {
    const double in_class = static_cast<double>(counts[at / d]);
    const TwoFold moved = sums[2 * at] / in_class;
    result.means.push_back((TwoFold{centres[at]} + moved).high);
    result.variances.push_back(std::max(0.0, (sums[2 * at + 1] / in_class - moved * moved).high));
  }
  for (std::size_t j = 0; j < d; ++j) {
    const auto in_class = [&](std::size_t at) {
      return TwoFold{static_cast<double>(counts[at / d])};
    };
    TwoFold sum, squares;
    for (std::size_t at = j; at < size; at += d)
      sum = sum + sums[2 * at] + in_class(at) * TwoFold{centres[at]};
    const TwoFold mean = sum / n;
    for (std::size_t at = j; at < size; at += d) {
      const TwoFold away = TwoFold{centres[at]} - mean;
      squares = squares + sums[2 * at + 1] + away * sums[2 * at] * TwoFold{2} +
                in_class(at) * (away * away);
    }
    const double variance = (squares / n).high;
    if (!std::isfinite(variance))
      throw SampleError("tine: the squares of " + samples.features[j].name +
                        " are larger than numbers can be: give it in other units");
    result.largest_variance = std::max(result.largest_variance, variance);
  }
  return result;
}

// Of a normal distribution, in an order that makes the most of each number.
struct Normal {
  double mean, scale;  // of (x - mean) * scale, half the square counts against a class
};

// Of a class: the logarithm of its prior and of what its densities are divided by.
std::vector<double> offsets(const NaiveBayes& model) {
  const std::size_t d = model.features.size();
  std::vector<double> result;
  for (std::size_t k = 0; k < model.classes.size(); ++k) {
    double sum = std::log(model.priors[k]);
    for (std::size_t j = 0; j < d; ++j)
      sum -= 0.5 * std::log(2 * std::numbers::pi * model.variances[k * d + j]);
    result.push_back(sum);
  }
  return result;
}

std::vector<Normal> normals(const NaiveBayes& model) {
  std::vector<Normal> result;
  for (std::size_t i = 0; i < model.means.size(); ++i)
    result.push_back({model.means[i], 1 / std::sqrt(model.variances[i])});
  return result;
}

// Calls f(sample's number, logarithms of what is proportional to the probabilities of the classes).
template <class F>
void for_each_sample(const View<const double, 2>& x, std::span<const Normal> of,
                     std::span<const double> offset, F f) {
  const std::size_t d = x.extent(1);
  std::vector<double> logarithms(offset.size());
  for (std::size_t i = 0; i < x.extent(0); ++i) {
    for (std::size_t k = 0; k < offset.size(); ++k) {
      double sum = 0;
      for (std::size_t j = 0; j < d; ++j) {
        const double away = (x(i, j) - of[k * d + j].mean) * of[k * d + j].scale;
        sum += away * away;
      }
      logarithms[k] = offset[k] - 0.5 * sum;
    }
    f(i, std::span(logarithms));
  }
}

void check_options(const NaiveBayesOptions& options, std::size_t classes) {
  if (!(options.smoothing > 0 && options.smoothing <= 1e100))
    throw InvalidArgument("tine: the smoothing of variances must be above 0, and up to 1e100");
  if (options.priors.empty()) return;
  if (options.priors.size() != classes)
    throw InvalidArgument("tine: there are " + std::to_string(options.priors.size()) +
                          " priors for " + std::to_string(classes) + " classes");
  double sum = 0;
  for (const double prior : options.priors) {
    if (!(prior > 0)) throw InvalidArgument("tine: a prior must be above 0");
    sum += prior;
  }
  if (!(std::abs(sum - 1) <= 1e-8)) throw InvalidArgument("tine: priors must add up to 1");
}

}  // namespace

NaiveBayes NaiveBayes::fit(const PoolWith& on, const Samples& samples,
                           const NaiveBayesOptions& options) {
  NaiveBayes model;
  model.counts = check_classes(on, samples);
  check_options(options, samples.classes.size());
  model.features = samples.features;
  model.target = samples.target;
  model.classes = samples.classes;
  model.class_type = samples.class_type;
  model.priors = options.priors;
  if (model.priors.empty())
    for (const std::uint64_t count : model.counts)
      model.priors.push_back(static_cast<double>(count) / static_cast<double>(samples.size()));
  ClassMoments moments = class_moments(on, samples, model.counts);
  model.smoothed = options.smoothing * moments.largest_variance;
  model.means = std::move(moments.means);
  model.variances = std::move(moments.variances);
  for (double& variance : model.variances) {
    variance += model.smoothed;
    if (!(variance >= std::numeric_limits<double>::min()))
      throw SampleError(
          "tine: no feature differs from sample to sample, or by so little that squares vanish: "
          "choose others, or give them in other units");
    if (!std::isfinite(variance))
      throw SampleError("tine: the smoothed variances are larger than numbers can be");
  }
  return model;
}

Array<std::uint32_t> NaiveBayes::predict(const PoolWith& on, const Samples& samples) const {
  check_dimensions(features, samples);
  auto result = on.pool.array<std::uint32_t>(samples.size());
  const auto shared = on.pool.array_from(normals(*this));
  const auto offset = on.pool.array_from(offsets(*this));
  for_each_slice(
      without_quarantine(on), slices(samples.size(), 0, samples.dimensions() * sizeof(double)),
      [](const Slice&, std::span<std::uint32_t> to, const View<const double, 2>& x,
         std::span<const Normal> of, std::span<const double> first) {
        for_each_sample(x, of, first, [to](std::size_t i, std::span<const double> logarithms) {
          to[i] = argmax(logarithms);
        });
      },
      out(result), in(samples.x), whole(shared), whole(offset));
  return result;
}

Array<double, 2> NaiveBayes::probabilities(const PoolWith& on, const Samples& samples) const {
  check_dimensions(features, samples);
  auto result = on.pool.array<double>(samples.size(), classes.size());
  const auto shared = on.pool.array_from(normals(*this));
  const auto offset = on.pool.array_from(offsets(*this));
  for_each_slice(
      without_quarantine(on), slices(samples.size(), 0, samples.dimensions() * sizeof(double)),
      [](const Slice&, const View<double, 2>& to, const View<const double, 2>& x,
         std::span<const Normal> of, std::span<const double> first) {
        for_each_sample(x, of, first, [to](std::size_t i, std::span<double> logarithms) {
          softmax(logarithms);
          std::ranges::copy(logarithms, &to(i, 0));
        });
      },
      out(result), in(samples.x), whole(shared), whole(offset));
  return result;
}

std::string NaiveBayes::save() const {
  ModelWriter to("bayes", features);
  add_classes(to, target, classes, class_type);
  return to.add("priors", priors)
      .add("means", means)
      .add("variances", variances)
      .add("smoothed", smoothed)
      .add("counts", counts)
      .text();
}

NaiveBayes NaiveBayes::load(std::string_view text) {
  const ModelReader from(text, "bayes");
  NaiveBayes model;
  model.features = from.features();
  read_classes(from, model.target, model.classes, model.class_type);
  const std::size_t size = model.classes.size() * model.features.size();
  model.priors = from.reals("priors", model.classes.size());
  model.means = from.reals("means", size);
  model.variances = from.reals("variances", size);
  const auto positive = [](double v) { return v > 0; };
  if (!std::ranges::all_of(model.priors, positive)) from.fail("a prior is not above 0");
  if (!std::ranges::all_of(model.variances, positive)) from.fail("a variance is not above 0");
  model.smoothed = from.real("smoothed");
  model.counts = from.integers("counts", model.classes.size());
  return model;
}

}  // namespace tine::mining
