#include <tine/mining/kmeans.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "kmeans_batch.hpp"
#include "kmeans_start.hpp"
#include "lloyd.hpp"
#include "model_text.hpp"
#include "spread.hpp"

namespace tine::mining {

namespace {

void check(const Samples& samples, const KMeansOptions& options) {
  const std::size_t k = options.clusters;
  if (k == 0 || k > std::size_t{1} << 30)
    throw InvalidArgument("tine::mining::KMeans: the number of clusters must be from 1 to 2^30");
  if (options.max_iterations == 0 || options.restarts == 0)
    throw InvalidArgument(
        "tine::mining::KMeans: there must be at least one iteration, from at least one start");
  if (!options.centres.empty() && options.centres.size() != k * samples.dimensions())
    throw InvalidArgument("tine::mining::KMeans: the centres to start from must be " +
                          std::to_string(k) + " x " + std::to_string(samples.dimensions()) +
                          " numbers");
  if (!std::ranges::all_of(options.centres, [](double x) { return std::isfinite(x); }))
    throw InvalidArgument("tine::mining::KMeans: the centres to start from must be finite");
  if (k > samples.size())
    throw SampleError("tine: of " + std::to_string(samples.size()) + " samples no " +
                      std::to_string(k) + " clusters can be made: ask for fewer clusters");
}

/// The centres that iterations end with, and how many there were.
std::pair<std::vector<double>, std::uint64_t> iterate(Lloyd& lloyd, std::vector<double> centres,
                                                      double tolerance,
                                                      const KMeansOptions& options) {
  std::uint64_t i = 0;
  while (i < options.max_iterations) {
    const bool changed = lloyd.assign(centres) > 0 || i == 0;
    Lloyd::Means means = lloyd.means();
    const double moved = squared_distance(centres.data(), means.centres.data(), centres.size());
    centres = std::move(means.centres);
    ++i;
    if (options.progress) options.progress(i, options.max_iterations);
    if (!means.relocated && (!changed || moved <= tolerance)) break;
  }
  return {std::move(centres), i};
}

/// For samples of which only the centres are known.
Frame frame_of(const std::vector<double>& centres, std::size_t d) {
  const std::size_t k = centres.size() / d;
  std::vector<double> middle(d);
  for (std::size_t i = 0; i < centres.size(); ++i)
    middle[i % d] += centres[i] / static_cast<double>(k);
  double radius = 0;
  for (std::size_t i = 0; i < centres.size(); ++i)
    radius = std::max(radius, std::abs(centres[i] - middle[i % d]));
  return Frame::around(std::move(middle), radius);
}

}  // namespace

KMeans KMeans::fit(const PoolWith& on, const Samples& samples, const KMeansOptions& options) {
  check_samples(on, samples, 1);
  check(samples, options);
  JobSequence jobs(on);
  Pool& pool = on.pool;
  const Array<double, 2>& x = samples.x;
  const Spread spread = spread_of(jobs, pool, x);
  const double tolerance = options.tolerance > 0 && options.batch == 0
                               ? options.tolerance * mean_variance(jobs, pool, x, spread.mean)
                               : 0;
  const Frame frame = Frame::around(spread.mean, spread.radius);
  Lloyd lloyd(jobs, pool, x, options.clusters, frame);
  Random random(options.seed);
  std::optional<KMeans> best;
  for (std::size_t start = 0; start < options.restarts; ++start) {
    std::vector<double> centres = options.centres;
    if (centres.empty())
      centres = options.start == KMeansOptions::Start::random
                    ? random_start(x, options.clusters, random)
                    : plus_plus_start(jobs, pool, x, options.clusters, frame, random);
    lloyd.restart();
    KMeans model{.features = samples.features, .centres = {}, .sizes = {}};
    std::tie(model.centres, model.iterations) =
        options.batch == 0
            ? iterate(lloyd, std::move(centres), tolerance, options)
            : iterate_batches(jobs, pool, x, std::move(centres), frame, options, random);
    lloyd.assign(model.centres);
    model.sizes = lloyd.sizes();
    model.inertia = lloyd.inertia();
    if (!best || model.inertia < best->inertia) best = std::move(model);
    if (!options.centres.empty()) break;  // again, it would be the same
  }
  jobs.finish();
  return *std::move(best);
}

Array<std::uint32_t> KMeans::predict(const PoolWith& on, const Samples& samples) const {
  check_dimensions(features, samples);
  auto result = on.pool.array<std::uint32_t>(samples.size());
  if (result.empty()) return result;
  Centres all(on.pool, clusters(), frame_of(centres, features.size()));
  all.set(centres);
  find_nearest(on, all, samples.x, result);
  return result;
}

Array<double> KMeans::distances(const PoolWith& on, const Samples& samples,
                                const Array<std::uint32_t>& of) const {
  check_dimensions(features, samples);
  if (of.size() != samples.size() ||
      std::ranges::any_of(of, [&](std::uint32_t c) { return c >= clusters(); }))
    throw InvalidArgument(
        "tine::mining::KMeans::distances: the clusters are not those of the samples");
  JobSequence jobs(on);
  Array<double> result = squared_distances(jobs, on.pool, samples.x, centres, of);
  jobs.finish();
  for (double& x : result) x = std::sqrt(x);
  return result;
}

std::string KMeans::save() const {
  return ModelWriter("kmeans", features)
      .add("centres", centres)
      .add("sizes", sizes)
      .add("inertia", inertia)
      .add("iterations", iterations)
      .text();
}

KMeans KMeans::load(std::string_view text) {
  const ModelReader reader(text, "kmeans");
  KMeans model;
  model.features = reader.features();
  model.sizes = reader.integers("sizes", ModelReader::any_count);
  if (model.features.empty() || model.sizes.empty() || model.sizes.size() > std::size_t{1} << 30)
    reader.fail("it has no features, or no clusters");
  model.centres = reader.reals("centres", model.sizes.size() * model.features.size());
  model.inertia = reader.real("inertia");
  model.iterations = reader.integer("iterations");
  return model;
}

}  // namespace tine::mining
