/// @file
/// One body in every worker at once, with a barrier between its phases.
#pragma once

#include <tine/detail/job_spec.hpp>

namespace tine {

/// One worker's place in an spmd() job.
class Team {
 public:
  unsigned rank() const noexcept { return rank_; }  ///< 0 ... size() - 1
  unsigned size() const noexcept { return size_; }  ///< the pool's workers
  /// Waits until every member has come to the barrier; what they wrote to arrays before it is
  /// visible after it. When a member dies, throws, or returns early, the others are released by an
  /// exception that ends the job: do not catch it.
  void barrier() const;

  Team(unsigned rank, unsigned size) noexcept : rank_(rank), size_(size) {}

 private:
  unsigned rank_;
  unsigned size_;
};

/// Runs `body(team)` once in each worker, all at the same time. Arrays travel as views in its
/// captures. Since members depend on each other, nothing is retried: when one dies, the job ends in
/// BrokenBarrier, when one throws, in KernelError, and the arrays it wrote hold unspecified bytes.
/// Work that can be a sequence of ordinary jobs should be that instead.
template <class F>
Report spmd(const PoolWith& on, F body) {
  detail::check_callable<F>();
  auto kernel = [body](const Slice& s) mutable {
    body(Team(static_cast<unsigned>(s.index), static_cast<unsigned>(s.count)));
  };
  using C = detail::Closure<decltype(kernel)>;
  static_assert(sizeof(C) <= detail::max_closure, "captures are limited to 8 KiB");
  const C closure{kernel, {}};
  const detail::CapturedWords<F> captured(body);
  detail::JobSpec spec;
  spec.closure = &closure;
  spec.closure_bytes = sizeof(C);
  spec.captured = captured.data();
  spec.captured_bytes = captured.size();
  spec.partition = slices(on.pool.workers(), 1);
  spec.spmd = true;
  spec.run = [](const std::byte* bytes, const Slice& s, std::byte*) {
    alignas(C) std::byte local[sizeof(C)];
    std::memcpy(local, bytes, sizeof(C));
    std::launder(reinterpret_cast<C*>(local))->f(s);
  };
  return detail::run_job(on, spec);
}

}  // namespace tine
