// tine mine knn: classes and numbers by nearest neighbours.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include <fmt/format.h>

#include <tine/mining/confusion.hpp>
#include <tine/mining/neighbours.hpp>

#include "mine_columns.hpp"
#include "mine_command.hpp"
#include "mine_scatter.hpp"

namespace tine::app {

namespace {

using mining::Confusion;
using mining::NearestClassifier;
using mining::NearestOptions;
using mining::NearestRegressor;
using mining::ResultColumn;
using mining::Samples;
using mining::Selection;

std::vector<ResultColumn> columns_of(const PoolWith& on, const NearestClassifier& model,
                                     const Samples& samples) {
  const Array<double, 2> parts = model.probabilities(on, samples);
  std::vector<std::uint32_t> labels(samples.size());
  std::vector<double> largest(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    for (std::uint32_t c = 1; c < parts.extent(1); ++c)
      if (parts(i, c) > parts(i, labels[i])) labels[i] = c;
    largest[i] = parts(i, labels[i]);
  }
  return {class_column("predicted", labels, model.classes, model.class_type),
          real_column("probability", largest)};
}

// How often samples of each class are given each class by the others.
nlohmann::ordered_json table_of(const Confusion& confusion,
                                const std::vector<std::string>& classes) {
  nlohmann::ordered_json table;
  for (std::size_t is = 0; is < classes.size(); ++is) {
    nlohmann::ordered_json row{{"class", classes[is]}};
    for (std::size_t taken_for = 0; taken_for < classes.size(); ++taken_for)
      row["as " + classes[taken_for]] = confusion(is, taken_for);
    table.push_back(std::move(row));
  }
  return table;
}

void draw_classes(MineRun& run, const Samples& samples, std::span<const std::uint32_t> predicted) {
  std::vector<double> wrong;
  for (std::size_t i = 0; i < samples.size(); ++i)
    if (predicted[i] != samples.labels[i])
      for (std::size_t f = 0; f < samples.dimensions(); ++f) wrong.push_back(samples.x(i, f));
  Scatter scatter(samples, run.settings().axes,
                  fmt::format("{} by nearest neighbours", samples.target.name));
  scatter.samples(all_of(samples.labels), samples.classes);
  if (!wrong.empty()) scatter.marks(wrong, "misclassified");
  run.draw(scatter.plot());
}

void draw_numbers(MineRun& run, const Samples& samples, std::span<const double> predicted) {
  Plot plot(fmt::format("{} by nearest neighbours", samples.target.name), samples.target.name,
            "by the others");
  plot.points(all_of(samples.y), predicted);
  const auto [least, greatest] = std::ranges::minmax(all_of(samples.y));
  const double ends[] = {least, greatest};
  plot.line(ends, ends, "equal");
  run.draw(plot);
}

void classify(MineRun& run, const NearestOptions& options) {
  // Few classes are told of: the table has as many rows and columns.
  constexpr std::size_t most_told = 12;
  const Samples& samples = run.samples();
  const auto model = NearestClassifier::fit(run.on(), samples, options);
  run.facts()["classes"] = samples.classes.size();
  run.save(model.save());
  const auto predicted = model.leave_one_out(run.on());
  const Confusion confusion(model.labels, all_of(predicted), model.classes.size());
  run.facts()["leave_one_out_accuracy"] = confusion.accuracy();
  if (model.classes.size() <= most_told)
    run.facts()["leave_one_out"] = table_of(confusion, model.classes);
  if (run.wants_rows())
    run.write_rows({class_column("predicted", all_of(predicted), model.classes, model.class_type)});
  if (run.wants_plot()) draw_classes(run, samples, all_of(predicted));
}

void average(MineRun& run, const NearestOptions& options) {
  const Samples& samples = run.samples();
  const auto model = NearestRegressor::fit(run.on(), samples, options);
  run.save(model.save());
  const auto predicted = model.leave_one_out(run.on());
  double sum = 0;
  for (std::size_t i = 0; i < samples.size(); ++i)
    sum += (predicted[i] - samples.y[i]) * (predicted[i] - samples.y[i]);
  run.facts()["leave_one_out_rmse"] = std::sqrt(sum / static_cast<double>(samples.size()));
  if (run.wants_rows()) run.write_rows({real_column("predicted", all_of(predicted))});
  if (run.wants_plot()) draw_numbers(run, samples, all_of(predicted));
}

}  // namespace

void add_mine_knn(MineCommand& mine) {
  struct Settings {
    NearestOptions options;
    bool number = false;
  };
  auto settings = std::make_shared<Settings>();
  MineSubcommand& command =
      mine.add("knn", "Classes, or numbers, by the nearest neighbours of a row")
          .target(Selection::Kind::label)
          .model()
          .rows("what each would be by the others alone")
          .scatter("the samples in the colours of their classes, and those that would be in others")
          .examples(
              "  tine mine knn flowers.csv --target species -k 5\n"
              "  tine mine knn flowers.csv --target petal_width --number -o model.json\n"
              "  tine mine predict model.json more_flowers.csv\n");
  CLI::App& app = command.options();
  app.add_option("-k,--neighbours", settings->options.k, "How many neighbours are asked")
      ->type_name("N")
      ->check(positive_count)
      ->capture_default_str();
  app.add_option("--weights", settings->options.by_distance,
                 "What a neighbour counts: all the same, or the more the nearer it is")
      ->transform(CLI::CheckedTransformer(
                      std::map<std::string, bool>{{"uniform", false}, {"distance", true}})
                      .description(""))
      ->type_name("uniform|distance")
      ->default_str("uniform");
  app.add_flag_callback(
      "--number",
      [settings, &command] {
        settings->number = true;
        command.kind(Selection::Kind::number);
      },
      "Predict a number, the mean of the neighbours, not a class");
  command.runs([settings](MineRun& run) {
    if (settings->number)
      average(run, settings->options);
    else
      classify(run, settings->options);
  });
  mine.predicts("knn_classifier",
                [](const PoolWith& on, std::string_view text, const Samples& samples) {
                  return columns_of(on, NearestClassifier::load(text), samples);
                });
  mine.predicts("knn_regressor",
                [](const PoolWith& on, std::string_view text, const Samples& samples) {
                  const auto found = NearestRegressor::load(text).predict(on, samples);
                  return std::vector{real_column("predicted", all_of(found))};
                });
}

}  // namespace tine::app
