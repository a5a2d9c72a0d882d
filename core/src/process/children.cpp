#include "process/children.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "process/process_state.hpp"
#include "sync/clock.hpp"

namespace tine::detail {

Children& Children::of_this_process() {
  static Children& instance = *new Children;  // never destroyed: it is needed at exit
  return instance;
}

std::unique_lock<std::mutex> Children::lock() {
  std::unique_lock lock(mutex_);
  if (owner_ != getpid()) running_.clear();
  owner_ = getpid();
  return lock;
}

void Children::remove(const ProcessState* child) {
  std::shared_ptr<ProcessState> last;  // ends after the lock
  const std::unique_lock held = lock();
  const auto at = std::find_if(running_.begin(), running_.end(),
                               [&](const auto& c) { return c.get() == child; });
  if (at == running_.end()) return;
  last = std::move(*at);
  running_.erase(at);
}

std::vector<std::shared_ptr<ProcessState>> Children::alive() {
  std::vector<std::shared_ptr<ProcessState>> all;
  {
    const std::unique_lock held = lock();
    all = running_;
  }
  std::erase_if(all, [](const auto& child) { return child->wait(0); });
  return all;
}

void Children::finish() noexcept {
  if (owner_ != getpid()) return;  // it has none
  for (;;) {
    const auto all = alive();
    if (all.empty()) return;
    for (const auto& child : all)
      if (child->daemon) child->send(SIGTERM);
    const std::int64_t patience = now_ns() + seconds;
    for (const auto& child : all)
      if (child->daemon && !child->wait(patience)) child->put_down();
    for (const auto& child : all)
      if (!child->daemon) child->wait(std::numeric_limits<std::int64_t>::max());
  }
}

Identity& Identity::of_this_process() {
  static Identity& instance = *new Identity;
  return instance;
}

}  // namespace tine::detail
