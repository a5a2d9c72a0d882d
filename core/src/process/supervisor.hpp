// A pool's supervisor, the parent of its workers: forks, reaps, repairs, replaces.
//
// The hot path of a job never comes here: only deaths, stops, deadlines, the commit of memory, and
// the end do. When a worker has died, every ledger word in its name is put right; then its slot is
// declared parked; then somebody may be forked in its place. Each step may be repeated without harm.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "process/family.hpp"
#include "process/worker.hpp"
#include "sync/clock.hpp"
#include "sync/proc.hpp"
#include "toolbox/context.hpp"
#include "toolbox/task_table.hpp"

namespace tine::detail {

class Supervisor : public Family {
 public:
  explicit Supervisor(const Inherited& inherited)
      : Family(inherited.links),
        inherited_(inherited),
        control_(*inherited.control),
        board_(control_.board()),
        slots_(control_.slots()),
        occupants_(control_.occupants()),
        children_(control_.workers) {
    if (control_.tasks)
      tasks_.emplace(*Context::existing(),
                     Context::existing()->object(control_.tasks.table, ObjectKind::tasks));
  }

 private:
  enum class Reason : std::uint8_t { none, deadline, cpu_time, stopped, cancelled };

  struct Child {
    pid_t pid = 0;  // 0: vacant
    Reason killed_for = Reason::none;
    bool stopped = false;
    std::int64_t stopped_for = 0;  // on the deadline clock
    std::uint32_t run = 0;         // the slice whose time is being measured
    std::int64_t run_for = 0;
    std::int64_t cpu_before = 0;  // CPU time it had used when that began
    CpuWait wait;
  };

  // The job that is open, kept from being closed while this lives; null when none is.
  class OpenJob {
   public:
    explicit OpenJob(Control& control) : control_(control) {
      const std::uint64_t number = control.open_job.load();
      control.in_job.store(number);
      open_ = number != 0 && control.open_job.load() == number;
      if (!open_) control.in_job.store(0);
    }
    ~OpenJob() {
      if (!open_) return;
      control_.in_job.store(0);
      control_.board().report_finished();
    }
    OpenJob(const OpenJob&) = delete;
    const JobDescriptor* operator->() const { return &control_.job; }
    const JobDescriptor& operator*() const { return control_.job; }
    explicit operator bool() const { return open_; }

   private:
    Control& control_;
    bool open_;
  };

  void begin() override;
  std::int64_t patience() const override;
  void look() override;
  bool is_own(pid_t pid) const override { return pid == committer_ || child(pid) != nullptr; }
  void ending(pid_t pid) override;
  void ended(const siginfo_t& info) override;
  void stopped(pid_t pid, bool yes) override;
  void stranger_ended() override { kill_strangers(); }  // its own children have come to us
  void disown_all() override;

  // The life of workers, and orders.
  const Child* child(pid_t pid) const {
    const auto found = std::find_if(children_.begin(), children_.end(),
                                    [&](const Child& c) { return c.pid == pid; });
    return found != children_.end() ? &*found : nullptr;
  }
  bool spawn(unsigned index);
  void kill_worker(unsigned index, Reason reason);
  void obey();
  void tick();
  void commit_memory();
  void committed(const siginfo_t& info);
  [[noreturn]] void end();

  // The recovery of jobs.
  void recover(unsigned index, const siginfo_t& info);
  Cause cause_of(unsigned index, const siginfo_t& info) const;
  void note_fault(unsigned index, const siginfo_t& info, std::uint64_t slice, unsigned attempt,
                  bool ends_job);
  void replace_missing();
  void hand_over_dirty_slices(const JobDescriptor& job);
  void begin_budget(const JobDescriptor& job);
  Lanes lanes(const JobDescriptor& job) const {
    return {board_.lanes(), job.schedule, control_.workers, job.slices};
  }
  // Deaths that may follow each other without progress: outside of slices, and in them, where each
  // worker may use up the attempts of one.
  static std::int64_t backoff(unsigned failures) {  // from a millisecond, doubling, to a second
    return std::min(seconds, ms << std::min(failures, 20u));
  }
  unsigned few() const { return std::max(10u, 2 * control_.workers); }
  unsigned budget(const JobDescriptor& job) const {
    return std::max(few(), job.attempts * control_.workers);
  }

  // Of an executor's pool: what its tasks need.
  bool times_tasks() const;
  void cancel_tasks();
  void note_task_death(unsigned index, const siginfo_t& info);
  void replace_for_tasks();

  Inherited inherited_;
  Control& control_;
  Board& board_;
  Slot* slots_;
  Occupant* occupants_;
  std::vector<Child> children_;
  pid_t committer_ = 0;
  std::uint32_t committed_ = 0;  // the last commit request that was taken up

  // Restarts without progress, of the job numbered budget_job_.
  std::uint64_t budget_job_ = 0;
  std::size_t most_over_ = 0;
  unsigned fruitless_ = 0;
  unsigned outside_ = 0;  // how many of them were not in a slice
  std::int64_t not_before_ = 0;
  bool waiting_to_fork_ = false;  // until then

  std::optional<TaskTable> tasks_;
  std::uint64_t tasks_over_ = 0;       // when the last worker died
  std::uint32_t tasks_cancelled_ = 0;  // orders that were taken up

  std::int64_t last_tick_ = 0;

  static constexpr std::int64_t tick_ns = 10 * ms;
};

/// What the forked supervisor of a pool does, until the pool is gone.
[[noreturn]] void supervisor_main(const Inherited& inherited);

}  // namespace tine::detail
