// Bytes of an output file.
#pragma once

#include <errno.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include <fmt/format.h>

#include "exit.hpp"

namespace tine::app {

inline void check_output(bool good) {
  if (!good) throw Failure(fmt::format("the output cannot be written: {}", strerror(errno)));
}

/// Writes all of them. Throws Failure.
inline void write_bytes(int descriptor, const void* data, std::size_t bytes) {
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t put = ::write(descriptor, static_cast<const char*>(data) + done, bytes - done);
    check_output(put > 0 || errno == EINTR);
    if (put > 0) done += static_cast<std::size_t>(put);
  }
}

/// Waits until they are on the disk. Throws Failure.
inline void sync_output(int descriptor) {
  check_output(fsync(descriptor) == 0);
}

}  // namespace tine::app
