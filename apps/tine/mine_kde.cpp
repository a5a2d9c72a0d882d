// tine mine kde: how densely samples lie.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include <tine/mining/density.hpp>

#include "exit.hpp"
#include "mine_columns.hpp"
#include "mine_command.hpp"
#include "plot.hpp"

namespace tine::app {

namespace {

using mining::BandwidthRule;
using mining::Densities;
using mining::GridAxis;
using mining::Kde;
using mining::ResultColumn;
using mining::Samples;

struct KdeSettings {
  Kde::Kernel kernel = Kde::Kernel::gaussian;
  std::string bandwidth = "scott";
  std::string candidates;
  std::size_t folds = 0, grid = 200;
};

std::optional<double> positive(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value > 0) ||
      !std::isnormal(value))
    return std::nullopt;
  return value;
}

/// Positive numbers with a character between them; nothing for anything else.
std::vector<double> numbers(std::string_view text, char between) {
  std::vector<double> result;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(between, begin), text.size());
    const std::optional<double> value = positive(text.substr(begin, end - begin));
    if (!value) return {};
    result.push_back(*value);
    begin = end + 1;
  }
  return result;
}

std::string check_bandwidth(const std::string& text) {
  if (text == "scott" || text == "silverman" || text == "cv" || !numbers(text, ',').empty())
    return "";
  return text + " is neither scott, silverman or cv, nor a positive number, nor a list of them";
}

std::vector<std::vector<double>> candidates_of(const std::string& text) {
  std::vector<std::vector<double>> result;
  for (const double h : numbers(text, ',')) result.push_back({h});
  if (!result.empty()) return result;
  const std::vector<double> range = numbers(text, ':');
  if (range.size() == 3 && range[0] <= range[1] && range[2] <= 1e6 &&
      range[2] == std::floor(range[2]))
    return mining::bandwidth_range({range[0]}, 1, range[1] / range[0],
                                   static_cast<std::size_t>(range[2]));
  return {};
}

std::string check_candidates(const std::string& text) {
  if (!candidates_of(text).empty()) return "";
  return text + " is no list of positive numbers, as in 0.1,0.2,0.5, nor a range as in 0.1:2:20";
}

nlohmann::ordered_json table_of(const mining::BandwidthSearch& search,
                                const mining::BandwidthChoice& choice, const Samples& samples) {
  nlohmann::ordered_json table;
  for (std::size_t i = 0; i < search.candidates.size(); ++i) {
    const std::vector<double>& h = search.candidates[i];
    nlohmann::ordered_json& row = table.emplace_back();
    for (std::size_t k = 0; k < h.size(); ++k)
      row[h.size() == 1 ? "bandwidth" : samples.features[k].name] = h[k];
    row["log_likelihood"] = choice.log_likelihood[i];
  }
  return table;
}

std::vector<double> chosen_bandwidth(MineRun& run, const KdeSettings& settings) {
  const Samples& samples = run.samples();
  mining::BandwidthSearch search{.kernel = settings.kernel, .folds = settings.folds};
  search.candidates =
      settings.candidates.empty()
          ? mining::bandwidth_range(
                mining::rule_bandwidth(run.on(), samples, BandwidthRule::scott, settings.kernel),
                0.1, 2, 30)
          : candidates_of(settings.candidates);
  search.progress = run.progress("slices");
  const mining::BandwidthChoice choice = mining::choose_bandwidth(run.on(), samples, search);
  const std::size_t count = search.candidates.size();
  run.facts()["candidates"] = table_of(search, choice, samples);
  run.facts()["log_likelihood"] = choice.log_likelihood[choice.index];
  if (count > 1 && (choice.index == 0 || choice.index + 1 == count))
    fmt::print(stderr,
               "tine: the {} candidate is the best one: others, with --candidates, may be better\n",
               choice.index == 0 ? "first" : "last");
  return choice.bandwidth;
}

std::vector<double> bandwidth_of(MineRun& run, const KdeSettings& settings) {
  const auto rule = [&](BandwidthRule by) {
    return mining::rule_bandwidth(run.on(), run.samples(), by, settings.kernel);
  };
  if (settings.bandwidth == "scott") return rule(BandwidthRule::scott);
  if (settings.bandwidth == "silverman") return rule(BandwidthRule::silverman);
  if (settings.bandwidth == "cv") return chosen_bandwidth(run, settings);
  return numbers(settings.bandwidth, ',');
}

Densities densities_of(MineRun& run, const Kde& model, const Samples& samples) {
  PoolWith on(run.on());
  on.policy.progress = [tell = run.progress("slices")](const Progress& all) {
    tell(all.done, all.slices);
  };
  return model.predict(on, samples);
}

std::vector<ResultColumn> columns_of(const Densities& densities) {
  return {real_column("density", all_of(densities.density)),
          real_column("log_density", all_of(densities.log_density))};
}

/// Around all samples, as far as they are of any weight.
std::vector<GridAxis> axes_around(const Kde& model, const Samples& samples, std::size_t count) {
  std::vector<GridAxis> axes;
  for (std::size_t k = 0; k < samples.dimensions(); ++k) {
    double least = samples.x(0, k), most = least;
    for (std::size_t i = 1; i < samples.size(); ++i) {
      least = std::min(least, samples.x(i, k));
      most = std::max(most, samples.x(i, k));
    }
    const double reach = model.bandwidth[k] * (model.kernel == Kde::Kernel::gaussian ? 3 : 0.5);
    axes.push_back({least - reach, most + reach, count});
  }
  return axes;
}

std::vector<double> column(const Samples& samples, std::size_t feature) {
  std::vector<double> values(samples.size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = samples.x(i, feature);
  return values;
}

/// A curve over the samples, or a map of them.
Plot picture(const Kde& model, const Samples& samples, const std::vector<GridAxis>& axes,
             const Samples& grid, const Densities& found) {
  const std::string title = fmt::format("Density of {} samples", samples.size());
  const std::string& x = model.features[0].name;
  if (axes.size() == 1) {
    Plot plot(title, x, "density");
    const std::vector<double> below(
        samples.size(), -0.03 * *std::max_element(found.density.begin(), found.density.end()));
    plot.points(column(samples, 0), below).line(column(grid, 0), all_of(found.density));
    return plot;
  }
  // Cells are columns of an axis each, and rows of the other one.
  std::vector<double> cells(grid.size());
  const std::size_t side = axes[0].count;
  for (std::size_t i = 0; i < grid.size(); ++i)
    cells[i % side * side + i / side] = found.density[i];
  const auto edges = [side](const GridAxis& axis) {
    const double half = (axis.max - axis.min) / static_cast<double>(2 * side - 2);
    return std::array{axis.min - half, axis.max + half};
  };
  Plot plot(title, x, model.features[1].name);
  plot.heat(cells, side, edges(axes[0]), edges(axes[1]));
  return plot;
}

void write_grid(MineRun& run, const Kde& model, const KdeSettings& settings) {
  const Samples& samples = run.samples();
  if (samples.dimensions() > 2)
    throw UsageError(fmt::format(
        "a grid or a picture is of one feature or two, not of {}: choose them with --features",
        samples.dimensions()));
  const std::vector<GridAxis> axes = axes_around(model, samples, settings.grid);
  const Samples grid = mining::grid_points(run.on().pool, axes);
  const Densities found = densities_of(run, model, grid);
  if (run.wants_plot()) run.draw(picture(model, samples, axes, grid, found));
  if (!run.wants_listing()) return;
  mining::Result rows;
  rows.rows = grid.size();
  for (std::size_t k = 0; k < axes.size(); ++k)
    rows.columns.push_back(real_column(model.features[k].name, column(grid, k)));
  for (ResultColumn& one : columns_of(found)) rows.columns.push_back(std::move(one));
  run.write_listing(rows);
}

void kde(MineRun& run, const KdeSettings& settings) {
  const Samples& samples = run.samples();
  const Kde model = Kde::fit(run.on(), samples,
                             {.kernel = settings.kernel, .bandwidth = bandwidth_of(run, settings)});
  nlohmann::ordered_json widths;
  for (std::size_t k = 0; k < model.features.size(); ++k)
    widths.push_back({{"feature", model.features[k].name}, {"bandwidth", model.bandwidth[k]}});
  run.facts()["kernel"] = settings.kernel == Kde::Kernel::gaussian ? "gaussian" : "parzen";
  run.facts()["bandwidths"] = std::move(widths);
  if (run.wants_model()) run.save(model.save());
  if (run.wants_rows()) run.write_rows(columns_of(densities_of(run, model, samples)));
  if (run.wants_plot() || run.wants_listing()) write_grid(run, model, settings);
}

}  // namespace

void add_mine_kde(MineCommand& mine) {
  auto settings = std::make_shared<KdeSettings>();
  MineSubcommand& command =
      mine.add("kde", "Kernel density estimation: how densely samples lie, anywhere")
          .model()
          .rows("its density and the logarithm of that")
          .listing("--grid-rows",
                   "the points of a grid over one or two features, with their densities")
          .plot("the density over one feature or two")
          .examples(
              "  tine mine kde flowers.csv --features petal_length --plot density.svg\n"
              "  tine mine kde flowers.csv --features petal_length --bandwidth cv -o model.json\n"
              "  tine mine kde flowers.csv --features \"petal_length, petal_width\" --grid 100 \\\n"
              "    --grid-rows densities.csv --plot density.svg\n"
              "  tine mine predict model.json places.csv\n")
          .runs([settings](MineRun& run) { kde(run, *settings); });
  CLI::App& app = command.options();
  app.add_option("--kernel", settings->kernel,
                 "What each sample adds: a normal distribution, or a cube around it")
      ->transform(CLI::CheckedTransformer(
                      std::map<std::string, Kde::Kernel>{{"gaussian", Kde::Kernel::gaussian},
                                                         {"parzen", Kde::Kernel::parzen}})
                      .description(""))
      ->type_name("gaussian|parzen")
      ->default_str("gaussian");
  app.add_option(
         "--bandwidth", settings->bandwidth,
         "Standard deviation of the Gaussian, or side of the cube: by a rule; cv, for which "
         "the samples are most likely; a number; a list with a number for each feature")
      ->type_name("scott|silverman|cv|NUMBERS")
      ->check(check_bandwidth)
      ->capture_default_str();
  app.add_option("--candidates", settings->candidates,
                 "For cv: a list of bandwidths, or MIN:MAX:COUNT in equal ratios [default: 30 "
                 "multiples of Scott's, from 0.1 to 2 times as wide]")
      ->type_name("LIST")
      ->check(check_candidates);
  app.add_option(
         "--folds", settings->folds,
         "For cv: samples are estimated from those of the other ones of so many parts of the "
         "table; 0: from all others")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--grid", settings->grid, "Points along each axis of --grid-rows and --plot")
      ->type_name("N")
      ->check(CLI::Range(2, 100'000).description(""))
      ->capture_default_str();
  mine.predicts("kde", [](const PoolWith& on, std::string_view text, const Samples& samples) {
    return columns_of(Kde::load(text).predict(on, samples));
  });
}

}  // namespace tine::app
