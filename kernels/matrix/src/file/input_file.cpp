#include "input_file.hpp"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

#include <tine/matrix/file_error.hpp>

namespace tine::matrix {

InputFile::InputFile(int descriptor) : fd_(descriptor) {
  struct stat about;
  if (fstat(fd_, &about) != 0 || !S_ISREG(about.st_mode)) {
    close(fd_);
    throw FileError("is not a regular file");
  }
  size_ = static_cast<std::uint64_t>(about.st_size);
}

InputFile::~InputFile() {
  close(fd_);
}

std::size_t InputFile::read_some(std::uint64_t offset, void* to, std::size_t bytes) const {
  std::size_t have = 0;
  while (have < bytes) {
    const ssize_t got =
        pread(fd_, static_cast<char*>(to) + have, bytes - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw FileError(std::string("cannot be read: ") + strerror(errno));
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return have;
}

void InputFile::read(std::uint64_t offset, void* to, std::size_t bytes) const {
  if (read_some(offset, to, bytes) < bytes)
    throw FileError("truncated: it ends before its last element");
}

bool Lines::fill() {
  constexpr std::size_t step = 256 << 10;
  if (next_ >= end_) return false;
  if (from_ > 0) std::memmove(buffer_.data(), buffer_.data() + from_, to_ - from_);
  to_ -= from_;
  from_ = 0;
  if (to_ + step > longest_line)
    throw FileError("a line is longer than " + std::to_string(longest_line >> 20) + " MiB");
  if (buffer_.size() < to_ + step) buffer_.resize(std::max(2 * buffer_.size(), to_ + step));
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(step, end_ - next_));
  const std::size_t got = file_.read_some(next_, buffer_.data() + to_, wanted);
  next_ = got == 0 ? end_ : next_ + got;
  to_ += got;
  return got > 0;
}

bool Lines::next(std::string_view& line) {
  std::size_t looked = 0;  // bytes without an end of line
  for (;;) {
    char* const begin = buffer_.data() + from_;
    const std::size_t have = to_ - from_;
    const void* newline =
        have > looked ? std::memchr(begin + looked, '\n', have - looked) : nullptr;
    std::size_t length, used;
    if (newline != nullptr) {
      length = static_cast<std::size_t>(static_cast<const char*>(newline) - begin);
      used = length + 1;
    } else {
      looked = have;
      if (fill()) continue;
      if (have == 0) return false;
      length = used = have;
    }
    offset_ = next_ - (to_ - from_);
    line = std::string_view(buffer_.data() + from_, length);
    from_ += used;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) return true;
    looked = 0;
  }
}

}  // namespace tine::matrix
