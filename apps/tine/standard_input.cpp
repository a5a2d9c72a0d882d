#include "standard_input.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "exit.hpp"
#include "interrupt.hpp"
#include "output_bytes.hpp"
#include "temporary_file.hpp"

namespace tine::app {

namespace {

// A file that is read from its beginning on needs no copy.
Descriptor redirected_file() {
  struct stat about;
  if (fstat(STDIN_FILENO, &about) != 0 || !S_ISREG(about.st_mode) ||
      lseek(STDIN_FILENO, 0, SEEK_CUR) != 0)
    return {};
  return Descriptor(open("/proc/self/fd/0", O_RDONLY | O_CLOEXEC));
}

}  // namespace

Descriptor spool_standard_input() {
  if (Descriptor file = redirected_file()) return file;
  Descriptor file = temporary_file();
  std::vector<char> bytes(1 << 20);
  for (;;) {
    check_interrupt();
    const ssize_t got = read(STDIN_FILENO, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Failure(fmt::format("standard input cannot be read: {}", strerror(errno)));
    if (got == 0) return file;
    write_bytes(file.get(), bytes.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace tine::app
