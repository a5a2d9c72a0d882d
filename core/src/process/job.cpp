#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <typeinfo>
#include <utility>

#include <tine/error.hpp>

#include "process/crash.hpp"
#include "process/job_run.hpp"
#include "sync/clock.hpp"
#include "sync/role.hpp"
#include "sync/system.hpp"

namespace tine::detail {

namespace {

std::size_t extent_bytes(const ArgSpec& arg) {
  return arg.rows == 0 || arg.row_bytes == 0 ? 0 : (arg.rows - 1) * arg.row_pitch + arg.row_bytes;
}

// Two parts of one matrix, side by side, share a range of bytes and no byte.
bool overlap(const ArgSpec& a, const ArgSpec& b) {
  if (extent_bytes(a) == 0 || extent_bytes(b) == 0) return false;
  if (a.data + extent_bytes(a) <= b.data || b.data + extent_bytes(b) <= a.data) return false;
  if (a.row_pitch != b.row_pitch || a.row_pitch == 0) return true;
  const std::ptrdiff_t pitch = static_cast<std::ptrdiff_t>(a.row_pitch);
  const std::ptrdiff_t apart = ((b.data - a.data) % pitch + pitch) % pitch;
  return !(apart >= static_cast<std::ptrdiff_t>(a.row_bytes) &&
           apart + static_cast<std::ptrdiff_t>(b.row_bytes) <= pitch);
}

/// While this lives, the thread counts as a worker.
struct SerialKernel {
  SerialKernel() { serial_kernel = true; }
  ~SerialKernel() { serial_kernel = false; }
};

/// While this lives, the thread has a job in the pool.
class Posting {
 public:
  explicit Posting(std::atomic<std::thread::id>& thread) : thread_(thread) {
    thread_.store(std::this_thread::get_id());
  }
  ~Posting() { thread_.store(std::thread::id{}); }
  Posting(const Posting&) = delete;

 private:
  std::atomic<std::thread::id>& thread_;
};

RunExtent extent_of(const Run* run) {
  return {run->data, run->bytes, run->generation};
}

}  // namespace

void JobRun::check() {
  if (policy_.attempts < 1 || policy_.attempts > max_attempts)
    throw InvalidArgument("tine: Policy::attempts is " + std::to_string(policy_.attempts) +
                          ", but must be 1 to 60");
  if (policy_.slice_deadline.count() < 0 || policy_.job_deadline.count() < 0 ||
      policy_.slice_cpu_time.count() < 0)
    throw InvalidArgument("tine: a deadline in Policy is negative");
  pool_.code_.check_function(reinterpret_cast<const void*>(spec_.run));
  pool_.code_.check_captures(spec_.captured, spec_.captured_bytes, pool_.arena_->begin(),
                             pool_.arena_->end());
  for (std::size_t a = 0; a < spec_.arg_count; ++a) {
    const ArgSpec& arg = spec_.args[a];
    const std::size_t bytes = extent_bytes(arg);
    if (bytes == 0) continue;
    if (writes(arg.kind) && arg.rows > 1 && arg.row_pitch < arg.row_bytes)
      bad_argument(a, "is written, but its rows overlap each other");
    runs_[a] = pins_.add(arg.data, bytes);
    if (runs_[a] == nullptr)
      bad_argument(
          a,
          "does not lie in this pool's arena; make it with pool.array(), or give a cv::Mat "
          "a tine::MatAllocator of this pool");
    for (std::size_t b = 0; b < a; ++b)
      if ((writes(arg.kind) || writes(spec_.args[b].kind)) && overlap(arg, spec_.args[b]))
        bad_argument(a, ("overlaps argument " + std::to_string(b + 1) +
                         " although one of them is written; use inout(x) for an update in place")
                            .c_str());
  }
  if (const std::size_t* bounds = spec_.partition.bounds;
      bounds != nullptr && pins_.add(reinterpret_cast<const std::byte*>(bounds),
                                     (spec_.partition.pieces + 1) * sizeof *bounds) == nullptr)
    throw InvalidArgument("tine: the bounds of the partition do not lie in this pool's arena");
  if (spec_.partials != nullptr && slices_ != 0)
    if (Run* run = pins_.add(spec_.partials, slices_ * spec_.partial_stride))
      run->stale = false;  // each partial is written before it is read
}

// Writes the job descriptor, and makes room for the ledger and the copies of `inout` arrays.
void JobRun::prepare() {
  // Slices of different length: the first is the longest, as grains go.
  std::size_t undo_bytes = 0, all_bytes = 0;
  Slice longest = spec_.partition.slice(0);
  if (spec_.partition.bounds != nullptr) longest.end = longest.begin + spec_.partition.grain;
  bool has_inout = false;
  for (std::size_t a = 0; a < spec_.arg_count; ++a)
    if (spec_.args[a].kind == AccessKind::inout) {
      has_inout = true;
      undo_bytes += piece_bytes(spec_.args[a], longest);
      all_bytes += spec_.args[a].rows * spec_.args[a].row_bytes;
    }
  if (spec_.graph) {
    undo_bytes = spec_.graph.undo_bytes;
    has_inout = undo_bytes != 0;
  }
  undo_bytes = (undo_bytes + 127) / 128 * 128;
  if (pool_.ledger_.size() < slices_)
    pool_.ledger_ = Array<LedgerWord>(pool_.arena_, {std::max<std::size_t>(slices_, 4096)});
  if (pool_.undo_.size() < undo_bytes * pool_.workers_) {
    pool_.undo_ = {};
    pool_.undo_ = Array<std::byte>(pool_.arena_, {undo_bytes * pool_.workers_});
  }
  ledger_ = pool_.ledger_.data();

  JobDescriptor& d = job();
  d.number = pool_.next_job_++;
  d.incarnation_base = pool_.incarnation_base_;
  d.run = spec_.run;
  d.partition = spec_.partition;
  d.slices = slices_;
  d.ledger = ledger_;
  d.partials = spec_.partials;
  d.partial_stride = spec_.partial_stride;
  d.undo = pool_.undo_.peek().data();
  d.undo_stride = undo_bytes;
  d.slice_deadline_ns = policy_.slice_deadline.count();
  if (d.slice_deadline_ns == 0 && pool_.threaded_) d.slice_deadline_ns = 60 * seconds;
  d.slice_cpu_ns = policy_.slice_cpu_time.count();
  d.schedule = policy_.schedule;
  d.on_failure = policy_.on_failure;
  d.retry_exceptions = policy_.retry_exceptions;
  d.has_inout = has_inout;
  d.spmd = spec_.spmd;
  d.graph = spec_.graph;
  d.strict = policy_.memory_faults == MemoryFaults::strict && !spec_.spmd;
  d.attempts = policy_.attempts;
  d.arg_count = static_cast<unsigned>(spec_.arg_count);
  for (std::size_t a = 0; a < spec_.arg_count; ++a) {
    JobArgument& arg = d.args[a];
    arg.spec = spec_.args[a];
    arg.zero_first = false;
    Run* run = runs_[a];
    if (run == nullptr) {
      arg.run = {};
      continue;
    }
    arg.run = extent_of(run);
    if (!run->stale) continue;
    const bool whole_run = arg.spec.data == run->data && arg.spec.row_pitch == arg.spec.row_bytes &&
                           extent_bytes(arg.spec) + 4096 > run->bytes;
    if (writes(arg.spec.kind) && whole_run && !d.strict && !d.graph) {
      arg.zero_first = true;  // by the workers, slice by slice, in cache
      run->stale = false;
    } else {
      pool_.arena_->settle(run);
    }
  }
  d.closure_bytes = static_cast<std::uint32_t>(spec_.closure_bytes);
  memcpy(d.closure, spec_.closure, spec_.closure_bytes);
  if (d.strict && all_bytes != 0) {
    originals_ = Array<std::byte>(pool_.arena_, {all_bytes});
    save(d, everything(), originals_.data());
  }
  const std::uint64_t fresh = Word{SliceState::free, 0, 0, d.incarnation_base}.pack();
  for (std::size_t i = 0; i < slices_; ++i) ledger_[i].store(fresh, std::memory_order_relaxed);
}

void JobRun::post() {
  const JobDescriptor& d = job();
  pool_.arena_->copy_releases(control_.released);
  lanes().rewind();
  scanned_ = 0;
  stuck_looks_ = 0;
  spawns_before_ = control_.spawns.load();
  pool_.spawns_at_post_.resize(pool_.workers_);
  for (unsigned i = 0; i < pool_.workers_; ++i)
    pool_.spawns_at_post_[i] = control_.occupants()[i].spawn.load();
  Slot* slots = control_.slots();
  for (unsigned i = 0; i < pool_.workers_; ++i) {
    Slot& s = slots[i];
    s.done.store(0, std::memory_order_relaxed);
    s.begun.store(0, std::memory_order_relaxed);
    s.busy_ns.store(0, std::memory_order_relaxed);
    s.undo_slice.store(no_slice, std::memory_order_relaxed);
    s.arrived.store(0, std::memory_order_relaxed);
  }
  board_.barrier.phase.store(0, std::memory_order_relaxed);
  board_.barrier.broken.store(0, std::memory_order_relaxed);
  board_.verdict.store(0, std::memory_order_relaxed);
  board_.fault_count.store(0, std::memory_order_relaxed);
  control_.restarts.store(0, std::memory_order_relaxed);
  control_.undone.store(0, std::memory_order_relaxed);
  board_.stop_claims.store(0, std::memory_order_relaxed);
  board_.waiting.store(0, std::memory_order_relaxed);

  control_.master_cpu.store(sched_getcpu());
  control_.open_job.store(d.number);
  // Who sleeps is not told apart: where a slice is for one worker only, all have to look.
  const bool all = spec_.spmd || policy_.schedule == Schedule::fixed || slices_ > INT_MAX;
  control_.ring(all ? INT_MAX : static_cast<int>(slices_));
  // The supervisor has nothing to do with an ordinary job.
  if (d.is_timed() || control_.alive.load() < pool_.workers_) pool_.order();
}

bool JobRun::over() {
  const std::uint64_t base = job().incarnation_base;
  for (; scanned_ < slices_; ++scanned_) {
    const Word word = load(ledger_[scanned_]);
    if (!plausible(word, base)) {
      board_.condemn(Verdict::corrupt, scanned_);
      return false;
    }
    if (!word.over()) return false;
  }
  return true;
}

// All are parked, and still there are slices to do. When kernels keep to their own memory that lasts
// for a moment only, and this changes nothing. Otherwise hints may be wrong, which are put right
// here, or the next slice has a word that nobody will change any more.
void JobRun::look_for_damage() {
  const Word word = load(ledger_[scanned_]);
  if (!all_parked() || board_.verdict.load() != 0) return;
  const bool claimable =
      word.state == SliceState::free &&
      (word.attempt < policy_.attempts || policy_.on_failure == OnFailure::quarantine);
  if (word.pack() != stuck_word_ || claimable) stuck_looks_ = 0;
  stuck_word_ = word.pack();
  // An owner who is parked has changed his word before, so the second look proves it. A dirty slice
  // waits for its slot's worker, who may have to wait for a CPU.
  if (++stuck_looks_ > (word.state == SliceState::dirty ? 100u : 2u))
    board_.condemn(Verdict::corrupt, scanned_);
  board_.stop_claims.store(0);
  lanes().rewind();
  control_.ring(INT_MAX);
  pool_.order();
}

bool JobRun::all_parked() const {
  const Slot* slots = control_.slots();
  for (unsigned i = 0; i < pool_.workers_; ++i)
    if (slots[i].active.load() != 0) return false;
  return control_.in_job.load() == 0;
}

// A kernel does not always move who it wakes to a CPU that is idle: not where they share no cache.
bool JobRun::worker_waits_for_this_cpu() const {
  const int here = sched_getcpu();
  const Slot* slots = control_.slots();
  for (unsigned i = 0; i < pool_.workers_; ++i)
    if (slots[i].cpu.load() == here) return true;
  return false;
}

// Waits for a hint. With a CPU to spare it is worth looking for one for a while; otherwise looking
// would take the CPU from a worker.
void JobRun::nap(std::uint32_t seen, std::int64_t at_most) {
  if (pool_.spare_cpus_ && !worker_waits_for_this_cpu()) {
    const std::int64_t until = now_ns() + std::min(at_most, 200 * us);
    do {
      for (int i = 0; i < 64; ++i) {
        if (board_.finished.load(std::memory_order_acquire) != seen) return;
        pause_cpu();
      }
    } while (now_ns() < until);
  }
  board_.master_asleep.store(1);
  if (board_.finished.load() == seen) sys::futex_wait(board_.finished, seen, at_most);
  board_.master_asleep.store(0);
}

void JobRun::call_progress() {
  if (!policy_.progress || thrown_) return;
  Progress progress;
  progress.slices = slices_;
  progress.faults = board_.fault_count.load();
  const Slot* slots = control_.slots();
  for (unsigned i = 0; i < pool_.workers_; ++i) progress.done += slots[i].done.load();
  progress.done = std::min(progress.done, slices_);
  try {
    policy_.progress(progress);
  } catch (...) {
    thrown_ = std::current_exception();
  }
}

void JobRun::wait() {
  std::stop_callback wake(policy_.stop, [this] { board_.report_finished(); });
  std::int64_t last = began_;
  std::int64_t overdue_at =
      policy_.job_deadline.count() != 0 ? began_ + policy_.job_deadline.count() : std::int64_t{0};
  std::int64_t next_progress = began_ + 100 * ms;
  for (;;) {
    const std::uint32_t seen = board_.finished.load();
    if (over() || board_.verdict.load() != 0) return;
    if (stop_wanted()) {
      cancelled_ = true;
      return;
    }
    nap(seen,
        overdue_at != 0 ? std::clamp<std::int64_t>(overdue_at - last, us, 100 * ms) : 100 * ms);
    const std::int64_t now = now_ns();
    // A gap means that this process was stopped: no deadline of its own making.
    if (overdue_at != 0 && now - last > 500 * ms) overdue_at += now - last;
    last = now;
    if (overdue_at != 0 && now >= overdue_at) {
      overdue_ = !over();
      return;
    }
    if (now >= next_progress) {
      next_progress = now + 100 * ms;
      call_progress();
      if (thrown_) return;
      if (control_.alive.load() < pool_.workers_) pool_.order();  // should the first have been lost
      if (!over()) look_for_damage();
      if (pool_.supervisor_lost()) {
        lost_ = true;
        pool_.await_all_dead();
        return;
      }
    }
  }
}

void JobRun::wait_until_parked() {
  std::int64_t last = now_ns();
  std::int64_t grace = last + seconds;
  for (;;) {
    const std::uint32_t seen = board_.finished.load();
    if (all_parked()) return;
    nap(seen, 10 * ms);
    const std::int64_t now = now_ns();
    if (now - last > 500 * ms) grace += now - last;  // this process was stopped
    last = now;
    if (now > grace) {
      grace = now + seconds;
      control_.kill_active.store(job().number);
      pool_.order();
    }
    if (pool_.supervisor_lost()) {
      lost_ = true;
      pool_.await_all_dead();
      return;
    }
  }
}

// After an early end: nobody runs any more, and what was half done is put back.
void JobRun::give_up_the_rest() {
  const JobDescriptor& d = job();
  for (std::size_t i = 0; i < slices_; ++i) {
    const Word word = load(ledger_[i]);
    if (word.over()) continue;
    const Slice slice = spec_.partition.slice(i);
    const bool begun = word.state != SliceState::free;
    if (begun && d.has_inout && word.slot < pool_.workers_ &&
        control_.slots()[word.slot].undo_slice.load() == i)
      restore(d, slice, d.undo + word.slot * d.undo_stride);
    else
      zero_stale(d, slice);
  }
}

// Nobody works on the job any more. Returns whether every slice is over.
bool JobRun::close() {
  board_.stop_claims.store(1);
  board_.report_task_over();
  wait_until_parked();
  control_.open_job.store(0);
  // One who came late may have gone in between.
  while (!lost_ && !all_parked()) wait_until_parked();
  scanned_ = 0;  // a word may have been written over after it was seen
  const bool complete = over();
  pool_.incarnation_base_ += control_.spawns.load() + 2;
  return complete;
}

// Whether what this run wrote is not to be relied on, and the job can be run from its beginning.
bool JobRun::must_run_again() {
  const Verdict why = verdict();
  if ((why != Verdict::distrust && why != Verdict::corrupt) || lost_ || cancelled_ || overdue_ ||
      thrown_ || spec_.spmd || (job().has_inout && !job().strict))
    return false;
  // A slice to blame has used up one of its attempts, unless a kernel wrote the verdict.
  const std::size_t slice = board_.verdict.load() >> 8;
  const bool blamed =
      why == Verdict::distrust && slice < slices_ && ++blamed_[slice] <= policy_.attempts;
  if (!blamed && ++unexplained_ >= policy_.attempts) {
    board_.verdict.store(static_cast<std::uint64_t>(Verdict::corrupt) | no_slice << 8);
    return false;
  }
  return true;
}

// All that the job writes is as before it.
void JobRun::roll_back() {
  const JobDescriptor& d = job();
  if (!originals_.empty()) restore(d, everything(), originals_.data());
  zero_outputs(d, everything());
}

// The job begins once more; only the attempts that slices have used up stay.
void JobRun::begin_again() {
  Report report;
  describe(report);
  discarded_ = {};
  discarded_.faults = std::move(report.faults);
  discarded_.more_faults = report.more_faults;
  discarded_.attempts = report.attempts;
  discarded_.restarts = report.restarts;
  discarded_.undone = report.undone;
  discarded_.reruns = report.reruns + 1;
  roll_back();
  JobDescriptor& d = job();
  d.number = pool_.next_job_++;
  const std::uint64_t base = std::exchange(d.incarnation_base, pool_.incarnation_base_);
  for (std::size_t i = 0; i < slices_; ++i) {
    const Word word = load(ledger_[i]);
    const unsigned attempt = plausible(word, base) ? word.attempt : 0;
    ledger_[i].store(Word{SliceState::free, 0, attempt, d.incarnation_base}.pack());
  }
}

Report JobRun::settle(bool complete) {
  const Verdict why = verdict();
  const bool doubtful = why == Verdict::distrust || why == Verdict::corrupt;
  if (doubtful) complete = false;
  if (!complete && job().strict && (doubtful || why == Verdict::slice || why == Verdict::workers))
    roll_back();
  else if (!complete)
    give_up_the_rest();
  call_progress();
  Report report;
  describe(report);
  if (policy_.report != nullptr) *policy_.report = report;
  if (thrown_) std::rethrow_exception(thrown_);
  if (!complete) fail(std::move(report));
  return report;
}

// TINE_SERIAL: the same slices, in the master, for debuggers and the like. What a kernel throws is
// treated as in a worker; what kills it kills the program, which is what a debugger wants to see.
Report JobRun::run_here() {
  prepare();
  const JobDescriptor& d = job();
  Report report;
  report.slices = slices_;
  report.warnings = pool_.warnings_;
  report.workers.resize(1);
  auto finish = [&] {
    report.wall = report.workers[0].busy = std::chrono::nanoseconds(now_ns() - began_);
    report.workers[0].slices = report.done;
    if (policy_.report != nullptr) *policy_.report = report;
  };
  auto leave_out_from = [&](std::size_t first) {
    for (std::size_t i = first; i < slices_; ++i) zero_stale(d, spec_.partition.slice(i));
    finish();
  };
  std::byte* const undo = pool_.undo_.peek().data();
  for (std::size_t i = 0; i < slices_; ++i) {
    if (stop_wanted()) {
      leave_out_from(i);
      throw Cancelled("tine: the job was cancelled", std::move(report));
    }
    const Slice slice = spec_.partition.slice(i);
    zero_stale(d, slice);
    save(d, slice, undo);
    Fault fault;
    fault.cause = Cause::exception;
    fault.slice = i;
    bool done = false;
    const unsigned attempts = policy_.retry_exceptions ? policy_.attempts : 1;
    while (!done && fault.attempt < attempts) {
      ++fault.attempt;
      ++report.attempts;
      const SerialKernel here;
      try {
        spec_.run(d.closure, slice,
                  d.partials == nullptr ? nullptr : d.partials + i * d.partial_stride);
        done = true;
      } catch (const std::exception& e) {
        fault.type = demangled(typeid(e).name());
        fault.message = e.what();
      } catch (...) {
        fault.type = "an exception that is not a std::exception";
      }
      if (done) break;
      report.faults.push_back(fault);
      restore(d, slice, undo);
      zero_outputs(d, slice);
    }
    if (done) {
      ++report.done;
    } else if (policy_.on_failure == OnFailure::quarantine) {
      report.quarantined.push_back({i, i + 1});
    } else {
      leave_out_from(i + 1);
      const std::string what = "tine: " + fault.to_string();
      throw KernelError(what, std::move(report), std::move(fault));
    }
  }
  finish();
  if (policy_.progress) policy_.progress({report.done, slices_, report.faults.size()});
  return report;
}

Report JobRun::run() {
  began_ = now_ns();
  check();
  std::lock_guard lock(pool_.jobs_);
  const Posting posting(pool_.posting_);
  if (slices_ == 0) {
    Report report;
    report.workers.resize(pool_.workers_);
    if (policy_.report != nullptr) *policy_.report = report;
    return report;
  }
  if (stop_wanted()) {
    Report report;
    report.slices = slices_;
    if (policy_.report != nullptr) *policy_.report = report;
    throw Cancelled("tine: the job was cancelled before it began", std::move(report));
  }
  if (pool_.serial_) return run_here();
  if (pool_.supervisor_ == 0) PoolState::throw_lost();
  prepare();
  for (;;) {
    post();
    wait();
    const bool complete = close();
    if (!must_run_again()) return settle(complete);
    begin_again();
  }
}

Report PoolState::run(const JobSpec& spec, const Policy& policy) {
  if (in_worker())
    throw NestedParallelism(
        "tine: a kernel posted a job; jobs are posted by the master only. Run nested work as more "
        "slices of one job, or one job after another");
  if (getpid() != owner_)
    throw PoolError(
        "tine: this pool belongs to the process that made it, and this is a fork of that one; make "
        "a pool of its own");
  if (posting_.load() == std::this_thread::get_id())
    throw NestedParallelism(
        "tine: a progress callback posted a job to the pool whose job it is told of; post it when "
        "that one is over, or to another pool");
  const Partition& p = spec.partition;
  if (p.n != 0 && (p.grain == 0 || (p.columns != 0 && p.column_grain == 0)))
    throw InvalidArgument("tine: the partition's slices have no elements; its grain is 0");
  return JobRun(*this, spec, policy).run();
}

void bad_argument(std::size_t index, const char* why) {
  throw InvalidArgument("tine: argument " + std::to_string(index + 1) + " of the job " + why);
}

Report run_job(const PoolWith& on, const JobSpec& spec) {
  return on.pool.state().run(spec, on.policy);
}

}  // namespace tine::detail
