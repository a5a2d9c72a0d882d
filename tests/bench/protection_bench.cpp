// What protection costs: guard pages and read-only inputs, which are on by default, the sandbox, and
// MemoryFaults::strict, each beside the same job without any.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <tine/tine.hpp>
#if defined(BENCH_SANDBOX)
#include <tine/sandbox.hpp>
#endif

#include "compare.hpp"

namespace {

using bench::Goal;
using bench::Side;

// One pool for each side; those that are not at work have no part in a timing, which is longer by
// far than the time for which idle workers look for a job.
struct Guarded {
  std::string name;
  tine::Pool pool;
  tine::Policy policy{};
  tine::Array<float> in = pool.array<float>(64 << 20);
  tine::Array<float> out = pool.array<float>(64 << 20);

  Guarded(std::string what, tine::PoolOptions options, tine::Policy how = {})
      : name(std::move(what)), pool(options), policy(std::move(how)) {
    std::fill(in.begin(), in.end(), 2.0f);
    transform();
    bench::require(out[0] == 7.0f && out[out.size() - 1] == 7.0f, "transform is wrong");
  }
  void transform() {
    tine::transform(pool.with(policy), tine::in(in), tine::out(out),
                    [](float v) { return v * 3 + 1; });
  }
  void empty() {
    tine::for_each_slice(pool.with(policy), tine::slices(pool.workers(), 1),
                         [](const tine::Slice&) { benchmark::ClobberMemory(); });
  }
};

}  // namespace

int main(int argc, char** argv) {
  const unsigned spare = std::max(1u, tine::cpu_count() - 1);
  std::vector<std::unique_ptr<Guarded>> kinds;
  kinds.push_back(std::make_unique<Guarded>("by default", tine::PoolOptions{.workers = spare}));
  kinds.push_back(
      std::make_unique<Guarded>("none", tine::PoolOptions{.workers = spare, .protect = false}));
#if defined(BENCH_SANDBOX)
  kinds.push_back(std::make_unique<Guarded>(
      "sandbox", tine::PoolOptions{.workers = spare,
                                   .worker_start = [](unsigned) { tine::enter_sandbox(); }}));
#endif
  kinds.push_back(
      std::make_unique<Guarded>("strict", tine::PoolOptions{.workers = spare},
                                tine::Policy{.memory_faults = tine::MemoryFaults::strict}));

  const auto sides = [&](void (Guarded::*job)()) {
    std::vector<Side> all;
    for (auto& kind : kinds) all.push_back({kind->name, [&kind, job] { (kind.get()->*job)(); }});
    return all;
  };
  bench::compare("protection: empty job", {.rounds = 21, .calls = 20'000},
                 {{Goal::What::time, 1.03, "none"}}, [&] { return sides(&Guarded::empty); });
  bench::compare("protection: transform, 256 MiB", {.rounds = 21, .calls = 3},
                 {{Goal::What::time, 1.03, "none"}}, [&] { return sides(&Guarded::transform); });
  return bench::run("protection", argc, argv);
}
