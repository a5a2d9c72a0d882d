// Jobs that are one to the caller: one report, one deadline, one progress.
#pragma once

#include <algorithm>
#include <chrono>

#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::image {

class ChainReport {
 public:
  /// `slices`: of all jobs together.
  ChainReport(const PoolWith& on, std::size_t slices) : on_(on), slices_(slices) {}
  ChainReport(const ChainReport&) = delete;
  ChainReport& operator=(const ChainReport&) = delete;

  /// Calls `post(on)`, which posts one job.
  template <class Post>
  auto run(Post post) {
    Report report;
    const PoolWith on(on_.pool, policy(report));
    if constexpr (std::is_same_v<decltype(post(on)), Report>) {
      report_.append(post(on));
    } else {
      auto result = post(on);
      report_.append(report);
      return result;
    }
  }

  /// What the caller gets.
  Report finish() {
    if (on_.policy.report != nullptr) *on_.policy.report = report_;
    return std::move(report_);
  }

 private:
  // The caller's policy, for the chain as a whole.
  Policy policy(Report& report) const {
    Policy policy = on_.policy;
    policy.report = &report;
    if (policy.job_deadline.count() > 0)
      policy.job_deadline = std::max<std::chrono::nanoseconds>(
          std::chrono::nanoseconds(1), policy.job_deadline - (Clock::now() - start_));
    if (policy.progress)
      policy.progress = [this](const Progress& job) {
        on_.policy.progress({.done = report_.done + job.done,
                             .slices = slices_,
                             .faults = report_.faults.size() + job.faults});
      };
    return policy;
  }

  using Clock = std::chrono::steady_clock;

  const PoolWith& on_;
  std::size_t slices_;
  Report report_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace tine::image
