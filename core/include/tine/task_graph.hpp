/// @file
/// Tasks that wait for each other: what cannot be cut into slices that are independent, such as the
/// factorisation of a matrix.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include <tine/detail/job_spec.hpp>

namespace tine {

namespace detail {

/// A graph without the types of its tasks.
class GraphBuilder {
 public:
  void begin_task();
  /// What the last task uses.
  void use(const ArgSpec& block);
  std::size_t size() const { return nodes_.size() - 1; }

  /// Throws unless each block is a part of one argument that may be used so, and no two of them overlap.
  void check(const ArgSpec* args, std::size_t count) const;
  /// Most bytes that one task has to save.
  std::size_t undo_bytes() const { return std::max(undo_bytes_, task_undo_bytes_); }

  const std::vector<GraphNode>& nodes() const { return nodes_; }
  const std::vector<std::uint32_t>& dependencies() const { return dependencies_; }
  const std::vector<ArgSpec>& writes() const { return writes_; }

 private:
  struct Block {
    ArgSpec spec;
    std::uint32_t first_task;            // that uses it
    std::uint32_t writer;                // the last one
    std::vector<std::uint32_t> readers;  // since then
    bool written = false;
  };
  std::string name(const Block& block) const;

  std::vector<GraphNode> nodes_{1};
  std::vector<std::uint32_t> dependencies_;
  std::vector<ArgSpec> writes_;
  std::unordered_map<const std::byte*, Block> blocks_;
  std::size_t undo_bytes_ = 0;
  std::size_t task_undo_bytes_ = 0;
};

/// An array that every task sees whole, whatever is done with it.
template <class A>
struct OfGraph {
  A access;
};
template <class A>
constexpr auto argument_for(const OfGraph<A>& array, const Slice&) {
  return array.access.view;
}
template <class A>
ArgSpec spec_of(const OfGraph<A>& array, const Partition&, std::size_t index) {
  return rows_of_bytes(array.access, index);
}

}  // namespace detail

/// A program of tasks, written down in the order in which one process would run them. Each says which
/// blocks of memory it reads and writes; from that follows which tasks it has to wait for: those before
/// it that write what it uses, or read what it writes. All others may run at the same time.
///
/// @code
/// struct Step { enum { factor, solve, update } kind; std::size_t i, j, k; };
/// tine::TaskGraph<Step> graph;
/// graph.add({Step::factor, k, k, k}, tine::inout(tile(k, k)));
/// graph.add({Step::solve, i, k, k}, tine::in(tile(k, k)), tine::inout(tile(i, k)));
/// ...
/// tine::run(pool, graph, [](const Step& step, tine::View<double, 2> a) { ... }, tine::inout(a));
/// @endcode
///
/// A block is a view of some rows and columns of an array. It is known by its first element: blocks are
/// either the same or have no element in common. `T` is what tells the kernel which task it is, and is
/// trivially copyable. A graph may be run more than once.
///
/// Where several tasks are ready, the one that was added first is run first. So a program that looks
/// back (update a column by all before it, then factor it) keeps workers busier than one that looks
/// forward.
template <class T>
class TaskGraph {
  static_assert(std::is_trivially_copyable_v<T>,
                "what tells tasks apart travels to the workers as bytes: use numbers and views");

 public:
  /// One more task. `in(view)` is a block that it reads, `out(view)` one that it writes whole (zeroed
  /// before it is run again), `inout(view)` one that it changes (saved before, and restored for the next
  /// attempt). Arrays that no task writes need not be named. Throws InvalidArgument for a block that
  /// begins where another one of another shape begins, and when there are 2^32 tasks.
  template <AccessKind... K, class... U, std::size_t... N>
  void add(const T& task, const Access<K, U, N>&... blocks) {
    builder_.begin_task();
    tasks_.push_back(task);
    (use(blocks), ...);
  }
  /// One more block of the task that was added last.
  template <AccessKind K, class U, std::size_t N>
  void use(const Access<K, U, N>& block) {
    static_assert(K != AccessKind::whole, "a block is in(), out() or inout()");
    builder_.use(detail::rows_of_bytes(block, 0));
  }
  std::size_t size() const { return tasks_.size(); }

  const std::vector<T>& tasks() const { return tasks_; }
  const detail::GraphBuilder& builder() const { return builder_; }

 private:
  std::vector<T> tasks_;
  detail::GraphBuilder builder_;
};

/// Calls `kernel(task, arrays...)` in the workers for each task of the graph, once all that it waits
/// for is done, and returns when all are done. The kernel gets each array whole, as a View; it writes
/// to the blocks that its task has named and to nothing else, and reads only those that no other task
/// may write at the same time. `inout(array)` and `out(array)` are arrays of which blocks are written,
/// `whole(array)` is only read.
///
/// A task is a slice, numbered as it was added: attempts, deadlines, deaths, reports and cancelling are
/// as in any job, and the same bits come out on any number of workers. Policy::on_failure is `fail`
/// whatever it says, since what follows a lost task would be wrong; Policy::schedule does not matter.
///
/// @throws InvalidArgument  a block that is no part of an array, is written although the array is
///                          not, or overlaps another block
/// and what for_each_slice() throws. At most 12 arrays. Costs about a microsecond for each task, and as
/// much for each dependency that a worker without work has to look at.
template <class T, class F, AccessKind... K, class... U, std::size_t... N>
Report run(const PoolWith& on, const TaskGraph<T>& graph, F kernel,
           const Access<K, U, N>&... arrays) {
  static_assert(((K != AccessKind::in) && ...),
                "tasks see arrays whole: pass whole(x) for what is only read");
  if (graph.size() == 0) return {};
  const detail::GraphBuilder& builder = graph.builder();
  std::size_t index = 4;
  const std::array<detail::ArgSpec, sizeof...(arrays)> args{
      detail::rows_of_bytes(arrays, index++)...};
  builder.check(args.data(), args.size());
  // Arguments of the job, so that workers cannot write to them.
  const auto tasks = on.pool.array_from(graph.tasks());
  const auto nodes = on.pool.array_from(builder.nodes());
  const auto dependencies = on.pool.array_from(builder.dependencies());
  const auto writes = on.pool.array_from(builder.writes());
  PoolWith in_order = on;
  in_order.policy.on_failure = OnFailure::fail;
  in_order.policy.schedule = Schedule::dynamic;
  return detail::post<void>(
      in_order, slices(graph.size(), 1),
      detail::GraphSpec{nodes.data(), dependencies.data(), writes.data(), builder.undo_bytes()},
      static_cast<void*>(nullptr), 0,
      [kernel](const Slice& s, std::span<const T> all, std::span<const detail::GraphNode>,
               std::span<const std::uint32_t>, std::span<const detail::ArgSpec>,
               const View<U, N>&... views) mutable { kernel(all[s.index], views...); },
      whole(tasks), whole(nodes), whole(dependencies), whole(writes),
      detail::OfGraph<Access<K, U, N>>{arrays}...);
}

}  // namespace tine
