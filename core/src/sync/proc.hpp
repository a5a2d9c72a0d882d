// What can be learnt of another process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace tine::detail {

/// Its state letter, '?' when unknown.
char process_state(pid_t pid);
/// Whether somebody traces it.
bool traced(pid_t pid);

/// CPU time it has used so far, in ns; 0 when unknown.
std::int64_t cpu_used(pid_t pid);

/// How long a process is ready for a CPU and gets none. Looks at its first thread.
class CpuWait {
 public:
  CpuWait() = default;
  /// From now on.
  explicit CpuWait(pid_t pid);
  /// In ns; none while that is not known: it is counted when the process runs again, so it takes a
  /// second look some time later to tell.
  std::optional<std::int64_t> so_far(pid_t pid);

 private:
  std::int64_t before_ = 0;
  std::optional<std::int64_t> ran_;  // at the last look
};

}  // namespace tine::detail
