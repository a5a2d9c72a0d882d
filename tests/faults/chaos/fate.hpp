// How slices are struck.
#pragma once

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <iterator>
#include <stdexcept>
#include <string_view>

#include <tine/partition.hpp>

#include "chaos/shared.hpp"

namespace chaos {

inline const char* name_of(std::size_t strike) {
  if (strike < bomb) return tine_test::deaths[strike].name;
  constexpr const char* names[] = {"out of memory",
                                   "death with a grandchild",
                                   "stopped",
                                   "endless loop",
                                   "exception",
                                   "SIGKILL from outside",
                                   "signal from outside",
                                   "stopped for a moment",
                                   "supervisor stopped",
                                   "supervisor killed",
                                   "master stopped"};
  static_assert(std::size(names) == strikes - bomb);
  return names[strike - bomb];
}

inline void strike_now(std::size_t strike) {
  ++shared->struck[strike];
  switch (strike) {
    case bomb:
      while (malloc(1 << 20) != nullptr) {
      }
      abort();
    case grandchild:
      if (fork() == 0)
        for (;;) pause();
      raise(SIGKILL);
      break;
    case stop:
      raise(SIGSTOP);
      break;
    case hang:
      for (;;) asm volatile("");
    default:
      tine_test::deaths[strike].die();
  }
}

/// A death that touches thousands of pages, for which the time of twenty others goes.
inline constexpr std::size_t dear = [] {
  std::size_t i = 0;
  while (std::string_view(tine_test::deaths[i].name) != "stack overflow") ++i;
  return i;
}();

/// What is to happen to one attempt at a slice.
class Fate {
 public:
  Fate(std::uint64_t job, const tine::Slice& slice) {
    const unsigned attempt = shared->tries[slice.index].fetch_add(1);
    ++shared->begun;
    if (shared->job != job + 1) return;  // while the master warms up
    const Plan plan(job);
    Dice dice(settings.seed, job, slice.index, attempt);
    at_ = dice.below(slice.size());
    if (plan.scene == Scene::stops && attempt == 0 && slice.index == plan.job % plan.slices) {
      strike_ = stop;
    } else if (plan.thrower(slice.index) && !(plan.policy.retry_exceptions && attempt > 2)) {
      strike_ = exception;
    } else if (plan.poison(slice.index) || dice.chance(plan.density)) {
      strike_ = dice.chance(0.5) ? 0 : dice.below(bomb);
      if (strike_ == dear && dice.chance(0.9)) strike_ = 0;
      if (dice.chance(0.005) && !tine_test::address_sanitizer)
        strike_ = bomb;  // has no limit there
      if (dice.chance(0.005) && !plan.supervisor_killed) strike_ = grandchild;
      if (plan.scene == Scene::hangs && dice.chance(0.2)) strike_ = hang;
    }
  }

  /// To be called before element i of the slice is worked on.
  void before(std::size_t i) const {
    if (i != at_ || strike_ == strikes) return;
    if (strike_ == exception) {
      ++shared->struck[exception];
      throw std::runtime_error("struck");
    }
    strike_now(strike_);
  }

 private:
  std::size_t at_ = 0;
  std::size_t strike_ = strikes;  // none
};

}  // namespace chaos
