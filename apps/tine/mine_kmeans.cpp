// tine mine kmeans: groups around centres.
#include <map>
#include <memory>

#include <fmt/format.h>

#include <tine/mining/kmeans.hpp>

#include "mine_columns.hpp"
#include "mine_command.hpp"
#include "mine_scatter.hpp"

namespace tine::app {

namespace {

using mining::KMeans;
using mining::KMeansOptions;
using mining::ResultColumn;
using mining::Samples;

std::vector<ResultColumn> columns_of(const PoolWith& on, const KMeans& model,
                                     const Samples& samples, const Array<std::uint32_t>& clusters) {
  const Array<double> distances = model.distances(on, samples, clusters);
  return {integer_column("cluster", all_of(clusters)), real_column("distance", all_of(distances))};
}

nlohmann::ordered_json clusters_of(const KMeans& model) {
  nlohmann::ordered_json clusters;
  for (std::size_t i = 0; i < model.clusters(); ++i) {
    nlohmann::ordered_json centre;
    for (std::size_t f = 0; f < model.features.size(); ++f)
      centre[model.features[f].name] = model.centres[i * model.features.size() + f];
    clusters.push_back({{"cluster", i}, {"size", model.sizes[i]}, {"centre", centre}});
  }
  return clusters;
}

void kmeans(MineRun& run, KMeansOptions options) {
  const Samples& samples = run.samples();
  options.seed = run.settings().seed;
  options.progress = run.progress("iterations");
  const KMeans model = KMeans::fit(run.on(), samples, options);
  run.facts()["iterations"] = model.iterations;
  run.facts()["inertia"] = model.inertia;
  run.facts()["clusters"] = clusters_of(model);
  run.save(model.save());
  if (!run.wants_rows() && !run.wants_plot()) return;
  const Array<std::uint32_t> clusters = model.predict(run.on(), samples);
  if (run.wants_rows()) run.write_rows(columns_of(run.on(), model, samples, clusters));
  if (!run.wants_plot()) return;
  Scatter scatter(
      samples, run.settings().axes,
      fmt::format("k-means: {} samples in {} clusters", samples.size(), model.clusters()));
  scatter.samples(all_of(clusters), numbered("cluster", model.clusters()));
  scatter.marks(model.centres, "centre");
  run.draw(scatter.plot());
}

}  // namespace

void add_mine_kmeans(MineCommand& mine) {
  auto options = std::make_shared<KMeansOptions>();
  MineSubcommand& command =
      mine.add("kmeans", "Groups around centres, such that distances to them are small")
          .model()
          .rows("the number of the cluster and the distance to its centre")
          .scatter("the samples in the colours of their clusters, and the centres")
          .seed()
          .examples(
              "  tine mine kmeans flowers.csv -k 2 --features \"length, width\"\n"
              "  tine mine kmeans flowers.csv -k 2 -o model.json --rows clusters.csv --plot "
              "clusters.svg\n")
          .runs([options](MineRun& run) { kmeans(run, *options); });
  CLI::App& app = command.options();
  app.add_option("-k,--clusters", options->clusters, "How many clusters")
      ->type_name("N")
      ->check(positive_count)
      ->capture_default_str();
  app.add_option("--start", options->start,
                 "Where centres begin: at samples that are far from each other, or at any")
      ->transform(CLI::CheckedTransformer(std::map<std::string, KMeansOptions::Start>{
                                              {"kmeans++", KMeansOptions::Start::plus_plus},
                                              {"random", KMeansOptions::Start::random}})
                      .description(""))
      ->type_name("kmeans++|random")
      ->default_str("kmeans++");
  app.add_option("--restarts", options->restarts,
                 "How often all is done, from other samples; the best result counts")
      ->type_name("N")
      ->check(positive_count)
      ->capture_default_str();
  app.add_option("--iterations", options->max_iterations, "At most so many")
      ->type_name("N")
      ->check(positive_count)
      ->capture_default_str();
  app.add_option("--tolerance", options->tolerance,
                 "When centres move less, that is the end: a part of the features' variance")
      ->type_name("X")
      ->check(CLI::Range(0.0, 1e300).description(""))
      ->capture_default_str();
  app.add_option("--batch", options->batch,
                 "So many samples, drawn by lot, move the centres in each iteration; 0: all do")
      ->type_name("N")
      ->capture_default_str();
  mine.predicts("kmeans", [](const PoolWith& on, std::string_view text, const Samples& samples) {
    const KMeans model = KMeans::load(text);
    return columns_of(on, model, samples, model.predict(on, samples));
  });
}

}  // namespace tine::app
