// Jobs that build on each other's results.
#pragma once

#include <utility>

#include <tine/for_each_slice.hpp>
#include <tine/job_sequence.hpp>
#include <tine/matrix/product.hpp>

#include "without_quarantine.hpp"

namespace tine::matrix {

/// A sequence of them. One that fails ends it: a decomposition without one of its slices is none, so
/// OnFailure::quarantine is not for these.
class Jobs {
 public:
  explicit Jobs(PoolWith on) : pool(on.pool), sequence_(without_quarantine(std::move(on))) {}

  template <class F, class... A>
  void run(const Partition& partition, F kernel, const A&... accesses) {
    sequence_.run(
        [&](const PoolWith& on) { return for_each_slice(on, partition, kernel, accesses...); });
  }
  /// What gemm() does.
  template <OperandLike A, OperandLike B, OperandLike C>
  void multiply(const A& a, const B& b, C&& c, Scalar<C> alpha = 1, Scalar<C> beta = 0) {
    sequence_.run([&](const PoolWith& on) { return gemm(on, a, b, c, alpha, beta); });
  }
  JobSequence& sequence() { return sequence_; }
  Report finish() { return sequence_.finish(); }

  Pool& pool;

 private:
  JobSequence sequence_;
};

}  // namespace tine::matrix
