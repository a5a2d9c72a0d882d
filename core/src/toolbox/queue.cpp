#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include <tine/detail/queue_core.hpp>
#include <tine/error.hpp>

#include "toolbox/context.hpp"
#include "toolbox/pipe.hpp"
#include "toolbox/queue_ring.hpp"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

namespace tine::detail {

namespace {

std::optional<QueueRing> find_ring(Context& context, const ObjectId& id) noexcept {
  std::size_t bytes = 0;
  if (std::byte* at = context.object(id, ObjectKind::queue, &bytes))
    return QueueRing(context, at, bytes);
  if (std::byte* at = context.object(id, ObjectKind::pipe, &bytes))
    return PipeEnds(context, at).inbox(id.part());
  return std::nullopt;
}

QueueRing ring_of(Context& context, const ObjectId& id) {
  const std::optional<QueueRing> ring = find_ring(context, id);
  if (!ring) [[unlikely]]
    throw InvalidArgument(
        "tine: there is no such queue: the tine::Queue or tine::Pipe that this handle came from is "
        "gone, or it never had one");
  return *ring;
}

QueueRing ring_of(const ObjectId& id) {
  return ring_of(Context::for_use(), id);
}

}  // namespace

Parcel::Parcel() : context_(Context::for_use()), first_(no_chunk), last_(no_chunk) {}

Parcel::Parcel(const ObjectId& queue) : Parcel() {
  ring_of(context_, queue);
}

Parcel::~Parcel() {
  if (first_ != no_chunk) context_.chunks().give_chain(first_);
}

void Parcel::add_chunk(std::size_t more) {
  Chunks& chunks = context_.chunks();
  // As much again as there is already, when nobody knows how much will come.
  const ChunkId id = chunks.take(std::max(more, written_));
  if (first_ == no_chunk) {
    first_ = id;
  } else {
    ChunkLink link = chunks.link(last_);
    link.next = id;
    chunks.word(last_).link.store(link.pack(), std::memory_order_release);
  }
  last_ = id;
  at_ = chunks.data(id);
  room_ = Chunks::size(id);
}

void Parcel::write(const void* bytes, std::size_t size) {
  const auto* from = static_cast<const std::byte*>(bytes);
  do {
    if (room_ == 0) add_chunk(size);
    const std::size_t n = std::min(room_, size);
    memcpy(at_, from, n);
    at_ += n;
    room_ -= n;
    from += n;
    size -= n;
    written_ += n;
    context_.chunks().word(last_).link.store(
        ChunkLink{no_chunk, static_cast<std::uint32_t>(Chunks::size(last_) - room_)}.pack(),
        std::memory_order_release);
  } while (size != 0);
}

std::uint32_t Parcel::release() {
  if (first_ == no_chunk) add_chunk(1);  // an item of no bytes
  return std::exchange(first_, no_chunk);
}

Outcome send(const ObjectId& queue, Parcel& item, std::int64_t deadline) {
  if (item.first_ == no_chunk) item.add_chunk(1);  // an item of no bytes
  QueueRing::Push result = QueueRing::Push::full;
  // Each look finds the queue anew: it may go while somebody waits.
  const bool over = ring_of(item.context_, queue).header().room.wait(deadline, [&] {
    result = ring_of(item.context_, queue).push(item.first_);
    return result != QueueRing::Push::full;
  });
  if (!over) return Outcome::not_now;
  if (result == QueueRing::Push::closed) return Outcome::closed;
  item.first_ = no_chunk;  // the queue's now
  return Outcome::done;
}

Delivery::Delivery(const ObjectId& queue)
    : ItemBytes(Context::for_use(), no_chunk), queue_(queue) {}

Delivery::~Delivery() {
  if (cell_ != 0) {
    const QueueRing::Claim claim{position_, Cell::unpack(cell_), true};
    if (auto ring = find_ring(context_, queue_)) ring->give_back(claim);
  }
}

Outcome claim(Delivery& item, std::int64_t deadline) {
  QueueRing::Claim result;
  bool closed = false;
  ring_of(item.context_, item.queue_).header().items.wait(deadline, [&] {
    QueueRing ring = ring_of(item.context_, item.queue_);
    closed = ring.header().closed.load() != 0;
    result = ring.claim();
    // What others are still reading comes back if they die, so that is not the end.
    closed = closed && !result.done && ring.drained();
    return result.done || closed;
  });
  if (!result.done) return closed ? Outcome::closed : Outcome::not_now;
  item.position_ = result.position;
  item.cell_ = result.cell.pack();
  item.chunk_ = result.cell.chunk;
  return Outcome::done;
}

void ItemBytes::read(void* to, std::size_t size) {
  Chunks& chunks = context_.chunks();
  auto* at = static_cast<std::byte*>(to);
  while (size != 0) {
    const ChunkLink link = chunks.valid(chunk_) ? chunks.link(chunk_) : ChunkLink{};
    if (link.used == 0)
      throw Error(
          "tine: an item has fewer bytes than its type reads; load() of the type must read "
          "what its save() writes");
    const std::size_t n =
        std::min<std::size_t>(size, link.used - std::min<std::size_t>(offset_, link.used));
    if (offset_ == 0 && Chunks::size(chunk_) == chunk_bytes.back())
      madvise(chunks.data(chunk_), round_up(link.used, page), MADV_POPULATE_READ);
    memcpy(at, chunks.data(chunk_) + offset_, n);
    at += n;
    size -= n;
    offset_ += n;
    if (offset_ >= link.used) {
      chunk_ = link.next;
      offset_ = 0;
    }
  }
}

void Delivery::accept() noexcept {
  const QueueRing::Claim claim{position_, Cell::unpack(cell_), true};
  cell_ = 0;
  if (auto ring = find_ring(context_, queue_))
    ring->commit(claim);
  else
    context_.chunks().give_chain(claim.cell.chunk);
}

ObjectId make_queue(std::ptrdiff_t maxsize) {
  if (maxsize < 0)
    throw InvalidArgument("tine: the size of a queue is " + std::to_string(maxsize) +
                          "; give 0 for one without a limit");
  Context& context = Context::make();
  const std::uint64_t cells =
      maxsize != 0 ? static_cast<std::uint64_t>(maxsize)
                   : std::min<std::uint64_t>(QueueRing::unbounded, context.object_space() / 256);
  if (cells > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(CellWord) / 2)
    throw InvalidArgument("tine: the size of a queue overflows");
  constexpr std::uint64_t at_once = 4096;
  ObjectId id;
  const std::uint64_t committed = std::min(cells, at_once);
  auto* header = reinterpret_cast<QueueHeader*>(context.make_object(
      ObjectKind::queue, QueueRing::bytes_for(cells), QueueRing::bytes_for(committed), id));
  header->committed.store(committed);
  header->cells.store(cells);
  return id;
}

void end_queue(const ObjectId& queue) noexcept {
  Context* context = Context::existing();
  std::size_t bytes = 0;
  // A copy of it, in a fork of the application or in a Process, is not the queue.
  std::byte* at = context == nullptr || !context->is_own()
                      ? nullptr
                      : context->object(queue, ObjectKind::queue, &bytes);
  if (at == nullptr) return;
  QueueRing ring(*context, at, bytes);
  ring.empty_out();
  ring.header().tasks.reset();
  context->end_object(queue);
}

void close_queue(const ObjectId& queue) {
  ring_of(queue).close();
}

bool queue_closed(const ObjectId& queue) {
  return ring_of(queue).header().closed.load() != 0;
}

std::size_t queue_size(const ObjectId& queue) {
  return ring_of(queue).size();
}

bool queue_empty(const ObjectId& queue) {
  return ring_of(queue).drained();
}

bool queue_full(const ObjectId& queue) {
  return ring_of(queue).full();
}

// What was published is counted by the tail, which no death can falsify; so it is enough to count
// what is done.
void queue_task_done(const ObjectId& queue) {
  QueueRing ring = ring_of(queue);
  const std::uint64_t published = ring.published();
  std::atomic<std::uint64_t>& done = ring.header().tasks_done;
  std::uint64_t n = done.load();
  do {
    if (n >= published)
      throw InvalidArgument("tine: task_done() was called more often than items were put");
  } while (!done.compare_exchange_weak(n, n + 1));
  if (n + 1 == published) ring.header().tasks.notify(INT_MAX);
}

bool queue_join(const ObjectId& queue, std::int64_t deadline) {
  return ring_of(queue).header().tasks.wait(deadline, [&] {
    QueueRing ring = ring_of(queue);
    return ring.header().tasks_done.load() >= ring.published();
  });
}

}  // namespace tine::detail
