#include "memory/shared_range.hpp"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>

#include <tine/error.hpp>

#include "memory/page_runs.hpp"
#include "sync/system.hpp"

namespace tine::detail {

namespace {

// Of this process, and in a Process those of its parent.
struct Ranges {
  std::mutex mutex;
  std::vector<SharedRange*> all;
};
Ranges& ranges() {
  static Ranges& instance = *new Ranges;  // never destroyed: an arena may be a global
  return instance;
}

}  // namespace

std::unique_lock<std::mutex> SharedRange::lock_all() {
  return std::unique_lock(ranges().mutex);
}

const std::vector<SharedRange*>& SharedRange::all() noexcept {
  return ranges().all;
}

void SharedRange::close_files_of(pid_t owner, std::initializer_list<int> but) noexcept {
  for (SharedRange* range : ranges().all)
    if (range->owner == owner && std::find(but.begin(), but.end(), range->fd) == but.end())
      range->close_file();
}

SharedRange::~SharedRange() {
  {
    // In a fork of the application the lock may be that of a thread which is not there.
    std::unique_lock lock(ranges().mutex, std::defer_lock);
    if (owner == getpid()) lock.lock();
    if (lock.owns_lock() || lock.try_lock()) std::erase(ranges().all, this);
  }
  // A child that the application forked does not have the mapping, only this object.
  if (base != nullptr && owner == getpid()) munmap(base, reserved);
  close_file();
}

void SharedRange::close_file() noexcept {
  if (fd >= 0) close(fd);
  fd = -1;
}

void SharedRange::map(const char* name, std::size_t reserve, std::size_t least, bool huge_pages) {
  // A file beyond RLIMIT_FSIZE would not be refused: it would kill this process with SIGXFSZ.
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    reserve = std::min<std::size_t>(reserve, limit.rlim_cur);
  reserve -= reserve % large_page;
  if (reserve < least)
    throw PoolError("tine: an arena needs at least " + megabytes(least) +
                    "; look at PoolOptions::reserve and RLIMIT_FSIZE (ulimit -f)");
  // RLIMIT_AS is charged for address space, so with one we take less of it.
  for (;; reserve = std::max(least, round_up(reserve / 2, large_page))) {
    // 2 MiB more, so that the start can be aligned: huge pages want that.
    void* at = sys::mmap(nullptr, reserve + large_page, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at != MAP_FAILED) {
      auto* start = static_cast<std::byte*>(at);
      const auto address = reinterpret_cast<std::uintptr_t>(start);
      base = start + (round_up(address, large_page) - address);
      if (base > start) munmap(start, static_cast<std::size_t>(base - start));
      std::byte* end = start + reserve + large_page;
      if (base + reserve < end)
        munmap(base + reserve, static_cast<std::size_t>(end - (base + reserve)));
      break;
    }
    if (reserve == least)
      throw PoolError("tine: could not reserve " + megabytes(reserve) +
                      " of address space for the arena: " + strerror(errno) +
                      "; look at RLIMIT_AS (ulimit -v)");
  }
  reserved = reserve;

  auto fail = [&](const char* what) {
    throw PoolError(std::string("tine: could not make the arena: ") + what + ": " +
                    strerror(errno) +
                    (errno == EMFILE ? "; look at the limit on open files (ulimit -n)" : ""));
  };
  fd = sys::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) fail("memfd_create");
  if (sys::ftruncate(fd, static_cast<off_t>(reserve)) != 0) fail("ftruncate");
  // No process can make the mapping shorter than it looks: that would be a SIGBUS for all others.
  fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  if (sys::mmap(base, reserve, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE | MAP_FIXED, fd,
                0) == MAP_FAILED)
    fail("mmap");
  if (huge_pages) madvise(base, reserve, MADV_HUGEPAGE);
  madvise(base, reserve, MADV_DONTDUMP);  // a core file of this size delays the news of a death
  inherit_in_children(false);
  const std::unique_lock lock = lock_all();
  ranges().all.push_back(this);
}

void SharedRange::must_commit(std::size_t offset, std::size_t bytes, std::size_t asked) {
  const MemoryLimit limit = available_memory();
  if (bytes > limit.available) refuse_memory(asked, limit);
  int error;
  if (commit)
    error = commit(offset, bytes);
  else
    error = sys::fallocate(fd, 0, static_cast<off_t>(offset), static_cast<off_t>(bytes)) == 0
                ? 0
                : errno;
  if (error != 0) {
    if (error != ENOMEM && error != ENOSPC)
      throw PoolError("tine: could not commit " + megabytes(asked) +
                      " of shared memory: " + strerror(error));
    refuse_memory(asked, available_memory());
  }
  committed += bytes;
}

void SharedRange::inherit_in_children(bool yes) noexcept {
  madvise(base, reserved, yes ? MADV_DOFORK : MADV_DONTFORK);
}

std::string megabytes(std::size_t bytes) {
  constexpr std::size_t MiB = std::size_t{1} << 20;
  if (bytes < MiB) return std::to_string(bytes) + " bytes";
  return std::to_string(bytes / MiB) + " MiB";
}

void refuse_memory(std::size_t asked, const MemoryLimit& limit) {
  throw OutOfMemory("tine: an allocation of " + megabytes(asked) + " was refused: only " +
                        megabytes(limit.available) + " are left by " + limit.source +
                        "; use smaller arrays, free some, or raise that limit",
                    asked, limit.available, limit.source);
}

}  // namespace tine::detail
