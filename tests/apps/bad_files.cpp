// For LD_PRELOAD: reading a file in which $CRASH_ON occurs is a segmentation fault, with $HANG_ON it
// never returns, and with $ESCAPE_ON it tries to run a program. That is what a broken decoder looks
// like from outside, without any hook in the program. $NO_TMPFILE makes all file systems such as
// cannot have files without a name.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

bool occurs(const char* variable, const void* data, ssize_t bytes) {
  const char* mark = getenv(variable);
  return mark != nullptr && bytes > 0 &&
         memmem(data, static_cast<size_t>(bytes), mark, strlen(mark)) != nullptr;
}

int open_as(const char* name, const char* path, int flags, mode_t mode) {
  if ((flags & O_TMPFILE) == O_TMPFILE && getenv("NO_TMPFILE") != nullptr) {
    errno = EOPNOTSUPP;
    return -1;
  }
  using Open = int (*)(const char*, int, ...);
  return reinterpret_cast<Open>(dlsym(RTLD_NEXT, name))(path, flags, mode);
}

}  // namespace

extern "C" ssize_t read(int fd, void* data, size_t bytes) {
  const ssize_t got = syscall(SYS_read, fd, data, bytes);
  if (occurs("CRASH_ON", data, got)) raise(SIGSEGV);
  while (occurs("HANG_ON", data, got)) pause();
  if (occurs("ESCAPE_ON", data, got)) execl("/bin/touch", "touch", "escaped", nullptr);
  return got;
}

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
