// A job as workers see it, and what is done to the slices of its arguments.
#pragma once

#include <tine/detail/job_spec.hpp>

#include <cstring>

#include "memory/protection.hpp"
#include "schedule/claims.hpp"
#include "sync/ledger.hpp"

namespace tine::detail {

constexpr bool writes(AccessKind kind) {
  return kind == AccessKind::out || kind == AccessKind::inout;
}

struct JobArgument {
  ArgSpec spec;
  RunExtent run;
  bool zero_first = false;  // memory that workers zero slice by slice: it is used again

  bool is_written() const { return writes(spec.kind) || zero_first; }
};

/// Written by the master while no worker is active, read-only otherwise. Workers copy it before
/// they use it.
struct JobDescriptor {
  std::uint64_t number = 0;
  // Incarnations of this job's owners are base + 1 + the number of the worker's spawn.
  std::uint64_t incarnation_base = 0;
  Trampoline run = nullptr;
  Partition partition;
  std::size_t slices = 0;
  LedgerWord* ledger = nullptr;
  std::byte* partials = nullptr;
  std::size_t partial_stride = 0;
  std::byte* undo = nullptr;  // one buffer per slot
  std::size_t undo_stride = 0;
  std::int64_t slice_deadline_ns = 0;
  std::int64_t slice_cpu_ns = 0;
  Schedule schedule = Schedule::sticky;
  OnFailure on_failure = OnFailure::fail;
  bool retry_exceptions = false;
  bool has_inout = false;
  bool spmd = false;
  bool strict = false;
  unsigned attempts = 3;
  unsigned arg_count = 0;
  GraphSpec graph;
  std::uint32_t closure_bytes = 0;
  bool is_timed() const { return slice_deadline_ns != 0 || slice_cpu_ns != 0; }
  JobArgument args[max_arguments];
  alignas(64) std::byte closure[max_closure];  // last: only its used part is copied
};

/// Calls f(begin, bytes) for each piece of memory of one argument that belongs to a slice.
template <class F>
void for_each_piece(const ArgSpec& arg, std::size_t begin, std::size_t end, const Range& columns,
                    F f) {
  const std::size_t left = columns.size() == 0 ? 0 : columns.begin * arg.column_bytes;
  const std::size_t width = columns.size() == 0 ? arg.row_bytes : columns.size() * arg.column_bytes;
  if (width == 0) return;
  if (width == arg.row_pitch) {
    f(arg.data + begin * arg.row_pitch, (end - begin) * arg.row_pitch);
    return;
  }
  for (std::size_t r = begin; r < end; ++r) f(arg.data + r * arg.row_pitch + left, width);
}

/// All of a job's arguments in one slice.
inline constexpr std::size_t all_slices = static_cast<std::size_t>(-1);

/// Calls f(begin, bytes) for each piece of memory that a slice writes in this way. Those of a task are
/// its blocks.
template <class F>
void for_each_written_piece(const JobDescriptor& job, const Slice& s, AccessKind kind, F f) {
  if (job.graph && s.index != all_slices) {
    const GraphNode* node = job.graph.nodes + s.index;
    for (std::uint64_t w = node[0].writes; w < node[1].writes; ++w)
      if (const ArgSpec& block = job.graph.writes[w]; block.kind == kind)
        for_each_piece(block, 0, block.rows, {}, f);
    return;
  }
  for (unsigned a = 0; a < job.arg_count; ++a)
    if (const ArgSpec& arg = job.args[a].spec; arg.kind == kind)
      for_each_piece(arg, s.begin, s.index == all_slices ? arg.rows : s.end, s.columns, f);
}

/// Bytes of one argument that belong to a slice, without its halo.
inline std::size_t piece_bytes(const ArgSpec& arg, const Slice& s) {
  const std::size_t width =
      s.columns.size() == 0 ? arg.row_bytes : s.columns.size() * arg.column_bytes;
  return s.size() * width;
}

/// Copies the slice's `inout` parts to `undo`, one after another.
inline void save(const JobDescriptor& job, const Slice& s, std::byte* undo) {
  for_each_written_piece(job, s, AccessKind::inout, [&](const std::byte* p, std::size_t bytes) {
    std::memcpy(undo, p, bytes);
    undo += bytes;
  });
}

/// Copies them back.
inline void restore(const JobDescriptor& job, const Slice& s, const std::byte* undo) {
  for_each_written_piece(job, s, AccessKind::inout, [&](std::byte* p, std::size_t bytes) {
    std::memcpy(p, undo, bytes);
    undo += bytes;
  });
}

/// Zeroes the slice's `out` parts.
inline void zero_outputs(const JobDescriptor& job, const Slice& s) {
  for_each_written_piece(job, s, AccessKind::out,
                         [](std::byte* p, std::size_t bytes) { std::memset(p, 0, bytes); });
}

/// Zeroes what nobody has zeroed since its memory was somebody else's.
inline void zero_stale(const JobDescriptor& job, const Slice& s) {
  for (unsigned a = 0; a < job.arg_count; ++a)
    if (job.args[a].zero_first)
      for_each_piece(job.args[a].spec, s.begin, s.end, s.columns,
                     [](std::byte* p, std::size_t bytes) { std::memset(p, 0, bytes); });
}

}  // namespace tine::detail
