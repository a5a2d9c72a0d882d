#include "mine_scatter.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "exit.hpp"
#include "nearest.hpp"

namespace tine::app {

namespace {

using mining::Samples;

// The variances of the features, by Welford's recurrence.
std::vector<double> variances(const Samples& samples) {
  const std::size_t d = samples.dimensions();
  std::vector<double> means(d), sums(d);
  for (std::size_t i = 0; i < samples.size(); ++i)
    for (std::size_t f = 0; f < d; ++f) {
      const double value = samples.x(i, f), off = value - means[f];
      means[f] += off / static_cast<double>(i + 1);
      sums[f] += off * (value - means[f]);
    }
  return sums;
}

// In the order of the table.
std::pair<std::size_t, std::size_t> largest_two(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  return std::minmax(order[0], order[1]);
}

std::size_t feature_named(const Samples& samples, std::string_view name) {
  const auto found = std::ranges::find(samples.features, name, &mining::Feature::name);
  if (found != samples.features.end())
    return static_cast<std::size_t>(found - samples.features.begin());
  std::vector<std::string_view> names;
  for (const mining::Feature& feature : samples.features) names.push_back(feature.name);
  throw UsageError(fmt::format("--axes: {} is no feature{}", name, or_nearest(name, names)));
}

// A comma may belong to a name.
std::pair<std::size_t, std::size_t> named_two(const Samples& samples, std::string_view axes) {
  const auto trimmed = [](std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
  };
  const auto is_feature = [&](std::string_view name) {
    return std::ranges::find(samples.features, name, &mining::Feature::name) !=
           samples.features.end();
  };
  std::size_t comma = axes.find(',');
  if (comma == axes.npos)
    throw UsageError(fmt::format("--axes {}: two features are wanted, as in --axes A,B", axes));
  for (std::size_t at = comma; at != axes.npos; at = axes.find(',', at + 1))
    if (is_feature(trimmed(axes.substr(0, at))) && is_feature(trimmed(axes.substr(at + 1))))
      comma = at;
  return {feature_named(samples, trimmed(axes.substr(0, comma))),
          feature_named(samples, trimmed(axes.substr(comma + 1)))};
}

}  // namespace

Scatter::Scatter(const Samples& samples, const std::string& axes, std::string title)
    : samples_(samples), plot_({}, {}, {}) {
  if (!axes.empty())
    std::tie(x_, y_) = named_two(samples, axes);
  else if (samples.dimensions() > 1)
    std::tie(x_, y_) = largest_two(variances(samples));
  plot_ = Plot(std::move(title), samples.features[x_].name,
               y_ ? samples.features[*y_].name : "number of the sample");
}

void Scatter::samples(std::span<const std::uint32_t> classes, std::vector<std::string> names) {
  std::vector<double> x, y;
  for (std::size_t i = 0; i < samples_.size(); ++i) {
    x.push_back(samples_.x(i, x_));
    y.push_back(y_ ? samples_.x(i, *y_) : static_cast<double>(i));
  }
  plot_.points(x, y, classes, std::move(names));
}

void Scatter::marks(std::span<const double> points, std::string name) {
  const std::size_t d = samples_.dimensions();
  std::vector<double> x, y;
  for (std::size_t i = 0; i + d <= points.size(); i += d) {
    x.push_back(points[i + x_]);
    y.push_back(y_ ? points[i + *y_] : static_cast<double>(samples_.size()) / 2);
  }
  plot_.marks(x, y, std::move(name));
}

std::vector<std::string> numbered(const std::string& what, std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(fmt::format("{} {}", what, i));
  return names;
}

}  // namespace tine::app
