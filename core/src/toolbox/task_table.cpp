#include "toolbox/task_table.hpp"

#include <string.h>

#include <algorithm>

#include <tine/detail/queue_core.hpp>

#include "toolbox/context.hpp"

namespace tine::detail {

using State = TaskWord::State;

// What lies one ring before the tail is over, whatever a hint says.
std::uint64_t TaskTable::begin_of_scan(std::uint64_t seen, std::uint64_t tail) const noexcept {
  return std::clamp(seen & position_mask, tail > cells ? tail - cells : 0, tail);
}

TaskTable::Claim TaskTable::claim() const noexcept {
  Claim claim;
  const std::uint64_t seen = header_.scan.load();
  const std::uint64_t tail = header_.tail.load() & position_mask;
  const std::uint64_t begin = begin_of_scan(seen, tail);
  std::uint64_t p = begin;
  while (p < tail && !claim.done) {
    const TaskWord pending = load(p);
    if (pending.state == State::pending) {
      TaskWord mine = pending.with(State::running);
      mine.party = context_.party();
      if (!replace(p, pending, mine)) continue;
      claim = {p % cells, mine, true};
    }
    ++p;
  }
  if (p != begin) {
    std::uint64_t expected = seen;
    header_.scan.compare_exchange_strong(expected, (seen & ~position_mask) | p);
  }
  return claim;
}

bool TaskTable::commit(const Claim& claim, ChunkId result) const noexcept {
  TaskWord done = claim.word.with(State::done);
  done.chunk = result & TaskWord::nothing;
  if (!replace(claim.cell, claim.word, done)) return false;
  header_.over.fetch_add(1);
  const std::uint64_t wanted = header_.wanted.load();
  if (wanted == 0 || wanted == claim.cell + 1) header_.finished.notify(INT_MAX);
  return true;
}

std::size_t TaskTable::pending(std::size_t most) const noexcept {
  const std::uint64_t tail = header_.tail.load() & position_mask;
  std::size_t n = 0;
  for (std::uint64_t p = begin_of_scan(header_.scan.load(), tail); p < tail && n < most; ++p)
    n += load(p).state == State::pending;
  return n;
}

std::size_t TaskTable::perhaps_pending() const noexcept {
  const std::uint64_t tail = header_.tail.load() & position_mask;
  return tail - begin_of_scan(header_.scan.load(), tail);
}

void TaskTable::give_up(Broken why, const char* type, const char* message) const noexcept {
  std::uint32_t no = 0;
  if (header_.broken.compare_exchange_strong(no, static_cast<std::uint32_t>(why))) {
    strncpy(header_.type, type, sizeof header_.type - 1);
    strncpy(header_.message, message, sizeof header_.message - 1);
    header_.told.store(1);
  }
  header_.over.fetch_add(1);
  header_.finished.reset();
}

void TaskTable::look_again_at(std::uint64_t cell) const noexcept {
  const std::uint64_t tail = header_.tail.load() & position_mask;
  if (tail == 0) return;
  const std::uint64_t position = tail - 1 - (tail - 1 - cell) % cells;
  std::uint64_t seen = header_.scan.load();
  while (!header_.scan.compare_exchange_weak(seen, ((seen & ~position_mask) + position_mask + 1) |
                                                       std::min(seen & position_mask, position))) {
  }
}

// Of a death, for the master. By a supervisor in the name of the dead, so that repair gives back
// what no word leads to.
ChunkId TaskTable::tell(const Death& death) const noexcept try {
  TaskDeath told;
  told.pid = death.pid;
  told.cause = static_cast<std::int32_t>(death.cause);
  told.status = death.status;
  told.address = death.address;
  told.frames = std::min(death.frames, TaskDeath::most_frames);
  std::copy(death.frame, death.frame + told.frames, told.frame);
  Parcel parcel;
  parcel.write(&told, sizeof told);
  return parcel.release();
} catch (...) {
  return TaskWord::nothing;  // no memory: then nothing is told
}

void TaskTable::repair(unsigned dead, const Death& death, Suspects& suspects) const {
  const std::uint64_t n = used();
  for (std::uint64_t i = 0; i < n; ++i)
    for (;;) {
      const TaskWord w = load(i);
      if (w.claimed() && w.party == dead) {
        TaskWord next = w.with(State::cancelled);
        const bool again = w.state != State::cancelling && w.attempt + 1 < header_.attempts.load();
        if (again) {
          next = w.with(State::pending);
          next.party = 0;
          ++next.attempt;
        } else if (w.state != State::cancelling) {
          next.state = State::failed;
          next.chunk = tell(death);
        }
        // He is dead, so only the master can change the word meanwhile: to `cancelling`.
        if (!replace(i, w, next)) {
          if (next.state == State::failed && context_.chunks().valid(next.chunk))
            context_.chunks().give_chain(next.chunk);
          continue;
        }
        if (!again) header_.over.fetch_add(1);
        continue;
      }
      // We have made it so, or somebody whose repair went no further.
      if (w.state == State::pending && w.attempt != 0) look_again_at(i);
      if ((w.state != State::done && w.state != State::failed) || !suspects.any()) break;
      if (suspects.keep(w.chunk, [&] { return word(i).load() == w.pack(); })) break;
    }
  header_.finished.reset();
}

}  // namespace tine::detail
