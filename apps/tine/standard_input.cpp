#include "standard_input.hpp"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "exit.hpp"
#include "interrupt.hpp"
#include "output_bytes.hpp"

namespace tine::app {

Descriptor spool_standard_input() {
  const char* const folder = getenv("TMPDIR");
  Descriptor file(open(folder != nullptr ? folder : "/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
  if (!file) file = Descriptor(memfd_create("tine-stdin", MFD_CLOEXEC));
  if (!file) throw Failure(fmt::format("standard input cannot be kept: {}", strerror(errno)));
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
