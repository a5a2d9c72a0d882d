#include "sync/system.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

#include "sync/clock.hpp"

namespace tine::detail::sys {

namespace {

constexpr auto calls = static_cast<std::size_t>(Call::count_);
constexpr const char* call_names[calls] = {
    "fork",   "mmap", "ftruncate", "fallocate", "memfd_create", "futex",    "pidfd_open",
    "waitid", "open", "write",     "pipe",      "eventfd",      "signalfd", "timerfd"};

struct Plan {
  long at = 0;  // which use fails; 0: none
  bool onwards = false;
  int error = 0;
  std::atomic<long> uses{0};
};

struct Plans {
  Plan plan[calls];
  bool any = false;

  Plans() {
    const char* text = getenv("TINE_FAIL");
    while (text != nullptr && *text != '\0') {
      char name[24], error[16] = "EIO";
      char plus[2] = "";
      long at = 0;
      if (sscanf(text, "%23[a-z_]@%ld%1[+]=%15[A-Z]", name, &at, plus, error) < 3) {
        plus[0] = '\0';
        if (sscanf(text, "%23[a-z_]@%ld=%15[A-Z]", name, &at, error) < 2) break;
      }
      for (std::size_t i = 0; i < calls; ++i)
        if (strcmp(name, call_names[i]) == 0) {
          plan[i].at = at;
          plan[i].onwards = plus[0] == '+';
          plan[i].error = number(error);
          any = true;
        }
      text = strchr(text, ',');
      if (text != nullptr) ++text;
    }
  }

  static int number(const char* name) {
    for (int e = 1; e < 134; ++e) {
      const char* known = strerrorname_np(e);
      if (known != nullptr && strcmp(known, name) == 0) return e;
    }
    return EIO;
  }
};

Plans& plans() {
  static Plans instance;
  return instance;
}

// The result of a call that must fail, or that of the real one.
template <class F>
auto call(Call which, F real) -> decltype(real()) {
  if (const int error = injected(which)) {
    errno = error;
    return static_cast<decltype(real())>(-1);
  }
  return real();
}

}  // namespace

int injected(Call which) noexcept {
  Plans& all = plans();
  if (!all.any) return 0;
  Plan& plan = all.plan[static_cast<std::size_t>(which)];
  if (plan.at == 0) return 0;
  const long use = ++plan.uses;
  return use == plan.at || (plan.onwards && use > plan.at) ? plan.error : 0;
}

pid_t fork() {
  return call(Call::fork, [] { return ::fork(); });
}

void* mmap(void* at, std::size_t bytes, int protection, int flags, int fd, off_t offset) {
  if (const int error = injected(Call::mmap)) {
    errno = error;
    return MAP_FAILED;
  }
  return ::mmap(at, bytes, protection, flags, fd, offset);
}

int ftruncate(int fd, off_t bytes) {
  return call(Call::ftruncate, [&] { return ::ftruncate(fd, bytes); });
}

int fallocate(int fd, int mode, off_t offset, off_t bytes) {
  return call(Call::fallocate, [&] {
    int result;
    do result = ::fallocate(fd, mode, offset, bytes);
    while (result != 0 && errno == EINTR);
    return result;
  });
}

int memfd_create(const char* name, unsigned flags) {
  return call(Call::memfd_create, [&] { return ::memfd_create(name, flags); });
}

int pidfd_open(pid_t pid) {
  return call(Call::pidfd_open, [&] { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); });
}

int waitid(int which, id_t id, void* info, int options) {
  return call(Call::waitid, [&] {
    int result;
    do result = ::waitid(static_cast<idtype_t>(which), id, static_cast<siginfo_t*>(info), options);
    while (result != 0 && errno == EINTR);
    return result;
  });
}

int open(const char* path, int flags) {
  return call(Call::open, [&] { return ::open(path, flags | O_CLOEXEC); });
}

ssize_t write(int fd, const void* data, std::size_t bytes) {
  return call(Call::write, [&] {
    ssize_t result;
    do result = ::write(fd, data, bytes);
    while (result < 0 && errno == EINTR);
    return result;
  });
}

int pipe(int ends[2]) {
  return call(Call::pipe, [&] { return ::pipe2(ends, O_CLOEXEC); });
}

int eventfd() {
  return call(Call::eventfd, [] { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); });
}

int signalfd_child() {
  return call(Call::signalfd, [] {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    return ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  });
}

int timerfd() {
  return call(Call::timerfd,
              [] { return ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK); });
}

void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::int64_t timeout_ns) noexcept {
  if (injected(Call::futex) != 0) return;
  const timespec timeout{timeout_ns / seconds, timeout_ns % seconds};
  // Not FUTEX_PRIVATE: the word is shared between processes.
  syscall(SYS_futex, &word, FUTEX_WAIT, expected, &timeout, nullptr, 0);
}

void futex_wake(const std::atomic<std::uint32_t>& word, int count) noexcept {
  if (injected(Call::futex) != 0) return;
  syscall(SYS_futex, &word, FUTEX_WAKE, count, nullptr, nullptr, 0);
}

std::size_t read_file(const char* path, char* buffer, std::size_t size) noexcept {
  const int fd = open(path, O_RDONLY);
  std::size_t length = 0;
  if (fd >= 0) {
    ssize_t n;
    while (length < size - 1 && (n = ::read(fd, buffer + length, size - 1 - length)) != 0) {
      if (n > 0)
        length += static_cast<std::size_t>(n);
      else if (errno != EINTR)
        break;
    }
    ::close(fd);
  }
  buffer[length] = '\0';
  return length;
}

bool write_file(const char* path, const char* text) noexcept {
  const int fd = open(path, O_WRONLY);
  if (fd < 0) return false;
  const auto length = static_cast<ssize_t>(strlen(text));
  const bool done = write(fd, text, static_cast<std::size_t>(length)) == length;
  ::close(fd);
  return done;
}

bool process_ended(int pidfd) noexcept {
  pollfd p{pidfd, POLLIN, 0};
  int result;
  do result = ::poll(&p, 1, 0);
  while (result < 0 && errno == EINTR);
  return result > 0;
}

}  // namespace tine::detail::sys
