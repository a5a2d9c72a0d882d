#include <tine/mining/pca.hpp>

#include <algorithm>

#include <tine/for_each_slice.hpp>
#include <tine/matrix/pca.hpp>
#include <tine/matrix/product.hpp>

#include "learn/model_text.hpp"

namespace tine::mining {

Pca Pca::fit(const PoolWith& on, const Samples& samples, const PcaOptions& options) {
  check_samples(on, samples, 2);
  const std::size_t most = std::min(samples.size(), samples.dimensions());
  const std::size_t k = options.components == 0 ? most : options.components;
  if (k > most)
    throw SampleError("tine: there are no " + std::to_string(k) + " components of " +
                      std::to_string(samples.size()) + " samples of " +
                      std::to_string(samples.dimensions()) + " features, but at most " +
                      std::to_string(most));
  const auto found = matrix::pca(on, samples.x, k, {.scale = options.scale, .seed = options.seed});
  const auto values = [](const auto& array) {
    return std::vector<double>(array.begin(), array.end());
  };
  return {.features = samples.features,
          .mean = values(found.mean),
          .scale = values(found.scale),
          .components = values(found.components),
          .variance = values(found.variance),
          .ratio = values(found.variance_ratio)};
}

Array<double, 2> Pca::predict(const PoolWith& on, const Samples& samples) const {
  check_dimensions(features, samples);
  const std::size_t n = samples.size(), d = features.size();
  auto centred = on.pool.array<double>(n, d), scores = on.pool.array<double>(n, size());
  if (n == 0) return scores;
  const auto shift = on.pool.array_from(mean), by = on.pool.array_from(scale),
             directions = on.pool.array_from(components);
  for_each_slice(
      on, rows(centred),
      [](const Slice& s, const View<double, 2>& to, const View<const double, 2>& from,
         std::span<const double> means, std::span<const double> scales) {
        for (std::size_t row = 0; row < s.size(); ++row)
          for (std::size_t i = 0; i < means.size(); ++i)
            to(row, i) = (from(row, i) - means[i]) / scales[i];
      },
      out(centred), in(samples.x), whole(shift), whole(by));
  const View<const double, 2> by_rows(directions.data(), {size(), d});
  matrix::gemm(on, std::as_const(centred), matrix::operand(by_rows).transposed(), scores);
  return scores;
}

std::string Pca::save() const {
  return ModelWriter("pca", features)
      .add("mean", mean)
      .add("scale", scale)
      .add("components", components)
      .add("variance", variance)
      .add("ratio", ratio)
      .text();
}

Pca Pca::load(std::string_view text) {
  const ModelReader reader(text, "pca");
  const std::size_t d = reader.features().size();
  Pca pca{.features = reader.features(),
          .mean = reader.reals("mean", d),
          .scale = reader.reals("scale", d),
          .components = {},
          .variance = reader.reals("variance", ModelReader::any_count),
          .ratio = {}};
  const std::size_t k = pca.size();
  pca.components = reader.reals("components", k * d);
  pca.ratio = reader.reals("ratio", k);
  if (k == 0 || k > d) reader.fail("it should have components, no more than features");
  if (std::ranges::any_of(pca.scale, [](double by) { return !(by > 0); }))
    reader.fail("features are divided by scale, which should be positive");
  return pca;
}

}  // namespace tine::mining
