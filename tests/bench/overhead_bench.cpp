// What tine costs when there is nothing to do: posting jobs, making pools and arrays, slices.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>

#include <tine/tine.hpp>

#include "compare.hpp"
#include "peers.hpp"

namespace {

using bench::Goal;
using bench::Side;
using namespace std::chrono_literals;

void post_empty(tine::Pool& pool, std::size_t slices) {
  tine::for_each_slice(pool, tine::slices(slices, 1),
                       [](const tine::Slice&) { benchmark::ClobberMemory(); });
}

void register_empty_jobs(tine::Pool& pool, const std::string& workers, bool spare) {
  struct Case {
    const char* name;
    bench::How how;
    double most;  // seconds
  };
  for (const Case& c : {Case{"back to back", {.calls = 2000}, 10e-6},
                        Case{"after 1 ms", {.calls = 50, .idle = 1ms}, 30e-6},
                        Case{"after 10 ms", {.calls = 15, .idle = 10ms}, 80e-6}}) {
    std::vector<Goal> goals;
    if (spare && c.how.idle < 10ms) {
      goals = {{Goal::What::seconds, 5e-6}, {Goal::What::time, 2, "OpenMP"}};
    } else {
      goals = {{Goal::What::seconds, c.most}};
    }
    bench::compare("empty job, " + workers + ", " + c.name, c.how, goals, [&pool] {
      std::vector<Side> sides{{"tine", [&pool] { post_empty(pool, pool.workers()); }}};
      bench::add_empty(sides);
      return sides;
    });
  }
}

void fork_two_and_wait() {
  pid_t children[2];
  for (pid_t& child : children) {
    child = fork();
    if (child == 0) _exit(0);
  }
  for (pid_t child : children) waitpid(child, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
  tine::Pool all;
  tine::Pool spare({.workers = std::max(1u, all.workers() - 1)});

  // First what forks, before any peer has started a thread.
  bench::compare("make and destroy a pool of 2", {.calls = 5}, {{Goal::What::seconds, 3e-3}}, [] {
    return std::vector<Side>{{"tine", [] { tine::Pool pool({.workers = 2}); }},
                             {"fork, fork, wait", fork_two_and_wait}};
  });
  bench::compare("allocate and free 4 KiB, warm", {.calls = 10'000}, {{Goal::What::seconds, 2e-6}},
                 [&all] {
                   return std::vector<Side>{{"tine", [&all] { all.array<char>(4096); }}};
                 });
  bench::compare("allocate and free 1 GiB, warm", {.calls = 1000}, {{Goal::What::seconds, 50e-6}},
                 [&all] {
                   return std::vector<Side>{{"tine", [&all] { all.array<char>(1 << 30); }}};
                 });
  for (std::size_t slices : {10, 100, 1000, 10'000, 100'000, 1'000'000})
    bench::compare(
        "one slice of " + std::to_string(slices),
        {.calls = std::max<std::size_t>(1, 10'000 / slices), .items = static_cast<double>(slices)},
        {}, [&all, slices] {
          return std::vector<Side>{{"tine", [&all, slices] { post_empty(all, slices); }}};
        });

  register_empty_jobs(spare, "workers = CPUs - 1", true);
  register_empty_jobs(all, "workers = CPUs", false);
  return bench::run("overhead", argc, argv);
}
