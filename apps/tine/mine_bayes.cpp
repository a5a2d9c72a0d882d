// tine mine bayes: classes from numbers, by Gaussian naive Bayes.
#include <memory>

#include <tine/mining/naive_bayes.hpp>

#include "mine_classifier.hpp"
#include "mine_command.hpp"

namespace tine::app {

namespace {

using mining::NaiveBayes;
using mining::NaiveBayesOptions;
using mining::Samples;

nlohmann::ordered_json classes_of(const NaiveBayes& model) {
  const std::size_t d = model.features.size();
  nlohmann::ordered_json classes;
  for (std::size_t k = 0; k < model.classes.size(); ++k) {
    nlohmann::ordered_json mean;
    for (std::size_t j = 0; j < d; ++j) mean[model.features[j].name] = model.means[k * d + j];
    classes.push_back({{"class", model.classes[k]},
                       {"samples", model.counts[k]},
                       {"prior", model.priors[k]},
                       {"mean", mean}});
  }
  return classes;
}

void bayes(MineRun& run, const NaiveBayesOptions& options) {
  const Samples& samples = run.samples();
  const NaiveBayes model = NaiveBayes::fit(run.on(), samples, options);
  run.facts()["classes"] = classes_of(model);
  finish_classifier(run, model);
}

}  // namespace

void add_mine_bayes(MineCommand& mine) {
  auto options = std::make_shared<NaiveBayesOptions>();
  MineSubcommand& command =
      mine.add("bayes", "Naive Bayes: classes by normal distributions of their features")
          .target(mining::Selection::Kind::label)
          .model()
          .rows("the most probable class, and the probability of each")
          .examples(
              "  tine mine bayes flowers.csv --target species\n"
              "  tine mine bayes flowers.csv --target species --priors 0.5,0.5 -o model.json\n")
          .runs([options](MineRun& run) { bayes(run, *options); });
  CLI::App& app = command.options();
  app.add_option("--priors", options->priors,
                 "How probable classes are before anything is seen, in their ascending order "
                 "[default: as in the file]")
      ->type_name("P,P,...")
      ->delimiter(',')
      ->check(CLI::Range(0.0, 1.0).description(""));
  app.add_option("--smoothing", options->smoothing,
                 "Added to all variances: a part of the largest variance of a feature")
      ->type_name("X")
      ->check(CLI::Range(1e-300, 1e100).description(""))
      ->capture_default_str();
  mine.predicts("bayes", [](const PoolWith& on, std::string_view text, const Samples& samples) {
    return classified(on, NaiveBayes::load(text), samples);
  });
}

}  // namespace tine::app
