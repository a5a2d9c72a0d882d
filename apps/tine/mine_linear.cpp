// tine mine linear: numbers from numbers.
#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include <tine/mining/linear_regression.hpp>

#include "mine_columns.hpp"
#include "mine_command.hpp"
#include "plot.hpp"

namespace tine::app {

namespace {

using mining::LinearRegression;
using mining::LinearRegressionOptions;
using mining::ResultColumn;
using mining::Samples;

nlohmann::ordered_json coefficients_of(const LinearRegression& model) {
  nlohmann::ordered_json rows;
  for (std::size_t i = 0; i <= model.features.size(); ++i) {
    nlohmann::ordered_json row{
        {"feature", i == 0 ? "(intercept)" : model.features[i - 1].name},
        {"coefficient", i == 0 ? model.intercept : model.coefficients[i - 1]}};
    if (!model.standard_errors.empty()) {
      row["standard_error"] = model.standard_errors[i];
      row["t"] = model.t_value(i);
      row["p"] = model.p_value(i);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void tell(MineRun& run, const LinearRegression& model) {
  nlohmann::ordered_json& facts = run.facts();
  facts["r_squared"] = model.r_squared;
  facts["residual_error"] = model.residual_error;
  facts["degrees_of_freedom"] = model.degrees_of_freedom();
  for (const std::uint64_t j : model.dependent)
    facts["dependent_on_others_or_constant"].push_back(model.features[j].name);
  facts["coefficients"] = coefficients_of(model);
}

Plot plot_of(const Samples& samples, const LinearRegression& model,
             std::span<const double> predicted) {
  const std::string& name = samples.target.name;
  Plot plot(fmt::format("Linear regression of {}: {} samples, R\u00b2 = {:.4f}", name,
                        samples.size(), model.r_squared),
            name, fmt::format("{}, predicted", name));
  const auto y = all_of(samples.y);
  const auto [least, most] = std::ranges::minmax(y);
  plot.points(y, predicted);
  plot.line(std::vector{least, most}, std::vector{least, most}, "as it is");
  return plot;
}

void linear(MineRun& run, LinearRegressionOptions options) {
  const Samples& samples = run.samples();
  options.progress = run.progress("passes");
  const LinearRegression model = LinearRegression::fit(run.on(), samples, options);
  tell(run, model);
  run.save(model.save());
  if (!run.wants_rows() && !run.wants_plot()) return;
  const Array<double> predicted = model.predict(run.on(), samples);
  if (run.wants_rows()) {
    std::vector<double> residuals(predicted.size());
    std::ranges::transform(samples.y, predicted, residuals.begin(), std::minus<>());
    run.write_rows(
        {real_column("prediction", all_of(predicted)), real_column("residual", residuals)});
  }
  if (run.wants_plot()) run.draw(plot_of(samples, model, all_of(predicted)));
}

}  // namespace

void add_mine_linear(MineCommand& mine) {
  auto options = std::make_shared<LinearRegressionOptions>();
  MineSubcommand& command =
      mine.add("linear", "Linear regression: a number as a sum of features, by least squares")
          .target(mining::Selection::Kind::number)
          .model()
          .rows("the prediction and the residual")
          .plot("predictions against what is")
          .examples(
              "  tine mine linear points.csv --target b --features a\n"
              "  tine mine linear points.csv --target b --ridge 0.1 -o model.json --rows "
              "residuals.csv\n")
          .runs([options](MineRun& run) { linear(run, *options); });
  command.options()
      .add_option("--ridge", options->ridge,
                  "What squares of coefficients count beside those of residuals")
      ->type_name("X")
      ->check(CLI::Range(0.0, 1e100).description(""))
      ->capture_default_str();
  mine.predicts("linear", [](const PoolWith& on, std::string_view text, const Samples& samples) {
    const LinearRegression model = LinearRegression::load(text);
    return std::vector<ResultColumn>{real_column("prediction", all_of(model.predict(on, samples)))};
  });
}

}  // namespace tine::app
