// Ways for a worker to die, and how their traces look.
#pragma once

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <exception>

#include <tine/report.hpp>

namespace tine_test {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool address_sanitizer = true;
#else
inline constexpr bool address_sanitizer = false;
#endif

/// Whether a fault is a death by this signal. Address sanitizer turns some of them into an exit.
inline bool is_death_by(const tine::Fault& fault, int signal) {
  if (fault.cause == tine::Cause::signal) return fault.signal == signal;
  return address_sanitizer && fault.cause == tine::Cause::exited && fault.exit_status == 1;
}

/// Whether end_of() a child means that this signal ended it.
inline bool ended_by(int end, int signal) {
  return end == 1000 + signal || (address_sanitizer && end == 1);
}

/// Writes to an address that nobody has.
inline void segfault() {
  volatile std::uintptr_t nowhere = 0x10;  // volatile, or the compiler would know better
  *reinterpret_cast<volatile int*>(nowhere) = 1;
}

inline void throw_one() { throw 1; }

inline int overflow_the_stack(int depth) {
  volatile char frame[4096];
  frame[depth % 4096] = static_cast<char>(depth);
  return depth < 0 ? 0 : overflow_the_stack(depth + 1) + frame[0];
}

/// One way to die, and what is to be said of it.
struct Death {
  const char* name;
  void (*die)();
  int signal;       // 0: it is an exit
  int exit_status;  // of an exit
};

inline constexpr Death deaths[] = {
    {"SIGKILL", [] { raise(SIGKILL); }, SIGKILL, 0},
    {"SIGTERM", [] { raise(SIGTERM); }, SIGTERM, 0},
    {"segmentation fault", segfault, SIGSEGV, 0},
    {"bus error", [] {
       const int fd = memfd_create("short", 0);
       void* beyond_its_end = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
       static_cast<void>(*static_cast<volatile char*>(beyond_its_end));
     }, SIGBUS, 0},
    {"division by zero", [] {
       volatile int zero = 0;
       volatile int result = 1 / zero;
       (void)result;
       raise(SIGFPE);  // for machines where that is no trap
     }, SIGFPE, 0},
    {"illegal instruction", [] { __builtin_trap(); }, SIGILL, 0},
    {"abort", [] { abort(); }, SIGABRT, 0},
    {"std::terminate", [] { std::terminate(); }, SIGABRT, 0},
    {"exception out of noexcept", []() noexcept { throw_one(); }, SIGABRT, 0},
    {"stack overflow", [] { overflow_the_stack(0); }, SIGSEGV, 0},
    {"double free", [] {
       void* volatile p = malloc(40);
       free(p);
       free(p);
     }, SIGABRT, 0},
    {"heap overflow", [] {
       // Over the next block's size, which free() looks at.
       void* volatile p = malloc(1500);
       void* volatile next = malloc(1500);
       for (int i = 0; i < 1600; ++i) static_cast<volatile char*>(p)[i] = 0x41;
       free(next);
       free(p);
     }, SIGABRT, 0},
    {"exit(0)", [] { exit(0); }, 0, 0},
    {"exit(7)", [] { exit(7); }, 0, 7},
    {"_exit(0)", [] { _exit(0); }, 0, 0},
    {"quick_exit(3)", [] { quick_exit(3); }, 0, 0},  // its handlers are not told the status
};

/// Whether a fault tells of this death.
inline bool tells_of(const tine::Fault& fault, const Death& death) {
  if (death.signal != 0) return is_death_by(fault, death.signal);
  return fault.cause == tine::Cause::exited;
}

}  // namespace tine_test
