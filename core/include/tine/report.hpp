/// @file
/// What happened in a job: every job yields a Report, also one that ends in an error.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tine {

/// Why a slice, or a worker, came to grief.
enum class Cause : std::uint8_t {
  signal,     ///< the worker was killed by a signal
  exited,     ///< the kernel called exit() or _exit()
  exception,  ///< the kernel threw
  deadline,   ///< the slice ran longer than Policy::slice_deadline
  stopped,    ///< the worker was stopped (SIGSTOP) for over a second
  cpu_time,   ///< the slice used more CPU time than Policy::slice_cpu_time
};

/// Name of a cause, for messages: "signal", "exit", ...
const char* to_string(Cause cause) noexcept;

/// One thing that went wrong, and where.
struct Fault {
  static constexpr std::size_t no_slice = static_cast<std::size_t>(-1);

  Cause cause = Cause::signal;
  std::size_t slice = no_slice;        ///< the slice that was running, or no_slice
  unsigned attempt = 0;                ///< 1 for the first attempt
  unsigned worker = 0;                 ///< the worker's slot
  int signal = 0;                      ///< for Cause::signal
  int exit_status = 0;                 ///< for Cause::exited
  std::uintptr_t address = 0;          ///< the address that faulted, for SIGSEGV and SIGBUS
  std::string type;                    ///< for Cause::exception: the demangled type
  std::string message;                 ///< for Cause::exception: its what()
  std::vector<std::string> backtrace;  ///< innermost first; empty when it could not be taken

  /// What happened, for people: "killed by SIGSEGV at address 0x10".
  std::string event() const;
  /// One line for people: where, which attempt, and what happened.
  std::string to_string() const;
};

/// A half-open range of slice indices.
struct SliceRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// What one worker did in a job.
struct WorkerReport {
  std::size_t slices = 0;            ///< slices it finished
  std::chrono::nanoseconds busy{0};  ///< from its first claim to its last commit
};

/// The outcome of a job.
struct Report {
  std::size_t slices = 0;    ///< how many there were
  std::size_t done = 0;      ///< how many hold their result
  std::size_t attempts = 0;  ///< how often a slice was begun: `slices` when nothing went wrong
  std::size_t bytes = 0;     ///< size of the slices of all arguments together
  std::size_t undone = 0;    ///< `inout` slices that were restored after a death
  std::size_t restarts = 0;  ///< workers that were replaced
  std::size_t reruns = 0;    ///< how often all results were discarded (MemoryFaults::strict, or a
                             ///< stray write to the bookkeeping), and the job run once more
  std::chrono::nanoseconds wall{0};
  std::vector<WorkerReport> workers;
  std::vector<Fault> faults;            ///< the first 256, and the one that ended the job
  std::size_t more_faults = 0;          ///< how many are not in `faults`
  std::vector<SliceRange> quarantined;  ///< slices given up, in order
  std::vector<std::string> warnings;

  /// Adds the job that came after: for work that is a sequence of jobs. Its slices are numbered on.
  void append(const Report& next);

  /// Several lines for people.
  std::string to_string() const;
};

}  // namespace tine
