#include "memory/protection.hpp"

#include <errno.h>
#include <sys/mman.h>

#include <algorithm>
#include <iterator>

#include "memory/page_runs.hpp"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

namespace tine::detail {

namespace {

// Smaller arrays get no guards and stay writable: two or three system calls for each new array
// would cost more than the array.
constexpr std::size_t least_light = std::size_t{64} << 10;
// Without light guards every change of protection splits the mapping, and a process may have only
// 65,530 of them.
constexpr std::size_t least_split = std::size_t{1} << 20;

}  // namespace

bool ArenaMapping::light_guards() {
  static const bool works = [] {
    // Anonymous memory had them first; what counts is shared memory.
    void* p = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return false;
    const bool ok = madvise(p, page, MADV_GUARD_INSTALL) == 0;
    munmap(p, page);
    return ok;
  }();
  return works;
}

ArenaMapping::ArenaMapping(std::byte* base, std::size_t bytes, bool protect)
    : base_(base),
      end_(base + bytes),
      protect_(protect),
      light_(light_guards()),
      mapped_(bytes / chunk + 1) {}

void ArenaMapping::guard(std::byte* at, bool on) {
  if (light_)
    madvise(at, page, on ? MADV_GUARD_INSTALL : MADV_GUARD_REMOVE);
  else
    mprotect(at, page, on ? PROT_NONE : PROT_READ | PROT_WRITE);
}

void ArenaMapping::drop(std::map<std::byte*, Known>::iterator at) {
  const auto& [data, old] = *at;
  if (!old.writable) mprotect(data, old.bytes, PROT_READ | PROT_WRITE);
  if (old.guarded) {
    // A strip between two runs guards both.
    const auto before = at == known_.begin() ? known_.end() : std::prev(at), after = std::next(at);
    if (before == known_.end() || !before->second.guarded ||
        before->first + before->second.bytes != data - page)
      guard(data - page, false);
    if (after == known_.end() || !after->second.guarded || after->first - page != data + old.bytes)
      guard(data + old.bytes, false);
  }
  known_.erase(at);
}

void ArenaMapping::forget(std::byte* begin, std::size_t bytes) {
  const auto at = known_.find(begin);
  if (at != known_.end() && at->second.bytes == bytes) drop(at);
}

void ArenaMapping::forget_everything() {
  while (!known_.empty()) drop(known_.begin());
}

void ArenaMapping::make_all_writable() {
  for (auto& [data, known] : known_)
    if (!known.writable) {
      mprotect(data, known.bytes, PROT_READ | PROT_WRITE);
      known.writable = true;
    }
}

void ArenaMapping::lock(std::byte* begin, const std::vector<Bytes>& writable) {
  forget_everything();  // strips made by mprotect would be lost, and meet() makes them again
  mprotect(begin, static_cast<std::size_t>(end_ - begin), PROT_READ);
  for (const auto& [first, count] : writable)
    if (count != 0)
      mprotect(base_ + (first - base_) / static_cast<std::ptrdiff_t>(page) *
                           static_cast<std::ptrdiff_t>(page),
               round_up(static_cast<std::size_t>(first - base_) % page + count, page),
               PROT_READ | PROT_WRITE);
  locked_from_ = begin;
}

void ArenaMapping::unlock() {
  if (locked_from_ == nullptr) return;
  forget_everything();
  mprotect(locked_from_, static_cast<std::size_t>(end_ - locked_from_), PROT_READ | PROT_WRITE);
  locked_from_ = nullptr;
}

void ArenaMapping::meet(const RunExtent& run, bool writes) {
  const std::size_t least = light_ ? least_light : least_split;
  if (!protect_) return;
  const auto at = known_.find(run.begin);
  if (at != known_.end() && at->second.bytes == run.bytes &&
      at->second.generation == run.generation) {
    if (writes && !at->second.writable) {
      // For good: arrays that alternate would pay for both directions in every job.
      mprotect(run.begin, run.bytes, PROT_READ | PROT_WRITE);
      at->second.writable = true;
    }
    return;
  }
  if (at != known_.end()) drop(at);
  Known known{run.bytes, run.generation, true, false};
  if (run.bytes >= least) {
    guard(run.begin - page, true);
    guard(run.begin + run.bytes, true);
    known.guarded = true;
    if (!writes && mprotect(run.begin, run.bytes, PROT_READ) == 0) known.writable = false;
  }
  known_.emplace(run.begin, known);
}

void ArenaMapping::map_ahead(const RunExtent& run, const std::byte* p, std::size_t bytes) {
  if (bytes == 0) return;
  const std::size_t first = static_cast<std::size_t>(p - base_) / chunk;
  const std::size_t last = static_cast<std::size_t>(p + bytes - 1 - base_) / chunk;
  for (std::size_t i = first; i <= last; ++i) {
    if (mapped_[i]) continue;
    std::size_t j = i;
    while (j <= last && !mapped_[j]) mapped_[j++] = true;
    std::byte* begin = std::max(base_ + i * chunk, run.begin);
    std::byte* end = std::min(base_ + j * chunk, run.begin + run.bytes);
    madvise(begin, static_cast<std::size_t>(end - begin), MADV_POPULATE_READ);
    i = j;
  }
}

}  // namespace tine::detail
