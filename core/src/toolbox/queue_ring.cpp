#include "toolbox/queue_ring.hpp"

#include <algorithm>

#include "toolbox/context.hpp"

namespace tine::detail {

QueueRing::QueueRing(Context& context, std::byte* at, std::size_t bytes) noexcept
    : context_(context),
      header_(*reinterpret_cast<QueueHeader*>(at)),
      cells_(reinterpret_cast<CellWord*>(at + sizeof(QueueHeader))),
      // Whatever somebody wrote there, no look leaves the object.
      count_(std::clamp<std::uint64_t>(header_.cells.load(std::memory_order_relaxed), 1,
                                       (bytes - sizeof(QueueHeader)) / sizeof(CellWord))) {}

QueueRing::Push QueueRing::push(ChunkId first) {
  std::uint64_t t = header_.tail.load();
  for (std::uint64_t steps = 0; steps < most_steps(); ++steps) {
    const auto [word, lap] = place(t);
    // The next cell too: who looks for the end of the queue looks at it.
    const auto index = static_cast<std::uint64_t>(word - cells_);
    if (index + 2 > header_.committed.load(std::memory_order_relaxed)) commit_cells(index);
    std::uint64_t seen = word->load();
    const Cell cell = Cell::unpack(seen);
    const std::int32_t turn = ahead(cell, lap);
    if (published(cell, turn)) {
      // The tail is behind: whoever published there was not fast enough, or died.
      std::uint64_t expected = t;
      t = header_.tail.compare_exchange_strong(expected, t + 1) ? t + 1 : expected;
      continue;
    }
    if (header_.closed.load() != 0) return Push::closed;
    if (turn < 0) {
      const std::uint64_t now = header_.tail.load();
      if (now == t) return Push::full;
      t = now;
      continue;
    }
    if (!word->compare_exchange_strong(seen, Cell{Cell::State::ready, 0, lap, first}.pack()))
      continue;
    header_.tail.compare_exchange_strong(t, t + 1);
    header_.items.notify(1);
    return Push::done;
  }
  return Push::full;
}

// Two who do this at once commit the same pages.
void QueueRing::commit_cells(std::uint64_t index) {
  const std::uint64_t seen = header_.committed.load();
  const std::uint64_t from = std::min(seen, count_);
  if (from == count_ || index + 2 <= from) return;
  const std::uint64_t to = std::min(
      count_, std::max<std::uint64_t>(index + 2, from + std::max<std::uint64_t>(from, 4096)));
  context_.commit(reinterpret_cast<std::byte*>(cells_ + from), (to - from) * sizeof(CellWord));
  std::uint64_t expected = seen;
  header_.committed.compare_exchange_strong(expected, to);
}

QueueRing::Claim QueueRing::claim() noexcept {
  Claim result;
  // More than once only when others went round the ring meanwhile.
  for (std::uint64_t steps = 0; steps < most_steps();) {
    const std::uint64_t seen = header_.scan.load();
    const std::uint64_t begin = not_before(seen & position_mask);
    std::uint64_t p = begin;
    bool at_end = false;
    while (!result.done && !at_end && p - begin <= count_) {
      const auto [word, lap] = place(p);
      std::uint64_t w = word->load();
      const Cell cell = Cell::unpack(w);
      at_end = !published(cell, ahead(cell, lap));
      if (at_end) break;
      if (cell.lap == lap && cell.state == Cell::State::ready) {
        Cell mine = cell;
        mine.state = Cell::State::reading;
        mine.party = context_.party();
        if (!word->compare_exchange_strong(w, mine.pack())) continue;
        result = {p, mine, true};
      }
      ++p;
    }
    steps += p - begin + 1;
    if (!at_end || p - begin > 16) {
      std::uint64_t expected = seen;
      header_.scan.compare_exchange_strong(expected, (seen & ~position_mask) | (p & position_mask));
    }
    if (result.done) context_.chunks().take_over(result.cell.chunk);
    if (result.done || at_end) break;
  }
  return result;
}

void QueueRing::commit(const Claim& claim) noexcept {
  const auto [word, lap] = place(claim.position);
  std::uint64_t expected = claim.cell.pack();
  word->compare_exchange_strong(expected,
                                Cell{Cell::State::free, 0, (lap + 1) & Cell::lap_mask, 0}.pack());
  context_.chunks().give_chain(claim.cell.chunk);
  if (claim.position % 16 == 0) move_head();  // now and then is enough
  header_.room.notify(1);
}

void QueueRing::give_back(const Claim& claim) noexcept {
  Cell ready = claim.cell;
  ready.state = Cell::State::ready;
  ready.party = 0;
  std::uint64_t expected = claim.cell.pack();
  place(claim.position).word->compare_exchange_strong(expected, ready.pack());
  rescan();
  header_.items.notify(1);
}

void QueueRing::close() noexcept {
  header_.closed.store(1);
  header_.items.reset();
  header_.room.reset();
}

void QueueRing::empty_out() noexcept {
  close();
  for (;;) {
    const Claim item = claim();
    if (!item.done) break;
    commit(item);
  }
}

std::uint64_t QueueRing::not_before(std::uint64_t position) const noexcept {
  const std::uint64_t t = header_.tail.load() & position_mask;
  return t > count_ ? std::max(position, t - count_) : position;
}

std::uint64_t QueueRing::move_head() noexcept {
  std::uint64_t seen = header_.head.load();
  const std::uint64_t begin = not_before(seen);
  std::uint64_t h = begin;
  for (; h - begin < most_steps(); ++h) {
    const auto [word, lap] = place(h);
    if (ahead(Cell::unpack(word->load()), lap) <= 0) break;
  }
  if (h != seen) header_.head.compare_exchange_strong(seen, h);
  return h;
}

void QueueRing::rescan() noexcept {
  std::uint64_t seen = header_.scan.load();
  while (!header_.scan.compare_exchange_weak(seen, ((seen & ~position_mask) + position_mask + 1) |
                                                       (header_.head.load() & position_mask))) {
  }
}

bool QueueRing::drained() noexcept {
  const auto [word, lap] = place(move_head());
  const Cell cell = Cell::unpack(word->load());
  return cell.state == Cell::State::free && cell.lap == lap;
}

std::uint64_t QueueRing::published() noexcept {
  std::uint64_t t = header_.tail.load();
  for (std::uint64_t steps = 0; steps < most_steps(); ++steps) {
    const auto [word, lap] = place(t);
    const Cell cell = Cell::unpack(word->load());
    if (!published(cell, ahead(cell, lap))) break;
    std::uint64_t expected = t;
    t = header_.tail.compare_exchange_strong(expected, t + 1) ? t + 1 : expected;
  }
  return t;
}

bool QueueRing::full() noexcept {
  const auto [word, lap] = place(published());
  return ahead(Cell::unpack(word->load()), lap) < 0;
}

std::size_t QueueRing::size() noexcept {
  std::size_t n = 0;
  const std::uint64_t begin = move_head();
  for (std::uint64_t p = begin; p - begin <= count_; ++p) {
    const auto [word, lap] = place(p);
    const Cell cell = Cell::unpack(word->load());
    const std::int32_t turn = ahead(cell, lap);
    if (!published(cell, turn)) break;
    if (turn == 0) ++n;
  }
  return n;
}

void QueueRing::repair(unsigned dead, Suspects& suspects) {
  const std::uint64_t begin = move_head();
  for (std::uint64_t p = begin; p - begin <= count_; ++p) {
    const auto [word, lap] = place(p);
    for (;;) {
      std::uint64_t w = word->load();
      Cell cell = Cell::unpack(w);
      if (!published(cell, ahead(cell, lap))) {
        p = begin + count_;  // that was the last
        break;
      }
      if (cell.state != Cell::State::ready && cell.state != Cell::State::reading) break;
      if (cell.state == Cell::State::reading && cell.party == dead) {
        cell.state = Cell::State::ready;
        cell.party = 0;
        if (!word->compare_exchange_strong(w, cell.pack())) continue;
        w = cell.pack();
      }
      if (!suspects.any()) break;
      if (suspects.keep(cell.chunk, [word = word, w] { return word->load() == w; })) break;
    }
  }
  rescan();
  header_.items.reset();
  header_.room.reset();
  header_.tasks.reset();
}

}  // namespace tine::detail
