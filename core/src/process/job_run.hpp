// One job, seen from the master: check, post, wait, and settle what is left. The ledger decides
// when it is over; everything that wakes the master is a hint.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>

#include <tine/stop_signals.hpp>

#include "process/pool_state.hpp"

namespace tine::detail {

/// The arrays of a job, kept from being freed while it runs.
class Pins {
 public:
  explicit Pins(Arena& arena) : arena_(arena) {}
  ~Pins() {
    for (Run* run : runs_)
      if (run != nullptr) arena_.unpin(run);
  }
  Pins(const Pins&) = delete;

  Run* add(const void* data, std::size_t bytes) {
    Run* run = arena_.pin(data, bytes);
    runs_[count_++] = run;
    return run;
  }

 private:
  Arena& arena_;
  std::array<Run*, max_arguments + 1> runs_{};
  std::size_t count_ = 0;
};

class JobRun {
 public:
  JobRun(PoolState& pool, const JobSpec& spec, const Policy& policy)
      : pool_(pool),
        control_(*pool.control_),
        board_(control_.board()),
        spec_(spec),
        policy_(policy),
        slices_(spec.partition.size()),
        pins_(*pool.arena_) {}

  Report run();

 private:
  void check();
  void prepare();
  void post();
  void wait();
  void wait_until_parked();
  void look_for_damage();
  bool close();
  bool must_run_again();
  void roll_back();
  void begin_again();
  void give_up_the_rest();
  Report settle(bool complete);
  Report run_here();
  void describe(Report& report);
  Fault to_fault(const FaultRecord& record) const;
  [[noreturn]] void fail(Report report);
  Verdict verdict() const {
    const std::uint64_t word = board_.verdict.load();
    const auto why = static_cast<Verdict>(word & 0xff);
    const bool possible = word == 0 || (why > Verdict::none && why <= Verdict::corrupt);
    return possible ? why : Verdict::corrupt;
  }
  Lanes lanes() const { return {board_.lanes(), policy_.schedule, pool_.workers_, slices_}; }
  // All slices in one.
  Slice everything() const {
    Slice s;
    s.index = all_slices;
    s.count = 1;
    return s;
  }
  // Call after the word was read: whoever wrote it was counted before he was forked.
  bool plausible(const Word& word, std::uint64_t base) const {
    return Plausible{.base = base,
                     .spawns = pool_.spawns_at_post_.data(),
                     .before = spawns_before_,
                     .now = control_.spawns.load(),
                     .slots = pool_.workers_,
                     .attempts = policy_.attempts,
                     .undo = control_.job.has_inout}(word);
  }
  bool over();
  bool all_parked() const;
  bool stop_wanted() const { return policy_.stop.stop_requested() || stop_signalled(); }
  bool worker_waits_for_this_cpu() const;
  void nap(std::uint32_t seen, std::int64_t at_most);
  void call_progress();

  JobDescriptor& job() { return control_.job; }

  PoolState& pool_;
  Control& control_;
  Board& board_;
  const JobSpec& spec_;
  const Policy& policy_;
  const std::size_t slices_;
  Pins pins_;
  std::array<Run*, max_arguments> runs_{};
  LedgerWord* ledger_ = nullptr;
  std::size_t scanned_ = 0;  // all slices before this one are over
  std::int64_t began_ = 0;
  std::uint64_t spawns_before_ = 0;  // workers ever forked, when the job was posted
  bool lost_ = false;                // the supervisor died
  bool cancelled_ = false;
  bool overdue_ = false;
  std::exception_ptr thrown_;  // by the progress callback
  // What a strict job found in its `inout` arrays.
  Array<std::byte> originals_;
  Report discarded_;          // what happened in the runs whose results were discarded
  unsigned unexplained_ = 0;  // of these, how many no slice was to blame for
  std::map<std::size_t, unsigned> blamed_;  // of these, how many each slice was to blame for
  // A slice that does not get on although all workers are parked.
  std::uint64_t stuck_word_ = 0;
  unsigned stuck_looks_ = 0;
};

}  // namespace tine::detail
