#include "toolbox/chunks.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <string>

#include <tine/error.hpp>

#include "memory/page_runs.hpp"
#include "toolbox/context.hpp"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace tine::detail {

namespace {

// Where this thread looks next. Chunks are consumed in about the order they were filled, so going
// round finds a free one at once.
thread_local std::array<std::uint32_t, chunk_classes> cursor{};

// A class is used up to eight of its chunks; the next one has 32 times its size. So at most three
// quarters of what an item takes are wasted.
unsigned class_for(std::size_t bytes) noexcept {
  unsigned c = 0;
  while (c + 1 < chunk_classes && bytes > 8 * chunk_bytes[c]) ++c;
  return c;
}

}  // namespace

Chunks::Chunks(Context& context, ChunkCounts& counts, std::byte* begin, std::size_t bytes)
    : context_(context), counts_(counts) {
  // An eighth for each class but the last, which has the rest.
  std::byte* at = begin;
  for (unsigned c = 0; c < chunk_classes; ++c) {
    const std::size_t part =
        c + 1 < chunk_classes ? bytes / 8 : static_cast<std::size_t>(begin + bytes - at);
    std::size_t n = (part - 2 * page) / (chunk_bytes[c] + sizeof(ChunkWord));
    n = std::min<std::size_t>(n, index_mask);
    words_[c] = reinterpret_cast<ChunkWord*>(at);
    data_[c] = at + round_up(n * sizeof(ChunkWord), page);
    most_[c] = static_cast<std::uint32_t>(n);
    at = data_[c] + round_up(n * chunk_bytes[c], page);
  }
}

ChunkId Chunks::take(std::size_t more) {
  const unsigned c = class_for(more);
  const std::uint64_t me = context_.owner_word();
  for (;;) {
    const std::uint32_t n = count(c);
    std::uint32_t& at = cursor[c];
    for (std::uint32_t tries = 0; tries < n; ++tries) {
      if (at >= n) at %= n;
      const std::uint32_t i = at++;
      std::atomic<std::uint64_t>& owner = words_[c][i].owner;
      std::uint64_t nobody = 0;
      if (owner.load(std::memory_order_relaxed) != 0 || !owner.compare_exchange_strong(nobody, me))
        continue;
      const ChunkId id = c << chunk_index_bits | i;
      words_[c][i].link.store(ChunkLink{}.pack(), std::memory_order_relaxed);
      // In bulk, mapping costs a quarter of what the faults would.
      if (c + 1 == chunk_classes) madvise(data(id), size(id), MADV_POPULATE_WRITE);
      return id;
    }
    grow(c, n);
  }
}

// Two who grow at once commit the same pages, which does no harm, and one of them moves the count.
void Chunks::grow(unsigned c, std::uint32_t seen) {
  const std::uint32_t left = most_[c] - seen;
  if (left == 0)
    throw OutOfMemory("tine: the items of all queues take up the " +
                          megabytes(most_[c] * chunk_bytes[c]) +
                          " that there are for items of this size; take some out first",
                      chunk_bytes[c], 0, "the address space for items");
  const auto least =
      static_cast<std::uint32_t>(std::max<std::size_t>(1, 16 * page / chunk_bytes[c]));
  const auto most = static_cast<std::uint32_t>(
      std::max<std::size_t>(1, (std::size_t{64} << 20) / chunk_bytes[c]));
  auto commit = [&](std::uint32_t step) {
    context_.commit(reinterpret_cast<std::byte*>(words_[c] + seen), step * sizeof(ChunkWord));
    context_.commit(data_[c] + seen * chunk_bytes[c], step * chunk_bytes[c]);
    std::uint32_t expected = seen;
    counts_.count[c].compare_exchange_strong(expected, seen + step);
  };
  const std::uint32_t step = std::min(left, std::clamp(seen, least, most));
  try {
    commit(step);
  } catch (const OutOfMemory&) {
    if (step == 1) throw;
    commit(1);
  }
}

void Chunks::give_chain(ChunkId first) noexcept {
  const std::uint64_t me = context_.owner_word();
  walk(first, [&](ChunkId id) {
    if (word(id).owner.load(std::memory_order_relaxed) != me) return false;  // written over
    give(id);
    return true;
  });
}

void Chunks::spread(unsigned party) noexcept {
  cursor.fill(61 * party);
}

void Chunks::take_over(ChunkId first) noexcept {
  const std::uint64_t me = context_.owner_word();
  walk(first, [&](ChunkId id) {
    word(id).owner.store(me, std::memory_order_relaxed);
    return true;
  });
}

std::size_t Chunks::taken() const noexcept {
  std::size_t n = 0;
  for (unsigned c = 0; c < chunk_classes; ++c)
    for (std::uint32_t i = 0; i < count(c); ++i)
      n += words_[c][i].owner.load(std::memory_order_relaxed) != 0;
  return n;
}

Suspects::Suspects(Chunks& chunks, unsigned dead) : chunks_(chunks), dead_(dead) {
  for (unsigned c = 0; c < chunk_classes; ++c) {
    const std::uint32_t n = chunks.count(c);
    for (std::uint32_t i = 0; i < n && !any_; ++i)
      any_ = is_his(chunks.words_[c][i].owner.load(std::memory_order_acquire));
    kept_[c].resize(n);
  }
}

void Suspects::give_back() noexcept {
  if (!any_) return;
  for (unsigned c = 0; c < chunk_classes; ++c)
    for (std::size_t i = 0; i < kept_[c].size(); ++i) {
      if (kept_[c][i]) continue;
      std::atomic<std::uint64_t>& word = chunks_.words_[c][i].owner;
      std::uint64_t owner = word.load(std::memory_order_acquire);
      // Who has taken the item out meanwhile has put his own name in.
      if (is_his(owner)) word.compare_exchange_strong(owner, 0);
    }
}

}  // namespace tine::detail
