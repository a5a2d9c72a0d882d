#include "sync/system.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <type_traits>

#include "sync/clock.hpp"
#include "sync/role.hpp"

namespace tine::detail::sys {

namespace {

constexpr const char* call_names[] = {
    "fork",   "mmap", "ftruncate", "fallocate", "memfd_create", "futex",    "pidfd_open",
    "waitid", "open", "write",     "pipe",      "eventfd",      "signalfd", "prctl"};
static_assert(std::size(call_names) == static_cast<std::size_t>(Call::count_));
constexpr const char* role_names[] = {"master", "supervisor", "worker"};

constexpr int wait_a_moment = -1;  // in place of an errno

struct Plan {
  Call call{};
  const char* role = nullptr;  // one of role_names; nullptr: each
  long at = 0;                 // which use fails
  bool onwards = false;
  int error = 0;
  long uses = 0;
};

struct Plans {
  Plan plan[8];
  std::size_t count = 0;

  Plans() {
    const char* text = getenv("TINE_FAIL");
    while (text != nullptr && count < std::size(plan)) {
      if (!parse(text, plan[count])) {
        dprintf(STDERR_FILENO, "tine: TINE_FAIL is not understood from \"%s\" on\n", text);
        break;
      }
      ++count;
      text = strchr(text, ',');
      if (text != nullptr) ++text;
    }
  }

  static bool parse(const char* text, Plan& plan) {
    for (const char* role : role_names)
      if (const std::size_t n = strlen(role); strncmp(text, role, n) == 0 && text[n] == '.') {
        plan.role = role;
        text += n + 1;
      }
    char name[24], rest[24];
    if (sscanf(text, "%23[a-z_]@%ld%23[+=A-Z]", name, &plan.at, rest) != 3) return false;
    plan.onwards = rest[0] == '+';
    const char* error = rest + plan.onwards;
    if (*error++ != '=') return false;
    if (strcmp(error, "WAIT") == 0) plan.error = wait_a_moment;
    for (int e = 1; e < 134; ++e) {
      const char* known = strerrorname_np(e);
      if (known != nullptr && strcmp(known, error) == 0) plan.error = e;
    }
    const auto* known = std::find_if(std::begin(call_names), std::end(call_names),
                                     [&](const char* n) { return strcmp(n, name) == 0; });
    plan.call = static_cast<Call>(known - call_names);
    return plan.error != 0 && known != std::end(call_names);
  }
};

// 0, the errno with which this call shall fail, or wait_a_moment.
int injected(Call which) noexcept {
  static Plans plans;
  const char* role = role_names[static_cast<std::size_t>(process_role)];
  for (std::size_t i = 0; i < plans.count; ++i) {
    Plan& plan = plans.plan[i];
    if (plan.call != which || (plan.role != nullptr && plan.role != role)) continue;
    const long use = std::atomic_ref(plan.uses).fetch_add(1) + 1;
    if (use != plan.at && !(plan.onwards && use > plan.at)) continue;
    dprintf(STDERR_FILENO, "tine: TINE_FAIL: %s %ld of a %s: %s\n",
            call_names[static_cast<std::size_t>(which)], use, role,
            plan.error == wait_a_moment ? "WAIT" : strerrorname_np(plan.error));
    return plan.error;
  }
  return 0;
}

// The result of the real call, or that of one that must fail.
template <class F, class Result = std::invoke_result_t<F>>
Result call(Call which, F real, Result failure = static_cast<Result>(-1)) {
  const int error = injected(which);
  if (error > 0) {
    errno = error;
    return failure;
  }
  const Result result = real();
  if (error == wait_a_moment) {
    const int kept = errno;
    const timespec moment{0, 30 * ms};
    nanosleep(&moment, nullptr);
    errno = kept;
  }
  return result;
}

// The same for calls that are done again when a signal interrupts them.
template <class F>
auto restarted(Call which, F real) {
  auto result = call(which, real);
  while (result == -1 && errno == EINTR) result = call(which, real);
  return result;
}

}  // namespace

pid_t fork() {
  return call(Call::fork, [] { return ::fork(); });
}

void* mmap(void* at, std::size_t bytes, int protection, int flags, int fd, off_t offset) {
  return call(
      Call::mmap, [&] { return ::mmap(at, bytes, protection, flags, fd, offset); }, MAP_FAILED);
}

int ftruncate(int fd, off_t bytes) {
  return restarted(Call::ftruncate, [&] { return ::ftruncate(fd, bytes); });
}

int fallocate(int fd, int mode, off_t offset, off_t bytes) {
  return restarted(Call::fallocate, [&] { return ::fallocate(fd, mode, offset, bytes); });
}

int memfd_create(const char* name, unsigned flags) {
  return call(Call::memfd_create, [&] { return ::memfd_create(name, flags); });
}

int pidfd_open(pid_t pid) {
  return call(Call::pidfd_open, [&] { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); });
}

int waitid(int which, id_t id, void* info, int options) {
  return restarted(Call::waitid, [&] {
    return ::waitid(static_cast<idtype_t>(which), id, static_cast<siginfo_t*>(info), options);
  });
}

int open(const char* path, int flags) {
  return restarted(Call::open, [&] { return ::open(path, flags | O_CLOEXEC); });
}

ssize_t write(int fd, const void* data, std::size_t bytes) {
  return restarted(Call::write, [&] { return ::write(fd, data, bytes); });
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

int prctl(int option, unsigned long value) {
  return call(Call::prctl, [&] { return ::prctl(option, value); });
}

void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::int64_t timeout_ns) noexcept {
  const timespec timeout{timeout_ns / seconds, timeout_ns % seconds};
  // Not FUTEX_PRIVATE: the word is shared between processes.
  call(Call::futex,
       [&] { return syscall(SYS_futex, &word, FUTEX_WAIT, expected, &timeout, nullptr, 0); });
}

void futex_wake(const std::atomic<std::uint32_t>& word, int count) noexcept {
  call(Call::futex,
       [&] { return syscall(SYS_futex, &word, FUTEX_WAKE, count, nullptr, nullptr, 0); });
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
