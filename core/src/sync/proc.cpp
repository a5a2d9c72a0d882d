#include "sync/proc.hpp"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <utility>

#include "sync/clock.hpp"
#include "sync/system.hpp"

namespace tine::detail {

namespace {

struct CpuTime {
  std::int64_t ran = 0, waited = 0;
};

// Zeros where the kernel does not count them.
CpuTime cpu_time(pid_t pid) {
  char path[40], text[96];
  snprintf(path, sizeof path, "/proc/%d/schedstat", pid);
  CpuTime time;
  if (sys::read_file(path, text, sizeof text) != 0)
    sscanf(text, "%" SCNd64 " %" SCNd64, &time.ran, &time.waited);
  return time;
}

}  // namespace

char process_state(pid_t pid) {
  char path[32], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  if (sys::read_file(path, text, sizeof text) == 0) return '?';
  const char* end = strrchr(text, ')');  // the name may contain anything
  return end != nullptr && end[1] == ' ' ? end[2] : '?';
}

bool traced(pid_t pid) {
  char path[32], text[2048];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  sys::read_file(path, text, sizeof text);
  const char* line = strstr(text, "TracerPid:");
  return line != nullptr && atoi(line + strlen("TracerPid:")) != 0;
}

std::int64_t cpu_used(pid_t pid) {
  clockid_t clock;
  timespec t{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0) return 0;
  return t.tv_sec * seconds + t.tv_nsec;
}

CpuWait::CpuWait(pid_t pid) : before_(cpu_time(pid).waited) {}

std::optional<std::int64_t> CpuWait::so_far(pid_t pid) {
  const CpuTime time = cpu_time(pid);
  const auto last = std::exchange(ran_, time.ran);
  if (!last || (time.ran == *last && time.ran != 0 && process_state(pid) == 'R')) return {};
  return time.waited - before_;
}

}  // namespace tine::detail
