/// A comparison of tine with its peers as one Google Benchmark: all sides take turns (A B C A B C
/// ...), every figure is a ratio within one round, and what is shown is the median of the rounds.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace bench {

/// One way to do the work; the first of a comparison is tine's.
struct Side {
  std::string name;
  std::function<void()> run;
  /// Instead of `run`, for a side that measures itself, or does many calls at once: returns the seconds
  /// that so many calls took.
  std::function<double(std::size_t calls)> time{};
  /// The CPU time that those who do the work have used so far, in seconds: unlike the time that passes,
  /// it does not depend on what else runs on the machine.
  std::function<double()> cpu_time{};
};

struct How {
  std::size_t rounds = 11;
  /// Rounds when one of them takes more than 2 s; 0: as many.
  std::size_t slow_rounds = 0;
  /// How often all is measured again, at most, while the spread is above 15 %.
  int repeats = 2;
  /// Calls in one timing: many for what takes microseconds.
  std::size_t calls = 1;
  /// What one call does, when the time of an item is wanted.
  double items = 1;
  /// Slept before each call, which is then timed by itself.
  std::chrono::microseconds idle{0};
  /// Called once before each timing, so that caches, threads and workers are awake.
  bool warm_up = true;
};

/// What a figure ought to be.
struct Goal {
  enum class What {
    seconds,  ///< tine's time, at most
    time,     ///< tine's time over the named side's, at most
    speed,    ///< the named side's time over tine's, at least
  };
  What what;
  double target;
  std::string side{};  ///< for time and speed
  /// The named side's work on one CPU, where the target depends on whether that side scales: when it
  /// is not even 1.3 times faster than this, it leaves CPUs idle, and `unscaled_target` is the target.
  std::string on_one_cpu{};
  double unscaled_target = 0;
};

/// Registers a comparison. `make` is called when it is its turn, so that only then memory is
/// taken, and returns the sides; the results must have been compared by then.
void compare(const std::string& name, How how, std::vector<Goal> goals,
             std::function<std::vector<Side>()> make);

/// How long a call takes.
double seconds(const std::function<void()>& call);

/// Stops the program: two sides do not agree, so their times mean nothing.
void require(bool same, const char* what);

/// Stops the program: what is to be compared does not work.
[[noreturn]] void fail(const std::string& message);

/// "1.23 ms"
std::string readable(double seconds);

/// main() of a benchmark program: runs what was registered, prints a table, and writes JSON to
/// `<name>.json` unless --benchmark_out says otherwise.
///
/// In the JSON, and for a table of the program's own, the counters of a comparison are: of each side
/// "side <number>: <name>", the median of its seconds, and "cpu <number>: <name>" of its CPU time; of each goal "seconds", "time / <side>" or
/// "speed / <side>", and the same with "target: " before it; "spread", "rounds" and "repeats".
int run(const char* name, int argc, char** argv, benchmark::BenchmarkReporter* table = nullptr);

}  // namespace bench
