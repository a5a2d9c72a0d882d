#include "chaos/master.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "chaos/fate.hpp"
#include "chaos/jobs.hpp"
#include "support/fixture.hpp"
#include "support/processes.hpp"

namespace chaos {

namespace {

using Clock = std::chrono::steady_clock;

int null_device = -1;

class Master {
 public:
  Master() : pool_(options()), kinds_(make_kinds(pool_)) {
    settings.kinds = kinds_.size();
    pool_.refresh();  // workers have to know the settings
    shared->supervisor = pool_.supervisor_pid();
  }

  /// Runs a job and judges it; false when something is wrong.
  bool run(std::uint64_t number);
  /// Runs one job of each kind in peace, so that what is made once is there.
  void warm_up();
  std::size_t memory_in_arrays() const { return pool_.arena()->stats().used; }

 private:
  static tine::PoolOptions options() {
    return {.workers = settings.workers,
            .reserve = std::size_t{1} << 30,
            .memory_per_worker = std::size_t{64} << 20};
  }
  End post(Kind& kind, const Plan& plan);
  void refresh() {
    pool_.refresh();
    shared->supervisor = pool_.supervisor_pid();
  }

  tine::Pool pool_;
  std::vector<std::unique_ptr<Kind>> kinds_;
  std::uint64_t supervisors_killed_ = 0;
};

End Master::post(Kind& kind, const Plan& plan) {
  End end;
  tine::Policy policy = plan.policy;
  policy.report = &end.report;
  std::stop_source stop;
  std::jthread canceller;
  if (plan.scene == Scene::cancelled) {
    policy.stop = stop.get_token();
    canceller = std::jthread([&] {
      std::this_thread::sleep_for(plan.cancel_after);
      stop.request_stop();
    });
  }
  try {
    kind.post(pool_.with(policy), plan);
    end.outcome = Outcome::finished;
  } catch (const tine::SliceFailed& e) {
    end.outcome = Outcome::slice_failed;
    end.message = e.what();
  } catch (const tine::WorkersLost& e) {
    end.outcome = Outcome::workers_lost;
    end.message = e.what();
  } catch (const tine::KernelError& e) {
    end.outcome = Outcome::kernel_error;
    end.message = e.what();
  } catch (const tine::Cancelled& e) {
    end.outcome = Outcome::cancelled;
    end.message = e.what();
  } catch (const tine::DeadlineExceeded& e) {
    end.outcome = Outcome::overdue;
    end.message = e.what();
  } catch (const tine::BrokenBarrier& e) {
    end.outcome = Outcome::broken_barrier;
    end.message = e.what();
  } catch (const tine::SupervisorLost& e) {
    end.outcome = Outcome::supervisor_lost;
    end.message = e.what();
  } catch (const tine::OutOfMemory& e) {
    end.outcome = Outcome::refused;
    end.message = e.what();
  } catch (const std::exception& e) {
    end.message = e.what();
  }
  return end;
}

bool Master::run(std::uint64_t number) {
  const Plan plan(number);
  Kind& kind = *kinds_[plan.kind];
  if (plan.refreshed) refresh();
  kind.prepare(plan);
  for (auto& tries : shared->tries) tries.store(0, std::memory_order_relaxed);

  const auto began = Clock::now();
  shared->job = number + 1;
  const End end = post(kind, plan);
  shared->job = 0;
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began);

  Findings findings;
  const std::uint64_t killed = shared->struck[supervisor_kill];
  bool allowed = kind.allowed(plan, end);
  if (end.outcome == Outcome::supervisor_lost || killed != supervisors_killed_) {
    // Also when the job had ended before anybody could notice.
    allowed = allowed || killed != supervisors_killed_;
    supervisors_killed_ = killed;
    refresh();
  }
  if (end.outcome == Outcome::refused) allowed = allowed || plan.attacked;
  if (!allowed) findings.add(findings.wrong, 1, "the job ended in another way than it should");
  if (end.outcome != Outcome::refused) kind.check(plan, end, findings);

  ++shared->jobs;
  if (end.report.attempts > end.report.done)
    shared->recovered += end.report.attempts - end.report.done;
  shared->undone += end.report.undone;
  shared->wrong += findings.wrong;
  shared->lost += findings.lost;
  shared->duplicated += findings.duplicated;
  const auto us = static_cast<std::uint64_t>(took.count());
  if (us > shared->worst_us) shared->worst_us = us;
  if (!findings.any()) return true;

  std::string text =
      fmt::format("\njob {} ({}, {}, {} slices of {}):\n", number, kind.name(),
                  scene_names[static_cast<std::size_t>(plan.scene)], plan.slices, plan.length);
  for (const std::string& message : findings.messages) text += "  " + message + "\n";
  const std::string how = end.outcome == Outcome::finished ? "finished: " + end.report.to_string()
                                                           : "ended with: " + end.message;
  fmt::print(stderr, "{}  it {}\n  to replay it: chaos --seed {} --workers {} --only {}\n", text,
             how.substr(0, how.find('\n')), settings.seed, settings.workers, number);
  return false;
}

void Master::warm_up() {
  for (std::uint64_t number = 0, seen = 0; seen + 1 < std::uint64_t{1} << kinds_.size(); ++number) {
    const Plan plan(number);
    if (plan.scene != Scene::ordinary || (seen >> plan.kind & 1) != 0) continue;
    kinds_[plan.kind]->prepare(plan);
    const End end = post(*kinds_[plan.kind], plan);
    seen |= std::uint64_t{1} << plan.kind;
  }
  for (auto& n : shared->struck) n = 0;
}

long private_kilobytes() {
  return tine_test::kilobytes("/proc/self/status", "RssAnon");
}

}  // namespace

int run_jobs(const Limits& limits) {
  prepare_images();
  null_device = open("/dev/null", O_WRONLY | O_CLOEXEC);
  // What dying workers have to say would be a flood.
  tine::on_worker_start([] { dup2(null_device, STDERR_FILENO); });

  const auto before = tine_test::Holdings::now();
  const auto end =
      limits.minutes > 0
          ? Clock::now() + std::chrono::milliseconds(static_cast<long>(limits.minutes * 60'000))
          : Clock::time_point::max();
  int bad_jobs = 0;
  auto leak = [](bool leaked, const std::string& what) {
    if (!leaked) return;
    ++shared->leaked;
    fmt::print(stderr, "\nleaked: {}\n", what);
  };
  {
    Master master;
    master.warm_up();
    const std::size_t arrays = master.memory_in_arrays();
    long memory = private_kilobytes();
    if (limits.only) {
      bad_jobs += !master.run(*limits.only);
    } else {
      for (std::uint64_t job = 0;
           shared->faults() < limits.faults && Clock::now() < end && bad_jobs < 10; ++job) {
        bad_jobs += !master.run(job);
        if (job == 200) memory = private_kilobytes();  // what is kept is there by now
      }
    }
    leak(master.memory_in_arrays() != arrays,
         fmt::format("arrays: {} bytes, at first {}", master.memory_in_arrays(), arrays));
    // Address sanitizer keeps what is freed, and looks for leaks itself.
    if (!tine_test::address_sanitizer)
      leak(private_kilobytes() > memory + (8 << 10),
           fmt::format("the master's memory: {} kB, at first {} kB", private_kilobytes(), memory));
  }
  const auto after = tine_test::Holdings::now();
  leak(after.descriptors != before.descriptors, "descriptors");
  leak(after.children != before.children, "processes of the pool");
  leak(after.arena_mappings != before.arena_mappings, "mappings of the arena");
  return bad_jobs == 0 && shared->leaked == 0 ? 0 : 1;
}

}  // namespace chaos
