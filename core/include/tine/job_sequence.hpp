/// @file
/// Jobs that are one to the caller: one report, one deadline, one progress.
#pragma once

#include <algorithm>
#include <chrono>
#include <type_traits>
#include <utility>

#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine {

/// Runs jobs one after another as if they were one. The policy that the pool came with holds for all
/// of them together: its deadline is for the whole, its progress counts through, its report holds what
/// happened in any of them.
///
/// @code
/// tine::JobSequence jobs(on);
/// jobs.run([&](const tine::PoolWith& next) { return tine::for_each_slice(next, ...); });
/// jobs.run([&](const tine::PoolWith& next) { return tine::for_each_slice(next, ...); });
/// return jobs.finish();
/// @endcode
class JobSequence {
 public:
  /// @param slices  of all jobs together, for the progress; 0: those of the jobs so far
  explicit JobSequence(PoolWith on, std::size_t slices = 0) : on_(std::move(on)), slices_(slices) {}
  JobSequence(const JobSequence&) = delete;
  JobSequence& operator=(const JobSequence&) = delete;

  /// Calls `post(next)`, which posts one job and returns its Report, or the result of a reduction.
  template <class Post>
  auto run(Post post) {
    Report report;
    const PoolWith next(on_.pool, policy(report));
    try {
      if constexpr (std::is_same_v<decltype(post(next)), Report>) {
        report_.append(post(next));
      } else {
        auto result = post(next);
        report_.append(report);
        return result;
      }
    } catch (...) {
      report_.append(report);
      finish();
      throw;
    }
  }

  /// What happened in all of them.
  Report finish() {
    if (on_.policy.report != nullptr) *on_.policy.report = report_;
    return std::move(report_);
  }

 private:
  // The caller's policy, for what is left of the whole.
  Policy policy(Report& report) const {
    Policy policy = on_.policy;
    policy.report = &report;
    if (policy.job_deadline.count() > 0)
      policy.job_deadline = std::max<std::chrono::nanoseconds>(
          std::chrono::nanoseconds(1), policy.job_deadline - (Clock::now() - start_));
    if (policy.progress)
      policy.progress = [this](const Progress& job) {
        on_.policy.progress({.done = report_.done + job.done,
                             .slices = std::max(slices_, report_.slices + job.slices),
                             .faults = report_.faults.size() + job.faults});
      };
    return policy;
  }

  using Clock = std::chrono::steady_clock;

  PoolWith on_;
  std::size_t slices_;
  Report report_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace tine
