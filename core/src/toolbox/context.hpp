// What the processes of a program share besides the arenas of pools: queues, and all objects through
// which they meet. One per program, made with the first such object.
//
//   | header: parties, registry | objects ... | chunks of items, four classes ... |
//
// A process that may touch it is a *party*: the master is one, and each worker of a pool that was
// forked after the context was made. What a party holds, it holds by its number. When a party is
// dead and reaped, its supervisor calls repair() with that number, before the number goes to the
// next worker; so what stands in the name of a dead party does not change, but by the hand of those
// who take items out that it put in. If the supervisor is killed, its workers die with it, and the
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

#include <tine/detail/queue_core.hpp>
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

inline constexpr unsigned max_objects = 4096;

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

  /// Before the fork of a party: a new incarnation has the number from now on.
  void begin_party(unsigned party) noexcept;
  /// In a forked worker: it is this party, the children of its kernels have nothing of this.
  void enter(unsigned party) noexcept;
  /// Puts right what a party held that is dead and reaped.
  void repair(unsigned party, const Death& death);

  /// Memory for an object, zeroed; the first `committed` bytes are there, the rest is committed by
  /// commit(). In the master only. Throws OutOfMemory.
  std::byte* make_object(ObjectKind kind, std::size_t bytes, std::size_t committed, ObjectId& id);
  /// The object is no more; its memory goes back to the system.
  void end_object(const ObjectId& id) noexcept;
  /// An object's memory; nullptr when it is no more. With its size, if wanted.
  std::byte* object(const ObjectId& id, ObjectKind kind, std::size_t* bytes = nullptr) noexcept;

  /// Puts memory behind [at, at + bytes). Throws OutOfMemory. In the master, a pool's supervisor
  /// does it, if there is one, in a process that may die of it; a worker is such a process itself.
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
  std::vector<bool> party_taken_;
  std::mutex committing_;
  struct Committer {
    unsigned first_party;
    SharedRange::Commit commit;
  };
  std::vector<Committer> committers_;  // one for each pool
};

/// In the master: the numbers of a pool's workers, none when there was no context yet.
class Parties {
 public:
  Parties() = default;
  ~Parties() { release(); }
  Parties(const Parties&) = delete;
  Parties& operator=(const Parties&) = delete;

  /// Takes `count` numbers in a row, before the fork. While they are held, the master's memory is
  /// committed by `commit`. Throws PoolError.
  void take(unsigned count, SharedRange::Commit commit);
  /// The number of the first worker, 0: none.
  unsigned first() const noexcept { return first_; }
  /// All of the pool's workers are dead: puts right what they held.
  void repair();
  /// Gives the numbers back, after that.
  void release() noexcept;
  /// Some worker may still live: its number must never be another's.
  void abandon() noexcept;

 private:
  unsigned first_ = 0;
  unsigned count_ = 0;
};

}  // namespace tine::detail
