#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <tine/for_each_slice.hpp>
#include <tine/job_sequence.hpp>
#include <tine/matrix/statistics.hpp>

#include "model_text.hpp"
#include "outliers.hpp"

namespace tine::mining {

namespace {

constexpr const char* kind = "z_scores";

// Of the standard normal distribution: the standard deviation over the median and the mean of distances from 0.
constexpr double over_median_distance = 1.482602218505602, over_mean_distance = 1.2533141373155003;

struct Place {
  double center, spread;
};

// The mean of the two middle ones where their number is even. The values change places.
double median(std::span<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 != 0) return *middle;
  return std::midpoint(*std::max_element(values.begin(), middle), *middle);
}

// Distances of numbers of opposite signs may be too large for a double.
double distance(double a, double b) {
  return std::min(std::abs(a - b), std::numeric_limits<double>::max());
}

Place robust_place(std::span<double> values) {
  const double center = median(values);
  for (double& value : values) value = distance(value, center);
  double spread = over_median_distance * median(values);
  if (spread == 0) {
    double sum = 0, lost = 0;  // after W. Kahan
    for (const double value : values) {
      const double term = value / static_cast<double>(values.size()) - lost, next = sum + term;
      lost = (next - sum) - term;
      sum = next;
    }
    spread = over_mean_distance * sum;
  }
  return {center, std::min(spread, std::numeric_limits<double>::max())};
}

std::vector<Place> robust_places(JobSequence& jobs, Pool& pool, const Array<double, 2>& x) {
  constexpr std::size_t features_at_a_time = 8;  // each needs a copy of its values
  const std::size_t n = x.extent(0), d = x.extent(1);
  std::vector<Place> places;
  for (std::size_t first = 0; first < d; first += features_at_a_time) {
    const std::size_t count = std::min(features_at_a_time, d - first);
    auto values = pool.array<double>(count, n);
    auto found = pool.array<Place>(count);
    jobs.run([&](const PoolWith& on) {
      return for_each_slice(
          on, {.n = count},
          [first](const Slice& slice, const View<double, 2>& column, std::span<Place> place,
                  const View<const double, 2>& samples) {
            const std::size_t feature = first + slice.index;
            const std::span<double> copy(column.data(), samples.extent(0));
            for (std::size_t i = 0; i < copy.size(); ++i) copy[i] = samples(i, feature);
            place[0] = robust_place(copy);
          },
          out(values), out(found), whole(x));
    });
    places.insert(places.end(), found.begin(), found.end());
  }
  return places;
}

std::vector<Place> places_by_means(JobSequence& jobs, Pool& pool, const Samples& samples) {
  const Array<double, 2>& x = samples.x;
  auto mean = pool.array<double>(x.extent(1)), stddev = pool.array<double>(x.extent(1));
  jobs.run([&](const PoolWith& on) { return matrix::mean(on, x, matrix::Per::column, mean); });
  jobs.run([&](const PoolWith& on) { return matrix::stddev(on, x, matrix::Per::column, stddev); });
  std::vector<Place> places;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    if (!std::isfinite(mean[i]) || !std::isfinite(stddev[i]))
      throw SampleError("tine: the squares of '" + samples.features[i].name +
                        "' are too large for numbers: divide it by something, or use medians, "
                        "which need no squares");
    // The mean of equal numbers may be off by its last bit.
    places.push_back({stddev[i] == 0 ? x(0, i) : mean[i], stddev[i]});
  }
  return places;
}

double z_score(double x, const Place& place) {
  const double away = x - place.center;
  if (away == 0) return 0;
  if (std::isinf(away)) return std::abs(x / 2 - place.center / 2) / (place.spread / 2);
  return std::abs(away) / place.spread;
}

}  // namespace

ZScores ZScores::fit(const PoolWith& on, const Samples& samples, const ZScoresOptions& options) {
  check_threshold(options.threshold, options.contamination);
  check_samples(on, samples);
  JobSequence jobs(on);
  const std::vector<Place> places = options.robust ? robust_places(jobs, on.pool, samples.x)
                                                   : places_by_means(jobs, on.pool, samples);
  jobs.finish();
  ZScores model{.features = samples.features, .robust = options.robust, .center{}, .spread{}};
  for (const Place& place : places) {
    model.center.push_back(place.center);
    model.spread.push_back(place.spread);
  }
  model.threshold = options.threshold.value_or(options.robust ? 3.5 : 3);
  if (options.contamination)
    model.threshold = threshold_of(model.predict(on, samples).scores, *options.contamination);
  return model;
}

ZScores::Result ZScores::predict(const PoolWith& on, const Samples& samples) const {
  check_dimensions(features, samples);
  std::vector<Place> places;
  for (std::size_t i = 0; i < center.size(); ++i) places.push_back({center[i], spread[i]});
  const auto shared = on.pool.array_from(places);
  Result result;
  result.scores = on.pool.array<double>(samples.size());
  result.farthest = on.pool.array<std::uint32_t>(samples.size());
  for_each_slice(
      on, slices(samples.size(), 0, places.size() * sizeof(double)),
      [](const Slice& slice, std::span<double> score, std::span<std::uint32_t> farthest,
         const View<const double, 2>& x, std::span<const Place> of) {
        for (std::size_t i = 0; i < slice.size(); ++i) {
          double most = 0;
          std::uint32_t feature = 0;
          for (std::uint32_t j = 0; j < of.size(); ++j) {
            const double z = z_score(x(i, j), of[j]);
            if (!(z > most)) continue;
            most = z;
            feature = j;
          }
          score[i] = most;
          farthest[i] = feature;
        }
      },
      out(result.scores), out(result.farthest), in(samples.x), whole(shared));
  result.outliers = above(on, result.scores, threshold);
  return result;
}

std::string ZScores::save() const {
  return ModelWriter(kind, features)
      .add("robust", static_cast<int>(robust))
      .add("center", center)
      .add("spread", spread)
      .add("threshold", threshold)
      .text();
}

ZScores ZScores::load(std::string_view text) {
  const ModelReader reader(text, kind);
  const std::size_t d = reader.features().size();
  ZScores model{.features = reader.features(),
                .robust = reader.integer("robust") != 0,
                .center = reader.reals("center", d),
                .spread = reader.reals("spread", d),
                .threshold = reader.real("threshold")};
  for (const double spread : model.spread)
    if (spread < 0) reader.fail("a spread is negative");
  return model;
}

}  // namespace tine::mining
