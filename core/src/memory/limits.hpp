// How much memory may still be used, and by whose word.
#pragma once

#include <cstddef>
#include <string>

namespace tine::detail {

struct MemoryLimit {
  std::size_t available = 0;
  std::string source;  // "MemAvailable of the machine", "memory.max of /sys/fs/cgroup/a"
};

/// The tightest of MemAvailable and the memory limits of every cgroup (v1 and v2) above this
/// process. Where a cgroup would be killed as a whole (memory.oom.group), a tenth of what is left
/// is held back. Reads a few files in /proc and /sys: some 50 us.
MemoryLimit available_memory();

/// Physical memory of the machine.
std::size_t physical_memory();

}  // namespace tine::detail
