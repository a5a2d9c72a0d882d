// What /proc tells of another process.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace tine::detail {

/// Its state letter, '?' when unknown.
char process_state(pid_t pid);
/// Whether somebody traces it.
bool traced(pid_t pid);

struct CpuTime {
  std::uint64_t ran = 0, waited = 0;  // in ns, on a CPU and ready for one
};
/// Of its first thread; zeros when unknown.
CpuTime cpu_time(pid_t pid);

}  // namespace tine::detail
