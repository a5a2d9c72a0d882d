/// @file
/// Runs tasks in forked worker processes. Needs the headers of cereal, as queue.hpp does.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <tine/detail/task_items.hpp>
#include <tine/future.hpp>
#include <tine/map_results.hpp>
#include <tine/pool.hpp>

namespace tine {

struct ExecutorOptions {
  /// Worker processes, 1 to 1023; none: cpu_count().
  std::optional<int> workers{};
  /// Called in every worker before its first task; it sees the program as it was when the executor
  /// was made. When it throws, all futures fail with BrokenExecutor, which says what it threw, and
  /// nothing more is run.
  std::function<void()> initializer{};
  /// A worker that has run so many tasks is replaced, when there are more; none: never. At least 1.
  std::optional<int> max_tasks_per_child{};
  /// How often a task is begun before the death of its worker makes it fail; 1 to 60. By default it
  /// is not begun again, since it may have had effects. What it throws is not tried again.
  int attempts = 1;
  /// Longest time for one task; its worker is then killed, and the task counts as one whose worker
  /// died. 0: none. Time during which this process is stopped, or in which the worker is in a
  /// debugger or waits for a CPU, does not count.
  std::chrono::nanoseconds task_timeout{0};
  /// Callbacks run in a thread of their own, which is started with the first of them.
  bool callback_thread = false;
  /// See PoolOptions for these.
  std::size_t reserve = 0;
  std::size_t memory_per_worker = 0;
  std::size_t recycle_above = 0;
  bool huge_pages = true;
  void (*worker_start)(unsigned worker) = nullptr;
};

/// Runs tasks in worker processes of its own, in the order they were submitted.
///
///     tine::Executor executor;
///     auto sum = executor.submit([](int a, int b) { return a + b; }, 2, 3);
///     auto length = executor.submit([](const std::string& s) { return s.size(); }, "text");
///     std::printf("%d %zu\n", sum.result(), length.result());
///
/// **Callables** are functions, lambdas and other objects that are trivially copyable. They and the
/// program's globals are as the executor found them: make it early (see Pool).
///
/// **Arguments and results** travel as copies: trivially copyable ones as their bytes, strings,
/// containers and all that has a cereal serialisation by that; text always as a std::string. Views
/// of the executor's arrays (`executor.array<float>(n).view()`) and spans of them cost nothing,
/// since workers have the arrays at the same address; the caller keeps them alive until the task is
/// over. A span of other memory is refused: pass a std::vector, which is copied, or use
/// array_from(). So is a value that holds a pointer into memory of this process.
///
/// **Deaths**: a worker that dies costs its own task and no other; see ExecutorOptions::attempts.
/// It is replaced. Nothing waits for ever because somebody died.
///
/// Every member may be called from any thread of the process that made it, which must be the
/// program's first one. In a worker, they throw NestedParallelism. At most
/// 65,536 tasks are not over at a time; submit() waits for one of them then.
class Executor {
 public:
  /// Forks the workers. Throws InvalidArgument for options that make no sense, and what Pool's
  /// constructor throws.
  explicit Executor(const ExecutorOptions& options = {}) : state_(detail::make_executor(options)) {}
  /// As shutdown(): waits for all tasks.
  ~Executor() {
    if (state_ != nullptr) detail::shutdown(*state_, true, false);
  }
  Executor(Executor&&) noexcept = default;
  Executor& operator=(Executor&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }

  /// Has a worker call `f(args...)`. Takes about a microsecond, and the time to copy the arguments.
  /// Throws Closed after shutdown(), BrokenExecutor, BadCallable and InvalidArgument for what
  /// cannot travel, OutOfMemory, and what an argument's own serialisation throws; then nothing is
  /// submitted.
  template <class F, class... A>
  Future<detail::TaskResult<F, A...>> submit(F f, const A&... args) {
    using R = detail::TaskResult<F, A...>;
    detail::check_submit(state_);
    auto task = std::make_shared<detail::TypedTask<R>>();
    detail::Parcel parcel;
    detail::write_task<R, F, detail::TaskArgument<A>...>(*state_, parcel, f,
                                                         detail::as_argument(args)...);
    detail::submit(state_, parcel, task);
    return Future<R>(std::move(task));
  }

  /// Calls `f` with the elements of one range, or of several side by side up to the end of the
  /// shortest; the results come in the order of the elements. See MapResults. Ranges that are
  /// passed as lvalues must outlive it.
  ///
  ///     for (double d : executor.map({.chunksize = 100}, f, values)) use(d);
  template <class F, class... Ranges>
    requires(sizeof...(Ranges) >= 1)
  auto map(const MapOptions& options, F f, Ranges&&... ranges) {
    return mapped<true>(options, std::move(f), std::forward<Ranges>(ranges)...);
  }
  template <class F, class... Ranges>
    requires(sizeof...(Ranges) >= 1 && !std::is_same_v<F, MapOptions>)
  auto map(F f, Ranges&&... ranges) {
    return mapped<true>({}, std::move(f), std::forward<Ranges>(ranges)...);
  }
  /// The same, but the results come as they are there.
  template <class F, class... Ranges>
    requires(sizeof...(Ranges) >= 1)
  auto imap_unordered(const MapOptions& options, F f, Ranges&&... ranges) {
    return mapped<false>(options, std::move(f), std::forward<Ranges>(ranges)...);
  }
  template <class F, class... Ranges>
    requires(sizeof...(Ranges) >= 1 && !std::is_same_v<F, MapOptions>)
  auto imap_unordered(F f, Ranges&&... ranges) {
    return mapped<false>({}, std::move(f), std::forward<Ranges>(ranges)...);
  }

  /// No more tasks are submitted; those that are there are run, or with `cancel_futures` only those
  /// that are running. With `wait` it returns when they are over and all processes gone; otherwise
  /// at once, and the processes go with the executor.
  void shutdown(bool wait = true, bool cancel_futures = false) {
    detail::shutdown(*state(), wait, cancel_futures);
  }
  /// Ends all workers by SIGTERM, and after a tenth of a second by SIGKILL. Futures that are not
  /// over fail with BrokenExecutor; nothing more is run.
  void terminate_workers() { detail::kill_workers(*state(), true); }
  /// The same by SIGKILL at once.
  void kill_workers() { detail::kill_workers(*state(), false); }

  unsigned workers() const { return detail::executor_workers(*state()); }

  /// Arrays in the memory that this process and the workers share, as those of Pool. They may
  /// outlive the executor. Throws Closed after it was shut down.
  template <class T, class... E>
    requires(sizeof...(E) >= 1 && (std::is_integral_v<E> && ...))
  Array<T, sizeof...(E)> array(E... extents) {
    return Array<T, sizeof...(E)>(arena(), {detail::checked_extent(extents)...});
  }
  template <class Range>
    requires requires(const Range& r) {
      std::span(r);
    }
  auto array_from(const Range& values) { return detail::array_from(arena(), values); }
  std::shared_ptr<Arena> arena() const { return detail::executor_arena(*state()); }

  /// As those of Pool; none once it is shut down.
  std::vector<std::string> warnings() const { return detail::executor_warnings(*state()); }
  int supervisor_pid() const { return detail::executor_supervisor(*state()); }
  std::vector<int> worker_pids() const { return detail::executor_pids(*state()); }

 private:
  const std::shared_ptr<detail::ExecutorState>& state() const {
    detail::check_executor(state_);
    return state_;
  }
  template <bool ordered, class F, class... Ranges>
  auto mapped(const MapOptions& options, F f, Ranges&&... ranges) {
    return MapResults<ordered, F, Ranges...>(state(), options, std::move(f),
                                             std::forward<Ranges>(ranges)...);
  }

  std::shared_ptr<detail::ExecutorState> state_;
};

}  // namespace tine
