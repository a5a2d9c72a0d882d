// tine mine mixture: heaps of any direction, as a mixture of normal distributions.
#include <cmath>
#include <map>
#include <memory>
#include <numbers>

#include <fmt/format.h>

#include <tine/mining/mixture.hpp>

#include "mine_columns.hpp"
#include "mine_command.hpp"
#include "mine_scatter.hpp"

namespace tine::app {

namespace {

using mining::Mixture;
using mining::MixtureOptions;
using mining::ResultColumn;
using mining::Samples;

std::vector<ResultColumn> columns_of(const PoolWith& on, const Mixture& model,
                                     const Samples& samples) {
  std::vector<ResultColumn> columns{
      integer_column("component", all_of(model.predict(on, samples)))};
  const Array<double, 2> probabilities = model.probabilities(on, samples);
  std::vector<double> of_component(samples.size());
  for (std::size_t c = 0; c < model.components(); ++c) {
    for (std::size_t i = 0; i < of_component.size(); ++i) of_component[i] = probabilities(i, c);
    columns.push_back(real_column(fmt::format("p_{}", c), of_component));
  }
  columns.push_back(real_column("log_density", all_of(model.log_densities(on, samples))));
  return columns;
}

nlohmann::ordered_json components_of(const Mixture& model) {
  nlohmann::ordered_json components;
  for (std::size_t c = 0; c < model.components(); ++c) {
    nlohmann::ordered_json mean;
    for (std::size_t f = 0; f < model.features.size(); ++f)
      mean[model.features[f].name] = model.means[c * model.features.size() + f];
    components.push_back({{"component", c}, {"weight", model.weights[c]}, {"mean", mean}});
  }
  return components;
}

double covariance_of(const Mixture& model, std::size_t component, std::size_t a, std::size_t b) {
  const std::size_t d = model.features.size();
  if (model.covariance == Mixture::Covariance::full)
    return model.covariances[(component * d + a) * d + b];
  return a == b ? model.covariances[component * d + a] : 0;
}

// Around a mean, at twice the standard deviation in each direction.
void draw_ellipse(Plot& plot, const Mixture& model, std::size_t component, std::size_t a,
                  std::size_t b) {
  const double* mean = &model.means[component * model.features.size()];
  // The triangle whose square is the covariance of the two.
  const double along = std::sqrt(covariance_of(model, component, a, a));
  const double slant = covariance_of(model, component, a, b) / along;
  const double across =
      std::sqrt(std::max(0.0, covariance_of(model, component, b, b) - slant * slant));
  constexpr int steps = 72;
  std::vector<double> x, y;
  for (int i = 0; i <= steps; ++i) {
    const double angle = 2 * std::numbers::pi * i / steps;
    x.push_back(mean[a] + 2 * along * std::cos(angle));
    y.push_back(mean[b] + 2 * (slant * std::cos(angle) + across * std::sin(angle)));
  }
  plot.line(x, y, component == 0 ? "2 std. dev." : "");
}

void mixture(MineRun& run, MixtureOptions options) {
  const Samples& samples = run.samples();
  options.seed = run.settings().seed;
  options.progress = run.progress("iterations");
  const Mixture model = Mixture::fit(run.on(), samples, options);
  nlohmann::ordered_json& facts = run.facts();
  facts["iterations"] = model.iterations;
  facts["converged"] = model.converged;
  facts["log_likelihood"] = model.log_likelihood;
  facts["aic"] = model.aic();
  facts["bic"] = model.bic();
  facts["components"] = components_of(model);
  run.save(model.save());
  if (run.wants_rows()) run.write_rows(columns_of(run.on(), model, samples));
  if (!run.wants_plot()) return;
  Scatter scatter(
      samples, run.settings().axes,
      fmt::format("Mixture: {} samples, {} components", samples.size(), model.components()));
  scatter.samples(all_of(model.predict(run.on(), samples)),
                  numbered("component", model.components()));
  scatter.marks(model.means, "mean");
  if (const auto y = scatter.y_feature())
    for (std::size_t c = 0; c < model.components(); ++c)
      draw_ellipse(scatter.plot(), model, c, scatter.x_feature(), *y);
  run.draw(scatter.plot());
}

}  // namespace

void add_mine_mixture(MineCommand& mine) {
  auto options = std::make_shared<MixtureOptions>();
  MineSubcommand& command =
      mine.add("mixture", "Gaussian mixture: heaps that overlap, each a normal distribution")
          .model()
          .rows(
              "the number of the component, the probability of each, and the logarithm of the "
              "density")
          .scatter("the samples in the colours of their components, and these as ellipses")
          .seed()
          .examples(
              "  tine mine mixture flowers.csv -k 2\n"
              "  tine mine mixture flowers.csv -k 2 --covariance diagonal -o model.json --plot "
              "heaps.svg\n")
          .runs([options](MineRun& run) { mixture(run, *options); });
  CLI::App& app = command.options();
  app.add_option("-k,--components", options->components, "How many components")
      ->type_name("N")
      ->check(positive_count)
      ->capture_default_str();
  app.add_option("--covariance", options->covariance,
                 "Whether heaps lie in any direction, or features are independent within each")
      ->transform(CLI::CheckedTransformer(std::map<std::string, MixtureOptions::Covariance>{
                                              {"full", MixtureOptions::Covariance::full},
                                              {"diagonal", MixtureOptions::Covariance::diagonal}})
                      .description(""))
      ->type_name("full|diagonal")
      ->default_str("full");
  app.add_option("--regularisation", options->regularisation,
                 "Added to variances, so that no component collapses onto a few samples")
      ->type_name("X")
      ->check(CLI::Range(0.0, 1e300).description(""))
      ->capture_default_str();
  app.add_option("--iterations", options->max_iterations, "At most so many")
      ->type_name("N")
      ->check(positive_count)
      ->capture_default_str();
  app.add_option("--tolerance", options->tolerance,
                 "When the mean log likelihood changes less, that is the end")
      ->type_name("X")
      ->check(CLI::Range(0.0, 1e300).description(""))
      ->capture_default_str();
  mine.predicts("mixture", [](const PoolWith& on, std::string_view text, const Samples& samples) {
    return columns_of(on, Mixture::load(text), samples);
  });
}

}  // namespace tine::app
