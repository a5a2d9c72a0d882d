/// @file
/// Processes that run a function of this program, and end when the program does.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <tine/detail/shared_object.hpp>
#include <tine/error.hpp>

namespace tine {

namespace detail {

/// What a Process runs. It stays in the caller's memory, of which the process has a copy.
struct ProcessBody {
  virtual ~ProcessBody() = default;
  virtual void run() = 0;
};

template <class F, class... Args>
struct ProcessCall final : ProcessBody {
  template <class G, class... Given>
  explicit ProcessCall(G&& f, Given&&... given)
      : function(std::forward<G>(f)), args(std::forward<Given>(given)...) {}
  void run() override {
    std::apply([this](auto&... a) { std::invoke(std::move(function), std::move(a)...); }, args);
  }
  F function;
  std::tuple<Args...> args;
};

struct ProcessState;

}  // namespace detail

struct ProcessOptions {
  /// Empty: `Process-N`, and `Process-N:M` for the M-th that Process-N makes.
  std::string name = {};
  /// Terminated, not joined, when its parent ends; none: as the process that makes it.
  std::optional<bool> daemon = {};
};

/// Who a process is.
struct ProcessInfo {
  int pid = 0;
  std::string name;
  bool daemon = false;
};

/// Why a process failed.
struct ProcessFailure {
  /// The type of the exception that nobody caught, such as "std::out_of_range"; "signal" when a
  /// signal ended it; "supervisor" when somebody killed the process that watches over it.
  std::string type;
  /// The exception's what(), or a line that names the signal.
  std::string message;
};

/// A process of its own that calls a function of this program.
///
///     tine::Queue<int> results;
///     tine::Process p([&, q = results.view()] { q.put(compute(data)); });
///     p.start();
///     int result = results.get();
///     p.join();
///
/// **Memory.** start() forks: the process sees everything as the caller sees it at that moment, so
/// anything may be captured, by reference too. What it changes in private memory is its own. What it
/// writes into the elements of arrays, the caller sees, and the other way round; an array must live
/// as long as the process uses it, and is zeroed at start() if nobody has touched it since it was
/// made. The process may make arrays, pools and Processes of its own. It cannot post jobs to its
/// parent's pools, or make what processes share, such as a Queue: those are made in the program's
/// first process, before the start, and used through their views.
///
/// **Its end.** When the function returns, what is buffered for the standard streams is written, and
/// the process ends with exitcode 0; the caller's exit handlers and destructors of statics do not run
/// in it. std::exit(n) in it does the same with exitcode n, after the handlers that the process has
/// itself registered. An exception that nobody catches makes the exitcode 1, is told on standard
/// error, and kept in error().
///
/// **Who goes with whom.** When the caller ends by return from main() or by exit(), its daemons get
/// SIGTERM, and after a second SIGKILL, and all others are joined, though the Process object may be
/// gone by then. When it is killed, or ends in any other way, all of them are gone within a second. What
/// a process has forked itself goes when it has ended. It stays in the caller's session and process
/// group, so Ctrl-C reaches it.
///
/// Every member may be called from any thread of the process that made the object; in others they
/// throw std::logic_error. So do all after close().
class Process {
 public:
  /// `f(args...)` is what it will call, with the copies made here (std::ref passes references).
  template <class F, class... Args>
    requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  explicit Process(F&& f, Args&&... args)
      : Process(ProcessOptions{}, std::forward<F>(f), std::forward<Args>(args)...) {}
  template <class F, class... Args>
    requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  Process(const ProcessOptions& options, F&& f, Args&&... args)
      : Process(options,
                std::make_unique<detail::ProcessCall<std::decay_t<F>, std::decay_t<Args>...>>(
                    std::forward<F>(f), std::forward<Args>(args)...)) {}
  /// Does not end it: it is joined, or terminated if it is a daemon, when the program ends.
  ~Process();
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;

  /// Forks a supervisor, which forks the process. Once only: throws std::logic_error the second time,
  /// NestedParallelism in a pool's worker, ProcessError when the system refuses; then it may be tried
  /// again. Takes about two forks of this process, whose present memory the supervisor keeps a
  /// snapshot of meanwhile.
  void start();
  /// Waits until it has ended, and all that it forked; returns whether it has, in that time. Joining
  /// again is fine. Throws std::logic_error before start(), InvalidArgument for a negative timeout.
  bool join(const Timeout& timeout = {});
  bool is_alive() const;

  /// Empty before start().
  std::optional<int> pid() const;
  /// Empty until it has ended. -N: killed by signal N.
  std::optional<int> exitcode() const;
  /// Why it failed; empty when it did not, has not ended, or called exit().
  std::optional<ProcessFailure> error() const;

  std::string name() const;
  void set_name(std::string name);
  bool daemon() const;
  /// Throws std::logic_error after start().
  void set_daemon(bool daemon);

  /// Sends it SIGTERM, SIGKILL, SIGINT. Nothing when it has ended. Throw std::logic_error before
  /// start().
  void terminate();
  void kill();
  void interrupt();

  /// Gives up what the object holds of the system. Throws std::logic_error while it is alive. Nothing
  /// can be asked after that.
  void close();
  /// A descriptor that poll() finds readable when it has ended; the object's own, until close().
  /// Throws std::logic_error before start().
  int sentinel() const;

 private:
  friend std::vector<Process> active_children();
  Process(const ProcessOptions& options, std::unique_ptr<detail::ProcessBody> body);
  explicit Process(std::shared_ptr<detail::ProcessState> state);
  detail::ProcessState& state() const;
  detail::ProcessState& started(const char* what) const;

  std::shared_ptr<detail::ProcessState> state_;
  std::unique_ptr<detail::ProcessBody> body_;
};

/// The calling process; its name is `MainProcess` in the program's first one.
ProcessInfo current_process();
/// Who started the calling process, or made the pool whose worker it is; none in the first one.
std::optional<ProcessInfo> parent_process();
/// The Processes that this one has started and that have not ended. Reaps those that have.
std::vector<Process> active_children();

}  // namespace tine
