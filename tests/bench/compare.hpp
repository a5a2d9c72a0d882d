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
};

struct How {
  std::size_t rounds = 11;
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
};

/// Registers a comparison. `make` is called when it is its turn, so that only then memory is
/// taken, and returns the sides; the results must have been compared by then.
void compare(const std::string& name, How how, std::vector<Goal> goals,
             std::function<std::vector<Side>()> make);

/// How long a call takes.
double seconds(const std::function<void()>& call);

/// Stops the program: two sides do not agree, so their times mean nothing.
void require(bool same, const char* what);

/// main() of a benchmark program: runs what was registered, prints a table, and writes JSON to
/// `<name>.json` unless --benchmark_out says otherwise.
int run(const char* name, int argc, char** argv);

}  // namespace bench
