// For LD_PRELOAD: opening a file whose name ends with $CRASH_ON is a segmentation fault, with
// $HANG_ON it never returns. That is what a broken decoder looks like from outside, without any
// hook in the program.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace {

bool ends_with(const char* path, const char* variable) {
  const char* ending = getenv(variable);
  if (ending == nullptr || path == nullptr) return false;
  const size_t length = strlen(path), n = strlen(ending);
  return length >= n && strcmp(path + length - n, ending) == 0;
}

int open_as(const char* name, const char* path, int flags, mode_t mode) {
  if (ends_with(path, "CRASH_ON")) raise(SIGSEGV);
  while (ends_with(path, "HANG_ON")) pause();
  using Open = int (*)(const char*, int, ...);
  return reinterpret_cast<Open>(dlsym(RTLD_NEXT, name))(path, flags, mode);
}

}  // namespace

extern "C" int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_as("open", path, flags, mode);
}

extern "C" int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_as("open64", path, flags, mode);
}
