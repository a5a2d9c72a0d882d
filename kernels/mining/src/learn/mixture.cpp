#include <tine/mining/mixture.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <tine/mining/kmeans.hpp>

#include "learn/mixture_density.hpp"
#include "learn/mixture_moments.hpp"
#include "learn/model_text.hpp"
#include "learn/slice_sums.hpp"
#include "learn/softmax.hpp"

namespace tine::mining {

namespace {

using Index = Eigen::Index;

void check_options(const MixtureOptions& options, std::size_t dimensions) {
  const std::size_t k = options.components;
  if (k == 0) throw InvalidArgument("tine: a mixture needs a component");
  if (options.max_iterations == 0) throw InvalidArgument("tine: a mixture needs an iteration");
  if (!(options.regularisation >= 0 && std::isfinite(options.regularisation)))
    throw InvalidArgument("tine: the regularisation must be 0 or more");
  if (!(options.tolerance >= 0)) throw InvalidArgument("tine: the tolerance must be 0 or more");
  const bool full = options.covariance == MixtureOptions::Covariance::full;
  if (options.weights.empty() && options.means.empty() && options.covariances.empty()) return;
  if (options.weights.size() != k || options.means.size() != k * dimensions ||
      options.covariances.size() != k * MixtureTable{k, dimensions, full}.covariance_size())
    throw InvalidArgument(
        "tine: where a mixture begins must be said in full: weights, means and covariances of " +
        std::to_string(k) + " components and " + std::to_string(dimensions) + " features");
  double sum = 0;
  for (const double weight : options.weights) {
    if (!(weight > 0)) throw InvalidArgument("tine: weights of a mixture must be above 0");
    sum += weight;
  }
  if (!(std::abs(sum - 1) <= 1e-8))
    throw InvalidArgument("tine: weights of a mixture must add up to 1");
  if (!std::ranges::all_of(options.means, [](double m) { return std::isfinite(m); }))
    throw InvalidArgument("tine: means of a mixture must be finite");
}

// At what k-means finds.
void begin(const PoolWith& on, const Samples& samples, const MixtureOptions& options,
           Mixture& mixture) {
  const KMeans clusters =
      KMeans::fit(on, samples, {.clusters = options.components, .seed = options.seed});
  const std::size_t d = samples.dimensions(), k = options.components;
  const bool full = mixture.covariance == Mixture::Covariance::full;
  mixture.weights.assign(k, 1);
  mixture.means = clusters.centres;
  mixture.covariances.assign(k * MixtureTable{k, d, full}.covariance_size(), 0);
  for (std::size_t c = 0; c < k; ++c)
    for (std::size_t j = 0; j < d; ++j)
      mixture.covariances[full ? (c * d + j) * d + j : c * d + j] = 1;
  const auto labels = clusters.predict(on, samples);
  maximise(mixture_moments(on, samples, mixture, labels), options.regularisation, mixture);
}

// Calls f(arguments of the slice's part..., its number in it, logarithms) for all samples.
template <class F>
void for_each_sample(const MixtureTable& table, std::span<const double> values,
                     const View<const double, 2>& x, F f) {
  MixtureDensity density(table, values);
  MixtureDensity::Logarithms logarithms;
  for (std::size_t begin = 0; begin < x.extent(0); begin += MixtureDensity::most_samples) {
    const std::size_t n = std::min(MixtureDensity::most_samples, x.extent(0) - begin);
    density.take(x, begin, n);
    logarithms = density.logarithms();
    for (std::size_t i = 0; i < n; ++i)
      f(begin + i, std::span<double>(&logarithms(static_cast<Index>(i), 0), table.components));
  }
}

Partition parts_of(const Samples& samples) {
  return slices(samples.size(), 0, samples.dimensions() * sizeof(double));
}

}  // namespace

Mixture Mixture::fit(const PoolWith& on, const Samples& samples, const MixtureOptions& options) {
  check_samples(on, samples, std::max<std::size_t>(1, options.components));
  check_options(options, samples.dimensions());
  Mixture mixture;
  mixture.features = samples.features;
  mixture.covariance = options.covariance;
  mixture.sample_count = samples.size();
  mixture.weights = options.weights;
  mixture.means = options.means;
  mixture.covariances = options.covariances;
  std::size_t bad = 0;
  if (mixture.weights.empty())
    begin(on, samples, options, mixture);
  else if (!mixture_table(mixture, bad))
    throw InvalidArgument("tine: the covariance where component " + std::to_string(bad + 1) +
                          " begins has no inverse");

  const Array<std::uint32_t> none;
  const double n = static_cast<double>(samples.size());
  double before = -std::numeric_limits<double>::infinity();
  while (mixture.iterations < options.max_iterations && !mixture.converged) {
    const auto sums = mixture_moments(on, samples, mixture, none);
    const double now = (sums[0] + sums[1]).high / n;
    maximise(sums, options.regularisation, mixture);
    mixture.converged = std::abs(now - before) < options.tolerance;
    before = now;
    ++mixture.iterations;
    if (options.progress) options.progress(mixture.iterations, options.max_iterations);
  }
  const auto sums = mixture_moments(on, samples, mixture, none);
  mixture.log_likelihood = (sums[0] + sums[1]).high / n;
  if (!std::isfinite(mixture.log_likelihood))
    throw SampleError(
        "tine: samples are so far from all components that their density is 0: a larger "
        "regularisation (in units of the features' squares) would help");
  return mixture;
}

Array<std::uint32_t> Mixture::predict(const PoolWith& on, const Samples& samples) const {
  check_dimensions(features, samples);
  auto result = on.pool.array<std::uint32_t>(samples.size());
  const auto values = on.pool.array_from(mixture_table(*this));
  for_each_slice(
      without_quarantine(on), parts_of(samples),
      [table = MixtureTable::of(*this)](const Slice&, std::span<std::uint32_t> to,
                                        const View<const double, 2>& x,
                                        std::span<const double> of) {
        for_each_sample(table, of, x, [to](std::size_t i, std::span<double> logarithms) {
          to[i] = argmax(logarithms);
        });
      },
      out(result), in(samples.x), whole(values));
  return result;
}

Array<double, 2> Mixture::probabilities(const PoolWith& on, const Samples& samples) const {
  check_dimensions(features, samples);
  auto result = on.pool.array<double>(samples.size(), components());
  const auto values = on.pool.array_from(mixture_table(*this));
  for_each_slice(
      without_quarantine(on), parts_of(samples),
      [table = MixtureTable::of(*this)](const Slice&, const View<double, 2>& to,
                                        const View<const double, 2>& x,
                                        std::span<const double> of) {
        for_each_sample(table, of, x, [to](std::size_t i, std::span<double> logarithms) {
          softmax(logarithms);
          std::ranges::copy(logarithms, &to(i, 0));
        });
      },
      out(result), in(samples.x), whole(values));
  return result;
}

Array<double> Mixture::log_densities(const PoolWith& on, const Samples& samples) const {
  check_dimensions(features, samples);
  auto result = on.pool.array<double>(samples.size());
  const auto values = on.pool.array_from(mixture_table(*this));
  for_each_slice(
      without_quarantine(on), parts_of(samples),
      [table = MixtureTable::of(*this)](const Slice&, std::span<double> to,
                                        const View<const double, 2>& x,
                                        std::span<const double> of) {
        for_each_sample(table, of, x, [to](std::size_t i, std::span<double> logarithms) {
          to[i] = softmax(logarithms);
        });
      },
      out(result), in(samples.x), whole(values));
  return result;
}

std::uint64_t Mixture::parameters() const {
  const std::uint64_t d = features.size(), k = components();
  return k * (covariance == Covariance::full ? d * (d + 1) / 2 : d) + k * d + k - 1;
}

double Mixture::aic() const {
  return -2 * log_likelihood * static_cast<double>(sample_count) +
         2 * static_cast<double>(parameters());
}

double Mixture::bic() const {
  const double n = static_cast<double>(sample_count);
  return -2 * log_likelihood * n + std::log(n) * static_cast<double>(parameters());
}

std::string Mixture::save() const {
  return ModelWriter("mixture", features)
      .add("covariance", covariance == Covariance::full ? "full" : "diagonal")
      .add("weights", weights)
      .add("means", means)
      .add("covariances", covariances)
      .add("samples", sample_count)
      .add("log_likelihood", log_likelihood)
      .add("iterations", iterations)
      .add("converged", std::uint64_t{converged})
      .text();
}

Mixture Mixture::load(std::string_view text) {
  const ModelReader from(text, "mixture");
  Mixture mixture;
  mixture.features = from.features();
  const std::string covariance = from.string("covariance");
  if (covariance != "full" && covariance != "diagonal")
    from.fail("its covariances are neither full nor diagonal");
  mixture.covariance = covariance == "full" ? Covariance::full : Covariance::diagonal;
  mixture.weights = from.reals("weights", ModelReader::any_count);
  if (!std::ranges::all_of(mixture.weights, [](double w) { return w > 0; }) ||
      mixture.weights.empty())
    from.fail("its weights are not above 0");
  const MixtureTable table = MixtureTable::of(mixture);
  mixture.means = from.reals("means", table.components * table.dimensions);
  mixture.covariances = from.reals("covariances", table.components * table.covariance_size());
  std::size_t bad = 0;
  if (mixture.features.empty() || !mixture_table(mixture, bad))
    from.fail("a covariance has no inverse");
  mixture.sample_count = from.integer("samples");
  mixture.log_likelihood = from.real("log_likelihood");
  mixture.iterations = from.integer("iterations");
  mixture.converged = from.integer("converged") != 0;
  return mixture;
}

}  // namespace tine::mining
