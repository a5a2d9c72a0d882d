// tine mine outliers: rows that are unlike the others.
#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include <tine/mining/outliers.hpp>

#include "exit.hpp"
#include "mine_columns.hpp"
#include "mine_command.hpp"
#include "mine_scatter.hpp"

namespace tine::app {

namespace {

using mining::IsolationForest;
using mining::IsolationForestOptions;
using mining::Outliers;
using mining::ResultColumn;
using mining::Samples;
using mining::ZScores;

struct OutlierSettings {
  std::string method = "forest";
  IsolationForestOptions forest;
};

// That are told.
constexpr std::size_t most_unlike = 10;

ResultColumn outlier_column(const Outliers& found) {
  ResultColumn column{.name = "outlier", .type = mining::Type::boolean};
  column.integers.assign(found.outliers.begin(), found.outliers.end());
  column.nulls.resize(column.integers.size());
  return column;
}

std::vector<ResultColumn> columns_of(const Outliers& found) {
  return {real_column("score", all_of(found.scores)), outlier_column(found)};
}

std::vector<ResultColumn> columns_of(const ZScores& model, const ZScores::Result& found) {
  std::vector<std::string> names;
  for (const mining::Feature& feature : model.features) names.push_back(feature.name);
  std::vector<ResultColumn> columns = columns_of(found);
  columns.push_back(class_column("farthest", all_of(found.farthest), names, mining::Type::text));
  return columns;
}

// Those with the highest scores, and their features.
nlohmann::ordered_json highest(const Samples& samples, const Outliers& found,
                               const ResultColumn* farthest) {
  std::vector<std::size_t> order(samples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t count = std::min(most_unlike, order.size());
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(order.begin(), end, order.end(), [&](std::size_t a, std::size_t b) {
    const double x = found.scores[a], y = found.scores[b];
    return x != y ? x > y : a < b;
  });
  nlohmann::ordered_json rows;
  for (const std::size_t i : std::span(order).first(count)) {
    nlohmann::ordered_json row = {{"sample", i + 1}, {"score", found.scores[i]}};
    if (farthest != nullptr) row["farthest"] = farthest->texts[i];
    for (std::size_t f = 0; f < samples.dimensions(); ++f)
      row[samples.features[f].name] = samples.x(i, f);
    rows.push_back(std::move(row));
  }
  return rows;
}

// Columns: score, outlier, and for z-scores the feature that is farthest away.
void tell(MineRun& run, double threshold, const Outliers& found,
          std::vector<ResultColumn> columns) {
  const Samples& samples = run.samples();
  const auto count = std::ranges::count(found.outliers, 1);
  run.facts()["threshold"] = threshold;
  run.facts()["outliers"] = count;
  run.facts()["most_unlike"] =
      highest(samples, found, columns.size() > 2 ? &columns.back() : nullptr);
  if (run.wants_plot()) {
    Scatter scatter(samples, run.settings().axes,
                    fmt::format("{} of {} samples are outliers", count, samples.size()));
    std::vector<std::uint32_t> classes(found.outliers.begin(), found.outliers.end());
    scatter.samples(classes, {"others", "outliers"});
    run.draw(scatter.plot());
  }
  if (run.wants_rows()) run.write_rows(std::move(columns));
}

void outliers(MineRun& run, const OutlierSettings& settings) {
  const Samples& samples = run.samples();
  if (settings.method == "forest") {
    IsolationForestOptions options = settings.forest;
    options.seed = run.settings().seed;
    options.progress = run.progress("trees");
    const IsolationForest model = IsolationForest::fit(run.on(), samples, options);
    const Outliers found = model.predict(run.on(), samples);
    tell(run, model.threshold, found, columns_of(found));
    run.save(model.save());
  } else {
    const ZScores model = ZScores::fit(run.on(), samples,
                                       {.robust = settings.method == "robust",
                                        .threshold = settings.forest.threshold,
                                        .contamination = settings.forest.contamination});
    const ZScores::Result found = model.predict(run.on(), samples);
    tell(run, model.threshold, found, columns_of(model, found));
    run.save(model.save());
  }
}

}  // namespace

void add_mine_outliers(MineCommand& mine) {
  auto settings = std::make_shared<OutlierSettings>();
  MineSubcommand& command =
      mine.add("outliers", "Rows that are unlike the others")
          .model()
          .rows("the score and whether it is an outlier's")
          .scatter("the samples, outliers in another colour")
          .seed()
          .examples(
              "  tine mine outliers readings.csv\n"
              "  tine mine outliers readings.csv --method robust --where \"not is_nan(volts)\"\n"
              "  tine mine outliers readings.csv --contamination 0.01 -o model.json \\\n"
              "    --rows readings_with_scores.csv --plot outliers.svg\n"
              "  tine mine predict model.json new_readings.csv\n");
  CLI::App& app = command.options();
  command.runs([settings, &app](MineRun& run) {
    for (const char* option : {"--trees", "--sample-size", "--seed"})
      if (settings->method != "forest" && app.count(option) > 0)
        throw UsageError(fmt::format("{} goes with --method forest", option));
    outliers(run, *settings);
  });
  app.add_option("--method", settings->method,
                 "forest: how few random cuts part a row from the others, 0.5 being usual, 1 most "
                 "unlike; zscore: how many standard deviations a feature is away from its mean; "
                 "robust: the same with medians, which outliers do not move")
      ->check(CLI::IsMember({"forest", "zscore", "robust"}).description(""))
      ->type_name("forest|zscore|robust")
      ->capture_default_str();
  CLI::Option* threshold =
      app.add_option("--threshold", settings->forest.threshold,
                     "Rows with higher scores are outliers [default: forest 0.6, zscore 3, robust "
                     "3.5]")
          ->type_name("X");
  app.add_option("--contamination", settings->forest.contamination,
                 "Which part of the rows are outliers, in place of a threshold: at most 0.5")
      ->type_name("PART")
      ->excludes(threshold);
  app.add_option("--trees", settings->forest.trees, "Of a forest")
      ->type_name("N")
      ->check(positive_count)
      ->capture_default_str();
  app.add_option("--sample-size", settings->forest.sample_size,
                 "Rows that each tree of a forest is grown from, drawn by lot")
      ->type_name("N")
      ->check(positive_count)
      ->capture_default_str();
  mine.predicts("isolation_forest",
                [](const PoolWith& on, std::string_view text, const Samples& samples) {
                  return columns_of(IsolationForest::load(text).predict(on, samples));
                });
  mine.predicts("z_scores", [](const PoolWith& on, std::string_view text, const Samples& samples) {
    const ZScores model = ZScores::load(text);
    return columns_of(model, model.predict(on, samples));
  });
}

}  // namespace tine::app
