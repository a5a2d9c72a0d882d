// The protocol of an executor's tasks: a ring of cells, one 64-bit word each.
//
//            submit            claim               commit
//   free ------------> pending ------> running ------------> done
//                       |  ^            | |  |
//                       |  +-- death ---+ |  +-- death, attempts used up --> failed
//               cancel  |                 |
//                       v          cancel |   deadline
//                  cancelled <--- cancelling / overdue ---> failed, or pending again
//                           death                    death
//
// Each step is one CAS, so a death lies before or after it and never in it.
//
//   submit   By the master, who put callable and arguments into a chain of chunks. It stays in the
//            master's name, whoever reads it.
//   claim    By a worker: `running` in his name. If he dies, repair makes the task `pending` again
//            while it has attempts left, otherwise `failed`.
//   commit   By that worker: `done` leads to the result, a chain that he filled in his own name.
//            Before: the chain leads nowhere, and repair gives it back. After: the task is done for
//            good, whatever becomes of the worker.
//   cancel   By the master. Who runs the task is told apart from who has just finished it by this
//            word: `cancelling` is met by no commit, so its worker goes no further, and is killed.
//            `overdue` is the same by the supervisor, for a task that took too long.
//   collect  By the master: what is over, he takes over, and the cell is `free` for the next
//            generation.
//
// Position p lies in cell p mod N. The master alone gives positions out, and passes over cells that
// are not free. `scan` is a hint: before it nothing is pending. When a task is pending again, it
// goes back, under a new version, so that a worker who has looked at an older state cannot move it
// past the task.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "toolbox/chunks.hpp"
#include "toolbox/signal.hpp"

namespace tine::detail {

struct Death;

struct TaskWord {
  enum class State : std::uint8_t {
    free,
    pending,
    running,
    cancelling,
    overdue,
    done,
    failed,
    cancelled
  };

  State state = State::free;
  unsigned party = 0;    // who runs it
  unsigned attempt = 0;  // deaths so far
  std::uint32_t generation = 0;
  ChunkId chunk = 0;  // first of the arguments; when done of the result, when failed of a TaskDeath

  static constexpr unsigned attempt_bits = 6, generation_bits = 19;
  static_assert(3 + Owner::party_bits + attempt_bits + generation_bits + chunk_id_bits == 64);
  static constexpr std::uint32_t generation_mask = (1u << generation_bits) - 1;
  static constexpr ChunkId nothing = (1u << chunk_id_bits) - 1;

  constexpr std::uint64_t pack() const noexcept {
    return static_cast<std::uint64_t>(state) << 61 | static_cast<std::uint64_t>(party) << 51 |
           static_cast<std::uint64_t>(attempt) << 45 |
           static_cast<std::uint64_t>(generation) << chunk_id_bits | chunk;
  }
  static constexpr TaskWord unpack(std::uint64_t w) noexcept {
    return {static_cast<State>(w >> 61), static_cast<unsigned>(w >> 51 & (max_parties - 1)),
            static_cast<unsigned>(w >> 45 & ((1u << attempt_bits) - 1)),
            static_cast<std::uint32_t>(w >> chunk_id_bits & generation_mask),
            static_cast<ChunkId>(w & nothing)};
  }
  constexpr bool over() const noexcept { return state >= State::done; }
  constexpr bool claimed() const noexcept {
    return state >= State::running && state <= State::overdue;
  }
  constexpr TaskWord with(State s) const noexcept {
    TaskWord w = *this;
    w.state = s;
    return w;
  }
};

/// What a chain begins with that a commit leads to.
enum class ResultKind : std::uint8_t { value, exception };

/// What a chain holds that `failed` leads to: how the last worker died.
struct TaskDeath {
  static constexpr unsigned most_frames = 24;
  std::int32_t pid = 0;
  std::int32_t cause = 0;
  std::int32_t status = 0;
  std::uint32_t frames = 0;
  std::uint64_t address = 0;
  void* frame[most_frames] = {};
};

/// Why no more tasks are run.
enum class Broken : std::uint32_t {
  no,
  initializer,  // it threw
  workers,      // they died again and again, or could not be forked
};

struct TaskHeader {
  alignas(128) std::atomic<std::uint64_t> tail;  // positions given out, by the master
  std::atomic<std::uint32_t> attempts;           // constant
  std::atomic<std::uint32_t> cancels;            // counts up: some task is `cancelling`
  alignas(128) std::atomic<std::uint64_t> scan;  // version:16 | position:48
  alignas(128) std::atomic<std::uint64_t> over;  // tasks that came to an end, about
  // Whose end somebody waits for: 0: everyone's; otherwise only that of the cell before this
  // number. Written by the master.
  std::atomic<std::uint64_t> wanted;
  Signal finished;  // one more came to an end
  // Written once, by the first who finds out.
  alignas(128) std::atomic<std::uint32_t> broken;  // a Broken
  std::atomic<std::uint32_t> told;                 // the text is whole
  char type[128];
  char message[512];
};

/// A look at an executor's tasks, valid as long as the object.
class TaskTable {
 public:
  /// Tasks that are not over, or whose result nobody has taken, at a time.
  static constexpr std::uint64_t cells = std::uint64_t{1} << 16;
  static constexpr std::size_t bytes_for(std::uint64_t n) {
    return sizeof(TaskHeader) + n * sizeof(std::atomic<std::uint64_t>);
  }

  TaskTable(Context& context, std::byte* at) noexcept
      : context_(context),
        header_(*reinterpret_cast<TaskHeader*>(at)),
        words_(reinterpret_cast<std::atomic<std::uint64_t>*>(at + sizeof(TaskHeader))) {}

  TaskHeader& header() const noexcept { return header_; }
  std::atomic<std::uint64_t>& word(std::uint64_t cell) const noexcept {
    return words_[cell % cells];
  }
  TaskWord load(std::uint64_t cell) const noexcept { return TaskWord::unpack(word(cell).load()); }
  bool replace(std::uint64_t cell, const TaskWord& from, const TaskWord& to) const noexcept {
    std::uint64_t expected = from.pack();
    return word(cell).compare_exchange_strong(expected, to.pack());
  }

  struct Claim {
    std::uint64_t cell = 0;
    TaskWord word;
    bool done = false;
  };
  /// The first task that is pending, now in the name of this process.
  Claim claim() const noexcept;
  /// The claimed task is done; false when it was cancelled, or is overdue.
  bool commit(const Claim& claim, ChunkId result) const noexcept;

  /// By the supervisor: the task that a party runs, probably in this cell, has taken too long,
  /// provided that `still()` holds after it was found. False when there is none.
  template <class F>
  bool mark_overdue(unsigned party, std::uint64_t cell, F still) const {
    TaskWord w = load(cell);
    if (w.state != TaskWord::State::running || w.party != party) {
      for (cell = 0; cell < used(); ++cell) {
        w = load(cell);
        if (w.state == TaskWord::State::running && w.party == party) break;
      }
      if (cell >= used()) return false;
    }
    return still() && replace(cell, w, w.with(TaskWord::State::overdue));
  }
  /// Calls f(party) for each party whose task shall be cancelled.
  template <class F>
  void for_each_cancelling(F f) const {
    for (std::uint64_t i = 0; i < used(); ++i)
      if (const TaskWord w = load(i); w.state == TaskWord::State::cancelling) f(w.party);
  }
  /// Tasks that are pending, but counts no further than `most`.
  std::size_t pending(std::size_t most) const noexcept;
  /// An upper bound, at once.
  std::size_t perhaps_pending() const noexcept;

  /// Sets the hint back, so that a pending task in this cell is found.
  void look_again_at(std::uint64_t cell) const noexcept;
  /// No more tasks are run; the first reason stands.
  void give_up(Broken why, const char* type, const char* message) const noexcept;

  /// Puts right what a dead party left, and keeps the chunks that results lie in.
  void repair(unsigned dead, const Death& death, Suspects& suspects) const;

 private:
  std::uint64_t used() const noexcept {
    const std::uint64_t t = header_.tail.load();
    return t < cells ? t : cells;
  }
  std::uint64_t begin_of_scan(std::uint64_t seen, std::uint64_t tail) const noexcept;
  ChunkId tell(const Death& death) const noexcept;

  Context& context_;
  TaskHeader& header_;
  std::atomic<std::uint64_t>* words_;

  static constexpr std::uint64_t position_mask = (std::uint64_t{1} << 48) - 1;
};

}  // namespace tine::detail
