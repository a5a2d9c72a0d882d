#include <tine/stop_signals.hpp>

#include <signal.h>

#include <atomic>

namespace tine {

namespace {
std::atomic<bool> seen = false;
static_assert(std::atomic<bool>::is_always_lock_free, "it is written in a signal handler");
}  // namespace

void stop_on_signals() {
  struct sigaction action = {};
  action.sa_handler = [](int) { seen.store(true); };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // and whoever waits looks at once
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool stop_signalled() noexcept {
  return seen.load(std::memory_order_relaxed);
}

}  // namespace tine
