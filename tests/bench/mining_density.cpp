#include "mining_density.hpp"

#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <tine/mining/density.hpp>
#include <tine/tine.hpp>

namespace bench {

namespace {

using tine::mining::Densities;
using tine::mining::Kde;
using tine::mining::Samples;

constexpr double bandwidth = 0.05;

/// Numbers from 0 to 1 that look random, as the script has them.
Samples mixed(tine::Pool& pool, std::size_t rows, std::size_t d, std::uint64_t factor) {
  auto x = pool.array<double>(rows, d);
  for (std::size_t i = 0; i < rows * d; ++i) {
    const std::uint64_t a = i * factor & 0xffffffff;
    x.data()[i] = static_cast<double>(a * ((a >> 16) + 1) & 0xffffffff) / 4294967296.0;
  }
  return tine::mining::samples_of(std::move(x));
}

struct Work {
  Work(tine::Pool& on, std::size_t rows, std::size_t d)
      : pool(on),
        points(mixed(on, rows, d, 2654435761)),
        queries(mixed(on, rows / 2, d, 2246822519)),
        model(Kde::fit(on, points, {.bandwidth = {bandwidth}})) {}
  Densities predict() const { return model.predict(pool, queries); }

  tine::Pool& pool;
  Samples points, queries;
  Kde model;
};

/// What one would write by hand. This file is compiled for the CPU at hand.
template <std::size_t d>
std::vector<double> by_loop(const Work& work) {
  const double* const points = work.points.x.data();
  const std::size_t n = work.points.size();
  const auto m = static_cast<std::int64_t>(work.queries.size());
  const double scale = -0.5 / (bandwidth * bandwidth);
  const double volume = std::pow(bandwidth * std::sqrt(2 * M_PI), static_cast<double>(d));
  std::vector<double> density(work.queries.size());
#pragma omp parallel for num_threads(static_cast <int>(tine::cpu_count()))
  for (std::int64_t q = 0; q < m; ++q) {
    const double* const x = work.queries.x.data() + static_cast<std::size_t>(q) * d;
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double square = 0;
      for (std::size_t k = 0; k < d; ++k)
        square += (points[i * d + k] - x[k]) * (points[i * d + k] - x[k]);
      sum += std::exp(scale * square);
    }
    density[static_cast<std::size_t>(q)] = sum / (static_cast<double>(n) * volume);
  }
  return density;
}

double sum_of(const auto& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

template <std::size_t d>
void compare_density(tine::Pool& all, tine::Pool& one, PythonPeer& python, std::size_t points,
                     const How& how) {
  const std::string data = (d == 1 ? "line " : "plane ") + std::to_string(points),
                    peer = "scikit-learn, exact";
  const bool has_peer = python.ask("kde noise 1000") >= 0;
  std::vector<Goal> goals{{Goal::What::speed, 2, "loop, OpenMP"}};
  if (has_peer) goals.push_back({Goal::What::speed, 10, peer});
  compare("Gaussian KDE, " + std::to_string(points) + " x " + std::to_string(points / 2) + ", " +
              std::to_string(d) + (d == 1 ? " dimension" : " dimensions"),
          how, goals, [&all, &one, &python, points, data, peer, has_peer] {
            const auto in_all = std::make_shared<Work>(all, points, d);
            const auto in_one = std::make_shared<Work>(one, points, d);
            std::vector<Side> sides{
                {"tine", [=] { in_all->predict(); }},
                {"1 worker", [=] { in_one->predict(); }},
                {"loop, OpenMP", [=] { benchmark::DoNotOptimize(by_loop<d>(*in_all)); }},
            };
            const double sum = sum_of(in_all->predict().density);
            const auto near = [=](double x) { return std::abs(x - sum) <= 1e-9 * sum; };
            require(near(sum_of(by_loop<d>(*in_all))), "the loop");
            if (!has_peer) return sides;
            require(near(python.ask("check kde " + data)), peer.c_str());
            sides.push_back({peer, {}, [&python, data](std::size_t calls) {
                               double seconds = 0;
                               for (std::size_t i = 0; i < calls; ++i)
                                 seconds += python.ask("kde " + data);
                               return seconds;
                             }});
            return sides;
          });
}

}  // namespace

void compare_densities(tine::Pool& all, tine::Pool& one, PythonPeer& python, std::size_t points,
                       const How& how) {
  compare_density<1>(all, one, python, points, how);
  compare_density<2>(all, one, python, points, how);
}

}  // namespace bench
