// What a task costs in an executor, beside Python's executors of processes, which time themselves
// (toolbox_peers.py), and beside threads, which nothing protects from what a task does.
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <tine/executor.hpp>
#include <tine/tine.hpp>

#ifdef BENCH_TBB
#include <tbb/task_group.h>
#endif

#include "compare.hpp"
#include "python_peer.hpp"

namespace {

using bench::Goal;
using bench::Side;

void nothing() {}

int spin(int microseconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(microseconds);
  while (std::chrono::steady_clock::now() < end) {
  }
  return microseconds;
}

std::size_t length(const std::string& text) {
  return text.size();
}
std::size_t length_of_view(tine::View<const char> text) {
  return text.size();
}

/// Python with its executors, started when it is first asked.
class Peers {
 public:
  static Peers& instance() {
    static Peers peers;
    return peers;
  }

  /// Seconds; below zero when there is no such peer.
  double time(const std::string& peer, const std::string& work, std::size_t calls, long number) {
    return python_.ask(peer + " " + work + " " + std::to_string(calls) + " " +
                       std::to_string(number));
  }

  /// The peers that are installed.
  std::vector<Side> sides(const std::string& work, long number = 0) {
    std::vector<Side> sides;
    for (const auto& [peer, name] : {std::pair{"executor", "ProcessPoolExecutor"},
                                     {"pool", "multiprocessing.Pool"},
                                     {"joblib", "joblib"}}) {
      if (time(peer, "round_trip", 1, 0) < 0) continue;
      sides.push_back({name, {}, [this, peer = std::string(peer), work, number](std::size_t calls) {
                         return time(peer, work, calls, number);
                       }});
    }
    return sides;
  }

 private:
  bench::PythonPeer python_{BENCH_PEERS, {std::to_string(tine::cpu_count())}};
};

std::vector<Side> with_peers(std::vector<Side> sides, const std::string& work, long number = 0) {
  for (Side& side : Peers::instance().sides(work, number)) sides.push_back(std::move(side));
  return sides;
}

void compare_tasks(int microseconds, std::size_t tasks, std::size_t rounds) {
  const std::string name = std::to_string(tasks) + " tasks of " + std::to_string(microseconds) +
                           " us, each submitted by itself";
  bench::compare(name, {.rounds = rounds, .calls = tasks},
                 {{Goal::What::speed, 1, "ProcessPoolExecutor"}}, [=] {
                   auto executor = std::make_shared<tine::Executor>();
                   const auto of_tine = [executor, microseconds](std::size_t calls) {
                     return bench::seconds([&] {
                       std::vector<tine::Future<int>> futures;
                       for (std::size_t i = 0; i < calls; ++i)
                         futures.push_back(executor->submit(spin, microseconds));
                       for (const auto& f : futures) f.result();
                     });
                   };
                   const auto of_async = [microseconds](std::size_t calls) {
                     return bench::seconds([&] {
                       std::vector<std::future<int>> futures;
                       for (std::size_t i = 0; i < calls; ++i)
                         futures.push_back(std::async(std::launch::async, spin, microseconds));
                       for (auto& f : futures) f.get();
                     });
                   };
                   std::vector<Side> sides{{"tine", {}, of_tine}, {"std::async", {}, of_async}};
#ifdef BENCH_TBB
                   sides.push_back({"oneTBB", {}, [microseconds](std::size_t calls) {
                                      return bench::seconds([&] {
                                        tbb::task_group group;
                                        for (std::size_t i = 0; i < calls; ++i)
                                          group.run([=] { spin(microseconds); });
                                        group.wait();
                                      });
                                    }});
#endif
                   return with_peers(std::move(sides), "tasks", microseconds);
                 });
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  bench::compare("an empty task, there and back", {.calls = 300},
                 {{Goal::What::speed, 20, "ProcessPoolExecutor"}}, [] {
                   auto executor = std::make_shared<tine::Executor>();
                   std::vector<Side> sides{
                       {"tine", [executor] { executor->submit(nothing).result(); }},
                       {"std::async", [] { std::async(std::launch::async, nothing).get(); }}};
#ifdef BENCH_TBB
                   sides.push_back({"oneTBB", [] {
                                      tbb::task_group group;
                                      group.run(nothing);
                                      group.wait();
                                    }});
#endif
                   return with_peers(std::move(sides), "round_trip");
                 });
  compare_tasks(0, 2000, 11);
  compare_tasks(10, 2000, 11);
  compare_tasks(1000, 200, 5);

  static constexpr std::size_t large = std::size_t{256} << 20;
  bench::compare(
      "a task with an argument of 256 MiB", {.rounds = 5},
      {{Goal::What::speed, 1, "ProcessPoolExecutor"}}, [] {
        auto executor = std::make_shared<tine::Executor>();
        auto text = std::make_shared<std::string>(large, 'x');
        auto array = std::make_shared<tine::Array<char>>(executor->array_from(*text));
        return with_peers(
            {{"tine",
              [executor, text] {
                bench::require(executor->submit(length, *text).result() == large, "same");
              }},
             {"tine, a view",
              [executor, array] {
                bench::require(executor->submit(length_of_view, array->view()).result() == large,
                               "same");
              }}},
            "large_argument", static_cast<long>(large));
      });
  bench::compare("start of an executor, one task, and its end", {.rounds = 5},
                 {{Goal::What::speed, 1, "ProcessPoolExecutor"}}, [] {
                   return with_peers({{"tine",
                                       [] {
                                         tine::Executor executor;
                                         executor.submit(nothing).result();
                                       }}},
                                     "start_and_stop");
                 });
  return bench::run("toolbox", argc, argv);
}
