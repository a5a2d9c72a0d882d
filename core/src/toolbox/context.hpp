// What the processes of a program share besides the arenas of pools: queues, and all objects through
// which they meet. One per program, made with the first such object.
//
//   | header: parties, registry | objects ... | chunks of items, four classes ... |
//
// A process that may touch it is a *party*: the program's first process is one, and each worker of a
// pool and each Process that was forked after the context was made. Processes of any depth take the
// numbers of their children from the same ones. What a party holds, it holds by its number. When a
// party is dead and reaped, its supervisor calls repair() with that number, before the number goes to
// the next one; so what stands in the name of a dead party does not change, but by the hand of those
// who take items out that it put in. If the supervisor is killed, its children die with it, and its
// master does the same for all of them.
//
// Repair walks the registry. It may be interrupted and repeated, and goes on beside living parties
// and beside the repair of other parties. Whatever it reads may have been written over by a kernel,
// so it is copied once and checked.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include <sys/types.h>

#include <tine/detail/shared_object.hpp>
#include <tine/report.hpp>

#include "memory/page_runs.hpp"
#include "memory/shared_range.hpp"
#include "toolbox/chunks.hpp"

namespace tine::detail {

enum class ObjectKind : std::uint32_t { none, queue, permits, event, condition, barrier, pipe, tasks };

/// How a party came to its end, as far as is known.
struct Death {
  pid_t pid = 0;  // 0: not known
  Cause cause = Cause::signal;
  int status = 0;  // number of the signal, or exit status
  // What it could still tell of a fault: the address, and where it was.
  std::uint64_t address = 0;
  void* const* frame = nullptr;
  unsigned frames = 0;
};

inline constexpr unsigned master_party = 1;
inline constexpr unsigned max_objects = 1u << ObjectId::slot_bits;

/// An entry of the registry. Written by the master.
struct SharedObject {
  std::atomic<std::uint32_t> generation;  // 0: vacant; written last
  std::atomic<ObjectKind> kind;
  std::atomic<std::uint64_t> offset;  // in the context
  std::atomic<std::uint64_t> bytes;
};
static_assert(sizeof(SharedObject) == 24);

struct ContextHeader {
  alignas(128) std::atomic<std::uint64_t> incarnations;  // given out so far
  alignas(128) ChunkCounts chunks;
  alignas(128) std::atomic<std::uint64_t> incarnation[max_parties];  // of who has that number now
  // In whose name a number is taken, as Owner packs it; 0: free. A number is taken by one CAS from
  // zero, given back by who took it, or by the repair of who took it, after that of the number.
  alignas(128) std::atomic<std::uint64_t> taken[max_parties];
  alignas(128) SharedObject objects[max_objects];
};

class Context {
 public:
  /// The program's context, made when there is none yet. Throws in a worker, and PoolError when it
  /// cannot be made.
  static Context& make();
  /// nullptr when this process has none.
  static Context* existing() noexcept;
  /// For those who use an object: throws unless this process is a party.
  static Context& for_use();

  /// Of this process, as its chunks carry it.
  std::uint64_t owner_word() const noexcept { return owner_; }
  unsigned party() const noexcept { return Owner::unpack(owner_).party; }
  /// Whether this process made it: only then may it make and end objects.
  bool is_own() const noexcept { return range_.owner == getpid(); }

  /// Before the fork of a party: a new incarnation has the number from now on.
  void begin_party(unsigned party) noexcept;
  /// In a forked party: it is this one, its children have nothing of this.
  void enter(unsigned party) noexcept;
  /// Puts right what a party held that is dead and reaped. So must be all whose numbers it took for
  /// its own children: they are repaired, too, and their numbers are free again.
  void repair(unsigned party, const Death& death);

  /// Memory for an object, zeroed; the first `committed` bytes are there, the rest is committed by
  /// commit(). In the master only. Throws OutOfMemory.
  std::byte* make_object(ObjectKind kind, std::size_t bytes, std::size_t committed, ObjectId& id);
  /// The object is no more; its memory goes back to the system. Nothing where this is not is_own().
  void end_object(const ObjectId& id) noexcept;
  /// The object in an entry of the registry; no object's when it is vacant.
  ObjectId object_in(unsigned slot) const noexcept;
  /// An object's memory; nullptr when it is no more. With its size, if wanted.
  std::byte* object(const ObjectId& id, ObjectKind kind, std::size_t* bytes = nullptr) noexcept;

  /// Whether there is such an object, of whatever kind, and this process is a party.
  bool has(const ObjectId& id) const noexcept {
    return owner_ != 0 && id.generation != 0 && id.slot() < max_objects &&
           header().objects[id.slot()].generation.load() == id.generation;
  }
  /// Its memory; throws InvalidArgument when it is no more. `name` is what the user calls it.
  std::byte* must_find(const ObjectId& id, ObjectKind kind, const char* name,
                       std::size_t* bytes = nullptr);

  /// Puts memory behind [at, at + bytes). Throws OutOfMemory. In the process that made it, a pool's
  /// supervisor does it, if there is one, in a process that may die of it; any other party is such a
  /// process itself.
  void commit(const std::byte* at, std::size_t bytes);
  /// Address space for all objects together.
  std::size_t object_space() const noexcept { return objects_bytes_; }
  Chunks& chunks() noexcept { return *chunks_; }
  int descriptor() const noexcept { return range_.fd; }

  /// While it lives, a fork by this thread inherits the context, if there is one.
  class Fork {
   public:
    Fork();
    ~Fork();
    Fork(const Fork&) = delete;

   private:
    std::unique_lock<std::mutex> lock_;
  };

 private:
  friend class Parties;
  Context();
  static void in_forked_child() noexcept;
  void repair_one(unsigned party, const Death& death);

  ContextHeader& header() const noexcept { return *reinterpret_cast<ContextHeader*>(range_.base); }

  SharedRange range_;
  std::optional<Chunks> chunks_;
  std::size_t objects_begin_ = 0;
  std::size_t objects_bytes_ = 0;
  std::uint64_t owner_ = 0;

  // The master's own.
  std::mutex mutex_;
  PageRuns runs_{0};
  std::vector<PageRuns::Block> blocks_;  // of the objects; what stands in shared memory is a copy
  std::mutex committing_;
  struct Committer {
    unsigned first_party;
    SharedRange::Commit commit;
  };
  std::vector<Committer> committers_;  // one for each pool
};

/// In a master: the numbers of its children, such as a pool's workers; none when there was no context
/// yet. Several masters, a program and its Processes, take theirs from the same ones.
class Parties {
 public:
  Parties() = default;
  ~Parties() { release(); }
  Parties(const Parties&) = delete;
  Parties& operator=(const Parties&) = delete;

  /// Takes `count` numbers in a row, before the fork. While they are held, the memory of the context
  /// is committed by `commit`, if given, in the process that made it. Throws PoolError.
  void take(unsigned count, SharedRange::Commit commit = {});
  /// The number of the first, 0: none.
  unsigned first() const noexcept { return first_; }
  /// All of them are dead: puts right what they held.
  void repair();
  /// Gives the numbers back, after that.
  void release() noexcept;
  /// Some of them may still live: its number must never be another's.
  void abandon() noexcept;

 private:
  unsigned first_ = 0;
  unsigned count_ = 0;
  std::uint64_t taker_ = 0;  // a copy of this in a child of ours holds nothing
};

}  // namespace tine::detail
