#include "memory/limits.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "sync/cgroup.hpp"
#include "sync/system.hpp"

namespace tine::detail {

namespace {

constexpr auto unlimited = std::numeric_limits<unsigned long long>::max();

// The number behind `key` in a file of lines "key number"; 0 when absent.
unsigned long long field(const std::string& text, const char* key) {
  const auto at = text.find(key);
  return at == std::string::npos ? 0 : strtoull(text.c_str() + at + strlen(key), nullptr, 10);
}

}  // namespace

std::size_t physical_memory() {
  return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

MemoryLimit available_memory() {
  std::string info(8192, '\0');
  info.resize(sys::read_file("/proc/meminfo", info.data(), info.size()));
  MemoryLimit tightest{field(info, "MemAvailable:") * 1024, "MemAvailable of the machine"};
  if (tightest.available == 0) tightest.available = physical_memory();  // no /proc

  for (const Cgroup& group : cgroups("memory")) {
    const char* limit_file = group.v2 ? "memory.max" : "memory.limit_in_bytes";
    const auto limit = group.number(limit_file, unlimited);
    if (limit >= unlimited / 4) continue;  // v1 writes "no limit" as a huge number
    const auto used = group.number(group.v2 ? "memory.current" : "memory.usage_in_bytes", 0);
    // Pages of files that nobody maps would be dropped before anybody is killed.
    const auto droppable = std::min(
        used,
        field(group.text("memory.stat"), group.v2 ? "\ninactive_file " : "\ntotal_inactive_file "));
    auto left = limit > used - droppable ? limit - (used - droppable) : 0;
    if (group.v2 && group.number("memory.oom.group", 0) == 1) left -= left / 10;
    if (left < tightest.available)
      tightest = {static_cast<std::size_t>(left), limit_file + (" of " + group.directory)};
  }
  return tightest;
}

}  // namespace tine::detail
