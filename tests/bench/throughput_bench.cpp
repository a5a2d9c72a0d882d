// Work on large arrays, bound by memory and bound by arithmetic, beside OpenMP and oneTBB. The
// peers work in memory of their own, as a program that uses them would.
#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include <tine/tine.hpp>

#include "compare.hpp"
#include "peers.hpp"
#ifdef BENCH_TBB
#include <tbb/parallel_sort.h>
#endif

namespace {

using bench::Goal;
using bench::Side;

constexpr std::size_t large = 1 << 26;  // floats: 256 MiB
constexpr std::size_t small = 1 << 22;

constexpr auto root = [](float v) { return std::sqrt(v) * 2; };
constexpr auto update = [](float& v) { v = v * 0.75f + 0.5f; };
/// Fifty dependent steps of the logistic map, in a shape that compilers vectorise on all sides.
constexpr auto step = [](float v) { return 3.9f * v * (1 - v); };
constexpr auto iterate = [](float v) {
  for (int i = 0; i < 10; ++i) v = step(step(step(step(step(v)))));
  return v;
};
constexpr auto iterate_in_place = [](float& v) { v = iterate(v); };

/// tine's arrays and the peers'.
struct Arrays {
  tine::Array<float> x, y;
  std::unique_ptr<float[]> px, py;

  Arrays(tine::Pool& pool, std::size_t n)
      : x(pool.array<float>(n)),
        y(pool.array<float>(n)),
        px(std::make_unique<float[]>(n)),
        py(std::make_unique<float[]>(n)) {
    for (std::size_t i = 0; i < n; ++i) x[i] = px[i] = static_cast<float>(i % 1021) / 1024;
  }
};

bool same_bits(const tine::Array<float>& a, const float* b) {
  return std::memcmp(a.data(), b, a.size() * sizeof(float)) == 0;
}

std::vector<Goal> at_least(double speed) {
  return {{Goal::What::speed, speed, "OpenMP"}, {Goal::What::speed, speed, "oneTBB"}};
}

std::vector<Goal> compute_bound(const tine::Pool& pool) {
  std::vector<Goal> goals = at_least(0.97);
  goals.push_back({Goal::What::speed, 0.975 * pool.workers(), "1 worker"});
  return goals;
}

/// Runs every side once and compares what they wrote, before any time is taken.
void check(const std::vector<Side>& sides, const std::function<bool()>& agree) {
  for (const Side& side : sides) {
    side.run();
    bench::require(&side == &sides[0] || agree(), side.name.c_str());
  }
}

template <class F>
std::vector<Side> transform_sides(tine::Pool& pool, tine::Pool* one, std::size_t n, F f) {
  auto a = std::make_shared<Arrays>(pool, n);
  std::vector<Side> sides{
      {"tine", [a, f, &pool] { tine::transform(pool, tine::in(a->x), tine::out(a->y), f); }}};
  bench::add_transform(sides, a->px.get(), a->py.get(), n, f);
  check(sides, [&] { return same_bits(a->y, a->py.get()); });
  if (one != nullptr) {
    auto b = std::make_shared<Arrays>(*one, n);
    sides.push_back(
        {"1 worker", [b, f, one] { tine::transform(*one, tine::in(b->x), tine::out(b->y), f); }});
  }
  return sides;
}

template <class F>
std::vector<Side> for_each_sides(tine::Pool& pool, tine::Pool* one, std::size_t n, F f) {
  auto a = std::make_shared<Arrays>(pool, n);
  std::vector<Side> sides{{"tine", [a, f, &pool] { tine::for_each(pool, tine::inout(a->x), f); }}};
  bench::add_for_each(sides, a->px.get(), n, f);
  sides[0].run();
  for (std::size_t s = 1; s < sides.size(); ++s) {
    sides[s].run();
    bench::require(same_bits(a->x, a->px.get()), sides[s].name.c_str());
    sides[0].run();  // every side changes the peers' array once more
  }
  if (one != nullptr) {
    auto b = std::make_shared<Arrays>(*one, n);
    sides.push_back({"1 worker", [b, f, one] { tine::for_each(*one, tine::inout(b->x), f); }});
  }
  return sides;
}

template <class F>
std::vector<Side> sum_sides(tine::Pool& pool, tine::Pool* one, std::size_t n, F f) {
  auto a = std::make_shared<Arrays>(pool, n);
  auto sums = std::make_shared<std::array<double, 3>>();  // tine's, the peers', one worker's
  std::vector<Side> sides{{"tine", [=, &pool] {
                             (*sums)[0] = tine::transform_reduce(pool, tine::in(a->x), 0.0,
                                                                 std::plus<>{}, f);
                           }}};
  bench::add_sum(sides, a->px.get(), n, f, std::shared_ptr<double>(sums, &(*sums)[1]));
  check(sides, [&] { return std::abs((*sums)[0] / (*sums)[1] - 1) < 1e-9; });
  if (one != nullptr) {
    auto b = std::make_shared<Arrays>(*one, n);
    sides.push_back({"1 worker", [=] {
                       (*sums)[2] =
                           tine::transform_reduce(*one, tine::in(b->x), 0.0, std::plus<>{}, f);
                     }});
  }
  return sides;
}

/// From taking fresh memory to giving it back.
std::vector<Side> cold_sides(tine::Pool& pool, std::size_t n) {
  pool.arena()->trim();
  std::vector<Side> sides{{"tine", [n, &pool] {
                             {
                               auto x = pool.array<float>(n), y = pool.array<float>(n);
                               tine::for_each_slice(
                                   pool, tine::slices(n, 0, sizeof(float)),
                                   [](const tine::Slice&, std::span<float> part) {
                                     std::fill(part.begin(), part.end(), 1.5f);
                                   },
                                   tine::out(x));
                               tine::transform(pool, tine::in(x), tine::out(y), root);
                             }
                             pool.arena()->trim();
                           }}};
#ifdef _OPENMP
  sides.push_back({"OpenMP", [n] {
                     auto x = std::make_unique_for_overwrite<float[]>(n);
                     auto y = std::make_unique_for_overwrite<float[]>(n);
                     float *p = x.get(), *q = y.get();
#pragma omp parallel for simd schedule(static) num_threads(bench::cpus)
                     for (std::size_t i = 0; i < n; ++i) p[i] = 1.5f;
#pragma omp parallel for simd schedule(static) num_threads(bench::cpus)
                     for (std::size_t i = 0; i < n; ++i) q[i] = root(p[i]);
                     benchmark::DoNotOptimize(q);
                   }});
#endif
  return sides;
}

std::vector<Side> sort_sides(tine::Pool& pool, std::size_t n) {
  auto values = std::make_shared<std::vector<double>>(n);
  auto mine = std::make_shared<std::vector<double>>(n);
  auto x = std::make_shared<tine::Array<double>>(pool.array<double>(n));
  std::mt19937_64 random(1);
  for (double& v : *values) v = std::uniform_real_distribution<>()(random);
  std::vector<Side> sides{{"tine",
                           [=, &pool] {
                             std::copy(values->begin(), values->end(), x->begin());
                             tine::sort(pool, tine::inout(*x));
                           }},
                          {"std::sort", [=] {
                             std::copy(values->begin(), values->end(), mine->begin());
                             std::sort(mine->begin(), mine->end());
                           }}};
#ifdef BENCH_TBB
  sides.push_back({"oneTBB", [=] {
                     std::copy(values->begin(), values->end(), mine->begin());
                     tbb::parallel_sort(mine->begin(), mine->end());
                   }});
#endif
  check(sides, [&] { return std::equal(mine->begin(), mine->end(), x->begin()); });
  return sides;
}

/// A job of about two seconds, and the same with a worker killed after one.
std::vector<Side> killed_sides(tine::Pool& pool) {
  auto x = std::make_shared<tine::Array<float>>(pool.array<float>(small));
  auto work = [x, &pool](int times) {
    return tine::for_each_slice(
        pool, tine::slices(x->size(), 0, sizeof(float)),
        [times](const tine::Slice& s, std::span<float> part) {
          for (float& v : part) v = static_cast<float>(s.begin % 1021) / 1024;
          for (int t = 0; t < times; ++t)
            for (float& v : part) v = iterate(v);
        },
        tine::out(*x));
  };
  work(10);
  const int times =
      static_cast<int>(10 * 2.0 / std::chrono::duration<double>(work(10).wall).count());
  return {{"one worker killed",
           [=, &pool] {
             std::thread killer([pid = pool.worker_pids()[0]] {
               std::this_thread::sleep_for(std::chrono::seconds(1));
               kill(pid, SIGKILL);
             });
             const tine::Report report = work(times);
             killer.join();
             bench::require(report.faults.size() == 1, "one worker killed");
           }},
          {"undisturbed", [=] { work(times); }}};
}

}  // namespace

int main(int argc, char** argv) {
  tine::Pool all;
  tine::Pool one({.workers = 1});  // both are made before a peer starts a thread

  bench::compare("one worker killed in a job of 2 s", {.rounds = 10, .warm_up = false},
                 {{Goal::What::time, 1.10, "undisturbed"}}, [&] { return killed_sides(all); });
  bench::compare("transform, bound by arithmetic", {}, compute_bound(all),
                 [&] { return transform_sides(all, &one, small, iterate); });
  bench::compare("for_each, bound by arithmetic", {}, compute_bound(all),
                 [&] { return for_each_sides(all, &one, small, iterate_in_place); });
  bench::compare("reduce, bound by arithmetic", {}, compute_bound(all),
                 [&] { return sum_sides(all, &one, small, iterate); });
  bench::compare("transform, bound by memory, warm", {}, {{Goal::What::speed, 0.97, "OpenMP"}},
                 [&] { return transform_sides(all, nullptr, large, root); });
  bench::compare("reduce, bound by memory, warm", {}, {{Goal::What::speed, 0.97, "OpenMP"}},
                 [&] { return sum_sides(all, nullptr, large, [](float v) { return v; }); });
  bench::compare("for_each in place, bound by memory, warm", {},
                 {{Goal::What::speed, 0.55, "OpenMP"}},
                 [&] { return for_each_sides(all, nullptr, large, update); });
  bench::compare("fill and transform, cold", {.warm_up = false},
                 {{Goal::What::speed, 0.9, "OpenMP"}}, [&] { return cold_sides(all, large); });
  bench::compare("sort of 10^7 doubles", {}, {{Goal::What::speed, 1.8, "std::sort"}},
                 [&] { return sort_sides(all, 10'000'000); });
  for (std::size_t mib : {1, 16, 256, 4096})
    bench::compare(
        "sum of 1 MiB of " + std::to_string(mib) + " MiB",
        {.calls = std::max<std::size_t>(1, 64 / mib), .items = static_cast<double>(mib)}, {},
        [&all, mib] {
          auto x = std::make_shared<tine::Array<float>>(all.array<float>(mib << 20 >> 2));
          return std::vector<Side>{{"tine", [&all, x] { tine::reduce(all, tine::in(*x), 0.0); }}};
        });
  return bench::run("throughput", argc, argv);
}
