#include "toolbox/context.hpp"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include <tine/error.hpp>

#include "sync/role.hpp"
#include "sync/system.hpp"
#include "toolbox/arrivals.hpp"
#include "toolbox/event_word.hpp"
#include "toolbox/permits.hpp"
#include "toolbox/pipe.hpp"
#include "toolbox/queue_ring.hpp"
#include "toolbox/task_table.hpp"
#include "toolbox/waiters.hpp"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace tine::detail {

namespace {

// Never destroyed: a queue may be a global, and end after everything else.
std::atomic<Context*> instance{nullptr};
std::mutex making;  // and forking
thread_local bool forking = false;
// Goes on in a fork of the application, so that what it inherited never looks like its own.
std::uint32_t last_generation = 0;

}  // namespace

Context& Context::make() {
  if (process_role != Role::master || serial_kernel)
    throw NestedParallelism(
        "tine: a worker cannot make what processes share, such as a queue; make it in the master "
        "and capture its view()");
  if (!first_process)
    throw NestedParallelism(
        "tine: a Process cannot make what processes share, such as a queue; make it in the program's "
        "first process, before start(), and capture its view()");
  std::lock_guard lock(making);
  if (Context* there = instance.load()) return *there;
  static const int registered = pthread_atfork(nullptr, nullptr, in_forked_child);
  (void)registered;
  auto* made = new Context;
  instance.store(made);
  return *made;
}

Context* Context::existing() noexcept {
  return instance.load(std::memory_order_relaxed);
}

Context& Context::for_use() {
  Context* context = existing();
  if (context == nullptr || context->owner_ == 0) [[unlikely]]
    throw PoolError(
        "tine: this process cannot use a queue, lock or the like of the program: it was forked "
        "before the first of them was made, or not by tine. Make them before the pools; "
        "pool.refresh() forks a pool's workers again");
  return *context;
}

Context::Context() : blocks_(max_objects) {
  const std::size_t header_bytes = round_up(sizeof(ContextHeader), page);
  // Address space costs nothing, so there is enough for each kind of use to fill the machine.
  range_.map("tine-context", 4 * physical_memory(), std::size_t{64} << 20, false);
  range_.must_commit(0, header_bytes, header_bytes);
  range_.commit = [this](std::size_t offset, std::size_t bytes) {
    for (const Committer& c : committers_) try {
        return c.commit(offset, bytes);
      } catch (const SupervisorLost&) {  // another one, then
      }
    return sys::fallocate(range_.fd, 0, static_cast<off_t>(offset), static_cast<off_t>(bytes)) == 0
               ? 0
               : errno;
  };
  objects_begin_ = header_bytes;
  objects_bytes_ = round_up(range_.reserved / 8, page);
  runs_ = PageRuns(objects_bytes_);
  const std::size_t chunks_begin = objects_begin_ + objects_bytes_;
  chunks_.emplace(*this, header().chunks, range_.base + chunks_begin,
                  range_.reserved - chunks_begin);
  begin_party(master_party);
  owner_ = Owner{master_party, header().incarnation[master_party].load()}.pack();
  header().taken[0].store(owner_);
  header().taken[master_party].store(owner_);
}

// A child of the application gets neither the mapping nor a say; it may make a context of its own.
void Context::in_forked_child() noexcept {
  Context* context = existing();
  if (context == nullptr) return;
  context->owner_ = 0;
  if (forking) return;
  context->range_.close_file();
  instance.store(nullptr);
}

void Context::begin_party(unsigned party) noexcept {
  header().incarnation[party].store(header().incarnations.fetch_add(1) + 1);
}

void Context::enter(unsigned party) noexcept {
  range_.inherit_in_children(false);
  range_.close_file();  // with it, a kernel could punch holes into the context
  owner_ = 0;
  if (party == 0) return;
  owner_ = Owner{party, header().incarnation[party].load()}.pack();
  Chunks::spread(party);
}

void Context::repair(unsigned party, const Death& death) {
  std::vector<unsigned> dead{party};
  for (std::size_t i = 0; i < dead.size(); ++i) {
    const std::uint64_t name = Owner{dead[i], header().incarnation[dead[i]].load()}.pack();
    for (unsigned n = master_party + 1; n < max_parties; ++n)
      if (header().taken[n].load() == name && std::find(dead.begin(), dead.end(), n) == dead.end())
        dead.push_back(n);
  }
  for (const unsigned n : dead) repair_one(n, n == party ? death : Death{});
  // After them all: repair may be interrupted, and find its way again.
  for (std::size_t i = dead.size(); i-- > 1;) header().taken[dead[i]].store(0);
}

void Context::repair_one(unsigned party, const Death& death) {
  Suspects suspects(*chunks_, party);
  // A supervisor is no party; what it has to tell of the dead, it tells in his name.
  const bool in_his_name = owner_ == 0;
  if (in_his_name) owner_ = Owner{party, header().incarnation[party].load()}.pack();
  for (unsigned slot = 0; slot < max_objects; ++slot) {
    const ObjectId id = object_in(slot);
    if (id.generation == 0) continue;
    const ObjectKind kind = header().objects[slot].kind.load();
    std::size_t bytes = 0;
    std::byte* at = object(id, kind, &bytes);
    if (at == nullptr) continue;
    switch (kind) {
      case ObjectKind::queue:
        QueueRing(*this, at, bytes).repair(party, suspects);
        break;
      case ObjectKind::pipe:
        PipeEnds(*this, at).repair(party, suspects);
        break;
      case ObjectKind::permits:
        Permits(*this, at, bytes).repair(party);
        break;
      case ObjectKind::event:
        EventWord(at).repair();
        break;
      case ObjectKind::condition:
        Waiters(at, bytes).repair(party);
        break;
      case ObjectKind::barrier:
        Arrivals(at, bytes).repair(party, death);
        break;
      case ObjectKind::tasks:
        TaskTable(*this, at).repair(party, death, suspects);
        break;
      case ObjectKind::none:
        break;
    }
  }
  suspects.give_back();
  if (in_his_name) owner_ = 0;
}

std::byte* Context::make_object(ObjectKind kind, std::size_t bytes, std::size_t committed,
                                ObjectId& id) {
  std::unique_lock lock(mutex_);
  const auto vacant = std::find_if(blocks_.begin(), blocks_.end(),
                                   [](const PageRuns::Block& b) { return b.bytes == 0; });
  if (vacant == blocks_.end())
    throw PoolError("tine: a program has at most " + std::to_string(max_objects) +
                    " queues, locks and the like at a time");
  const PageRuns::Block block = *vacant = runs_.take(round_up(bytes, page), page, false);
  if (block.bytes == 0)
    throw OutOfMemory(
        "tine: no room for a shared object of " + megabytes(bytes) + "; give it a smaller size",
        bytes, 0, "the address space for shared objects");
  const auto slot = static_cast<std::uint32_t>(vacant - blocks_.begin());
  id = {++last_generation, ObjectId::above_addresses | slot};
  // A pool that is being made commits only when it is there, and its fork must not wait for those
  // who wait for this lock.
  lock.unlock();
  std::byte* at = range_.base + objects_begin_ + block.offset;
  try {
    commit(at, committed);
  } catch (...) {
    lock.lock();
    blocks_[slot] = {};
    runs_.give(block);
    throw;
  }
  SharedObject& entry = header().objects[slot];
  entry.kind.store(kind);
  entry.offset.store(static_cast<std::size_t>(at - range_.base));
  entry.bytes.store(block.bytes);
  entry.generation.store(id.generation);
  return at;
}

void Context::end_object(const ObjectId& id) noexcept {
  if (!is_own()) return;
  std::lock_guard lock(mutex_);
  SharedObject& entry = header().objects[id.slot()];
  entry.generation.store(0);
  PageRuns::Block& block = blocks_[id.slot()];
  ::fallocate(range_.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
              static_cast<off_t>(objects_begin_ + block.offset), static_cast<off_t>(block.bytes));
  runs_.give({block.offset, block.bytes, false, true});
  block = {};
}

ObjectId Context::object_in(unsigned slot) const noexcept {
  return {header().objects[slot].generation.load(std::memory_order_acquire),
          ObjectId::above_addresses | slot};
}

std::byte* Context::object(const ObjectId& id, ObjectKind kind, std::size_t* bytes) noexcept {
  if (id.slot() >= max_objects || id.generation == 0) return nullptr;
  const SharedObject& entry = header().objects[id.slot()];
  if (entry.generation.load(std::memory_order_acquire) != id.generation ||
      entry.kind.load(std::memory_order_relaxed) != kind)
    return nullptr;
  const std::size_t offset = entry.offset.load(std::memory_order_relaxed);
  const std::size_t size = entry.bytes.load(std::memory_order_relaxed);
  const std::size_t end = objects_begin_ + objects_bytes_;
  if (offset % page != 0 || offset < objects_begin_ || offset > end || size > end - offset)
    return nullptr;
  if (bytes != nullptr) *bytes = size;
  return range_.base + offset;
}

std::byte* Context::must_find(const ObjectId& id, ObjectKind kind, const char* name,
                              std::size_t* bytes) {
  std::byte* at = object(id, kind, bytes);
  if (at == nullptr) [[unlikely]]
    throw InvalidArgument(std::string("tine: there is no such ") + name +
                          ": the object that this handle came from is gone, or it never had one");
  return at;
}

void Context::commit(const std::byte* at, std::size_t bytes) {
  // What begins in the middle of a page goes on where something else was committed.
  const std::size_t begin = round_up(static_cast<std::size_t>(at - range_.base), page);
  const std::size_t end = round_up(static_cast<std::size_t>(at - range_.base) + bytes, page);
  if (begin == end) return;
  const std::size_t size = end - begin;
  if (is_own()) {
    std::lock_guard lock(committing_);
    range_.must_commit(begin, size, bytes);
    return;
  }
  const MemoryLimit limit = available_memory();
  if (size > limit.available) refuse_memory(bytes, limit);
  if (madvise(range_.base + begin, size, MADV_POPULATE_WRITE) != 0)
    refuse_memory(bytes, available_memory());
}

Context::Fork::Fork() : lock_(making) {
  forking = true;
  if (Context* context = existing()) context->range_.inherit_in_children(true);
}

Context::Fork::~Fork() {
  if (Context* context = existing()) context->range_.inherit_in_children(false);
  forking = false;
}

void Parties::take(unsigned count, SharedRange::Commit commit) {
  Context* context = Context::existing();
  if (context == nullptr || context->party() == 0) return;
  auto* taken = context->header().taken;
  taker_ = context->owner_word();
  unsigned got = 0;
  for (first_ = master_party + 1; got < count;) {
    if (first_ + count > max_parties) {
      first_ = 0;
      throw PoolError("tine: all pools and Processes together have at most " +
                      std::to_string(max_parties - 2) +
                      " workers and processes in a program that uses queues");
    }
    std::uint64_t nobody = 0;
    if (taken[first_ + got].compare_exchange_strong(nobody, taker_)) {
      ++got;
      continue;
    }
    for (unsigned n = first_; n < first_ + got; ++n) taken[n].store(0);
    first_ += got + 1;
    got = 0;
  }
  count_ = count;
  if (!commit || !context->is_own()) return;
  std::lock_guard lock(context->committing_);
  context->committers_.push_back({first_, std::move(commit)});
}

void Parties::repair() {
  for (unsigned i = 0; i < count_; ++i) Context::existing()->repair(first_ + i, Death{});
}

void Parties::release() noexcept {
  const unsigned first = first_, count = count_;
  const std::uint64_t taker = taker_;
  abandon();
  Context* context = Context::existing();
  if (count == 0 || context == nullptr || context->owner_word() != taker) return;
  for (unsigned n = first; n < first + count; ++n) context->header().taken[n].store(0);
}

void Parties::abandon() noexcept {
  Context* context = Context::existing();
  const unsigned first = first_;
  first_ = count_ = 0;
  if (first == 0 || context == nullptr || !context->is_own()) return;
  std::lock_guard lock(context->committing_);
  std::erase_if(context->committers_,
                [&](const Context::Committer& c) { return c.first_party == first; });
}

}  // namespace tine::detail
