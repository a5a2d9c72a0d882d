#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

#include <tine/error.hpp>
#include <tine/pool.hpp>

#include "sync/cgroup.hpp"

namespace tine {

namespace {

unsigned affinity_count() {
  for (int capacity = 1024; capacity <= 1 << 20; capacity *= 2) {
    cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(capacity));
    const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(capacity));
    const bool ok = sched_getaffinity(0, size, set) == 0;
    const int count = ok ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (ok) return static_cast<unsigned>(std::max(1, count));
  }
  return static_cast<unsigned>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
}

// A quota of 1.5 CPUs runs two workers better than one.
unsigned quota_count() {
  constexpr auto none = ~0ull;
  unsigned count = ~0u;
  for (const detail::Cgroup& group : detail::cgroups("cpu")) {
    unsigned long long quota = none, period = none;
    if (group.v2) {
      const std::string text = group.text("cpu.max");  // "max 100000" or "150000 100000"
      if (text.empty() || text.starts_with("max")) continue;
      char* rest = nullptr;
      quota = strtoull(text.c_str(), &rest, 10);
      period = strtoull(rest, nullptr, 10);
    } else {
      quota = group.number("cpu.cfs_quota_us", none);  // -1 wraps to `none`
      period = group.number("cpu.cfs_period_us", none);
    }
    if (quota == none || quota == 0 || period == none || period == 0) continue;
    count = std::min<unsigned>(count, static_cast<unsigned>((quota + period - 1) / period));
  }
  return count;
}

// A positive number in the environment; 0 when it is not set.
unsigned environment_count(const char* name) {
  const char* text = getenv(name);
  if (text == nullptr || *text == '\0') return 0;
  unsigned value = 0;
  const char* end = text + strlen(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  if (error != std::errc{} || stop != end || value == 0)
    throw InvalidArgument(std::string("tine: ") + name + "=" + text +
                          " is not a positive number of workers");
  return value;
}

}  // namespace

unsigned cpu_count() {
  if (const unsigned wanted = environment_count("TINE_WORKERS")) return wanted;
  unsigned count = std::min(affinity_count(), quota_count());
  if (const unsigned slurm = environment_count("SLURM_CPUS_PER_TASK"))
    count = std::min(count, slurm);
  return count;
}

}  // namespace tine
