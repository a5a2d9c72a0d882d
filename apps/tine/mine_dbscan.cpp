// tine mine dbscan: clusters of any shape, and noise.
#include <algorithm>
#include <functional>
#include <memory>
#include <numeric>

#include <fmt/format.h>

#include <tine/mining/dbscan.hpp>
#include <tine/mining/neighbours.hpp>

#include "exit.hpp"
#include "mine_columns.hpp"
#include "mine_command.hpp"
#include "mine_scatter.hpp"

namespace tine::app {

namespace {

using mining::Dbscan;
using mining::DbscanOptions;
using mining::ResultColumn;
using mining::Samples;

// That are told, and that have a colour and a name in a picture.
constexpr std::size_t largest_told = 10;

ResultColumn cluster_column(const Dbscan& found) {
  return {.name = "cluster",
          .type = mining::Type::integer,
          .integers = {found.labels.begin(), found.labels.end()},
          .nulls = std::vector<std::uint8_t>(found.labels.size())};
}

ResultColumn core_column(const Dbscan& found) {
  ResultColumn column{.name = "core", .type = mining::Type::boolean};
  column.integers.assign(found.core.begin(), found.core.end());
  column.nulls.resize(column.integers.size());
  return column;
}

struct Cluster {
  std::size_t number, size = 0, core = 0;
};

// The largest first.
std::vector<Cluster> clusters_of(const Dbscan& found) {
  std::vector<Cluster> clusters(found.clusters);
  for (std::size_t i = 0; i < clusters.size(); ++i) clusters[i].number = i;
  for (std::size_t i = 0; i < found.labels.size(); ++i) {
    if (found.labels[i] == Dbscan::noise) continue;
    Cluster& its = clusters[static_cast<std::size_t>(found.labels[i])];
    ++its.size;
    its.core += found.core[i];
  }
  std::ranges::stable_sort(clusters, std::greater<>(), &Cluster::size);
  return clusters;
}

void draw_clusters(MineRun& run, const Samples& samples, const Dbscan& found,
                   const std::vector<Cluster>& clusters) {
  const std::size_t shown = std::min(clusters.size(), largest_told);
  std::vector<std::uint32_t> colour_of(clusters.size(), static_cast<std::uint32_t>(shown));
  std::vector<std::string> names;
  for (std::size_t i = 0; i < shown; ++i) {
    colour_of[clusters[i].number] = static_cast<std::uint32_t>(i);
    names.push_back(fmt::format("cluster {}", clusters[i].number));
  }
  if (clusters.size() > shown)
    names.push_back(fmt::format("{} smaller ones", clusters.size() - shown));
  std::vector<std::uint32_t> classes;
  for (const std::int32_t label : found.labels)
    classes.push_back(label == Dbscan::noise ? Plot::no_class
                                             : colour_of[static_cast<std::size_t>(label)]);
  Scatter scatter(samples, run.settings().axes,
                  fmt::format("{} clusters of {} samples, {} of them noise (grey)", clusters.size(),
                              samples.size(), std::ranges::count(found.labels, Dbscan::noise)));
  scatter.samples(classes, names);
  run.draw(scatter.plot());
}

void cluster(MineRun& run, DbscanOptions options) {
  const Samples& samples = run.samples();
  options.progress = run.progress("samples");
  const Dbscan found = dbscan(run.on(), samples, options);
  const std::vector<Cluster> clusters = clusters_of(found);
  run.facts()["clusters"] = found.clusters;
  run.facts()["core_samples"] = std::ranges::count(found.core, 1);
  run.facts()["noise"] = std::ranges::count(found.labels, Dbscan::noise);
  for (std::size_t i = 0; i < std::min(clusters.size(), largest_told); ++i)
    run.facts()["largest"].push_back({{"cluster", clusters[i].number},
                                      {"size", clusters[i].size},
                                      {"core_samples", clusters[i].core}});
  if (run.wants_rows()) run.write_rows({cluster_column(found), core_column(found)});
  if (run.wants_plot()) draw_clusters(run, samples, found, clusters);
}

// How far each sample's farthest of min_points neighbours is, itself among them: with an eps as large, it is a core
// sample. Where the sorted distances bend is a good eps.
void k_distances(MineRun& run, const DbscanOptions& options) {
  const Samples& samples = run.samples();
  const std::size_t k = options.min_points - 1;
  const auto neighbours = mining::nearest_others(run.on(), samples.x, k);
  std::vector<double> distances(samples.size());
  for (std::size_t i = 0; i < distances.size(); ++i) distances[i] = neighbours.distance(i, k - 1);
  if (run.wants_rows()) run.write_rows({real_column("k_distance", distances)});
  std::ranges::sort(distances);
  for (const std::size_t percent : {50, 75, 90, 95, 99})
    run.facts()["k_distances"].push_back(
        {{"samples", fmt::format("{} %", percent)},
         {"within", distances[(distances.size() - 1) * percent / 100]}});
  if (!run.wants_plot()) return;
  constexpr std::size_t steps = 1000;  // more are not seen
  std::vector<double> parts, drawn;
  for (std::size_t step = 0; step <= steps; ++step) {
    parts.push_back(100 * static_cast<double>(step) / steps);
    drawn.push_back(distances[(distances.size() - 1) * step / steps]);
  }
  Plot plot(fmt::format("Distances within which there are {} others", k), "% of the samples",
            "distance");
  plot.line(parts, drawn);
  run.draw(plot);
}

}  // namespace

void add_mine_dbscan(MineCommand& mine) {
  struct Settings {
    DbscanOptions options;
    bool k_distances = false;
  };
  auto settings = std::make_shared<Settings>();
  MineSubcommand& command =
      mine.add("dbscan", "Clusters of any shape, where rows are dense, and noise between them")
          .rows("the number of the cluster, -1 for noise, and whether it is a core sample")
          .scatter("the samples in the colours of their clusters, noise in grey")
          .examples(
              "  tine mine dbscan flowers.csv --k-distances --plot distances.svg\n"
              "  tine mine dbscan flowers.csv --eps 0.5\n"
              "  tine mine dbscan flowers.csv --eps 0.5 --min-points 5 --rows clusters.csv \\\n"
              "    --plot clusters.svg\n");
  CLI::App& app = command.options();
  CLI::Option* const eps =
      app.add_option("--eps", settings->options.eps,
                     "Rows that are no farther from each other are neighbours: a distance")
          ->type_name("X")
          ->check([](const std::string& text) {
            double value = 0;
            return CLI::detail::lexical_cast(text, value) && value > 0 && value < 1e300
                       ? std::string()
                       : text + " is no distance: it should be positive";
          });
  app.add_option("--min-points", settings->options.min_points,
                 "How many neighbours a core sample has, itself among them")
      ->type_name("N")
      ->check(positive_count)
      ->capture_default_str();
  app.add_flag("--k-distances", settings->k_distances,
               "Tell, and draw, what distances rows have from as many neighbours, to choose --eps: "
               "a good one is where the line bends")
      ->excludes(eps);
  command.runs([settings, eps](MineRun& run) {
    if (!settings->k_distances) {
      if (eps->count() == 0)
        throw UsageError("tine mine dbscan needs --eps; --k-distances helps to choose it");
      return cluster(run, settings->options);
    }
    if (settings->options.min_points < 2)
      throw UsageError("--k-distances needs --min-points of 2 at least: a row and others");
    k_distances(run, settings->options);
  });
}

}  // namespace tine::app
