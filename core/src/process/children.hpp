// The Processes of this process, and who it is itself.
#pragma once

#include <tine/process.hpp>

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace tine::detail {

/// This process's own Processes, while they have not ended. A process of which nobody has a handle
/// any more is still here.
class Children {
 public:
  static Children& of_this_process();

  /// Held by who forks one. In a fork, and in a Process, all are forgotten first: they are its
  /// parent's.
  std::unique_lock<std::mutex> lock();
  /// With the lock held.
  void add(std::shared_ptr<ProcessState> child) { running_.push_back(std::move(child)); }
  void remove(const ProcessState* child);
  /// Those that are alive; the others are reaped.
  std::vector<std::shared_ptr<ProcessState>> alive();
  /// For the end of this process: daemons are ended, the others joined.
  void finish() noexcept;

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<ProcessState>> running_;
  pid_t owner_ = 0;
};

/// Who this process is.
struct Identity {
  ProcessInfo self{0, "MainProcess", false};
  std::optional<ProcessInfo> parent;
  std::string number;  // as in ProcessState
  unsigned made = 0;   // Processes by this one

  static Identity& of_this_process();
};

}  // namespace tine::detail
