#include "model_file.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include <fmt/format.h>

#include "descriptor.hpp"
#include "exit.hpp"
#include "interrupt.hpp"

namespace tine::app {

std::string read_model_file(const std::string& name) {
  const auto fail = [&] {
    throw Failure(fmt::format("{} cannot be read: {}", name, strerror(errno)));
  };
  Descriptor opened;
  int file = STDIN_FILENO;
  if (name != "-") {
    opened = Descriptor(open(name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened) fail();
    file = opened.get();
  }
  std::string text;
  char bytes[1 << 16];
  for (;;) {
    const ssize_t got = read(file, bytes, sizeof bytes);
    check_interrupt();
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail();
    if (got == 0) return text;
    text.append(bytes, static_cast<std::size_t>(got));
  }
}

}  // namespace tine::app
