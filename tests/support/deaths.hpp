// Ways for a worker to die, and how their traces look.
#pragma once

#include <signal.h>

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
  volatile int* nowhere = reinterpret_cast<volatile int*>(0x10);
  *nowhere = 1;
}

}  // namespace tine_test
