#include "stepper.hpp"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include <string>
#include <system_error>

namespace tine_test {

namespace {

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

user_regs_struct registers_of(pid_t pid) {
  user_regs_struct registers;
  iovec place{&registers, sizeof registers};
  if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &place) != 0)
    fail(errno, "reading the registers of a traced process");
  return registers;
}

// Breakpoints: what they are made of, and how far behind one the process stops.
#if defined(__x86_64__)
constexpr unsigned char breakpoint[] = {0xcc};
constexpr std::uintptr_t stops_behind = 1;
auto& program_counter(user_regs_struct& registers) {
  return registers.rip;
}
#elif defined(__aarch64__)
constexpr unsigned char breakpoint[] = {0x00, 0x00, 0x20, 0xd4};
constexpr std::uintptr_t stops_behind = 0;
auto& program_counter(user_regs_struct& registers) {
  return registers.pc;
}
#else
#error "say here how a breakpoint looks on this processor"
#endif

}  // namespace

Stepper::Stepper(pid_t pid) : pid_(pid) {
  if (ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0) {
    const int error = errno;
    std::string what = "cannot trace process " + std::to_string(pid);
    if (error == EPERM)
      what +=
          ": ptrace is not allowed here. Allow it: kernel.yama.ptrace_scope below 2, in containers "
          "--cap-add=SYS_PTRACE or a seccomp profile with ptrace, and no other debugger";
    fail(error, what);
  }
  ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
  // A signal may come first; then step() passes over the interruption.
  if (!wait()) fail(ESRCH, "process " + std::to_string(pid) + " ended before the first step");
  sched_getaffinity(0, sizeof own_cpus_, &own_cpus_);
  sched_getaffinity(pid, sizeof its_cpus_, &its_cpus_);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof one, &one);
  sched_setaffinity(pid, sizeof one, &one);
}

Stepper::~Stepper() {
  if (!ended_) {
    sched_setaffinity(pid_, sizeof its_cpus_, &its_cpus_);
    ptrace(PTRACE_DETACH, pid_, nullptr, signal_);
  }
  sched_setaffinity(0, sizeof own_cpus_, &own_cpus_);
}

void Stepper::note(int status) {
  ended_ = !WIFSTOPPED(status);
  event_ = ended_ ? 0 : status >> 16;
  signal_ = !ended_ && event_ == 0 && WSTOPSIG(status) != SIGTRAP ? WSTOPSIG(status) : 0;
}

bool Stepper::wait() {
  int status = 0;
  while (waitpid(pid_, &status, __WALL) < 0)
    if (errno != EINTR) fail(errno, "waiting for a traced process");
  note(status);
  return !ended_;
}

bool Stepper::step() {
  while (!ended_) {
    // Fails when somebody else has just killed it; then wait() says so.
    ptrace(PTRACE_SINGLESTEP, pid_, nullptr, signal_);
    if (!wait()) break;
    if (event_ == 0 && signal_ == 0) {
      ++steps_;
      return true;
    }
  }
  return false;
}

std::uintptr_t Stepper::next_instruction() const {
  user_regs_struct registers = registers_of(pid_);
  return program_counter(registers);
}

bool Stepper::run_to(std::uintptr_t address, const std::function<bool()>& give_up) {
  if (next_instruction() == address) return true;
  const auto place = reinterpret_cast<void*>(address);
  errno = 0;
  const long code = ptrace(PTRACE_PEEKTEXT, pid_, place, nullptr);
  if (errno != 0) fail(errno, "reading the code of a traced process");
  long trap = code;
  memcpy(&trap, breakpoint, sizeof breakpoint);
  ptrace(PTRACE_POKETEXT, pid_, place, trap);

  bool there = false, giving_up = false;
  ptrace(PTRACE_CONT, pid_, nullptr, signal_);
  while (!there) {
    int status = 0;
    if (waitpid(pid_, &status, __WALL | WNOHANG) == 0) {
      if (!giving_up && give_up()) {
        giving_up = true;
        ptrace(PTRACE_INTERRUPT, pid_, nullptr, nullptr);
      }
      const timespec moment{0, 10'000};
      nanosleep(&moment, nullptr);
      continue;
    }
    note(status);
    if (ended_) return false;
    there = event_ == 0 && signal_ == 0 && next_instruction() == address + stops_behind;
    if (giving_up && event_ != 0) {
      // The interruption may be told of first, after the breakpoint was come to.
      there = stops_behind != 0 && next_instruction() == address + stops_behind;
      break;
    }
    if (!there) ptrace(PTRACE_CONT, pid_, nullptr, signal_);
  }
  ptrace(PTRACE_POKETEXT, pid_, place, code);
  if (there) {
    user_regs_struct registers = registers_of(pid_);
    program_counter(registers) = address;
    iovec all{&registers, sizeof registers};
    ptrace(PTRACE_SETREGSET, pid_, NT_PRSTATUS, &all);
  }
  return there;
}

void Stepper::kill() {
  if (ended_) return;
  ::kill(pid_, SIGKILL);
  while (wait()) ptrace(PTRACE_CONT, pid_, nullptr, 0);
}

}  // namespace tine_test
