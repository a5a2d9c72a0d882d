// tine mine logistic: classes from numbers, by logistic regression.
#include <memory>

#include <tine/mining/logistic_regression.hpp>

#include "mine_classifier.hpp"
#include "mine_command.hpp"

namespace tine::app {

namespace {

using mining::LogisticRegression;
using mining::LogisticRegressionOptions;
using mining::Samples;

// A column for each class; for two classes, for the second.
nlohmann::ordered_json coefficients_of(const LogisticRegression& model) {
  const std::size_t d = model.features.size(), rows = model.intercepts.size();
  nlohmann::ordered_json table;
  for (std::size_t j = 0; j <= d; ++j) {
    nlohmann::ordered_json line{{"feature", j == 0 ? "(intercept)" : model.features[j - 1].name}};
    for (std::size_t k = 0; k < rows; ++k)
      line["for " + model.classes[rows == 1 ? 1 : k]] =
          j == 0 ? model.intercepts[k] : model.coefficients[k * d + j - 1];
    table.push_back(std::move(line));
  }
  return table;
}

void logistic(MineRun& run, LogisticRegressionOptions options) {
  const Samples& samples = run.samples();
  options.progress = run.progress("iterations");
  const LogisticRegression model = LogisticRegression::fit(run.on(), samples, options);
  run.facts()["iterations"] = model.iterations;
  run.facts()["log_loss"] = model.log_loss;
  run.facts()["coefficients"] = coefficients_of(model);
  finish_classifier(run, model);
}

}  // namespace

void add_mine_logistic(MineCommand& mine) {
  auto options = std::make_shared<LogisticRegressionOptions>();
  MineSubcommand& command =
      mine.add("logistic", "Logistic regression: how probable classes are")
          .target(mining::Selection::Kind::label)
          .model()
          .rows("the most probable class, and the probability of each")
          .examples(
              "  tine mine logistic flowers.csv --target species\n"
              "  tine mine logistic flowers.csv --target species --ridge 0.1 -o model.json --rows "
              "predicted.csv\n")
          .runs([options](MineRun& run) { logistic(run, *options); });
  command.options()
      .add_option("--ridge", options->ridge,
                  "What half the squares of coefficients count beside the log loss of all samples; "
                  "0: no penalty")
      ->type_name("X")
      ->check(CLI::Range(0.0, 1e100).description(""))
      ->capture_default_str();
  mine.predicts("logistic", [](const PoolWith& on, std::string_view text, const Samples& samples) {
    return classified(on, LogisticRegression::load(text), samples);
  });
}

}  // namespace tine::app
