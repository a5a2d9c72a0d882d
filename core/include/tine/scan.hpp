/// @file
/// Prefix sums with any associative operator.
#pragma once

#include <tine/reduce.hpp>

namespace tine {

namespace detail {

/// Two passes: the total of each slice, then each slice from what comes before it.
template <bool Inclusive, class T, std::size_t N, class U, std::size_t M, class R, class Op>
Report scan(const PoolWith& on, const Access<AccessKind::in, T, N>& x,
            const Access<AccessKind::out, U, M>& y, std::optional<R> init, Op op) {
  const auto from = flat(x);
  const auto to = flat(y);
  const Partition partition = slices(to.view.size(), 0, sizeof(U));
  const std::size_t count = partition.size();
  struct alignas(128) Total {
    R value;   // of the slice; then of all that comes before it
    bool any;  // whether anything comes before it
  };
  auto totals = on.pool.array<Total>(count);
  PoolWith strict = on;
  strict.policy.on_failure = OnFailure::fail;  // all that follows a lost slice would be wrong
  Report report = post<R>(
      strict, partition, reinterpret_cast<R*>(totals.peek().data()), sizeof(Total),
      [op](const Slice&, std::span<T> in) mutable {
        T* p = in.data();
        R total = static_cast<R>(p[0]);
        for (std::size_t i = 1; i < in.size(); ++i) total = op(total, p[i]);
        return total;
      },
      from);
  std::optional<R> before = init;
  for (Total& total : totals) {
    const R mine = total.value;
    total.any = before.has_value();
    if (before) total.value = *before;
    before = before ? op(*before, mine) : mine;
  }
  report.append(for_each_slice(
      strict, partition,
      [op](const Slice& s, std::span<T> in, std::span<U> out,
           std::span<const Total> offsets) mutable {
        const Total& offset = offsets[s.index];
        T* __restrict p = in.data();
        U* __restrict q = out.data();
        R running{};
        std::size_t i = 0;
        if (offset.any) {
          running = offset.value;
        } else {
          running = static_cast<R>(p[0]);
          q[0] = static_cast<U>(running);
          i = 1;
        }
        for (; i < in.size(); ++i) {
          if constexpr (Inclusive) {
            running = op(running, p[i]);
            q[i] = static_cast<U>(running);
          } else {
            const R next = op(running, p[i]);
            q[i] = static_cast<U>(running);
            running = next;
          }
        }
      },
      from, to, whole(totals)));
  if (on.policy.report != nullptr) *on.policy.report = report;
  return report;
}

}  // namespace detail

/// `y[i] = x[0] op ... op x[i]`, in x's element type. `op` must be associative and need not
/// commute. The same bits on any number of workers. x and y have the same number of elements and
/// do not overlap. A slice that fails every time ends the job, whatever the policy says. Throws what
/// for_each_slice() throws.
template <class T, std::size_t N, class U, std::size_t M, class Op = std::plus<>>
Report inclusive_scan(const PoolWith& on, const Access<AccessKind::in, T, N>& x,
                      const Access<AccessKind::out, U, M>& y, Op op = {}) {
  return detail::scan<true>(on, x, y, std::optional<std::remove_const_t<T>>{}, op);
}

/// `y[i] = init op x[0] op ... op x[i]`, in init's type.
template <class T, std::size_t N, class U, std::size_t M, class Op, class R>
Report inclusive_scan(const PoolWith& on, const Access<AccessKind::in, T, N>& x,
                      const Access<AccessKind::out, U, M>& y, Op op, R init) {
  return detail::scan<true>(on, x, y, std::optional<R>(init), op);
}

/// `y[i] = init op x[0] op ... op x[i - 1]`, in init's type.
template <class T, std::size_t N, class U, std::size_t M, class R, class Op = std::plus<>>
Report exclusive_scan(const PoolWith& on, const Access<AccessKind::in, T, N>& x,
                      const Access<AccessKind::out, U, M>& y, R init, Op op = {}) {
  return detail::scan<false>(on, x, y, std::optional<R>(init), op);
}

}  // namespace tine
