// The control zone: what master, supervisor and workers share. It has two parts, on pages of their
// own. Control is written by the master and the supervisor only: workers map it read-only, so that a
// kernel that writes there faults. The Board behind it is written by workers too, and so within
// reach of any kernel: whoever reads an index from it copies it once and checks it, nothing on it
// is more than a hint, and what it says of a slice is believed only of a ledger word that its owner
// can have written (see Word::plausible).
#pragma once

#include <limits.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <tine/detail/queue_core.hpp>

#include "memory/page_runs.hpp"
#include "memory/release_log.hpp"
#include "schedule/job.hpp"
#include "sync/ledger.hpp"
#include "sync/system.hpp"

namespace tine::detail {

inline constexpr std::size_t max_frames = 24;

/// What a worker says of its own end.
enum Ending : std::uint32_t { untold, by_signal, by_exit_call, recycled };

/// What a worker writes about its own end, from a signal handler.
struct CrashNote {
  std::atomic<std::uint32_t> written;  // an Ending, last
  std::int32_t signal;
  std::int32_t code;
  std::int32_t exit_status;
  std::uint64_t address;
  std::uint32_t frames;
  void* frame[max_frames];
};

/// A Fault as it lies in shared memory.
struct FaultRecord {
  std::atomic<std::uint64_t> job;  // the job it belongs to, written last
  std::uint8_t cause;
  std::uint16_t slot;
  std::uint32_t attempt;
  std::uint64_t slice;
  std::int32_t signal;
  std::int32_t code;
  std::int32_t exit_status;
  std::uint32_t frames;
  std::uint64_t address;
  char type[128];
  char message[512];
  void* frame[max_frames];
};
inline constexpr std::size_t max_faults = 256;

/// One worker's line of the board.
struct alignas(128) Slot {
  std::atomic<std::uint64_t> active;   // number of the job it is in, 0: parked. The supervisor
                                       // clears it for the dead, after the ledger is repaired.
  std::atomic<std::uint32_t> asleep;   // in futex_wait
  std::atomic<std::uint32_t> looking;  // awake, and sees the bell at once; hint
  std::atomic<std::int32_t> cpu;       // where it began its last job or went to sleep, hint
  std::atomic<std::uint32_t> runs;     // slices begun, for the deadline clock
  std::atomic<std::uint64_t> slice;    // or cell of the task: running, hint
  std::atomic<std::uint32_t> attempt;
  std::atomic<std::uint32_t> inside;  // between begin and end of a kernel
  std::atomic<std::uint64_t> done;    // slices of this job
  std::atomic<std::uint64_t> begun;
  std::atomic<std::int64_t> busy_ns;
  std::atomic<std::uint64_t> undo_slice;  // whose copy is whole in this slot's undo buffer
  std::atomic<std::uint64_t> arrived;     // barrier: the phase it has come to, plus one
  alignas(128) CrashNote crash;
};
static_assert(sizeof(Slot) % 128 == 0);

/// The process in a slot, by the supervisor's word.
struct alignas(128) Occupant {
  std::atomic<std::int32_t> pid;     // 0: vacant
  std::atomic<std::uint64_t> spawn;  // unique number of this worker process
};
static_assert(sizeof(Occupant) == 128);

inline constexpr std::uint64_t no_slice = static_cast<std::uint64_t>(-1);

/// How a job came to an early end.
enum class Verdict : std::uint32_t {
  none,
  exception,  // a kernel threw
  slice,      // a slice failed on every attempt
  workers,    // too many deaths without progress
  barrier,    // an spmd member died
  distrust,   // a memory fault under MemoryFaults::strict: whatever was written may be wrong
  corrupt,    // somebody wrote over the job's bookkeeping
};

/// A barrier that a death breaks. No counts: each member's own word says how far it has come, so
/// that there is nothing to put right when one is removed.
struct Barrier {
  std::atomic<std::uint32_t> phase;  // futex
  std::atomic<std::uint32_t> broken;
};

/// What workers write. Behind it: Lane lanes[workers], then Slot slots[workers].
struct Board {
  // Written by all: no more slices are begun.
  alignas(128) std::atomic<std::uint32_t> stop_claims;
  // What workers wait for that have no task of a graph: it changes when there may be one.
  alignas(128) std::atomic<std::uint32_t> tasks_over;  // futex
  std::atomic<std::uint32_t>
      waiting;  // for it; a hint that may be too high, since the dead count, too
  // What the master waits for: a hint that a look at the ledger is worth while. Written by workers
  // and supervisor.
  alignas(128) std::atomic<std::uint32_t> finished;  // futex
  std::atomic<std::uint32_t> master_asleep;          // written by the master
  // Written by whoever ends the job early, first one wins: Verdict | slice << 8.
  alignas(128) std::atomic<std::uint64_t> verdict;
  std::atomic<std::uint32_t> fault_count;
  Barrier barrier;
  FaultRecord faults[max_faults + 1];  // the last one is for the fault that ends the job

  static constexpr std::size_t bytes(unsigned workers) {
    return header() + workers * (sizeof(Lane) + sizeof(Slot));
  }
  Lane* lanes() { return reinterpret_cast<Lane*>(reinterpret_cast<std::byte*>(this) + header()); }

  /// Tells the master that a look at the ledger is worth while.
  void report_finished() {
    finished.fetch_add(1);
    if (master_asleep.load() != 0) sys::futex_wake(finished, 1);
  }
  /// Tells workers that have no task of a graph that there may be one now.
  void report_task_over() {
    tasks_over.fetch_add(1);
    if (waiting.load() != 0) sys::futex_wake(tasks_over, INT_MAX);
  }
  /// Ends the job early; the first reason stands. Returns whether this is it.
  bool condemn(Verdict why, std::uint64_t slice) {
    std::uint64_t none = 0;
    const bool first =
        verdict.compare_exchange_strong(none, static_cast<std::uint64_t>(why) | slice << 8);
    stop_claims.store(1);
    report_task_over();
    return first;
  }
  /// A place for one more fault. When all are taken there is one for that which ends the job;
  /// nullptr for others.
  FaultRecord* new_fault(Cause cause, unsigned slot, std::uint64_t slice, unsigned attempt,
                         bool ends_job) {
    const std::size_t index = std::min<std::size_t>(fault_count.fetch_add(1), max_faults);
    if (index == max_faults && !ends_job) return nullptr;
    FaultRecord& fault = faults[index];
    fault.job.store(0);
    fault.cause = static_cast<std::uint8_t>(cause);
    fault.slot = static_cast<std::uint16_t>(slot);
    fault.attempt = attempt;
    fault.slice = slice;
    fault.signal = fault.code = fault.exit_status = 0;
    fault.frames = 0;
    fault.address = 0;
    fault.type[0] = fault.message[0] = '\0';
    return &fault;
  }

 private:
  static constexpr std::size_t header() { return (sizeof(Board) + 127) / 128 * 128; }
};

/// How a pool ends.
enum class Shutdown : std::uint32_t {
  no,
  orderly,    // idle workers leave by themselves, others are killed after a moment
  terminate,  // the same, after a SIGTERM
  kill,
};

/// Of a pool that serves an executor.
struct TaskService {
  ObjectId table;  // of its tasks in the context
  std::int64_t deadline_ns = 0;
  unsigned tasks_per_worker = 0;  // 0: no limit
  explicit operator bool() const { return table.generation != 0; }
};

/// What only master and supervisor write. Behind it: Occupant occupants[workers], then, on the next
/// page, the board.
struct Control {
  // What workers wait for: it changes when there may be work, or an end. Written by master and
  // supervisor.
  alignas(128) std::atomic<std::uint32_t> bell;
  // Written by the master.
  std::atomic<std::uint64_t> open_job;   // number of the job that may be worked on, 0: none
  std::atomic<std::uint32_t> shutdown;   // a Shutdown
  std::atomic<std::int32_t> master_cpu;  // where it posted the last job, hint

  // Orders to the supervisor, by the master; an eventfd says that there are some.
  alignas(128) std::atomic<std::uint64_t> kill_active;  // end the workers that are in this job
  std::atomic<std::uint32_t> commit_request;            // counts up
  std::atomic<std::uint64_t> commit_offset;
  std::atomic<std::uint64_t> commit_bytes;
  std::atomic<std::uint32_t> commit_context;  // in the context's file, not in the arena's

  // Written by the supervisor.
  alignas(128) std::atomic<std::uint32_t> commit_reply;  // futex, follows commit_request
  std::atomic<std::int32_t> commit_error;
  std::atomic<std::uint32_t> started;    // futex: 1 once the first workers are forked
  std::atomic<std::uint32_t> alive;      // workers
  std::atomic<std::int32_t> fork_error;  // of the last fork that failed, 0: none
  std::atomic<std::uint64_t> spawns;     // workers ever forked
  std::atomic<std::uint64_t> in_job;     // number of the job whose ledger it is looking at
  std::atomic<std::uint64_t> restarts;   // workers replaced in this job
  std::atomic<std::uint64_t> undone;     // slices marked for restoring in this job
  std::atomic<std::uint32_t> watching;   // it looks at the deadlines of tasks every 10 ms

  // Constant after the pool was made.
  alignas(128) std::uint32_t workers;
  std::uint32_t may_spin;  // there is a CPU for each worker
  std::size_t memory_per_worker;
  std::size_t recycle_above;
  bool protect;
  TaskService tasks;

  // Written by the master while no worker is active.
  ReleaseLog released;
  JobDescriptor job;

  Occupant* occupants() {
    return reinterpret_cast<Occupant*>(reinterpret_cast<std::byte*>(this) + header());
  }
  Board& board() {
    return *reinterpret_cast<Board*>(reinterpret_cast<std::byte*>(this) + own_bytes(workers));
  }
  Slot* slots() { return reinterpret_cast<Slot*>(board().lanes() + workers); }

  /// Without the board: what workers map read-only.
  static constexpr std::size_t own_bytes(unsigned workers) {
    return round_up(header() + workers * sizeof(Occupant), page);
  }
  static constexpr std::size_t bytes(unsigned workers) {
    return own_bytes(workers) + Board::bytes(workers);
  }

  /// Tells the workers that something has changed; enters the kernel only for those asleep.
  void ring(int wake) {
    bell.fetch_add(1);
    Slot* slot = slots();
    for (unsigned i = 0; i < workers; ++i)
      if (slot[i].asleep.load() != 0) {
        sys::futex_wake(bell, wake);
        return;
      }
  }
  /// The same for one more task of at most `pending`: wakes nobody when enough workers are awake.
  void ring_for_task(std::size_t pending) {
    bell.fetch_add(1);
    const Slot* slot = slots();
    std::size_t looking = 0;
    bool sleepers = false;
    for (unsigned i = 0; i < workers; ++i) {
      looking += slot[i].looking.load();
      sleepers = sleepers || slot[i].asleep.load() != 0;
    }
    if (sleepers && looking < pending) sys::futex_wake(bell, 1);
  }

 private:
  static constexpr std::size_t header() { return (sizeof(Control) + 127) / 128 * 128; }
};

}  // namespace tine::detail
