#include "machine.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <vector>

#include <fmt/format.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

namespace tine::app {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::optional<std::uint64_t> memory_field(const std::string& file, const std::string& name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string key;
    std::uint64_t kib;
    if (words >> key >> kib && key == name + ":") return kib * 1024;
  }
  return std::nullopt;
}

unsigned affinity_cpus() {
  std::vector<cpu_set_t> sets(16);  // 16,384 CPUs
  const std::size_t bytes = sets.size() * sizeof(cpu_set_t);
  if (sched_getaffinity(0, bytes, sets.data()) != 0) return 0;
  return static_cast<unsigned>(CPU_COUNT_S(bytes, sets.data()));
}

namespace {

std::optional<CgroupLimit> smallest(const std::string& name,
                                    const std::function<double(const std::string&)>& parse) {
  namespace fs = std::filesystem;
  std::ifstream groups("/proc/self/cgroup");
  fs::path group;
  for (std::string line; std::getline(groups, line);)
    if (line.starts_with("0::")) group = line.substr(3);
  std::optional<CgroupLimit> least;
  for (fs::path at = group; !at.empty(); at = at.parent_path()) {
    const fs::path file = fs::path("/sys/fs/cgroup") / at.relative_path() / name;
    const std::string text = first_line(file);
    if (!text.empty() && !text.starts_with("max")) {
      const double value = parse(text);
      if (!least || value < least->value) least = CgroupLimit{value, file};
    }
    if (at == at.parent_path()) break;
  }
  return least;
}

}  // namespace

std::optional<CgroupLimit> cgroup_cpus() {
  return smallest("cpu.max", [](const std::string& text) {
    double quota = 0, period = 100000;
    std::istringstream(text) >> quota >> period;
    return quota / period;
  });
}

std::optional<CgroupLimit> cgroup_memory() {
  return smallest("memory.max", [](const std::string& text) { return std::stod(text); });
}

std::uint64_t memory_for_a_file() {
  double free = static_cast<double>(memory_field("/proc/meminfo", "MemAvailable").value_or(0));
  if (const auto limit = cgroup_memory()) free = std::min(free, limit->value);
  return static_cast<std::uint64_t>(free / 2);
}

bool light_guard_pages() {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* p = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return false;
  const bool ok = madvise(p, page, MADV_GUARD_INSTALL) == 0;
  munmap(p, page);
  return ok;
}

std::string bytes_text(double bytes) {
  const char* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit < 4; ++unit) bytes /= 1024;
  return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, units[unit]);
}

}  // namespace tine::app
