// The control groups this process is in.
#pragma once

#include <string>
#include <vector>

namespace tine::detail {

struct Cgroup {
  std::string directory;  // "/sys/fs/cgroup/a/b"
  bool v2 = true;

  /// A number in one of its files, `otherwise` when absent or "max".
  unsigned long long number(const char* file, unsigned long long otherwise) const;
  /// The text of one of its files, empty when absent.
  std::string text(const char* file) const;
};

/// The cgroup of this process for a v1 controller ("memory", "cpu") and for v2, and all above
/// them, innermost first.
std::vector<Cgroup> cgroups(const char* controller);

}  // namespace tine::detail
