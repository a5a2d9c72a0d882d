#include <tine/arena.hpp>
#include <tine/error.hpp>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <boost/interprocess/indexes/iset_index.hpp>
#include <boost/interprocess/managed_external_buffer.hpp>
#include <boost/interprocess/mem_algo/rbtree_best_fit.hpp>
#include <boost/interprocess/sync/mutex_family.hpp>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

#include "memory/page_runs.hpp"
#include "memory/release_log.hpp"
#include "memory/shared_range.hpp"
#include "sync/role.hpp"
#include "sync/system.hpp"

// One shared range (see there) with three zones:
//
//   | control | small objects (Boost.Interprocess) | page runs: the arrays ... |
//
// Only the master allocates. The bookkeeping of page runs is private to it, out of reach of any
// kernel; that of small objects lies beside the objects, which is why workers map that zone
// read-only.

namespace tine {

namespace {

using detail::megabytes;
using detail::page;
using detail::round_up;

using SmallObjects = boost::interprocess::basic_managed_external_buffer<
    char, boost::interprocess::rbtree_best_fit<boost::interprocess::null_mutex_family>,
    boost::interprocess::iset_index>;

constexpr std::size_t MiB = std::size_t{1} << 20;

}  // namespace

struct Arena::State : detail::SharedRange {
  std::size_t control = 0;
  std::size_t small = 0;  // size of the zone

  mutable std::mutex mutex;
  std::mutex settling;
  std::condition_variable unpinned;

  std::optional<SmallObjects> objects;
  std::size_t small_committed = 0;  // of the zone, from its start
  std::size_t small_top = 0;        // no object lies beyond this

  std::optional<detail::PageRuns> runs;
  std::map<const std::byte*, std::unique_ptr<detail::Run>> live;
  std::size_t used = 0;
  std::uint64_t next_generation = 1;
  detail::ReleaseLog released;

  std::byte* small_begin() const { return base + control; }
  std::byte* run_begin() const { return base + control + small; }

  void settle_one(detail::Run* run) {
    std::lock_guard lock(settling);
    if (!run->stale) return;  // another thread was here first
    memset(run->data, 0, run->bytes);
    run->stale = false;
  }

  // What a job has pinned, the job has dealt with.
  void settle_all() noexcept override {
    if (getpid() != owner) return;
    std::lock_guard lock(mutex);
    for (const auto& [at, run] : live)
      if (run->pins == 0) settle_one(run.get());
  }

  void check_owner() const {
    if (getpid() != owner)
      throw PoolError(
          "tine: this arena belongs to the process that made it, and this is a fork of "
          "that one; make a pool of its own");
  }

  // A cold block with memory put behind it.
  detail::PageRuns::Block take_committed(std::size_t bytes, std::size_t alignment,
                                         std::size_t asked) {
    detail::PageRuns::Block block = runs->take(bytes, alignment, false);
    if (block.bytes == 0) return block;
    try {
      must_commit(static_cast<std::size_t>(run_begin() - base) + block.offset, bytes + page, asked);
    } catch (...) {
      runs->give(block);
      throw;
    }
    block.warm = true;
    return block;
  }

  // Memory is committed ahead of need, in growing steps, so that small arrays hardly ever wait for
  // it; not in large steps from the start, since a pool made for one small job would pay for them.
  detail::PageRuns::Block take_cold(std::size_t bytes, std::size_t alignment, std::size_t asked) {
    const std::size_t step = std::clamp(committed, MiB, 64 * MiB);
    detail::PageRuns::Block block{};
    if (bytes < step) try {
        block = take_committed(step, alignment, asked);
        if (block.bytes != 0) runs->give_tail(block, bytes);
      } catch (const OutOfMemory&) {  // then exactly what is needed
      }
    if (block.bytes == 0) block = take_committed(bytes, alignment, asked);
    if (block.bytes == 0)
      throw OutOfMemory("tine: no room for an array of " + megabytes(asked) +
                            " in the arena: its " + megabytes(reserved) +
                            " are taken or in pieces; set PoolOptions::reserve",
                        asked, 0, "the arena's reservation");
    return block;
  }

  [[noreturn]] void refuse_small(std::size_t asked) const {
    throw OutOfMemory("tine: no room for " + megabytes(asked) + " of small objects in " +
                          megabytes(small) + "; use an Array for large data",
                      asked, objects->get_free_memory(), "the small-object zone");
  }
};

Arena::Arena(const Options& options) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.control = round_up(options.control, page);
  s.map("tine-arena", options.reserve != 0 ? options.reserve : detail::physical_memory(),
        round_up(s.control + 4 * MiB, detail::large_page), options.huge_pages);

  s.small = std::clamp(s.reserved / 64, MiB, 1024 * MiB);
  s.small = round_up(s.control + s.small, detail::large_page) - s.control;
  // The control zone is small and wanted at once, as are the two ends of the small-object zone.
  const std::size_t first = s.control + 16 * page;
  s.must_commit(0, first, first);
  s.must_commit(s.control + s.small - page, page, page);
  s.small_committed = 16 * page;
  s.objects.emplace(boost::interprocess::create_only, s.small_begin(), s.small);
  s.small_top = 4 * page;
  s.runs.emplace(s.reserved - s.control - s.small);
}

Arena::~Arena() = default;

std::byte* Arena::begin() const noexcept {
  return state_->base;
}
std::byte* Arena::end() const noexcept {
  return state_->base + state_->reserved;
}
std::byte* Arena::small_begin() const noexcept {
  return state_->small_begin();
}
std::byte* Arena::small_end() const noexcept {
  return state_->run_begin();
}
int Arena::descriptor() const noexcept {
  return state_->fd;
}

ArenaStats Arena::stats() const {
  const State& s = *state_;
  std::lock_guard lock(s.mutex);
  return {s.reserved, s.committed, s.used, s.runs->warm(), s.small - s.objects->get_free_memory()};
}

void Arena::set_commit(Commit commit) {
  std::lock_guard lock(state_->mutex);
  state_->commit = std::move(commit);
}

detail::Run* Arena::allocate(std::size_t bytes) {
  State& s = *state_;
  if (detail::process_role == detail::Role::worker)
    throw NestedParallelism(
        "tine: a worker cannot allocate arrays; allocate in the master and pass them to the job");
  s.check_owner();
  const std::size_t limit = s.reserved - s.control - s.small;
  if (bytes > limit - page)
    throw OutOfMemory("tine: an array of " + megabytes(bytes) + " does not fit the arena's " +
                          megabytes(limit) + "; set PoolOptions::reserve",
                      bytes, limit, "the arena's reservation");
  const std::size_t rounded = std::max(page, round_up(bytes, page));
  const std::size_t alignment = rounded >= detail::large_page ? detail::large_page : page;

  std::lock_guard lock(s.mutex);
  detail::PageRuns::Block block = s.runs->take(rounded, alignment, true);
  if (block.bytes == 0) block = s.take_cold(rounded, alignment, bytes);
  auto run = std::make_unique<detail::Run>();
  run->data = s.run_begin() + block.offset;
  run->bytes = block.bytes;
  run->generation = s.next_generation++;
  run->stale = !block.zeroed;
  s.used += block.bytes;
  detail::Run* result = run.get();
  s.live.emplace(run->data, std::move(run));
  return result;
}

void Arena::release(detail::Run* run) noexcept {
  State& s = *state_;
  // In a fork of the owner this is a copy: the pages are not its to free, and the job that pins them
  // will never end there.
  if (getpid() != s.owner) return;
  std::unique_lock lock(s.mutex);
  s.unpinned.wait(lock, [&] { return run->pins == 0; });
  s.used -= run->bytes;
  s.released.add(run->data, run->bytes);
  s.runs->give({static_cast<std::size_t>(run->data - s.run_begin()), run->bytes, true, false});
  s.live.erase(run->data);
}

void Arena::settle(detail::Run* run) noexcept {
  state_->settle_one(run);
}

detail::Run* Arena::pin(const void* p, std::size_t bytes) noexcept {
  State& s = *state_;
  const auto* first = static_cast<const std::byte*>(p);
  std::lock_guard lock(s.mutex);
  auto at = s.live.upper_bound(first);
  if (at == s.live.begin()) return nullptr;
  detail::Run* run = std::prev(at)->second.get();
  if (first + bytes > run->data + run->bytes) return nullptr;
  ++run->pins;
  return run;
}

void Arena::unpin(detail::Run* run) noexcept {
  {
    std::lock_guard lock(state_->mutex);
    if (--run->pins != 0) return;
  }
  state_->unpinned.notify_all();
}

void Arena::copy_releases(detail::ReleaseLog& to) const {
  std::lock_guard lock(state_->mutex);
  if (to.count != state_->released.count) to = state_->released;
}

void Arena::trim() noexcept {
  State& s = *state_;
  std::lock_guard lock(s.mutex);
  s.runs->cool([&](std::size_t offset, std::size_t bytes) {
    ::fallocate(s.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                s.run_begin() - s.base + static_cast<off_t>(offset), static_cast<off_t>(bytes));
    s.committed -= std::min(s.committed, bytes);
  });
}

void* Arena::allocate_small(std::size_t bytes, std::size_t alignment) {
  State& s = *state_;
  if (detail::process_role == detail::Role::worker)
    throw NestedParallelism(
        "tine: a worker cannot allocate from the arena: containers with tine::allocator are filled "
        "in the master and read in kernels");
  s.check_owner();
  std::lock_guard lock(s.mutex);
  // The allocator writes headers next to what it hands out, and takes from the lowest fitting
  // block, so whatever it touches lies below the highest object so far plus this one.
  if (bytes > s.objects->get_free_memory()) s.refuse_small(bytes);
  const std::size_t reach =
      std::min(s.small - page, s.small_top + std::min(bytes, s.small) + alignment + 2 * page);
  if (reach > s.small_committed) {
    const std::size_t target =
        std::min(s.small - page, round_up(std::max(reach, 2 * s.small_committed), page));
    s.must_commit(s.control + s.small_committed, target - s.small_committed, bytes);
    s.small_committed = target;
  }
  void* p = alignment <= 16 ? s.objects->allocate(std::max<std::size_t>(bytes, 1), std::nothrow)
                            : s.objects->allocate_aligned(std::max<std::size_t>(bytes, 1),
                                                          alignment, std::nothrow);
  if (p == nullptr) s.refuse_small(bytes);
  s.small_top = std::max(
      s.small_top, static_cast<std::size_t>(static_cast<std::byte*>(p) - s.small_begin()) + bytes);
  return p;
}

void Arena::deallocate_small(void* p) noexcept {
  if (p == nullptr || getpid() != state_->owner) return;
  std::lock_guard lock(state_->mutex);
  state_->objects->deallocate(p);
}

void Arena::inherit_in_children(bool yes) noexcept {
  state_->inherit_in_children(yes);
}

}  // namespace tine
