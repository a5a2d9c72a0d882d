#include "input_file.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include <tine/mining/error.hpp>

namespace tine::mining {

namespace {

int open_source(const FileSource& source) {
  if (source.open != nullptr) return source.open(source.name.c_str(), source.number);
  // Not to wait for the writer of a pipe.
  const int file = ::open(source.name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) throw FileError(std::string("cannot be opened: ") + strerror(errno));
  return file;
}

}  // namespace

InputFile::InputFile(const FileSource& source) : descriptor_(open_source(source)) {
  struct stat about;
  if (fstat(descriptor_, &about) != 0 || !S_ISREG(about.st_mode)) {
    close(descriptor_);
    throw FileError("is not a regular file");
  }
  size_ = static_cast<std::uint64_t>(about.st_size);
}

InputFile::~InputFile() {
  close(descriptor_);
}

void InputFile::read(std::uint64_t offset, char* to, std::size_t bytes) const {
  while (bytes > 0) {
    const ssize_t got = pread(descriptor_, to, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw FileError(std::string("cannot be read: ") + strerror(errno));
    if (got == 0) throw FileError("was changed meanwhile: it is shorter than it was");
    to += got;
    offset += static_cast<std::size_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
}

}  // namespace tine::mining
