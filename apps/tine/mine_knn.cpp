// tine mine knn: classes and numbers by nearest neighbours.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include <fmt/format.h>

#include <tine/mining/neighbours.hpp>

#include "mine_classifier.hpp"
#include "mine_command.hpp"
#include "mine_scatter.hpp"

namespace tine::app {

namespace {

using mining::NearestClassifier;
using mining::NearestOptions;
using mining::NearestRegressor;
using mining::Samples;
using mining::Selection;

constexpr const char* left_out = "leave_one_out_";  // before the facts about such predictions

// Whether there is anything to ask the others about: leaving one out needs more samples than neighbours.
bool enough(MineRun& run, const NearestOptions& options) {
  return run.samples().size() > options.k || run.wants_rows() || run.wants_plot();
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

// Of a target that may be a number, by mistake.
const Samples& classes_of(MineRun& run) {
  try {
    return run.samples();
  } catch (const mining::TargetTypeError& error) {
    throw mining::QueryError(std::string(error.what()) + "; --number predicts numbers",
                             error.text(), error.position());
  }
}

void classify(MineRun& run, const NearestOptions& options) {
  const Samples& samples = classes_of(run);
  const auto model = NearestClassifier::fit(run.on(), samples, options);
  run.facts()["classes"] = samples.classes.size();
  run.save(model.save());
  if (!enough(run, options)) return;
  const auto predicted = model.leave_one_out(run.on());
  tell_confusion(run, predicted, left_out);
  if (run.wants_rows())
    run.write_rows(
        {class_column("prediction", all_of(predicted), model.classes, model.class_type)});
  if (run.wants_plot()) draw_classes(run, samples, all_of(predicted));
}

void average(MineRun& run, const NearestOptions& options) {
  const Samples& samples = run.samples();
  const auto model = NearestRegressor::fit(run.on(), samples, options);
  run.save(model.save());
  if (!enough(run, options)) return;
  const auto predicted = model.leave_one_out(run.on());
  double sum = 0;
  for (std::size_t i = 0; i < samples.size(); ++i)
    sum += (predicted[i] - samples.y[i]) * (predicted[i] - samples.y[i]);
  run.facts()[left_out + std::string("rmse")] =
      std::sqrt(sum / static_cast<double>(samples.size()));
  if (run.wants_rows()) run.write_rows({real_column("prediction", all_of(predicted))});
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
                  return classified(on, NearestClassifier::load(text), samples);
                });
  mine.predicts("knn_regressor",
                [](const PoolWith& on, std::string_view text, const Samples& samples) {
                  const auto found = NearestRegressor::load(text).predict(on, samples);
                  return std::vector{real_column("prediction", all_of(found))};
                });
}

}  // namespace tine::app
