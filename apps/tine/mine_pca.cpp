// tine mine pca: principal components.
#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include <tine/mining/pca.hpp>

#include "mine_columns.hpp"
#include "mine_command.hpp"
#include "plot.hpp"

namespace tine::app {

namespace {

using mining::Pca;
using mining::PcaOptions;
using mining::ResultColumn;
using mining::Samples;

std::vector<double> column_of(const Array<double, 2>& scores, std::size_t column) {
  std::vector<double> values(scores.extent(0));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = scores(i, column);
  return values;
}

std::vector<ResultColumn> columns_of(const Array<double, 2>& scores) {
  std::vector<ResultColumn> columns;
  for (std::size_t i = 0; i < scores.extent(1); ++i)
    columns.push_back(real_column(fmt::format("pc{}", i + 1), column_of(scores, i)));
  return columns;
}

nlohmann::ordered_json components_of(const Pca& model) {
  nlohmann::ordered_json components;
  double together = 0;
  for (std::size_t i = 0; i < model.size(); ++i) {
    together += model.ratio[i];
    nlohmann::ordered_json loads;
    for (std::size_t f = 0; f < model.features.size(); ++f)
      loads[model.features[f].name] = model.components[i * model.features.size() + f];
    components.push_back({{"component", fmt::format("pc{}", i + 1)},
                          {"variance", model.variance[i]},
                          {"ratio", model.ratio[i]},
                          {"together", together},
                          {"loadings", loads}});
  }
  return components;
}

Plot plot_of(const Samples& samples, const Pca& model, const Array<double, 2>& scores) {
  const auto axis = [&](std::size_t i) {
    return fmt::format("pc{} ({:.1f} % of the variance)", i + 1, 100 * model.ratio[i]);
  };
  const std::vector<double> x = column_of(scores, 0);
  std::vector<double> y;
  if (model.size() > 1)
    y = column_of(scores, 1);
  else
    for (std::size_t i = 0; i < x.size(); ++i) y.push_back(static_cast<double>(i));
  Plot plot(fmt::format("Principal components of {} samples", samples.size()), axis(0),
            model.size() > 1 ? axis(1) : "number of the sample");
  plot.points(x, y, all_of(samples.labels), samples.classes);
  return plot;
}

void pca(MineRun& run, PcaOptions options) {
  const Samples& samples = run.samples();
  options.seed = run.settings().seed;
  const Pca model = Pca::fit(run.on(), samples, options);
  run.facts()["components"] = components_of(model);
  run.save(model.save());
  if (!run.wants_rows() && !run.wants_plot()) return;
  const Array<double, 2> scores = model.predict(run.on(), samples);
  if (run.wants_rows()) run.write_rows(columns_of(scores));
  if (run.wants_plot()) run.draw(plot_of(samples, model, scores));
}

}  // namespace

void add_mine_pca(MineCommand& mine) {
  auto options = std::make_shared<PcaOptions>();
  MineSubcommand& command =
      mine.add("pca", "The directions along which rows differ most: principal components")
          .model()
          .rows("their coordinates along the components: pc1, pc2, ...")
          .plot("the rows by the first two components")
          .colour()
          .seed()
          .examples(
              "  tine mine pca flowers.csv -k 2 --scale\n"
              "  tine mine pca flowers.csv -k 2 --scale -o model.json --rows components.csv \\\n"
              "    --plot components.svg --colour species\n"
              "  tine mine predict model.json more_flowers.csv\n")
          .runs([options](MineRun& run) { pca(run, *options); });
  CLI::App& app = command.options();
  app.add_option("-k,--components", options->components,
                 "How many [default: all, as many as features or rows, whichever are fewer]")
      ->type_name("N")
      ->check(positive_count);
  app.add_flag(
      "--scale", options->scale,
      "Divide features by their standard deviations first: for features of different units");
  mine.predicts("pca", [](const PoolWith& on, std::string_view text, const Samples& samples) {
    return columns_of(Pca::load(text).predict(on, samples));
  });
}

}  // namespace tine::app
