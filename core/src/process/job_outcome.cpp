#include <string.h>

#include <algorithm>
#include <map>
#include <string>

#include <tine/error.hpp>

#include "process/crash.hpp"
#include "process/job_run.hpp"
#include "sync/clock.hpp"

// What is told of a job that is over: its Report, or the error that carries it.

namespace tine::detail {

Fault JobRun::to_fault(const FaultRecord& r) const {
  Fault fault;
  fault.cause = static_cast<Cause>(std::min<unsigned>(r.cause, 5));
  fault.slice = r.slice < slices_ ? r.slice : Fault::no_slice;
  fault.attempt = r.attempt;
  fault.worker = r.slot;
  fault.signal = r.signal;
  fault.exit_status = r.exit_status;
  fault.address = r.address;
  fault.type.assign(r.type, strnlen(r.type, sizeof r.type));
  fault.backtrace = describe_frames(r.frame, std::min<unsigned>(r.frames, max_frames));
  fault.message.assign(r.message, strnlen(r.message, sizeof r.message));
  return fault;
}

void JobRun::describe(Report& report) {
  report = discarded_;
  report.slices = slices_;
  report.wall = std::chrono::nanoseconds(now_ns() - began_);
  for (std::size_t a = 0; a < spec_.arg_count; ++a)
    report.bytes += spec_.args[a].rows * spec_.args[a].row_bytes;
  report.restarts += control_.restarts.load();
  report.undone += control_.undone.load();
  const Slot* slots = control_.slots();
  for (unsigned i = 0; i < pool_.workers_; ++i) {
    report.workers.push_back({slots[i].done.load(), std::chrono::nanoseconds(slots[i].busy_ns)});
    report.attempts += slots[i].begun.load();
  }
  for (std::size_t i = 0; i < slices_; ++i) {
    const Word word = load(ledger_[i]);
    if (word.state == SliceState::done) ++report.done;
    if (word.state != SliceState::quarantined) continue;
    if (!report.quarantined.empty() && report.quarantined.back().end == i)
      ++report.quarantined.back().end;
    else
      report.quarantined.push_back({i, i + 1});
  }
  const std::uint32_t faults = board_.fault_count.load();
  for (std::size_t i = 0; i <= max_faults && i < faults; ++i)
    if (board_.faults[i].job.load() == job().number)
      report.faults.push_back(to_fault(board_.faults[i]));
  const std::size_t told = report.faults.size() - discarded_.faults.size();
  report.more_faults += faults - std::min<std::size_t>(faults, told);
  report.warnings = pool_.warnings_;
  const unsigned alive = control_.alive.load();
  if (const int error = control_.fork_error.load(); error != 0 && !lost_)
    report.warnings.push_back("only " + std::to_string(alive) + " of " +
                              std::to_string(pool_.workers_) +
                              " workers could be forked: " + strerror(error));
}

void JobRun::fail(Report report) {
  const Verdict why = verdict();
  const std::size_t slice = board_.verdict.load() >> 8;
  auto last_of = [&](auto matches) -> const Fault* {
    for (auto f = report.faults.rbegin(); f != report.faults.rend(); ++f)
      if (matches(*f)) return &*f;
    return nullptr;
  };
  auto traced = [](const Fault* fault) {
    std::string text;
    if (fault == nullptr) return text;
    for (const std::string& frame : fault->backtrace) text += "\n  at " + frame;
    return text;
  };
  switch (why) {
    case Verdict::exception: {
      const Fault* fault =
          last_of([&](const Fault& f) { return f.cause == Cause::exception && f.slice == slice; });
      Fault copy = fault != nullptr ? *fault : Fault{};
      const std::string what = "tine: " + copy.to_string() + traced(fault);
      throw KernelError(what, std::move(report), std::move(copy));
    }
    case Verdict::slice: {
      const Fault* fault = last_of([&](const Fault& f) { return f.slice == slice; });
      std::string what =
          "tine: slice " + std::to_string(slice) + " of " + std::to_string(slices_) +
          " failed on all " + std::to_string(policy_.attempts) +
          " attempts; the last: " + (fault != nullptr ? fault->to_string() : "unknown") +
          traced(fault) +
          "\nThe other slices are not affected; OnFailure::quarantine would go on without it";
      if (pool_.threaded_ && fault != nullptr && fault->cause == Cause::deadline)
        what += "\nPerhaps: " + pool_.warnings_.front();
      throw SliceFailed(what, std::move(report), slice);
    }
    case Verdict::barrier: {
      const Fault* fault = last_of([](const Fault&) { return true; });
      const std::string what =
          fault != nullptr
              ? "tine: an spmd barrier is broken: " + fault->to_string() + traced(fault)
              : "tine: an spmd barrier is broken: member " + std::to_string(slice) +
                    " returned while others were waiting for it";
      throw BrokenBarrier(what, std::move(report));
    }
    case Verdict::workers: {
      std::map<std::string, unsigned> causes;
      for (const Fault& f : report.faults) {
        const char* name = f.cause == Cause::signal ? sigabbrev_np(f.signal) : nullptr;
        ++causes[name != nullptr ? std::string("SIG") + name : to_string(f.cause)];
      }
      if (const int error = control_.fork_error.load())
        causes[std::string("fork failed: ") + strerror(error)] += 1;
      std::string what =
          "tine: workers died again and again without finishing a slice, so the job was given up;";
      for (const auto& [cause, count] : causes)
        what += " " + std::to_string(count) + " x " + cause + ",";
      what.back() = '.';
      throw WorkersLost(what, std::move(report));
    }
    case Verdict::distrust:
    case Verdict::corrupt: {
      std::string what =
          why == Verdict::corrupt
              ? "tine: a kernel wrote over the memory in which tine keeps the job's bookkeeping"
              : "tine: a worker had a memory fault, so nothing that the job wrote can be relied on";
      if (slice < slices_) what += " (seen at slice " + std::to_string(slice) + ")";
      what += spec_.spmd ? ", and spmd jobs are not run again"
              : job().has_inout && !job().strict
                  ? ", and an inout array cannot be taken back; with MemoryFaults::strict the job "
                    "would have been run again from a copy"
                  : ", again and again";
      throw MemoryCorrupted(what +
                                ". Look for a write beyond an array or through a stale pointer; "
                                "AddressSanitizer finds it",
                            std::move(report));
    }
    case Verdict::none:
      break;
  }
  const std::string progress =
      std::to_string(report.done) + " of " + std::to_string(slices_) + " slices were done";
  if (cancelled_) throw Cancelled("tine: the job was cancelled: " + progress, std::move(report));
  if (overdue_)
    throw DeadlineExceeded("tine: the job's deadline passed: " + progress, std::move(report));
  PoolState::throw_lost();
}

}  // namespace tine::detail
