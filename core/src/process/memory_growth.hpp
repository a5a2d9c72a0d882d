// Whether this process has come to hold much more private memory than it began with.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>

#include "sync/clock.hpp"
#include "sync/system.hpp"

namespace tine::detail {

/// Looks at most every ten milliseconds: a look takes some microseconds. The file is opened at once,
/// since later the process may be in a sandbox that opens nothing.
class MemoryGrowth {
 public:
  /// Bytes beyond what the process holds now; 0: any growth is fine.
  explicit MemoryGrowth(std::size_t limit) : limit_(limit) {
    if (limit_ == 0) return;
    file_ = sys::open("/proc/self/statm", O_RDONLY);
    before_ = private_bytes();
  }

  bool is_over() {
    if (limit_ == 0) return false;
    const std::int64_t now = now_ns();
    if (now < next_look_) return false;
    next_look_ = now + 10 * ms;
    const std::size_t bytes = private_bytes();
    return bytes > before_ && bytes - before_ > limit_;
  }

 private:
  std::size_t private_bytes() const {
    char text[128];
    const ssize_t n = pread(file_, text, sizeof text - 1, 0);
    if (n <= 0) return 0;
    text[n] = '\0';
    char* rest = text;
    strtoul(rest, &rest, 10);  // all address space
    const unsigned long resident = strtoul(rest, &rest, 10), shared = strtoul(rest, &rest, 10);
    return (resident - shared) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  }

  std::size_t limit_;
  int file_ = -1;
  std::size_t before_ = 0;
  std::int64_t next_look_ = 0;
};

}  // namespace tine::detail
