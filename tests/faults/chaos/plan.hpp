// What happens in a storm is decided here, by its seed alone: which job comes when, which slices are
// struck on which attempt and how. Master, kernels and overseer ask for it independently.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tine/policy.hpp>

#include "support/workload.hpp"

namespace chaos {

/// Random numbers that are a function of what they are for.
class Dice {
 public:
  template <class... What>
  explicit Dice(What... what) {
    ((state_ = tine_test::mixed(state_ ^ static_cast<std::uint64_t>(what)) + 0x632be59bd9b4e019),
     ...);
  }
  std::uint64_t next() { return tine_test::mixed(state_ += 0x9e3779b97f4a7c15); }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() >> 16) % n; }
  std::size_t from_to(std::size_t first, std::size_t last) {
    return first + below(last - first + 1);
  }
  bool chance(double p) { return static_cast<double>(next() >> 11) * 0x1p-53 < p; }

 private:
  std::uint64_t state_ = 0;
};

/// What a storm is made of; the same in all its processes.
struct Settings {
  std::uint64_t seed = 1;
  unsigned workers = 4;
  std::size_t kinds = 1;  // of jobs
};
inline Settings settings;

/// How a job is to go.
enum class Scene {
  ordinary,     // workers die, the job succeeds
  fails,        // some slices cannot be done, so the job fails
  quarantines,  // some slices cannot be done and are left out
  hopeless,     // no slice can be done
  throws,       // some kernels throw
  cancelled,    // the job is cancelled in the middle
  overdue,      // the job has a deadline
  hangs,        // some kernels never come back
  stops,        // a worker is stopped for good
  count,
};
inline constexpr const char* scene_names[] = {"ordinary", "fails",  "quarantines",
                                              "hopeless", "throws", "cancelled",
                                              "overdue",  "hangs",  "stops"};

inline constexpr std::size_t most_slices = 512, longest_slice = 32;

struct Plan {
  explicit Plan(std::uint64_t number) : job(number) {
    Dice dice(settings.seed, job);
    kind = dice.below(settings.kinds);
    constexpr unsigned per_mille[] = {822, 40, 40, 10, 40, 20, 20, 7, 1};
    static_assert(std::size(per_mille) == static_cast<std::size_t>(Scene::count));
    std::size_t left = dice.below(1000), which = 0;
    while (left >= per_mille[which]) left -= per_mille[which++];
    scene = static_cast<Scene>(which);
    slices = dice.from_to(32, most_slices);
    length = dice.from_to(1, longest_slice);
    density = dice.chance(0.1) ? 0.3 : 0.1;
    policy.schedule = static_cast<tine::Schedule>(dice.below(4));
    policy.attempts = 60;
    switch (scene) {
      case Scene::fails:
        policy.attempts = static_cast<unsigned>(dice.from_to(1, 3));
        break;
      case Scene::quarantines:
        policy.attempts = static_cast<unsigned>(dice.from_to(1, 3));
        policy.on_failure = tine::OnFailure::quarantine;
        break;
      case Scene::hopeless:
        policy.attempts = static_cast<unsigned>(dice.from_to(1, 2));
        if (dice.chance(0.5)) policy.on_failure = tine::OnFailure::quarantine;
        break;
      case Scene::throws:
        policy.retry_exceptions = dice.chance(0.5);
        break;
      case Scene::overdue:
        policy.job_deadline = std::chrono::microseconds(dice.from_to(100, 30'000));
        break;
      case Scene::hangs:
        policy.slice_deadline = std::chrono::milliseconds(dice.from_to(20, 60));
        break;
      default:
        break;
    }
    cancel_after = std::chrono::microseconds(dice.below(30'000));
    attacked = dice.chance(0.5);
    supervisor_killed = dice.chance(0.005);
    refreshed = dice.chance(0.01);
  }

  /// Whether a slice strikes its worker every time.
  bool poison(std::size_t slice) const {
    if (scene == Scene::hopeless) return true;
    return (scene == Scene::fails || scene == Scene::quarantines) &&
           Dice(settings.seed, job, slice, 1).chance(0.02);
  }
  bool thrower(std::size_t slice) const {
    return scene == Scene::throws && Dice(settings.seed, job, slice, 2).chance(0.02);
  }

  std::uint64_t job;
  std::size_t kind;
  Scene scene;
  std::size_t slices;  // of `length` elements, the last one shorter by one
  std::size_t length;
  double density;  // of slices that are struck, on each attempt
  tine::Policy policy;
  std::chrono::microseconds cancel_after;
  bool attacked;  // from outside, too
  bool supervisor_killed;
  bool refreshed;  // the pool, before the job

  std::size_t size() const { return slices * length - (length > 1 ? 1 : 0); }
};

}  // namespace chaos
