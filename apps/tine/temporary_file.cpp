#include "temporary_file.hpp"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/statvfs.h>

#include <cstring>

#include <fmt/format.h>

#include "exit.hpp"
#include "machine.hpp"

namespace tine::app {

Descriptor temporary_file() {
  const char* const folder = getenv("TMPDIR");
  Descriptor file(open(folder != nullptr ? folder : "/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
  if (!file) file = Descriptor(memfd_create("tine", MFD_CLOEXEC));
  if (!file) throw Failure(fmt::format("a temporary file cannot be made: {}", strerror(errno)));
  return file;
}

std::uint64_t room_for(const Descriptor& temporary) {
  struct statvfs about;
  // That of memory files has no size.
  if (fstatvfs(temporary.get(), &about) != 0 || about.f_blocks == 0) return memory_for_a_file();
  return std::uint64_t{about.f_bavail} * about.f_frsize / 10 * 9;
}

std::string path_of(const Descriptor& temporary) {
  return fmt::format("/proc/self/fd/{}", temporary.get());
}

}  // namespace tine::app
