#include "interrupt.hpp"

#include <signal.h>

namespace tine::app {

namespace {
volatile sig_atomic_t seen = 0;
}

void remember_interrupts() {
  struct sigaction action = {};
  action.sa_handler = [](int) { seen = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

void check_interrupt() {
  if (seen) throw Interrupted{};
}

}  // namespace tine::app
