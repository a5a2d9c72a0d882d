#include "process/worker.hpp"

#include <cxxabi.h>
#include <limits.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <typeinfo>
#include <vector>

#include <tine/spmd.hpp>

#include "memory/protection.hpp"
#include "process/crash.hpp"
#include "process/memory_growth.hpp"
#include "process/task_server.hpp"
#include "process/thread_caps.hpp"
#include "schedule/ready_tasks.hpp"
#include "sync/clock.hpp"
#include "sync/role.hpp"
#include "sync/sanitizer.hpp"
#include "sync/system.hpp"
#include "toolbox/context.hpp"

namespace tine::detail {

namespace {

/// Releases the members of a broken barrier; it is no fault of theirs.
struct BarrierBroken {};

class Worker {
 public:
  Worker(const Inherited& inherited, unsigned index)
      : control_(*inherited.control),
        board_(control_.board()),
        inherited_(inherited),
        index_(index),
        spawn_(control_.occupants()[index].spawn.load()),
        slot_(control_.slots()[index]),
        mapping_(inherited.arena->begin(),
                 static_cast<std::size_t>(inherited.arena->end() - inherited.arena->begin()),
                 control_.protect) {}

  [[noreturn]] void loop() {
    if (!tasks_.initialise()) leave(1);
    for (;;) {
      const std::uint32_t seen = control_.bell.load();
      if (control_.shutdown.load() != 0) leave(0);
      const std::uint64_t number = control_.open_job.load();
      if (number != 0) enter(number);
      const bool served = tasks_.serve_one();
      if (growth_.is_over() || tasks_.limit_reached()) leave_for_recycling();
      if (served)
        last_task_ = now_ns();
      else
        wait_for_bell(seen);
    }
  }

  void barrier();

 private:
  void enter(std::uint64_t number);
  void prepare();
  void lock_arena();
  void work();
  void work_on_slices();
  std::int64_t work_on_graph();
  bool attempt(std::size_t index);
  bool run(std::size_t index, const Slice& slice, LedgerWord& word, const Word& running);
  bool handle_exception(std::size_t index, const Slice& slice, LedgerWord& word,
                        const Word& running);
  void map_ahead(const Slice& slice);
  void wait_for_bell(std::uint32_t seen);
  void wait_for_task(std::uint32_t seen);
  std::byte* undo() { return job_.undo + index_ * job_.undo_stride; }

  [[noreturn]] void leave_for_recycling() {
    slot_.crash.written.store(recycled);
    leave(0);
  }

  Control& control_;
  Board& board_;
  const Inherited& inherited_;
  unsigned index_;
  std::uint64_t spawn_;
  Slot& slot_;
  TaskServer tasks_{inherited_, index_};
  std::int64_t last_task_ = 0;
  MemoryGrowth growth_{control_.recycle_above};
  ArenaMapping mapping_;
  JobDescriptor job_;
  std::uint64_t released_ = 0;  // how much of the release log was followed
  std::int64_t spin_ns_ = longest_spin;

  static constexpr std::int64_t longest_spin = 2 * ms;
  static constexpr std::int64_t shortest_spin = 50 * us;
};

Worker* this_worker = nullptr;

void Worker::enter(std::uint64_t number) {
  slot_.cpu.store(sched_getcpu(), std::memory_order_relaxed);
  slot_.active.store(number);
  // Either the master sees us active and waits, or we see here that the job is closed.
  if (control_.open_job.load() == number) {
    if (job_.number != number) prepare();
    work();
  }
  slot_.active.store(0);
  const Slot* slots = control_.slots();
  for (unsigned i = 0; i < control_.workers; ++i)
    if (slots[i].active.load() != 0) return;
  board_.report_finished();
}

// A private copy of the job: kernels of ours cannot change it under our feet.
void Worker::prepare() {
  memcpy(static_cast<void*>(&job_), &control_.job, offsetof(JobDescriptor, closure));
  job_.arg_count = std::min<unsigned>(job_.arg_count, max_arguments);
  job_.closure_bytes = std::min<std::uint32_t>(job_.closure_bytes, max_closure);
  memcpy(job_.closure, control_.job.closure, job_.closure_bytes);
  const ReleaseLog& log = control_.released;
  if (log.count - released_ > ReleaseLog::capacity)
    mapping_.forget_everything();
  else
    for (; released_ < log.count; ++released_) {
      const auto& run = log.run[released_ % ReleaseLog::capacity];
      mapping_.forget(run.begin, run.bytes);
    }
  released_ = log.count;
  if (job_.spmd) mapping_.make_all_writable();
  if (job_.strict)
    lock_arena();
  else
    mapping_.unlock();
  for (unsigned a = 0; a < job_.arg_count; ++a) {
    const JobArgument& arg = job_.args[a];
    if (arg.run.bytes != 0) mapping_.meet(arg.run, arg.is_written());
    if ((arg.spec.kind == AccessKind::whole || job_.graph) && arg.spec.rows != 0)
      mapping_.map_ahead(arg.run, arg.spec.data,
                         (arg.spec.rows - 1) * arg.spec.row_pitch + arg.spec.row_bytes);
  }
}

// A strict job can write what is its own and nothing else.
void Worker::lock_arena() {
  std::vector<ArenaMapping::Bytes> own{
      {reinterpret_cast<std::byte*>(job_.ledger), job_.slices * sizeof(LedgerWord)},
      {job_.partials, job_.slices * job_.partial_stride},
      {job_.undo, job_.undo_stride * control_.workers}};
  for (unsigned a = 0; a < job_.arg_count; ++a)
    if (const JobArgument& arg = job_.args[a]; arg.is_written())
      own.push_back({arg.run.begin, arg.run.bytes});
  mapping_.lock(inherited_.arena->small_end(), own);
}

void Worker::work() {
  if (board_.stop_claims.load() != 0) return;
  const std::int64_t began = now_ns();
  std::int64_t waited = 0;
  const std::uint64_t done_before = slot_.done.load(std::memory_order_relaxed);
  if (job_.spmd) {
    attempt(index_);
  } else {
    // A slice that the last worker in this slot was changing comes first: its original lies in our
    // undo buffer, which the next slice would overwrite.
    if (job_.has_inout) {
      const std::uint64_t left_behind = slot_.undo_slice.load();
      if (left_behind < job_.slices && load(job_.ledger[left_behind]).state == SliceState::dirty)
        while (attempt(left_behind)) {
        }
    }
    if (job_.graph)
      waited = work_on_graph();
    else
      work_on_slices();
  }
  if (slot_.done.load(std::memory_order_relaxed) != done_before)
    slot_.busy_ns.store(slot_.busy_ns.load(std::memory_order_relaxed) + (now_ns() - began - waited),
                        std::memory_order_relaxed);
}

void Worker::work_on_slices() {
  // With a fixed schedule, parts of workers that cannot be replaced still have to be done.
  const bool help = job_.schedule != Schedule::fixed || control_.fork_error.load() != 0;
  Claims claims({board_.lanes(), job_.schedule, control_.workers, job_.slices}, job_.schedule,
                control_.workers, index_, help);
  while (board_.stop_claims.load(std::memory_order_relaxed) == 0) {
    const std::size_t index = claims.next();
    if (index == Claims::none) break;
    if (index >= job_.slices) continue;  // somebody wrote over the lane
    while (attempt(index)) {
    }
    if (growth_.is_over()) leave_for_recycling();
  }
}

// Returns the time for which there was no task to do, in nanoseconds.
std::int64_t Worker::work_on_graph() {
  std::int64_t waited = 0;
  ReadyTasks ready(job_.graph, job_.ledger, job_.slices, board_.lanes()[0].next);
  while (board_.stop_claims.load(std::memory_order_relaxed) == 0) {
    const std::uint32_t seen = board_.tasks_over.load();
    const std::size_t task = ready.next();
    if (task != ReadyTasks::none) {
      while (attempt(task)) {
      }
      board_.report_task_over();
      if (growth_.is_over()) leave_for_recycling();
    } else if (ready.some_wait()) {
      const std::int64_t began = now_ns();
      wait_for_task(seen);
      waited += now_ns() - began;
    } else {
      break;  // should others die of what is left, the bell rings
    }
  }
  return waited;
}

// Claims a slice and runs it, unless somebody else did. True: it may be tried again at once.
bool Worker::attempt(std::size_t index) {
  LedgerWord& word = job_.ledger[index];
  const Word seen = load(word);
  if (seen.incarnation != job_.incarnation_base) return false;
  const bool dirty = seen.state == SliceState::dirty && seen.slot == index_ && job_.has_inout &&
                     slot_.undo_slice.load() == index;
  if (seen.state != SliceState::free && !dirty) return false;
  // The supervisor ends the job because of this slice.
  if (seen.attempt >= job_.attempts && job_.on_failure == OnFailure::fail) return false;

  Word mine{SliceState::claimed, index_, seen.attempt, job_.incarnation_base + 1 + spawn_};
  if (!replace(word, seen, mine)) return false;

  const Slice slice = job_.partition.slice(index);
  map_ahead(slice);
  if (dirty)
    restore(job_, slice, undo());
  else
    zero_stale(job_, slice);
  if (seen.attempt > 0) zero_outputs(job_, slice);
  if (seen.attempt >= job_.attempts) {
    replace(word, mine, Word{SliceState::quarantined, index_, seen.attempt, mine.incarnation});
    return false;
  }
  if (job_.has_inout && !dirty) {
    slot_.undo_slice.store(no_slice);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    save(job_, slice, undo());
    std::atomic_signal_fence(std::memory_order_seq_cst);
    slot_.undo_slice.store(index);
  }
  const Word running = mine.with(SliceState::running);
  return run(index, slice, word, running);
}

bool Worker::run(std::size_t index, const Slice& slice, LedgerWord& word, const Word& running) {
  slot_.slice.store(index, std::memory_order_relaxed);
  slot_.attempt.store(running.attempt + 1, std::memory_order_relaxed);
  slot_.runs.store(slot_.runs.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  slot_.begun.store(slot_.begun.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  // The undo copy is whole before `running`, and `running` stands before the kernel's first write.
  // The processor keeps that order; the fences keep the compiler from changing it.
  if (!replace(word, running.with(SliceState::claimed), running)) return false;
  slot_.inside.store(1, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  bool thrown = false;
  try {
    job_.run(job_.closure, slice,
             job_.partials == nullptr ? nullptr : job_.partials + index * job_.partial_stride);
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (const BarrierBroken&) {
    slot_.inside.store(0, std::memory_order_relaxed);
    return false;  // the verdict stands already; the word stays `running`, which is not done
  } catch (...) {
    thrown = true;
    slot_.inside.store(0, std::memory_order_relaxed);
    if (handle_exception(index, slice, word, running)) return true;
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  slot_.inside.store(0, std::memory_order_relaxed);
  fflush(stdout);  // before the commit: what a done slice printed is not lost with its worker
  if (thrown) return false;
  if (replace(word, running, running.with(SliceState::done)))
    slot_.done.store(slot_.done.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (job_.spmd) {
    // Others must not wait for one who will not come again.
    slot_.arrived.store(no_slice);
    sys::futex_wake(board_.barrier.phase, INT_MAX);
  }
  return false;
}

// In a catch block. True: the slice may be tried again at once.
bool Worker::handle_exception(std::size_t index, const Slice& slice, LedgerWord& word,
                              const Word& running) {
  const bool retry = job_.retry_exceptions && running.attempt + 1 < job_.attempts && !job_.spmd;
  const bool quarantine = job_.on_failure == OnFailure::quarantine && !job_.spmd;
  const bool ends_job = !retry && !quarantine && board_.condemn(Verdict::exception, index);
  if (FaultRecord* fault =
          board_.new_fault(Cause::exception, index_, index, running.attempt + 1, ends_job)) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    const std::string name = type != nullptr ? demangled(type->name()) : "unknown";
    snprintf(fault->type, sizeof fault->type, "%s", name.c_str());
    try {
      throw;
    } catch (const std::exception& e) {
      snprintf(fault->message, sizeof fault->message, "%s", e.what());
    } catch (const char* text) {
      snprintf(fault->message, sizeof fault->message, "%s", text);
    } catch (...) {
    }
    fault->frames = last_throw(fault->frame, max_frames);
    fault->job.store(job_.number);
  }
  if (job_.has_inout) restore(job_, slice, undo());
  const Word free{SliceState::free, 0, retry ? running.attempt + 1 : job_.attempts,
                  job_.incarnation_base};
  replace(word, running, free);
  return retry || quarantine;  // claiming it again with all attempts used up quarantines it
}

void Worker::map_ahead(const Slice& s) {
  if (job_.graph) return;  // the whole arrays are mapped already
  for (unsigned a = 0; a < job_.arg_count; ++a) {
    const JobArgument& arg = job_.args[a];
    if (arg.spec.kind == AccessKind::whole) continue;
    const Range r = arg.spec.kind == AccessKind::in ? s.outer : Range{s.begin, s.end};
    if (r.size() == 0) continue;
    mapping_.map_ahead(arg.run, arg.spec.data + r.begin * arg.spec.row_pitch,
                       (r.size() - 1) * arg.spec.row_pitch + arg.spec.row_bytes);
  }
}

// The next job often follows within microseconds, and waking a sleeper takes tens of them; so a
// worker looks for a while before it sleeps. Not where that would take a CPU from somebody: a gap
// in the clock means that we were put aside for another, so we get out of the way; and where the
// master was when it posted a job, it wants to go on.
void Worker::wait_for_bell(std::uint32_t seen) {
  if (control_.may_spin != 0 && control_.master_cpu.load() != sched_getcpu()) {
    std::int64_t last = now_ns();
    // The bell of an executor rings for each task, and whoever goes without shall sleep at last.
    const std::int64_t began = control_.tasks ? last_task_ : last;
    slot_.looking.store(1);
    while (last - began < spin_ns_) {
      for (int i = 0; i < 32; ++i) {
        if (control_.bell.load(std::memory_order_acquire) != seen) {
          spin_ns_ = longest_spin;
          slot_.looking.store(0);
          return;
        }
        pause_cpu();
      }
      const std::int64_t now = now_ns();
      if (now - last > 500 * us) {
        spin_ns_ = shortest_spin;
        break;
      }
      last = now;
    }
    slot_.looking.store(0);
  }
  fflush(nullptr);
  for (std::int64_t patience = 100 * ms; control_.bell.load() == seen;) {
    slot_.cpu.store(sched_getcpu());
    slot_.asleep.store(1);
    if (control_.bell.load() == seen) sys::futex_wait(control_.bell, seen, patience);
    slot_.asleep.store(0);
    if (control_.bell.load() != seen) return;
    // The supervisor would have killed us; this is for when it is gone, too.
    if (sys::process_ended(inherited_.links.master_pidfd)) leave(0);
    if (control_.open_job.load() == 0) patience = seconds;  // an idle pool uses no CPU
  }
}

// The next task is often ready within microseconds, and waking a sleeper takes tens of them.
void Worker::wait_for_task(std::uint32_t seen) {
  const std::int64_t spin_until = now_ns() + (control_.may_spin != 0 ? longest_spin : 0);
  do {
    for (int i = 0; i < 32; ++i) {
      if (board_.tasks_over.load(std::memory_order_acquire) != seen) return;
      pause_cpu();
    }
  } while (now_ns() < spin_until);
  board_.waiting.fetch_add(1);
  sys::futex_wait(board_.tasks_over, seen, 100 * ms);
  board_.waiting.fetch_sub(1);
  // The supervisor would have killed us; this is for when it is gone, too.
  if (sys::process_ended(inherited_.links.master_pidfd)) leave(0);
}

void Worker::barrier() {
  Barrier& b = board_.barrier;
  const std::uint32_t phase = b.phase.load();
  Slot* slots = control_.slots();
  slot_.arrived.store(phase + 1);
  const std::int64_t spin_until = now_ns() + (control_.may_spin != 0 ? longest_spin : 0);
  for (int round = 0;; ++round) {
    if (b.phase.load() != phase) return;
    if (b.broken.load() != 0 || board_.stop_claims.load() != 0) throw BarrierBroken{};
    bool all = true;
    for (unsigned i = 0; i < control_.workers; ++i) {
      const std::uint64_t arrived = slots[i].arrived.load();
      // Nobody can be further than one phase ahead of us.
      if (arrived > std::uint64_t{phase} + 2 && arrived != no_slice)
        board_.condemn(Verdict::corrupt, no_slice);
      if (arrived == no_slice) {
        // He may have left after this phase was opened, by us too.
        if (b.phase.load() != phase) return;
        b.broken.store(1);
        board_.condemn(Verdict::barrier, i);
        sys::futex_wake(b.phase, INT_MAX);
        throw BarrierBroken{};
      }
      all = all && arrived > phase;
    }
    if (all) {
      // Whoever sees that all have come opens the barrier; a second opening changes nothing.
      std::uint32_t expected = phase;
      if (b.phase.compare_exchange_strong(expected, phase + 1)) sys::futex_wake(b.phase, INT_MAX);
      return;
    }
    if (now_ns() < spin_until) {
      pause_cpu();
    } else {
      sys::futex_wait(b.phase, phase, 100 * ms);
      slot_.arrived.store(phase + 1);  // should somebody have written over it
    }
  }
}

// For good, where the kernel can seal a mapping (Linux 6.10): then not even code that has taken over
// this process can make it writable again.
void make_read_only(void* begin, std::size_t bytes) {
#if !defined(SYS_mseal)
  constexpr long SYS_mseal = 462;
#endif
  mprotect(begin, bytes, PROT_READ);
  syscall(SYS_mseal, begin, bytes, 0UL);
}

void limit_private_memory(std::size_t bytes) {
  if (bytes == 0 || address_sanitizer) return;  // the sanitizer reserves terabytes
  char text[256];
  unsigned long long pages[6] = {};
  sys::read_file("/proc/self/statm", text, sizeof text);
  sscanf(text, "%llu %llu %llu %llu %llu %llu", &pages[0], &pages[1], &pages[2], &pages[3],
         &pages[4], &pages[5]);
  const rlim_t limit = pages[5] * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + bytes;
  const rlimit both{limit, limit};
  setrlimit(RLIMIT_DATA, &both);
}

// Below us are the frames of the master that made the pool: no exception may reach their handlers.
// Kernels ask for the same temporaries slice after slice. glibc would give those of some size back to
// the system each time, and fresh memory costs a page fault every 4 KiB.
void keep_freed_memory() {
#if defined(M_MMAP_THRESHOLD)
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the largest it takes
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
}

void call_start_hook(void (*hook)(unsigned), unsigned index) noexcept {
  if (hook != nullptr) hook(index);
}

}  // namespace

void worker_main(const Inherited& inherited, unsigned index, pid_t supervisor) {
  process_role = Role::worker;
  Control& control = *inherited.control;
  Slot& slot = control.slots()[index];

  // Away from the terminal, and gone with the supervisor, also when it went before this line.
  setsid();
  sys::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != supervisor) _exit(0);
  char name[16];
  snprintf(name, sizeof name, "tine-worker-%u", index);
  prctl(PR_SET_NAME, name);

  note_own_end(slot.crash);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);

  // When memory runs out, the kernel shall take a worker, not the master, who maps the same arena.
  sys::write_file("/proc/self/oom_score_adj", "1000");
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);

  close(inherited.arena->descriptor());  // with it, a kernel could punch holes into the arena
  if (Context* context = Context::existing())
    context->enter(inherited.first_party == 0 ? 0 : inherited.first_party + index);
  close(inherited.links.event);
  close(inherited.links.exec_pipe);
  // A grandchild could go on writing after its parent is gone.
  inherited.arena->inherit_in_children(false);
  const Arena& arena = *inherited.arena;
  make_read_only(&control, Control::own_bytes(control.workers));
  make_read_only(arena.small_begin(),
                 static_cast<std::size_t>(arena.small_end() - arena.small_begin()));

  cap_threads();
  keep_freed_memory();
  for (const StartHook hook : start_hooks()) hook();
  limit_private_memory(control.memory_per_worker);

  static Worker* worker = new Worker(inherited, index);
  this_worker = worker;
  call_start_hook(inherited.worker_start, index);
  worker->loop();
}

}  // namespace tine::detail

namespace tine {

void Team::barrier() const {
  if (detail::this_worker != nullptr) detail::this_worker->barrier();  // alone without processes
}

bool in_worker() noexcept {
  return detail::process_role == detail::Role::worker || detail::serial_kernel;
}

}  // namespace tine
