// The protocol of a queue: a ring of cells, one 64-bit word each.
//
//            push                   pop: claim               pop: commit
//   free ------------> ready ------------------> reading ------------------> free, next lap
//                        ^                          |
//                        +------ death, error ------+
//
// Position p lies in cell p mod N and is good for lap p div N. A cell's lap says for which position
// its state holds: less than p's, and an item from one lap ago is in the way; more, and p is over.
//
// Each step is one CAS on the cell, so a death lies before or after it and never in it.
//
//   push     The item was put into a chain of chunks in the producer's name. `ready` publishes it at
//            the first position that is free; there are never any gaps. Before: the chunks lead
//            nowhere, and repair gives them back. After: the item is in the queue for good.
//   claim    `reading` names the consumer, who then puts his name on the chunks. If he dies, repair
//            makes the cell `ready` again; others passed over it meanwhile, so it comes late.
//   commit   `free` for the next lap takes the item out. Then the chunks, in the consumer's name and
//            led to by no cell, go back: by him, or by repair.
//
// `tail`, `head` and `scan` are hints, and behind at most: all positions before `tail` were
// published, all before `head` are over, and before `scan` there is nothing ready. The last is not
// so when an item is given back; then `scan` goes back to `head`, under a new version, so that a
// consumer who has looked at an older state cannot move it past the item.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "toolbox/chunks.hpp"
#include "toolbox/signal.hpp"

namespace tine::detail {

struct Cell {
  enum class State : std::uint8_t { free, ready, reading };

  State state = State::free;
  unsigned party = 0;  // who reads
  std::uint32_t lap = 0;
  ChunkId chunk = 0;  // first of the item

  static constexpr unsigned lap_bits = 26;
  static_assert(2 + Owner::party_bits + lap_bits + chunk_id_bits == 64);
  static constexpr std::uint32_t lap_mask = (1u << lap_bits) - 1;

  constexpr std::uint64_t pack() const noexcept {
    return static_cast<std::uint64_t>(state) << 62 | static_cast<std::uint64_t>(party) << 52 |
           static_cast<std::uint64_t>(lap) << chunk_id_bits | chunk;
  }
  static constexpr Cell unpack(std::uint64_t w) noexcept {
    return {static_cast<State>(w >> 62), static_cast<unsigned>(w >> 52 & (max_parties - 1)),
            static_cast<std::uint32_t>(w >> chunk_id_bits & lap_mask),
            static_cast<ChunkId>(w & ((1u << chunk_id_bits) - 1))};
  }
};
using CellWord = std::atomic<std::uint64_t>;

struct QueueHeader {
  alignas(128) std::atomic<std::uint64_t> cells;  // constant
  std::atomic<std::uint64_t> committed;           // cells with memory behind them; only grows
  std::atomic<std::uint32_t> closed;
  alignas(128) std::atomic<std::uint64_t> tail;
  alignas(128) std::atomic<std::uint64_t> scan;  // version:16 | position:48
  std::atomic<std::uint64_t> head;
  alignas(128) std::atomic<std::uint64_t> tasks_done;
  Signal items;  // there is one more
  Signal room;   // there is one less
  Signal tasks;  // all are done
};
static_assert(sizeof(QueueHeader) == 7 * 128);

/// A look at a queue's memory, valid for one call.
class QueueRing {
 public:
  QueueRing(Context& context, std::byte* at, std::size_t bytes) noexcept;

  static constexpr std::uint64_t unbounded = std::uint64_t{1} << 22;
  static constexpr std::size_t bytes_for(std::uint64_t cells) {
    return sizeof(QueueHeader) + cells * sizeof(CellWord);
  }

  QueueHeader& header() noexcept { return header_; }

  enum class Push { done, full, closed };
  /// Publishes a chain that is in this process's name. Throws OutOfMemory.
  Push push(ChunkId first);

  struct Claim {
    std::uint64_t position = 0;
    Cell cell;
    bool done = false;
  };
  /// The first item that is ready.
  Claim claim() noexcept;
  /// The claimed item is out of the queue.
  void commit(const Claim& claim) noexcept;
  /// The claimed item is the queue's again.
  void give_back(const Claim& claim) noexcept;

  /// Nothing goes in any more; who waits, wakes.
  void close() noexcept;
  /// Throws away what is in it, before the memory of the ring goes.
  void empty_out() noexcept;

  /// Nothing is in the queue, nor being read.
  bool drained() noexcept;
  bool full() noexcept;
  std::size_t size() noexcept;
  /// Items ever published.
  std::uint64_t published() noexcept;

  /// Puts right what a dead party left, and keeps the chunks that belong to items.
  void repair(unsigned dead, Suspects& suspects);

 private:
  struct Place {
    CellWord* word;
    std::uint32_t lap;
  };
  Place place(std::uint64_t position) const noexcept {
    return {cells_ + position % count_,
            static_cast<std::uint32_t>(position / count_) & Cell::lap_mask};
  }
  // How many laps a cell is ahead of a position, negative: behind.
  static std::int32_t ahead(const Cell& cell, std::uint32_t lap) noexcept {
    constexpr unsigned spare = 32 - Cell::lap_bits;
    return static_cast<std::int32_t>((cell.lap - lap) << spare) >> spare;
  }
  // Whether the position was published, and whether its item is out again.
  static bool published(const Cell& cell, std::int32_t ahead) noexcept {
    return ahead > 0 || (ahead == 0 && cell.state != Cell::State::free);
  }
  void commit_cells(std::uint64_t index);
  // Only a hint that was written over leads so far; a call ends then, too.
  std::uint64_t most_steps() const noexcept { return 2 * count_ + 1000; }
  // What is one ring before the tail is over, whatever a hint says.
  std::uint64_t not_before(std::uint64_t position) const noexcept;
  std::uint64_t move_head() noexcept;
  void rescan() noexcept;

  Context& context_;
  QueueHeader& header_;
  CellWord* cells_;
  std::uint64_t count_;

  static constexpr std::uint64_t position_mask = (std::uint64_t{1} << 48) - 1;
};

}  // namespace tine::detail
