#include "chaos/overseer.hpp"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "chaos/fate.hpp"
#include "support/fixture.hpp"
#include "support/processes.hpp"

namespace chaos {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// A minute without any slice begun or job ended.
constexpr auto patience = 60s;

/// Carries out the plan of attack of one job after another.
class Attacker {
 public:
  explicit Attacker(pid_t master)
      : master_(master), thread_([this](const std::stop_token& stop) { run(stop); }) {}

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (const std::uint64_t job = shared->job; job != 0 && job != last_)
        attack(job);
      else
        usleep(100);
    }
  }

  void attack(std::uint64_t job) {
    last_ = job;
    const Plan plan(job - 1);
    Dice dice(settings.seed, job, 3);
    auto open = [&] { return shared->job == job; };
    if (plan.supervisor_killed) {
      usleep(static_cast<unsigned>(dice.below(20'000)));
      if (open() && tine_test::signal_child(master_, shared->supervisor, SIGKILL))
        ++shared->struck[supervisor_kill];
    }
    // Now and then anywhere, also in a worker's first steps; otherwise after a few slices, since a
    // job whose workers never come to the end of one is given up.
    int anywhere = 4;
    while (plan.attacked && open()) {
      const std::uint64_t begun = shared->begun + dice.from_to(1, 24);
      const bool soon = anywhere > 0 && dice.chance(0.3);
      anywhere -= soon;
      for (int i = 0; open() && shared->begun < begun && !(soon && i > 20); ++i) usleep(100);
      usleep(static_cast<unsigned>(dice.below(300)));
      if (open()) strike(dice);
    }
  }

  void strike(Dice& dice) {
    const int supervisor = shared->supervisor;
    const std::size_t what = dice.below(1000), whom = dice.below(1'000'000);
    const auto moment = static_cast<unsigned>(dice.below(20'000));
    auto at_worker = [&](int signal) {
      const auto workers = children_of(supervisor);
      return !workers.empty() &&
             tine_test::signal_child(supervisor, workers[whom % workers.size()], signal);
    };
    auto hold = [&](int parent, int pid, Strike kind) {
      if (!tine_test::signal_child(parent, pid, SIGSTOP)) return;
      ++shared->struck[kind];
      usleep(moment);
      tine_test::signal_child(parent, pid, SIGCONT);
    };
    if (what < 800) {
      shared->struck[outside_kill] += at_worker(SIGKILL);
    } else if (what < 940) {
      constexpr int signals[] = {SIGSEGV, SIGABRT, SIGTERM, SIGBUS};
      shared->struck[outside_signal] += at_worker(signals[whom % std::size(signals)]);
    } else if (what < 980) {
      const auto workers = children_of(supervisor);
      if (!workers.empty()) hold(supervisor, workers[whom % workers.size()], outside_stop);
    } else if (what < 990) {
      hold(master_, supervisor, supervisor_stop);
    } else {
      hold(getpid(), master_, master_stop);
    }
  }

  static std::vector<int> children_of(int pid) {
    std::ifstream list(fmt::format("/proc/{0}/task/{0}/children", pid));
    std::vector<int> pids;
    for (int child; list >> child;) pids.push_back(child);
    return pids;
  }

  pid_t master_;
  std::uint64_t last_ = 0;
  std::jthread thread_;
};

void say_how_far(Clock::duration since, bool terminal) {
  const double seconds = std::chrono::duration<double>(since).count();
  const auto faults = static_cast<double>(shared->faults());
  fmt::print(stderr, "{}{:.0f} s: {} jobs, {:.0f} faults, {:.0f} a second{}",
             terminal ? "\r" : "chaos: ", seconds, shared->jobs.load(), faults, faults / seconds,
             terminal ? "   " : "\n");
}

void sum_up(Clock::duration since, std::uint64_t hung) {
  const double seconds = std::chrono::duration<double>(since).count();
  fmt::print("{} jobs, {} faults in {:.1f} s, {:.0f} a second\n", shared->jobs.load(),
             shared->faults(), seconds, static_cast<double>(shared->faults()) / seconds);
  for (std::size_t i = 0; i < strikes; ++i)
    if (const std::uint64_t n = shared->struck[i]) fmt::print("  {:>9}  {}\n", n, name_of(i));
  fmt::print(
      "{} attempts at slices repeated, {} slices undone, the longest job took {:.2f} s\n"
      "wrong {}, lost {}, duplicated {}, hung {}, leaked {}\n",
      shared->recovered.load(), shared->undone.load(), static_cast<double>(shared->worst_us) * 1e-6,
      shared->wrong.load(), shared->lost.load(), shared->duplicated.load(), hung,
      shared->leaked.load());
  fflush(stdout);
}

}  // namespace

int oversee(pid_t master) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // what the master leaves behind shall be seen
  const bool terminal = isatty(STDERR_FILENO) != 0;
  const auto began = Clock::now();
  auto said = began, moved = began;
  std::uint64_t seen = 0, hung = 0;
  int status = 0;
  {
    Attacker attacker(master);
    while (waitpid(master, &status, WNOHANG) == 0) {
      usleep(20'000);
      const auto now = Clock::now();
      if (const std::uint64_t all = shared->jobs + shared->begun; all != seen) {
        seen = all;
        moved = now;
      }
      if (now - said > (terminal ? 500ms : 5000ms)) {
        said = now;
        say_how_far(now - began, terminal);
      }
      if (now - moved > patience && hung == 0) {
        ++hung;
        const std::uint64_t job = shared->job;
        fmt::print(stderr,
                   "\nhung: nothing has moved for a minute, in job {}\n"
                   "  to replay it: chaos --seed {} --workers {} --only {}\n",
                   job - 1, settings.seed, settings.workers, job - 1);
        kill(master, SIGKILL);
      }
    }
  }
  if (terminal) fmt::print(stderr, "\n");
  if (WIFSIGNALED(status) && hung == 0)
    fmt::print(stderr, "the master was killed: {}\n", strsignal(WTERMSIG(status)));
  if (!tine_test::eventually([] {
        while (waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        return tine_test::descendants().empty();
      })) {
    ++shared->leaked;
    fmt::print(stderr, "leaked: processes\n");
  }
  sum_up(Clock::now() - began, hung);
  const bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0 && shared->leaked == 0;
  return good ? 0 : 1;
}

}  // namespace chaos
