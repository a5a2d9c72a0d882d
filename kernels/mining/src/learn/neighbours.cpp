#include <algorithm>
#include <cmath>

#include <tine/for_each_slice.hpp>

#include "learn/classes.hpp"
#include "learn/nearest_points.hpp"

namespace tine::mining {

namespace {

View<const double, 2> as_rows(const Array<double>& x, std::size_t columns) {
  return {x.data(), {columns == 0 ? 0 : x.size() / columns, columns}};
}

void check_enough(const Samples& samples, const NearestOptions& options) {
  if (options.k == 0 || options.k > samples.size())
    throw SampleError("tine: there are no " + std::to_string(options.k) +
                      " nearest neighbours among " + std::to_string(samples.size()) +
                      " samples; k should be 1 to " + std::to_string(samples.size()));
}

Neighbours of_samples(const PoolWith& on, const std::vector<double>& x, const Samples& samples,
                      const NearestOptions& options) {
  const auto points = on.pool.array_from(x);
  return nearest_points(on, as_rows(points, samples.dimensions()), samples.x.view(), options.k);
}

Neighbours of_its_own(const PoolWith& on, const std::vector<double>& x, std::size_t dimensions,
                      const NearestOptions& options) {
  const auto points = on.pool.array_from(x);
  return nearest_other_points(on, as_rows(points, dimensions), options.k);
}

/// What each of k neighbours counts.
void weigh(const double* distance, bool by_distance, std::vector<double>& weights) {
  std::ranges::fill(weights, 1.0);
  if (!by_distance) return;
  // They come nearest first.
  const bool here = distance[0] == 0;
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = here ? (distance[i] == 0 ? 1 : 0) : 1 / distance[i];
}

/// The weight of each class among k neighbours.
void vote(const std::uint32_t* index, std::span<const std::uint32_t> labels,
          const std::vector<double>& weights, std::span<double> votes) {
  std::ranges::fill(votes, 0.0);
  for (std::size_t i = 0; i < weights.size(); ++i) votes[labels[index[i]]] += weights[i];
}

Array<std::uint32_t> elect(const PoolWith& on, const NearestClassifier& model,
                           const Neighbours& neighbours) {
  auto result = on.pool.array<std::uint32_t>(neighbours.index.extent(0));
  const auto labels = on.pool.array_from(model.labels);
  for_each_slice(
      on, rows(neighbours.distance),
      [by_distance = model.options.by_distance, classes = model.classes.size()](
          const Slice& s, std::span<std::uint32_t> to, const View<const std::uint32_t, 2>& index,
          const View<const double, 2>& distance, std::span<const std::uint32_t> of) {
        std::vector<double> weights(index.extent(1)), votes(classes);
        for (std::size_t row = 0; row < s.size(); ++row) {
          weigh(&distance(row, 0), by_distance, weights);
          vote(&index(row, 0), of, weights, votes);
          to[row] = static_cast<std::uint32_t>(std::ranges::max_element(votes) - votes.begin());
        }
      },
      out(result), in(neighbours.index), in(neighbours.distance), whole(labels));
  return result;
}

Array<double> average(const PoolWith& on, const NearestRegressor& model,
                      const Neighbours& neighbours) {
  auto result = on.pool.array<double>(neighbours.index.extent(0));
  const auto y = on.pool.array_from(model.y);
  for_each_slice(
      on, rows(neighbours.distance),
      [by_distance = model.options.by_distance](
          const Slice& s, std::span<double> to, const View<const std::uint32_t, 2>& index,
          const View<const double, 2>& distance, std::span<const double> of) {
        std::vector<double> weights(index.extent(1));
        for (std::size_t row = 0; row < s.size(); ++row) {
          weigh(&distance(row, 0), by_distance, weights);
          double sum = 0, all = 0;
          for (std::size_t i = 0; i < weights.size(); ++i) {
            sum += weights[i] * of[index(row, i)];
            all += weights[i];
          }
          to[row] = std::isnan(distance(row, 0)) ? distance(row, 0) : sum / all;
        }
      },
      out(result), in(neighbours.index), in(neighbours.distance), whole(y));
  return result;
}

void add_options(ModelWriter& to, const NearestOptions& options) {
  to.add("k", options.k).add("weights", options.by_distance ? "distance" : "uniform");
}

NearestOptions read_options(const ModelReader& from, std::size_t samples) {
  const NearestOptions options{.k = from.integer("k"),
                               .by_distance = from.string("weights") == "distance"};
  if (from.features().empty()) from.fail("it has no features");
  if (!options.by_distance && from.string("weights") != "uniform")
    from.fail("weights should be uniform or distance");
  if (options.k == 0 || options.k > samples)
    from.fail("k should be 1 to " + std::to_string(samples) + ", the number of samples in it");
  return options;
}

}  // namespace

NearestClassifier NearestClassifier::fit(const PoolWith& on, const Samples& samples,
                                         const NearestOptions& options) {
  check_samples(on, samples);
  check_enough(samples, options);
  if (samples.labels.size() != samples.size())
    throw InvalidArgument("tine: a classifier needs samples whose target is a class");
  if (samples.classes.size() < 2)
    throw SampleError("tine: " + samples.target.name +
                      " is the same in all samples, but a classifier needs two classes or more");
  if (std::ranges::max(samples.labels.span()) >= samples.classes.size())
    throw InvalidArgument("tine: a label is none of the classes");
  return {.features = samples.features,
          .target = samples.target,
          .classes = samples.classes,
          .class_type = samples.class_type,
          .options = options,
          .x = {samples.x.begin(), samples.x.end()},
          .labels = {samples.labels.begin(), samples.labels.end()}};
}

Array<std::uint32_t> NearestClassifier::predict(const PoolWith& on, const Samples& samples) const {
  check_dimensions(features, samples);
  return elect(on, *this, of_samples(on, x, samples, options));
}

Array<double, 2> NearestClassifier::probabilities(const PoolWith& on,
                                                  const Samples& samples) const {
  check_dimensions(features, samples);
  const Neighbours neighbours = of_samples(on, x, samples, options);
  auto result = on.pool.array<double>(samples.size(), classes.size());
  const auto shared = on.pool.array_from(labels);
  for_each_slice(
      on, rows(result),
      [by_distance = options.by_distance](
          const Slice& s, const View<double, 2>& to, const View<const std::uint32_t, 2>& index,
          const View<const double, 2>& distance, std::span<const std::uint32_t> of) {
        std::vector<double> weights(index.extent(1));
        for (std::size_t row = 0; row < s.size(); ++row) {
          weigh(&distance(row, 0), by_distance, weights);
          const std::span<double> votes(&to(row, 0), to.extent(1));
          vote(&index(row, 0), of, weights, votes);
          double all = 0;
          for (const double weight : weights) all += weight;
          for (double& part : votes)
            part = std::isnan(distance(row, 0)) ? distance(row, 0) : part / all;
        }
      },
      out(result), in(neighbours.index), in(neighbours.distance), whole(shared));
  return result;
}

Array<std::uint32_t> NearestClassifier::leave_one_out(const PoolWith& on) const {
  return elect(on, *this, of_its_own(on, x, features.size(), options));
}

std::string NearestClassifier::save() const {
  ModelWriter writer("knn_classifier", features);
  add_classes(writer, target, classes, class_type);
  add_options(writer, options);
  return writer.add("labels", labels).add("x", x).text();
}

NearestClassifier NearestClassifier::load(std::string_view text) {
  const ModelReader reader(text, "knn_classifier");
  NearestClassifier model;
  model.features = reader.features();
  read_classes(reader, model.target, model.classes, model.class_type);
  for (const std::uint64_t label : reader.integers("labels", ModelReader::any_count)) {
    if (label >= model.classes.size()) reader.fail("labels has classes that there are not");
    model.labels.push_back(static_cast<std::uint32_t>(label));
  }
  model.options = read_options(reader, model.labels.size());
  model.x = reader.reals("x", model.labels.size() * model.features.size());
  return model;
}

NearestRegressor NearestRegressor::fit(const PoolWith& on, const Samples& samples,
                                       const NearestOptions& options) {
  check_samples(on, samples);
  check_enough(samples, options);
  if (samples.y.size() != samples.size())
    throw InvalidArgument("tine: a regressor needs samples whose target is a number");
  return {.features = samples.features,
          .target = samples.target,
          .options = options,
          .x = {samples.x.begin(), samples.x.end()},
          .y = {samples.y.begin(), samples.y.end()}};
}

Array<double> NearestRegressor::predict(const PoolWith& on, const Samples& samples) const {
  check_dimensions(features, samples);
  return average(on, *this, of_samples(on, x, samples, options));
}

Array<double> NearestRegressor::leave_one_out(const PoolWith& on) const {
  return average(on, *this, of_its_own(on, x, features.size(), options));
}

std::string NearestRegressor::save() const {
  ModelWriter writer("knn_regressor", features);
  writer.add("target", target.name).add("target_expression", target.expression);
  add_options(writer, options);
  return writer.add("y", y).add("x", x).text();
}

NearestRegressor NearestRegressor::load(std::string_view text) {
  const ModelReader reader(text, "knn_regressor");
  NearestRegressor model;
  model.features = reader.features();
  model.target = {reader.string("target"), reader.string("target_expression")};
  model.y = reader.reals("y", ModelReader::any_count);
  model.options = read_options(reader, model.y.size());
  model.x = reader.reals("x", model.y.size() * model.features.size());
  return model;
}

}  // namespace tine::mining
