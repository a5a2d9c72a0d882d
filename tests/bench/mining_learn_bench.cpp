// Learners beside scikit-learn with its threads, and beside plain loops with OpenMP.
//
//   mining_learn_bench [--quick] [--benchmark_filter=WORD...]
//
// --quick takes a tenth of the samples and three rounds: for a look, not for figures.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <tine/mining/kmeans.hpp>
#include <tine/tine.hpp>

#include "compare.hpp"
#include "mining_density.hpp"
#include "python_peer.hpp"

namespace {

using bench::Goal;
using bench::Side;
using tine::mining::KMeans;
using tine::mining::KMeansOptions;
using tine::mining::Samples;

/// Made before any library has threads.
struct Pools {
  tine::Pool all, one{{.workers = 1}};
};
Pools* pools;
bench::PythonPeer* python;

const int cpus = static_cast<int>(tine::cpu_count());

/// Looks random, and every side can compute it.
double mixed(std::uint64_t i, std::uint64_t factor) {
  const std::uint64_t a = i * factor & 0xffffffff;
  return static_cast<double>(a * ((a >> 16) + 1) & 0xffffffff) / 4294967296.0;
}

constexpr std::size_t features = 16, clusters = 64;

Samples noise(tine::Pool& pool, std::size_t rows) {
  auto x = pool.array<double>(rows, features);
  for (std::size_t i = 0; i < rows * features; ++i) x.data()[i] = mixed(i, 2654435761);
  return tine::mining::samples_of(std::move(x));
}
/// As many as there are to be clusters, some of which overlap.
Samples clouds(tine::Pool& pool, std::size_t rows) {
  Samples samples = noise(pool, rows);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto cloud = static_cast<std::size_t>(mixed(i, 1597334677) * clusters);
    for (std::size_t j = 0; j < features; ++j)
      samples.x(i, j) += 2 * mixed(cloud * features + j, 2246822519);
  }
  return samples;
}

KMeansOptions ten_iterations(const Samples& samples) {
  return {.clusters = clusters,
          .centres = {samples.x.data(), samples.x.data() + clusters * features},
          .max_iterations = 10,
          .tolerance = 0};
}

/// What one would write by hand; returns the inertia.
double lloyd_by_loop(const Samples& samples) {
  const auto n = static_cast<std::int64_t>(samples.size());
  std::vector<double> centres = ten_iterations(samples).centres;
  double inertia = 0;
  for (int iteration = 0; iteration <= 10; ++iteration) {
    std::vector<double> sums(clusters * (features + 1));
    inertia = 0;
#pragma omp parallel num_threads(cpus) reduction(+ : inertia)
    {
      std::vector<double> own(sums.size());
#pragma omp for nowait
      for (std::int64_t i = 0; i < n; ++i) {
        const double* const x = samples.x.data() + static_cast<std::size_t>(i) * features;
        std::size_t nearest = 0;
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t c = 0; c < clusters; ++c) {
          double sum = 0;
#pragma omp simd reduction(+ : sum)
          for (std::size_t j = 0; j < features; ++j)
            sum += (x[j] - centres[c * features + j]) * (x[j] - centres[c * features + j]);
          if (sum < least) {
            least = sum;
            nearest = c;
          }
        }
        inertia += least;
        for (std::size_t j = 0; j < features; ++j) own[nearest * (features + 1) + j] += x[j];
        ++own[nearest * (features + 1) + features];
      }
#pragma omp critical
      for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += own[k];
    }
    for (std::size_t c = 0; iteration < 10 && c < clusters; ++c)
      for (std::size_t j = 0; j < features; ++j)
        centres[c * features + j] =
            sums[c * (features + 1) + j] / sums[c * (features + 1) + features];
  }
  return inertia;
}

struct Peer {
  std::string name;   ///< as people write it
  std::string asked;  ///< as the script knows it
};
Side side_of(const Peer& peer, const std::string& data) {
  return {peer.name, {}, [=](std::size_t calls) {
            double sum = 0;
            for (std::size_t i = 0; i < calls; ++i) sum += python->ask(peer.asked + " " + data);
            return sum;
          }};
}

std::vector<Goal> faster_than(double times, const Peer& peer) {
  if (python->ask(peer.asked + " noise 1000") < 0) return {};
  return {{Goal::What::speed, times, peer.name}};
}

std::string millions(std::size_t rows) {
  const std::string tenths = std::to_string(rows / 100000);
  return (tenths.size() > 1 ? tenths.substr(0, tenths.size() - 1) : "0") + "." + tenths.back() +
         " M x 16";
}

void compare_lloyd(const std::string& kind, std::size_t rows, const bench::How& how) {
  const Peer lloyd{"scikit-learn", "lloyd"}, elkan{"scikit-learn, Elkan's", "elkan"};
  const std::string data = kind + " " + std::to_string(rows);
  bench::compare(
      "k-means, 64 clusters, 10 iterations, " + kind + " of " + millions(rows), how,
      faster_than(3, lloyd), [=] {
        const auto make = kind == "noise" ? noise : clouds;
        const auto all = std::make_shared<Samples>(make(pools->all, rows));
        const auto one = std::make_shared<Samples>(make(pools->one, rows));
        const KMeansOptions options = ten_iterations(*all);
        std::vector<Side> sides{
            {"tine", [=] { KMeans::fit(pools->all, *all, options); }},
            {"1 worker", [=] { KMeans::fit(pools->one, *one, options); }},
            {"loop, OpenMP", [=] { benchmark::DoNotOptimize(lloyd_by_loop(*all)); }},
        };
        const double inertia = KMeans::fit(pools->all, *all, options).inertia;
        const auto near = [=](double x) { return std::abs(x - inertia) <= 1e-9 * inertia; };
        bench::require(near(lloyd_by_loop(*all)), "the loop");
        for (const Peer& peer : {lloyd, elkan}) {
          if (python->ask(peer.asked + " noise 1000") < 0) continue;
          bench::require(near(python->ask("check " + peer.asked + " " + data)), peer.name.c_str());
          sides.push_back(side_of(peer, data));
        }
        return sides;
      });
}

/// Where centres begin, with an iteration, which there must be.
void compare_start(std::size_t rows, const bench::How& how) {
  const Peer peer{"scikit-learn", "plus-plus"};
  bench::compare("k-means++, 64 centres, clouds of " + millions(rows), how, faster_than(3, peer),
                 [=] {
                   const auto all = std::make_shared<Samples>(clouds(pools->all, rows));
                   const auto one = std::make_shared<Samples>(clouds(pools->one, rows));
                   const KMeansOptions options{.clusters = clusters, .max_iterations = 1};
                   std::vector<Side> sides{
                       {"tine", [=] { KMeans::fit(pools->all, *all, options); }},
                       {"1 worker", [=] { KMeans::fit(pools->one, *one, options); }},
                   };
                   if (python->ask(peer.asked + " noise 1000") >= 0)
                     sides.push_back(side_of(peer, "clouds " + std::to_string(rows)));
                   return sides;
                 });
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  const bool quick =
      std::erase_if(arguments, [](const char* a) { return std::strcmp(a, "--quick") == 0; }) > 0;
  argc = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);

  const std::size_t rows = quick ? 100'000 : 1'000'000;
  Pools both;
  pools = &both;
  bench::PythonPeer peer(BENCH_PEERS, {std::to_string(cpus)});
  python = &peer;
  const bench::How how{.rounds = quick ? 3u : 11u, .slow_rounds = 3, .repeats = quick ? 0 : 1};
  compare_lloyd("noise", rows, how);
  compare_lloyd("clouds", rows, how);
  compare_start(rows, how);
  bench::compare_densities(both.all, both.one, peer, quick ? 6000 : 20'000, how);
  return bench::run("mining_learn", argc, arguments.data());
}
