// What this machine gives us, read from the system.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tine::app {

/// The first line of a file; empty when it cannot be read.
std::string first_line(const std::string& path);

/// A value of /proc/meminfo or /proc/self/status, in bytes.
std::optional<std::uint64_t> memory_field(const std::string& file, const std::string& name);

/// CPUs in the affinity mask.
unsigned affinity_cpus();

/// The smallest value of a file of our cgroup (version 2) and those above it, and where it is.
struct CgroupLimit {
  double value = 0;
  std::string path;
};
/// CPUs of cpu.max.
std::optional<CgroupLimit> cgroup_cpus();
/// Bytes of memory.max.
std::optional<CgroupLimit> cgroup_memory();

/// What a file may take when nobody says: half of what is free, or left to our cgroup.
std::uint64_t memory_for_a_file();

/// Whether light guard pages (MADV_GUARD_INSTALL) work on shared memory.
bool light_guard_pages();

/// "8.0 GiB"
std::string bytes_text(double bytes);

}  // namespace tine::app
