/// @file
/// What the templates of the public headers hand to the library: a job without types.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include <tine/access.hpp>
#include <tine/detail/captured_words.hpp>
#include <tine/partition.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::detail {

inline constexpr std::size_t max_arguments = 16;
inline constexpr std::size_t max_closure = 8192;

/// One array argument as rows of bytes.
struct ArgSpec {
  std::byte* data = nullptr;
  std::size_t rows = 0;          // units of the first dimension
  std::size_t row_pitch = 0;     // bytes from one row to the next
  std::size_t row_bytes = 0;     // bytes of a row that belong to the view
  std::size_t column_bytes = 0;  // bytes of one unit of the second dimension; 0 for rank 1
  AccessKind kind = AccessKind::in;
};

/// Where a task's dependencies and writes begin in the tables below; they end where the next one's begin.
struct GraphNode {
  std::uint64_t dependencies = 0;
  std::uint64_t writes = 0;
};
/// A job whose slices are the tasks of a graph. The tables lie in the arena.
struct GraphSpec {
  const GraphNode* nodes = nullptr;             // one more than there are tasks; nullptr: no graph
  const std::uint32_t* dependencies = nullptr;  // tasks of lower numbers
  const ArgSpec* writes = nullptr;
  std::size_t undo_bytes = 0;  // most that one task has to save
  explicit operator bool() const { return nodes != nullptr; }
};

/// Runs one slice: `closure` points at the job's own copy of the bytes below; `partial` is where
/// the slice's part of a reduction goes, nullptr when there is none.
using Trampoline = void (*)(const std::byte* closure, const Slice& slice, std::byte* partial);

struct JobSpec {
  Trampoline run = nullptr;
  const void* closure = nullptr;
  std::size_t closure_bytes = 0;
  const void* captured = nullptr;  // the words of the user's callable, to be looked at
  std::size_t captured_bytes = 0;
  Partition partition;
  const ArgSpec* args = nullptr;
  std::size_t arg_count = 0;
  std::byte* partials = nullptr;  // one per slice, in the arena
  std::size_t partial_stride = 0;
  bool spmd = false;  // one slice per worker, all at the same time, never retried
  GraphSpec graph;
};

/// Runs a job to its end, in the workers. Throws what error.hpp says.
Report run_job(const PoolWith& on, const JobSpec& spec);

/// A job's callable and its arguments as one block of bytes. std::tuple will not do: it is not
/// trivially copyable.
template <class... A>
struct Pack {};
template <class Head, class... Tail>
struct Pack<Head, Tail...> {
  Head head;
  Pack<Tail...> tail;
};

template <class F>
constexpr decltype(auto) call_with(F&& f, const Pack<>&) {
  return f();
}
template <class F, class Head, class... Tail>
constexpr decltype(auto) call_with(F&& f, const Pack<Head, Tail...>& pack) {
  return call_with([&](const Tail&... rest) -> decltype(auto) { return f(pack.head, rest...); },
                   pack.tail);
}
constexpr Pack<> pack() {
  return {};
}
template <class Head, class... Tail>
constexpr Pack<Head, Tail...> pack(const Head& head, const Tail&... tail) {
  return {head, pack(tail...)};
}

template <class F, class... A>
struct Closure {
  F f;
  Pack<A...> arguments;
};

/// What the kernel gets of one argument: a std::span for rank 1, a View otherwise.
template <AccessKind K, class T, std::size_t N>
constexpr auto argument_for(const Access<K, T, N>& access, const Slice& s) {
  View<T, N> v = access.view;
  if constexpr (K != AccessKind::whole) {
    const bool outer = K == AccessKind::in;
    const Range r = outer ? s.outer : Range{s.begin, s.end};
    v = v.part(0, r.begin, r.size());
    if constexpr (N >= 2) {
      if (s.columns.size() != 0) {
        const Range c = outer ? s.outer_columns : s.columns;
        v = v.part(1, c.begin, c.size());
      }
    }
  }
  if constexpr (N == 1)
    return std::span<T>(v.data(), v.extent(0));
  else
    return v;
}

[[noreturn]] void bad_argument(std::size_t index, const char* why);

template <AccessKind K, class T, std::size_t N>
ArgSpec rows_of_bytes(const Access<K, T, N>& access, std::size_t index) {
  const View<T, N>& v = access.view;
  ArgSpec spec;
  spec.data = reinterpret_cast<std::byte*>(const_cast<std::remove_const_t<T>*>(v.data()));
  spec.kind = K;
  spec.rows = v.extent(0);
  spec.row_pitch = v.stride(0) * sizeof(T);
  spec.row_bytes = sizeof(T);
  for (std::size_t d = 1; d < N; ++d) spec.row_bytes *= v.extent(d);
  if constexpr (N == 1) {
    if (v.extent(0) > 1 && v.stride(0) != 1)
      bad_argument(index, "is a strided one-dimensional view; pass the two-dimensional one");
  } else {
    spec.column_bytes = v.stride(1) * sizeof(T);
    if (!v.empty() && !v.part(0, 0, 1).contiguous())
      bad_argument(index, "has rows that are not contiguous");
  }
  return spec;
}

template <AccessKind K, class T, std::size_t N>
ArgSpec spec_of(const Access<K, T, N>& access, const Partition& partition, std::size_t index) {
  const View<T, N>& v = access.view;
  if (K != AccessKind::whole) {
    if (v.extent(0) != partition.n)
      bad_argument(index,
                   "does not have as many units along its first dimension as the partition; pass "
                   "whole(x) for an array that every slice reads");
    if (partition.columns != 0) {
      if constexpr (N < 2)
        bad_argument(index, "has one dimension, but the partition is tiles");
      else if (v.extent(1) != partition.columns)
        bad_argument(index, "does not have as many columns as the tiles of the partition");
    }
  }
  return rows_of_bytes(access, index);
}

template <class F>
constexpr void check_callable() {
  static_assert(std::is_trivially_copyable_v<F>,
                "a kernel travels to the workers as bytes, so its captures must be trivially "
                "copyable: capture numbers and views (array.view()) by value; put a std::vector "
                "or std::string into a tine::Array, or into a container with tine::allocator");
}

/// Packs callable and arguments and runs the job. `R` is the type of a partial, void for none.
template <class R, class F, class... A>
Report post(const PoolWith& on, const Partition& partition, const GraphSpec& graph, R* partials,
            std::size_t stride, F f, const A&... accesses) {
  check_callable<F>();
  static_assert(sizeof...(A) <= max_arguments, "a job takes at most 16 arrays");
  using C = Closure<F, A...>;
  static_assert(sizeof(C) <= max_closure,
                "a kernel's captures are limited to 8 KiB: put large data into a tine::Array");

  const C closure{f, pack(accesses...)};
  const CapturedWords<F> captured(f);
  std::array<ArgSpec, max_arguments> args;
  std::size_t count = 0;
  ((args[count] = spec_of(accesses, partition, count), ++count), ...);

  JobSpec spec;
  spec.closure = &closure;
  spec.closure_bytes = sizeof(C);
  spec.captured = captured.data();
  spec.captured_bytes = captured.size();
  spec.partition = partition;
  spec.args = args.data();
  spec.arg_count = count;
  spec.partials = reinterpret_cast<std::byte*>(partials);
  spec.partial_stride = stride;
  spec.graph = graph;
  spec.run = [](const std::byte* bytes, const Slice& s, [[maybe_unused]] std::byte* partial) {
    // A local copy: reading captures through shared memory would make the compiler assume that
    // every store of the kernel may change them.
    alignas(C) std::byte local[sizeof(C)];
    std::memcpy(local, bytes, sizeof(C));
    C& c = *std::launder(reinterpret_cast<C*>(local));
    call_with(
        [&](const A&... a) {
          if constexpr (std::is_void_v<R>) {
            c.f(s, argument_for(a, s)...);
          } else {
            const R result = c.f(s, argument_for(a, s)...);
            std::memcpy(partial, &result, sizeof(R));
          }
        },
        c.arguments);
  };
  return run_job(on, spec);
}
template <class R, class F, class... A>
Report post(const PoolWith& on, const Partition& partition, R* partials, std::size_t stride, F f,
            const A&... accesses) {
  return post<R>(on, partition, GraphSpec{}, partials, stride, f, accesses...);
}

}  // namespace tine::detail
