#include "compare.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <tine/pool.hpp>

namespace bench {

namespace {

using Clock = std::chrono::steady_clock;

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  const double place = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return std::lerp(values[below], values[above], place - static_cast<double>(below));
}

double median(const std::vector<double>& values) {
  return quantile(values, 0.5);
}

/// Distance of the quartiles, relative to the median.
double spread(const std::vector<double>& values) {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / median(values);
}

/// Seconds per item.
double time(const Side& side, const How& how) {
  if (side.time) {
    if (how.warm_up) side.time(1);
    return side.time(how.calls) / (static_cast<double>(how.calls) * how.items);
  }
  if (how.warm_up) side.run();
  std::vector<double> each;
  const std::size_t timings = how.idle.count() > 0 ? how.calls : 1;
  const std::size_t calls = how.calls / timings;
  for (std::size_t t = 0; t < timings; ++t) {
    if (how.idle.count() > 0) std::this_thread::sleep_for(how.idle);
    const auto start = Clock::now();
    for (std::size_t c = 0; c < calls; ++c) side.run();
    each.push_back(std::chrono::duration<double>(Clock::now() - start).count() /
                   (static_cast<double>(calls) * how.items));
  }
  return median(each);
}

struct Times {
  std::vector<std::vector<double>> of_side;      // [side][round]
  std::vector<std::vector<double>> cpu_of_side;  // empty where it is not known

  Times(const std::vector<Side>& sides, const How& how)
      : of_side(sides.size()), cpu_of_side(sides.size()) {
    std::size_t rounds = how.rounds;
    for (std::size_t round = 0; round < rounds; ++round) {
      const auto start = Clock::now();
      for (std::size_t s = 0; s < sides.size(); ++s) {
        // Threads and workers of the side before spin for a while after their last work.
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        const auto& cpu_time = sides[s].cpu_time;
        const double before = cpu_time ? cpu_time() : 0;
        of_side[s].push_back(time(sides[s], how));
        if (cpu_time) cpu_of_side[s].push_back(cpu_time() - before);
      }
      if (how.slow_rounds > 0 && Clock::now() - start > std::chrono::seconds(2))
        rounds = how.slow_rounds;
    }
  }

  std::size_t rounds() const { return of_side[0].size(); }

  std::vector<double> ratios(std::size_t numerator, std::size_t denominator) const {
    std::vector<double> result;
    for (std::size_t r = 0; r < of_side[0].size(); ++r)
      result.push_back(of_side[numerator][r] / of_side[denominator][r]);
    return result;
  }

  /// The widest spread of tine's ratios to its peers; without peers, of its times.
  double widest_spread(const std::vector<std::size_t>& peers) const {
    if (peers.empty()) return spread(of_side[0]);
    double widest = 0;
    for (const std::size_t s : peers) widest = std::max(widest, spread(ratios(0, s)));
    return widest;
  }
};

/// One line per comparison: times of the sides, figures with their targets, spread.
class Table : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& context) override {
    std::printf("%u CPUs we may use, load average", tine::cpu_count());
    for (double load : context.cpu_info.load_avg) std::printf(" %.1f", load);
    std::printf("\n");
    return true;
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      std::printf("%s\n   ", run.run_name.function_name.c_str());
      if (run.error_occurred) std::printf(" %s", run.error_message.c_str());
      for (const auto& [name, counter] : run.counters)
        if (name.starts_with("side "))  // "side 0: tine", so that they stay in order
          std::printf(" %s %s |", name.c_str() + name.find(':') + 2,
                      readable(counter.value).c_str());
      for (const auto& [name, counter] : run.counters) {
        const auto target = run.counters.find("target: " + name);
        if (target == run.counters.end()) continue;
        const bool seconds = name.ends_with("seconds");
        const bool most = seconds || name.starts_with("time ");
        const double value = counter.value, goal = target->second.value;
        std::printf(" %s %s, %s %s%s |", name.c_str(),
                    (seconds ? readable(value) : two_digits(value)).c_str(),
                    most ? "at most" : "at least",
                    (seconds ? readable(goal) : two_digits(goal)).c_str(),
                    (most ? value <= goal : value >= goal) ? "" : " MISSED");
      }
      const auto spread = run.counters.find("spread");
      if (spread != run.counters.end()) std::printf(" spread %.0f %%", 100 * spread->second.value);
      const auto repeats = run.counters.find("repeats");
      if (repeats != run.counters.end() && repeats->second.value > 0)
        std::printf(", repeated %.0f x", repeats->second.value);
      std::printf("\n");
    }
    std::fflush(stdout);
  }

 private:
  static std::string two_digits(double value) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.2f", value);
    return text;
  }
};

/// Where the side of this name is; sides.size() if its library is not installed.
std::size_t find_side(const std::vector<Side>& sides, const std::string& name) {
  std::size_t s = 0;
  while (s < sides.size() && sides[s].name != name) ++s;
  return s;
}

/// The sides whose ratios to tine count: those of the goals, or else all.
std::vector<std::size_t> peers_that_count(const std::vector<Side>& sides,
                                          const std::vector<Goal>& goals) {
  std::vector<std::size_t> peers, all;
  for (std::size_t s = 1; s < sides.size(); ++s) all.push_back(s);
  for (const Goal& goal : goals) {
    const std::size_t s = find_side(sides, goal.side);
    if (s < sides.size()) peers.push_back(s);
  }
  return peers.empty() ? all : peers;
}

void run_comparison(benchmark::State& state, const How& how, const std::vector<Goal>& goals,
                    const std::vector<Side>& sides) {
  constexpr double scales = 1.3;
  const std::vector<std::size_t> peers = peers_that_count(sides, goals);
  for (auto _ : state) {
    Times best(sides, how);
    int repeats = 0;
    for (; best.widest_spread(peers) > 0.15 && repeats < how.repeats; ++repeats) {
      Times again(sides, how);
      if (again.widest_spread(peers) < best.widest_spread(peers)) best = std::move(again);
    }
    state.SetIterationTime(median(best.of_side[0]));
    for (std::size_t s = 0; s < sides.size(); ++s) {
      const std::string name = std::to_string(s) + ": " + sides[s].name;
      state.counters["side " + name] = median(best.of_side[s]);
      if (sides[s].cpu_time) state.counters["cpu " + name] = median(best.cpu_of_side[s]);
    }
    state.counters["spread"] = best.widest_spread(peers);
    state.counters["rounds"] = static_cast<double>(best.rounds());
    state.counters["repeats"] = repeats;
    for (const Goal& goal : goals) {
      const std::size_t other = find_side(sides, goal.side);
      if (goal.what != Goal::What::seconds && other == sides.size()) continue;
      std::string name;
      double value = 0, target = goal.target;
      switch (goal.what) {
        case Goal::What::seconds:
          name = "seconds";
          value = median(best.of_side[0]);
          break;
        case Goal::What::time:
          name = "time / " + goal.side;
          value = median(best.ratios(0, other));
          break;
        case Goal::What::speed:
          name = "speed / " + goal.side;
          value = median(best.ratios(other, 0));
          break;
      }
      if (!goal.on_one_cpu.empty()) {
        // By the best rounds: what else runs on the machine can only hide that a side scales.
        const auto& alone = best.of_side[find_side(sides, goal.on_one_cpu)];
        if (quantile(alone, 0) / quantile(best.of_side[other], 0) < scales)
          target = goal.unscaled_target;
      }
      state.counters[name] = value;
      state.counters["target: " + name] = target;
    }
  }
}

}  // namespace

void compare(const std::string& name, How how, std::vector<Goal> goals,
             std::function<std::vector<Side>()> make) {
  benchmark::RegisterBenchmark(
      name.c_str(), [=](benchmark::State& state) { run_comparison(state, how, goals, make()); })
      ->Iterations(1)
      ->UseManualTime();
}

double seconds(const std::function<void()>& call) {
  const auto start = Clock::now();
  call();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string readable(double seconds) {
  const char* unit = "s";
  for (const char* smaller : {"ms", "us", "ns"}) {
    if (seconds >= 1) break;
    seconds *= 1000;
    unit = smaller;
  }
  char text[32];
  std::snprintf(text, sizeof(text), seconds < 10 ? "%.2f %s" : "%.0f %s", seconds, unit);
  return text;
}

void require(bool same, const char* what) {
  if (!same) fail(std::string(what) + ": the results differ, so there is nothing to compare");
}

void fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

int run(const char* name, int argc, char** argv, benchmark::BenchmarkReporter* table) {
  const std::string out = std::string("--benchmark_out=") + name + ".json";
  std::vector<char*> arguments{argv[0], const_cast<char*>(out.c_str())};
  arguments.insert(arguments.end(), argv + 1, argv + argc);  // later ones win
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  const char* policy = std::getenv("OMP_WAIT_POLICY");
  benchmark::AddCustomContext("OMP_WAIT_POLICY", policy != nullptr ? policy : "not set");
  benchmark::AddCustomContext("CPUs we may use", std::to_string(tine::cpu_count()));
  Table usual;
  benchmark::RunSpecifiedBenchmarks(table != nullptr ? table : &usual);
  return 0;
}

}  // namespace bench
