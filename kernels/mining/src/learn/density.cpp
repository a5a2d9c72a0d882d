#include <tine/mining/density.hpp>

#include <algorithm>
#include <cmath>

#include "bandwidth.hpp"
#include "density_sum.hpp"
#include "model_text.hpp"

namespace tine::mining {

namespace {

constexpr std::string_view kind = "kde";

std::string name_of(Kde::Kernel kernel) {
  return kernel == Kde::Kernel::gaussian ? "gaussian" : "parzen";
}

}  // namespace

Kde Kde::fit(const PoolWith& on, const Samples& samples, const KdeOptions& options) {
  check_samples(on, samples);
  Kde model{.features = samples.features, .kernel = options.kernel};
  if (options.bandwidth.empty())
    model.bandwidth = rule_bandwidth(on, samples, BandwidthRule::scott, options.kernel);
  else
    model.bandwidth = checked_bandwidth(options.bandwidth, samples.dimensions());
  model.points.assign(samples.x.data(), samples.x.data() + samples.x.size());
  return model;
}

Densities Kde::predict(const PoolWith& on, const Samples& samples) const {
  check_dimensions(features, samples);
  const auto shared = on.pool.array_from(points);
  JobSequence jobs(on, density_slices(size(), samples.size()));
  Densities result = densities(jobs, on.pool, kernel, bandwidth,
                               {shared.data(), {size(), features.size()}}, samples.x.view());
  jobs.finish();
  return result;
}

std::string Kde::save() const {
  return ModelWriter(kind, features)
      .add("kernel", name_of(kernel))
      .add("bandwidth", bandwidth)
      .add("points", points)
      .text();
}

Kde Kde::load(std::string_view text) {
  const ModelReader reader(text, kind);
  Kde model{.features = reader.features()};
  const std::size_t d = model.features.size();
  if (d == 0) reader.fail("it has no features");
  const std::string kernel = reader.string("kernel");
  if (kernel == name_of(Kernel::parzen))
    model.kernel = Kernel::parzen;
  else if (kernel != name_of(Kernel::gaussian))
    reader.fail("its kernel is neither gaussian nor parzen");
  model.bandwidth = reader.reals("bandwidth", d);
  if (!std::ranges::all_of(model.bandwidth, is_bandwidth))
    reader.fail("a bandwidth is not positive");
  model.points = reader.reals("points", ModelReader::any_count);
  if (model.points.empty() || model.points.size() % d != 0)
    reader.fail("its points are no rows of " + std::to_string(d) + " numbers");
  return model;
}

Samples grid_points(Pool& pool, std::span<const GridAxis> grid) {
  if (grid.empty()) throw InvalidArgument("tine: a grid has an axis for each feature");
  std::size_t points = 1;
  for (const GridAxis& axis : grid) {
    if (!std::isfinite(axis.min) || !std::isfinite(axis.max) || axis.min > axis.max)
      throw InvalidArgument("tine: an axis of a grid goes from a minimum to a maximum, not from " +
                            std::to_string(axis.min) + " to " + std::to_string(axis.max));
    if (__builtin_mul_overflow(points, axis.count, &points) || points == 0)
      throw InvalidArgument(
          "tine: a grid has at least one point, and not more than there are numbers");
  }
  const std::size_t d = grid.size();
  Samples samples = samples_of(pool.array<double>(points, d));
  std::size_t each = points;  // how many points an axis stays at each of its values
  for (std::size_t k = 0; k < d; ++k) {
    const GridAxis& axis = grid[k];
    each /= axis.count;
    const double step =
        axis.count == 1 ? 0 : (axis.max - axis.min) / static_cast<double>(axis.count - 1);
    for (std::size_t i = 0; i < points; ++i) {
      const std::size_t at = i / each % axis.count;
      samples.x(i, k) =
          at > 0 && at + 1 == axis.count ? axis.max : axis.min + static_cast<double>(at) * step;
    }
  }
  return samples;
}

}  // namespace tine::mining
