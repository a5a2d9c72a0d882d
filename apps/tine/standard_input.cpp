#include "standard_input.hpp"

#include <errno.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "exit.hpp"
#include "interrupt.hpp"
#include "output_bytes.hpp"
#include "temporary_file.hpp"

namespace tine::app {

Descriptor spool_standard_input() {
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
