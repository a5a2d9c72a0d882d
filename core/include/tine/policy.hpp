/// @file
/// How a job is to be run: retries, deadlines, cancelling. Every member has a default that suits
/// most jobs: `pool.with({.attempts = 5})` states only what differs.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>

namespace tine {

struct Report;

/// Which slices a worker takes next. It never decides where slices begin or end, so results do not
/// depend on it.
///
/// | schedule  | takes                                                   | when                    |
/// |-----------|---------------------------------------------------------|-------------------------|
/// | sticky    | its own part of the range, the same in every job; then helps others | nearly always: memory stays mapped and cached |
/// | fixed     | its own part only                                       | even work, first touch  |
/// | dynamic   | the next slice                                          | very uneven slices      |
/// | guided    | a shrinking run of slices                               | very many tiny slices   |
enum class Schedule : unsigned char { sticky, fixed, dynamic, guided };

/// What to do with a slice that fails on every attempt.
enum class OnFailure : unsigned char {
  fail,        ///< end the job with an error
  quarantine,  ///< leave the slice out and go on: `inout` keeps its original, `out` is zeros,
               ///< a reduction omits it; Report::quarantined names it
};

/// What a memory fault in a kernel (SIGSEGV, SIGBUS, SIGILL, SIGABRT) says about the rest.
enum class MemoryFaults : unsigned char {
  fast,    ///< nothing: the slice is run again
  strict,  ///< that anything this job wrote may be wrong: all of it is discarded, and the job is run
           ///< again. `inout` arrays are copied first, and while the job runs, its workers can write
           ///< its own `out` and `inout` arrays only. When it fails for such a fault, they are as
           ///< before (`inout`), or zeros. Not for spmd(), which is never retried.
};

/// How far a job has come; counts are approximate while it runs.
struct Progress {
  std::size_t done = 0;
  std::size_t slices = 0;
  std::size_t faults = 0;
};

struct Policy {
  /// How often a slice is tried before it counts as failed; 1 to 60.
  unsigned attempts = 3;
  /// Longest time for one slice; its worker is then killed and the slice tried again. 0: none.
  /// Time during which the master is stopped, the worker is in a debugger, or it waits for a CPU
  /// does not count.
  std::chrono::nanoseconds slice_deadline{0};
  /// Most CPU time for one slice; as for slice_deadline, but waiting does not count. 0: no limit.
  /// Measured in steps of 10 ms.
  std::chrono::nanoseconds slice_cpu_time{0};
  /// Longest time for the whole job, which then ends in DeadlineExceeded. 0: none.
  std::chrono::nanoseconds job_deadline{0};
  OnFailure on_failure = OnFailure::fail;
  /// Whether a slice whose kernel threw is tried again. By default it is not: the same input
  /// nearly always throws again.
  bool retry_exceptions = false;
  MemoryFaults memory_faults = MemoryFaults::fast;
  Schedule schedule = Schedule::sticky;
  /// Cancels the job: no more slices are begun, running ones get a second to finish, are then
  /// killed and undone, and Cancelled is thrown.
  std::stop_token stop{};
  /// Called in the thread that posted the job, about ten times a second and once at the end. What
  /// it throws cancels the job and is passed on.
  std::function<void(const Progress&)> progress{};
  /// Filled at the end of the job, for the calls that return something else than a Report.
  Report* report = nullptr;
};

}  // namespace tine
