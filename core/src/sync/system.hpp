// The seam to the kernel: every system call whose failure tine must survive goes through here, so
// that tests can make any of them fail. TINE_FAIL="fork@3=EAGAIN,mmap@1=ENOMEM" makes the third
// fork and the first mmap of a process fail; "fork@3+" every one from the third. Of
// "worker.open@1=EIO" it is the first open of each worker; "master." and "supervisor." likewise.
// WAIT in place of an errno lets the call succeed and puts whoever returns from it to sleep for a
// moment, which makes the gaps between calls wide. Each time is told on standard error.
#pragma once

#include <linux/futex.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tine::detail::sys {

enum class Call : unsigned {
  fork,
  mmap,
  ftruncate,
  fallocate,
  memfd_create,
  futex,
  pidfd_open,
  waitid,
  open,
  write,
  pipe,
  eventfd,
  signalfd,
  prctl,
  count_
};

pid_t fork();
void* mmap(void* at, std::size_t bytes, int protection, int flags, int fd, off_t offset);
int ftruncate(int fd, off_t bytes);
int fallocate(int fd, int mode, off_t offset, off_t bytes);
int memfd_create(const char* name, unsigned flags);
int pidfd_open(pid_t pid);
int waitid(int which, id_t id, void* info, int options);
int open(const char* path, int flags);
ssize_t write(int fd, const void* data, std::size_t bytes);
int pipe(int ends[2]);
int eventfd();
int signalfd_child();
int prctl(int option, unsigned long value);

/// Waits until `word` is not `expected`, somebody wakes it, or the time is over; returns at once
/// on any other reason. Never a promise: callers look again.
void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::int64_t timeout_ns) noexcept;
void futex_wake(const std::atomic<std::uint32_t>& word, int count) noexcept;

/// Whole content of a small file such as those in /proc; returns its length, 0 when unreadable.
std::size_t read_file(const char* path, char* buffer, std::size_t size) noexcept;
/// Writes a short text to a file such as those in /proc; false when that fails.
bool write_file(const char* path, const char* text) noexcept;
/// Whether a pidfd's process has ended.
bool process_ended(int pidfd) noexcept;

}  // namespace tine::detail::sys
