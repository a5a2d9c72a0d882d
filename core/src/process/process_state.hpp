// The parent's side of a Process.
#pragma once

#include <tine/process.hpp>

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

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

}  // namespace tine::detail
