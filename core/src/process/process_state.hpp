// The parent's side of a Process.
#pragma once

#include <tine/process.hpp>

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "process/guardian.hpp"
#include "toolbox/context.hpp"

namespace tine::detail {

struct ProcessState : std::enable_shared_from_this<ProcessState> {
  enum class Stage : std::uint8_t { made, running, over, closed };

  explicit ProcessState(const ProcessOptions& options);
  ~ProcessState();
  ProcessState(const ProcessState&) = delete;

  void start(ProcessBody& body);
  /// Until a time on the monotonic clock; whether it has ended. Only after start().
  bool wait(std::int64_t deadline);
  /// Nothing when it has ended. Only after start().
  void send(int signal) noexcept;
  /// Ends it in a bounded time, whatever it does.
  void put_down() noexcept;
  /// Gives up descriptors and the page; only when it is not running.
  void close() noexcept;

  const pid_t owner = getpid();
  std::string number;  // "1", or "1:2" for the second that the first one makes

  std::mutex mutex;  // of what follows
  Stage stage = Stage::made;
  std::string name;
  bool daemon;
  pid_t pid = 0;
  int exitcode = 0;
  std::optional<ProcessFailure> failure;
  int supervisor_pidfd = -1;

 private:
  void fork_supervisor(ProcessBody& body);
  void meet_child();  // or throw
  [[noreturn]] void be_child(ProcessBody& body, const sigset_t& mask) noexcept;
  void take_result();
  static void close_one(int& fd) noexcept;
  [[noreturn]] void fail(const char* what, int error);

  ProcessNote* note_ = nullptr;
  int child_pidfd_ = -1;
  int exec_pipe_ = -1;   // write end
  int alive_pipe_ = -1;  // read end
  Parties parties_;
};

/// This process's own Processes, while they have not ended. A process of which nobody has a handle
/// any more is still here.
class Children {
 public:
  static Children& of_this_process();

  /// Held by who forks one.
  std::unique_lock<std::mutex> lock();
  /// With the lock held.
  void add(std::shared_ptr<ProcessState> child) { running_.push_back(std::move(child)); }
  void remove(const ProcessState* child);
  /// Those that are alive; the others are reaped.
  std::vector<std::shared_ptr<ProcessState>> alive();
  /// For the end of this process: daemons are ended, the others joined.
  void finish() noexcept;
  /// In a Process: those are its parent's.
  void forget();

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
