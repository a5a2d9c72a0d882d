#include "sync/proc.hpp"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/system.hpp"

namespace tine::detail {

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

CpuTime cpu_time(pid_t pid) {
  char path[40], text[96];
  snprintf(path, sizeof path, "/proc/%d/schedstat", pid);
  CpuTime time;
  if (sys::read_file(path, text, sizeof text) != 0)
    sscanf(text, "%" SCNu64 " %" SCNu64, &time.ran, &time.waited);
  return time;
}

}  // namespace tine::detail
