#include "toolbox/pipe.hpp"

#include <pthread.h>

#include <mutex>

#include <tine/detail/pipe_core.hpp>
#include <tine/error.hpp>

#include "toolbox/context.hpp"

namespace tine::detail {

namespace {

// A pipe's memory goes when nobody holds an end any more, which the master sees to; no other thread
// of it may be about to add a holder then. Taken around each fork, so that a child finds it free.
std::mutex holding;

void survive_forks() {
  static const int registered =
      pthread_atfork([] { holding.lock(); }, [] { holding.unlock(); }, [] { holding.unlock(); });
  (void)registered;
}

template <class F>
void each_pipe(Context& context, F f) {
  for (unsigned slot = 0; slot < max_objects; ++slot) {
    const ObjectId id = context.object_in(slot);
    std::byte* at = context.object(id, ObjectKind::pipe);
    if (at == nullptr) continue;
    PipeEnds ends(context, at);
    if (ends.made()) f(id, ends);
  }
}

// In the master. Its children may have been the last to hold an end, so all pipes are looked at.
void end_pipes(Context& context) noexcept {
  each_pipe(context, [&](const ObjectId& id, PipeEnds& ends) {
    if (ends.held(0) || ends.held(1)) return;
    for (unsigned end : {0u, 1u}) ends.inbox(end).empty_out();
    context.end_object(id);
  });
}

PipeEnds pipe_of(const ObjectId& end) {
  Context& context = Context::for_use();
  std::byte* at = context.object(end, ObjectKind::pipe);
  if (at == nullptr) [[unlikely]]
    throw InvalidArgument(
        "tine: there is no such connection: it was closed or moved from, or nobody holds either "
        "end "
        "of its tine::Pipe any more");
  return {context, at};
}

}  // namespace

void PipeEnds::make(bool two_ways, unsigned holder) {
  constexpr std::uint64_t at_once = 256;
  for (unsigned end = 0; end < (two_ways ? 2u : 1u); ++end) {
    std::byte* at = at_ + page + end * inbox_bytes;
    context_.commit(at, QueueRing::bytes_for(at_once));
    auto& inbox = *reinterpret_cast<QueueHeader*>(at);
    inbox.committed.store(at_once);
    inbox.cells.store(most_items);
  }
  for (auto& words : header().holders) words[holder / 64].store(std::uint64_t{1} << holder % 64);
  header().ways.store(two_ways ? 2 : 1);
}

bool PipeEnds::held(unsigned end) const noexcept {
  for (;;) {
    const std::uint32_t seen = header().inherited.load();
    for (const auto& word : header().holders[end & 1])
      if (word.load() != 0) return true;
    if (header().inherited.load() == seen) return false;
  }
}

void PipeEnds::inherit(unsigned parent, unsigned child) noexcept {
  bool added = false;
  for (auto& words : header().holders) {
    if ((words[parent / 64].load() >> parent % 64 & 1) == 0) continue;
    words[child / 64].fetch_or(std::uint64_t{1} << child % 64);
    added = true;
  }
  if (added) header().inherited.fetch_add(1);
}

bool PipeEnds::take_away(unsigned party, unsigned end) noexcept {
  const std::uint64_t bit = std::uint64_t{1} << party % 64;
  return (header().holders[end & 1][party / 64].fetch_and(~bit) & bit) != 0;
}

void PipeEnds::close_unless_held() noexcept {
  for (unsigned gone : {0u, 1u}) {
    if (held(gone)) continue;
    // In this order, so that who is told of the end of the file is not allowed to send any more.
    for (unsigned end : {gone, gone ^ 1})
      if (end == 0 || two_ways()) inbox(end).close();
  }
}

void PipeEnds::let_go(unsigned party, unsigned end) noexcept {
  if (take_away(party, end)) close_unless_held();
}

void PipeEnds::repair(unsigned dead, Suspects& suspects) {
  if (!made()) return;
  for (unsigned end : {0u, 1u}) {
    if (end == 0 || two_ways()) inbox(end).repair(dead, suspects);
    take_away(dead, end);
  }
  close_unless_held();
}

void inherit_connections(unsigned parent_party, unsigned child_party) noexcept {
  Context* context = Context::existing();
  if (context == nullptr) return;
  std::lock_guard lock(holding);
  each_pipe(*context,
            [&](const ObjectId&, PipeEnds& ends) { ends.inherit(parent_party, child_party); });
}

ObjectId make_pipe(bool two_ways) {
  Context& context = Context::make();
  survive_forks();
  {
    std::lock_guard lock(holding);
    end_pipes(context);
  }
  ObjectId id;
  std::byte* at = context.make_object(ObjectKind::pipe, PipeEnds::bytes, page, id);
  try {
    PipeEnds(context, at).make(two_ways, context.party());
  } catch (...) {
    context.end_object(id);
    throw;
  }
  return id;
}

void close_end(const ObjectId& end) noexcept {
  Context* context = Context::existing();
  if (context == nullptr || context->party() == 0) return;  // a copy, in a fork of the application
  std::lock_guard lock(holding);
  std::byte* at = context->object(end, ObjectKind::pipe);
  if (at == nullptr) return;
  PipeEnds(*context, at).let_go(context->party(), end.part());
  if (context->party() == master_party) end_pipes(*context);
}

bool end_closed(const ObjectId& end) {
  return !pipe_of(end).held(end.part());
}

ObjectId receiver_of(const ObjectId& end) {
  if (end.part() == 0 && !pipe_of(end).two_ways())
    throw InvalidArgument(
        "tine: this end of a one-way pipe only receives; send with the second one, or make the "
        "pipe "
        "with duplex = true");
  return end.with_part(end.part() ^ 1);
}

ObjectId receiving(const ObjectId& end) {
  if (end.part() == 1 && !pipe_of(end).two_ways())
    throw InvalidArgument(
        "tine: this end of a one-way pipe only sends; receive with the first one, or make the pipe "
        "with duplex = true");
  return end;
}

bool poll_end(const ObjectId& end, std::int64_t deadline) {
  auto ready = [&] {
    QueueRing inbox = pipe_of(end).inbox(end.part());
    return inbox.header().closed.load() != 0 || !inbox.drained();
  };
  return pipe_of(end).inbox(end.part()).header().items.wait(deadline, ready);
}

void end_of_file() {
  throw EndOfFile(
      "tine: nothing is left in the pipe, and all who held its other end have closed it or ended");
}

void nobody_receives() {
  throw Closed(
      "tine: nobody would receive what is sent: all who held the other end of the pipe have closed "
      "it or ended");
}

void another_type() {
  throw InvalidArgument(
      "tine: what comes next was sent as another type, and is still there; receive it with "
      "recv<T>() "
      "of the type that was given to send(), or with recv_bytes() when send_bytes() has sent it");
}

}  // namespace tine::detail
