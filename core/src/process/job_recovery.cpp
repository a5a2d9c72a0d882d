// What a pool's supervisor does when a worker has died and is reaped: the job goes on without it.
#include <limits.h>
#include <signal.h>

#include <algorithm>
#include <vector>

#include "process/supervisor.hpp"
#include "sync/system.hpp"
#include "toolbox/context.hpp"

namespace tine::detail {

namespace {

// Of the kind after which a process may have written anywhere. Sanitizers that end a process
// themselves do it before the stray write.
bool is_memory_fault(const siginfo_t& end) {
  return end.si_code != CLD_EXITED && (end.si_status == SIGSEGV || end.si_status == SIGBUS ||
                                       end.si_status == SIGABRT || end.si_status == SIGILL);
}

}  // namespace

Cause Supervisor::cause_of(unsigned index, const siginfo_t& info) const {
  switch (children_[index].killed_for) {
    case Reason::deadline:
      return Cause::deadline;
    case Reason::cpu_time:
      return Cause::cpu_time;
    case Reason::stopped:
      return Cause::stopped;
    case Reason::none:
    case Reason::cancelled:
      return info.si_code == CLD_EXITED ? Cause::exited : Cause::signal;
  }
  return Cause::signal;
}

void Supervisor::note_fault(unsigned index, const siginfo_t& info, std::uint64_t slice,
                            unsigned attempt, bool ends_job) {
  const CrashNote& note = slots_[index].crash;
  const Cause cause = cause_of(index, info);
  FaultRecord* fault = board_.new_fault(cause, index, slice, attempt, ends_job);
  if (fault == nullptr) return;
  if (cause == Cause::exited) fault->exit_status = info.si_status;
  if (cause == Cause::signal) {
    fault->signal = info.si_status;
    if (note.written.load(std::memory_order_acquire) == by_signal &&
        note.signal == info.si_status) {
      fault->code = note.code;
      if (note.signal == SIGSEGV || note.signal == SIGBUS) fault->address = note.address;
      fault->frames = std::min<std::uint32_t>(note.frames, max_frames);
      std::copy(note.frame, note.frame + fault->frames, fault->frame);
    }
  }
  fault->job.store(control_.job.number);
}

void Supervisor::recover(unsigned index, const siginfo_t& info) {
  Child& child = children_[index];
  Slot& slot = slots_[index];
  child.pid = 0;
  kill_strangers();  // cannot write the arena, but nothing shall be left running
  occupants_[index].pid.store(0);
  slot.asleep.store(0);
  control_.alive.fetch_sub(1);
  if (inherited_.first_party != 0) {
    Death death{.pid = info.si_pid, .cause = cause_of(index, info), .status = info.si_status};
    if (const CrashNote& note = slot.crash; death.cause == Cause::signal &&
                                            note.written.load() == by_signal &&
                                            note.signal == info.si_status) {
      if (note.signal == SIGSEGV || note.signal == SIGBUS) death.address = note.address;
      death.frame = note.frame;
      death.frames = std::min<std::uint32_t>(note.frames, max_frames);
    }
    Context::existing()->repair(inherited_.first_party + index, death);
  }
  if (tasks_) note_task_death(index, info);

  OpenJob job(control_);
  if (job) {
    // Unless the signal met him in the next job already, whose loss this is.
    const bool cancelled = child.killed_for == Reason::cancelled && board_.stop_claims.load() != 0;
    LedgerWord* ledger = job->ledger;
    std::uint64_t hit = no_slice;
    unsigned hit_attempt = 0;
    std::size_t done = 0, given_up = 0;
    const Lanes lanes = this->lanes(*job);
    for (unsigned l = 0; l < lanes.count(); ++l) {
      std::size_t first_free = lanes.end(l);
      for (std::size_t i = lanes.begin(l); i < lanes.end(l); ++i) {
        Word word = load(ledger[i]);
        const bool his = (word.state == SliceState::claimed || word.state == SliceState::running) &&
                         word.slot == index;
        if (his) {
          // He is dead, so nobody else changes this word.
          Word next{SliceState::free, 0, word.attempt, job->incarnation_base};
          const bool saved = job->has_inout && slot.undo_slice.load() == i;
          // He had saved it before he ran it; somebody has written over the note of that.
          if (job->has_inout && !saved && word.state == SliceState::running)
            board_.condemn(Verdict::corrupt, i);
          // Killed for the deadline of an earlier slice, or for the end of a job: this slice is
          // not to blame.
          const bool innocent =
              child.killed_for == Reason::cancelled ||
              ((child.killed_for == Reason::deadline || child.killed_for == Reason::cpu_time) &&
               slot.runs.load() != child.run);
          if (word.state == SliceState::running) {
            if (!innocent) next.attempt = std::min(word.attempt + 1, max_attempts);
            hit = i;
            hit_attempt = next.attempt;
          }
          // Claimed and saved: he was putting the original back, or about to begin.
          if (saved) {
            next.state = SliceState::dirty;
            next.slot = index;
            if (word.state == SliceState::running) control_.undone.fetch_add(1);
          }
          replace(ledger[i], word, next);
          word = next;
        }
        if (word.state == SliceState::done) ++done;
        if (word.state == SliceState::quarantined) ++given_up;
        if (word.state == SliceState::free) first_free = std::min(first_free, i);
      }
      // Slices between the lane's start and its cursor may have been passed over by the dead.
      if (first_free < lanes.next(l).load()) lanes.next(l).store(first_free);
    }
    begin_budget(*job);
    if (done + given_up > most_over_) {
      fruitless_ = outside_ = 0;
      most_over_ = done + given_up;
    }
    // To give up a slice is progress, too, but not when nothing else ever comes of it.
    if (done == 0 &&
        given_up > std::max<std::size_t>(few(), std::min<std::size_t>(job->slices / 8, 64)))
      board_.condemn(Verdict::workers, no_slice >> 8);
    const bool recycled = info.si_code == CLD_EXITED && hit == no_slice &&
                          slot.crash.written.load() == Ending::recycled;
    if (!cancelled && !recycled) {
      bool ends_job = false;
      if (job->spmd && slot.active.load() != 0) {
        ends_job = board_.condemn(Verdict::barrier, index);
        board_.barrier.broken.store(1);
        sys::futex_wake(board_.barrier.phase, INT_MAX);
      } else if (hit != no_slice && hit_attempt >= job->attempts &&
                 job->on_failure == OnFailure::fail) {
        ends_job = board_.condemn(Verdict::slice, hit);
      } else if (job->strict && is_memory_fault(info)) {
        board_.condemn(Verdict::distrust, hit);
      }
      note_fault(index, info, hit, hit_attempt, ends_job);
      ++fruitless_;
      outside_ += hit == no_slice;
      // At once the first time; then ever more slowly, up to a second.
      not_before_ = now_ns() + (fruitless_ < 2 ? 0 : backoff(fruitless_ - 2));
      if (outside_ > few() || fruitless_ > budget(*job))
        board_.condemn(Verdict::workers, no_slice >> 8);
    }
  }
  slot.active.store(0);
  control_.ring(INT_MAX);
  board_.report_task_over();
  board_.report_finished();
}

void Supervisor::begin_budget(const JobDescriptor& job) {
  if (budget_job_ == job.number) return;
  budget_job_ = job.number;
  most_over_ = 0;
  fruitless_ = outside_ = 0;
  not_before_ = 0;
}

// Forks workers for vacant slots, as long as there is work for them.
void Supervisor::replace_missing() {
  waiting_to_fork_ = false;
  if (std::none_of(children_.begin(), children_.end(), [](const Child& c) { return c.pid == 0; }))
    return;
  if (tasks_) return replace_for_tasks();
  OpenJob job(control_);
  if (!job || board_.stop_claims.load() != 0) return;
  begin_budget(*job);
  if (now_ns() < not_before_) {
    waiting_to_fork_ = true;
    return;
  }
  std::size_t free = 0;
  std::vector<bool> own(control_.workers);  // slots with a slice that only they may take
  for (std::size_t i = 0; i < job->slices; ++i) {
    const Word word = load(job->ledger[i]);
    if (word.state == SliceState::free) {
      if (job->spmd && i < own.size())
        own[i] = true;
      else if (job->schedule == Schedule::fixed)
        own[lanes(*job).of(i)] = true;
      else
        ++free;
    }
    if (word.state == SliceState::dirty && word.slot < own.size()) own[word.slot] = true;
  }
  for (unsigned i = 0; i < control_.workers; ++i) {
    if (children_[i].pid != 0 || (free == 0 && !own[i])) continue;
    if (!spawn(i)) {
      // The others go on; where nobody can, trying for ever would be a hang.
      ++fruitless_;
      not_before_ = now_ns() + backoff(fruitless_);
      waiting_to_fork_ = true;
      if ((control_.alive.load() == 0 || job->spmd) && fruitless_ > budget(*job))
        board_.condemn(Verdict::workers, no_slice >> 8);
      hand_over_dirty_slices(*job);
      board_.report_finished();
      control_.ring(INT_MAX);  // a fixed schedule is shared out among those who are there
      return;
    }
    control_.restarts.fetch_add(1);
    if (!own[i]) --free;
  }
}

// When a slot stays vacant, nobody comes who would restore its slice: then we do, for once, and
// anybody may take it.
void Supervisor::hand_over_dirty_slices(const JobDescriptor& job) {
  for (std::size_t i = 0; i < job.slices; ++i) {
    const Word word = load(job.ledger[i]);
    if (word.state != SliceState::dirty || word.slot >= children_.size() ||
        children_[word.slot].pid != 0)
      continue;
    if (slots_[word.slot].undo_slice.load() == i)
      restore(job, job.partition.slice(i), job.undo + word.slot * job.undo_stride);
    else
      board_.condemn(Verdict::corrupt, i);
    replace(job.ledger[i], word, Word{SliceState::free, 0, word.attempt, job.incarnation_base});
    lanes(job).put_back(i);
  }
}

}  // namespace tine::detail
