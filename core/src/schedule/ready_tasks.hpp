// Where a worker looks for its next task of a graph. Which ones are ready is read off the ledger:
// there is nothing to put right when a worker dies.
#pragma once

#include <tine/detail/job_spec.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sync/ledger.hpp"

namespace tine::detail {

class ReadyTasks {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  /// `over`: all tasks before this one are; a hint in shared memory.
  ReadyTasks(const GraphSpec& graph, const LedgerWord* ledger, std::size_t tasks,
             std::atomic<std::uint64_t>& over)
      : graph_(graph), ledger_(ledger), tasks_(tasks), over_(over) {}

  /// The first task that nobody has claimed and for which all others that it waits for are done, or none.
  std::size_t next() {
    some_wait_ = false;
    std::uint64_t begin = over_.load(std::memory_order_relaxed);
    std::uint64_t i = begin <= tasks_ ? begin : 0;  // or somebody wrote over it
    while (i < tasks_ && load(ledger_[i]).over()) ++i;
    // Only what is over stays so; what is claimed may come back after a death.
    if (i != begin) over_.compare_exchange_strong(begin, i);
    for (; i < tasks_; ++i) {
      if (load(ledger_[i]).state != SliceState::free) continue;
      if (is_ready(i)) return i;
      some_wait_ = true;
    }
    return none;
  }
  /// After next() found none: whether there are tasks that wait for others.
  bool some_wait() const { return some_wait_; }

 private:
  bool is_ready(std::size_t task) const {
    const std::uint64_t end = graph_.nodes[task + 1].dependencies;
    for (std::uint64_t d = graph_.nodes[task].dependencies; d < end; ++d)
      if (load(ledger_[graph_.dependencies[d]]).state != SliceState::done) return false;
    return true;
  }

  const GraphSpec& graph_;
  const LedgerWord* ledger_;
  std::size_t tasks_;
  std::atomic<std::uint64_t>& over_;
  bool some_wait_ = false;
};

}  // namespace tine::detail
