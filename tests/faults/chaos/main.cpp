// A storm: jobs of all kinds, while whatever can happen to their processes happens to them, and a
// look at every bit of every result.
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "chaos/master.hpp"
#include "chaos/overseer.hpp"
#include "chaos/shared.hpp"

int main(int argc, char** argv) {
  using namespace chaos;
  CLI::App app(
      "Runs jobs of all kinds in a pool whose workers are killed, stopped, hung and starved of\n"
      "memory, whose supervisor is killed and stopped, and compares each result bit by bit with\n"
      "that of a serial loop.");
  Limits limits;
  app.add_option("--faults", limits.faults, "End after so many faults")
      ->capture_default_str()
      ->take_last();
  app.add_option("--seed", settings.seed, "Decides about all jobs and faults")
      ->capture_default_str();
  app.add_option("--workers", settings.workers, "Workers of the pool")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  app.add_option("--minutes", limits.minutes, "End after so many minutes; 0: no limit")
      ->capture_default_str();
  app.add_option("--only", limits.only, "Run only the job with this number");
  app.footer(
      "Examples:\n"
      "  chaos                                a hundred thousand faults\n"
      "  chaos --faults 1000000 --seed 7      a million others\n"
      "  chaos --faults 100000000 --minutes 60\n"
      "  chaos --seed 7 --only 4711           one job again, which a message named\n\n"
      "Exit status: 0 when nothing was wrong, lost, done twice, hung or leaked; otherwise 1.\n"
      "Faults in kernels are a function of seed, job, slice and attempt; when one from outside\n"
      "falls is for the kernel's scheduler to say.");
  CLI11_PARSE(app, argc, argv);

  fmt::print("chaos --faults {} --seed {} --workers {}{}\n", limits.faults, settings.seed,
             settings.workers, limits.only ? fmt::format(" --only {}", *limits.only) : "");
  fflush(stdout);
  void* const memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    perror("chaos: mmap");
    return 1;
  }
  shared = new (memory) Shared{};
  const pid_t master = fork();
  if (master < 0) {
    perror("chaos: fork");
    return 1;
  }
  if (master == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return run_jobs(limits);
  }
  return oversee(master);
}
