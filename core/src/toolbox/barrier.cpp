#include <tine/barrier.hpp>

#include <string.h>

#include <string>

#include <tine/error.hpp>
#include <tine/report.hpp>

#include "toolbox/arrivals.hpp"
#include "toolbox/context.hpp"

namespace tine {

namespace detail {

namespace {

Arrivals arrivals_of(const ObjectId& id) {
  std::size_t bytes = 0;
  std::byte* at = Context::for_use().must_find(id, ObjectKind::barrier, "barrier", &bytes);
  return {at, bytes};
}

/// An action as it was copied out of shared memory.
struct Action {
  ActionTrampoline run = nullptr;
  alignas(std::max_align_t) std::byte bytes[max_action] = {};

  std::uint64_t checksum() const noexcept {
    std::uint64_t hash = 0xcbf29ce484222325 ^ reinterpret_cast<std::uintptr_t>(run);  // FNV-1a
    for (const std::byte b : bytes) hash = (hash ^ static_cast<std::uint64_t>(b)) * 0x100000001b3;
    return hash;
  }
};

// The barrier whose action this thread is running.
thread_local ObjectId acting;

// A kernel may have written over it, and then to jump there would be the end of the master.
void run_action(const ObjectId& id) {
  const BarrierHeader& header = arrivals_of(id).header();
  Action action;
  action.run = header.run.load();
  memcpy(action.bytes, header.action, sizeof action.bytes);
  if (action.checksum() != header.checksum.load())
    throw Error(
        "tine: a kernel wrote over the action of a barrier. Look for a write through a stale "
        "pointer; AddressSanitizer finds it");
  struct Acting {
    ObjectId before = acting;
    ~Acting() { acting = before; }
  } const restored;
  acting = id;
  action.run(action.bytes);
}

[[noreturn]] void throw_broken(const BarrierState& end) {
  std::string why;
  Report report;
  switch (end.reason) {
    case BarrierState::timeout:
      why = "a wait() ran out of time";
      break;
    case BarrierState::abort:
      why = "abort() was called";
      break;
    case BarrierState::reset:
      why = "it was reset while there were processes waiting";
      break;
    case BarrierState::action:
      why = "its action threw";
      break;
    default: {
      Fault fault;
      fault.cause = static_cast<Cause>(end.reason - BarrierState::death);
      (fault.cause == Cause::exited ? fault.exit_status : fault.signal) = end.status;
      why = end.pid == 0
                ? "a process died in it, and nobody knows of what, since its supervisor was "
                  "killed"
                : "process " + std::to_string(end.pid) + " died in it: " + fault.event();
      if (end.pid != 0) report.faults.push_back(fault);
      break;
    }
  }
  throw BrokenBarrier("tine: a barrier is broken: " + why + "; reset() makes it as new",
                      std::move(report));
}

}  // namespace

ObjectId make_barrier(std::ptrdiff_t parties, ActionTrampoline run, const void* bytes,
                      std::size_t size, const Timeout& timeout) {
  if (parties < 1 || parties > max_arrivals)
    throw InvalidArgument("tine: a barrier for " + std::to_string(parties) +
                          " parties; it can have 1 to " + std::to_string(max_arrivals));
  deadline_of(true, timeout);  // it is not negative
  Action action;
  action.run = run;
  if (size != 0) memcpy(action.bytes, bytes, size);
  const auto n = static_cast<std::uint32_t>(parties);
  ObjectId id;
  auto& header = *reinterpret_cast<BarrierHeader*>(Context::make().make_object(
      ObjectKind::barrier, Arrivals::bytes_for(n), Arrivals::bytes_for(n), id));
  header.parties.store(n);
  header.timeout.store(timeout ? timeout->count() : -1);
  memcpy(header.action, action.bytes, sizeof action.bytes);
  header.checksum.store(action.checksum());
  header.run.store(run);
  return id;
}

}  // namespace detail

using namespace detail;

std::size_t BarrierView::wait(const Timeout& timeout) const {
  if (acting.generation != 0 && acting.generation == id_.generation)
    throw InvalidArgument("tine: the action of a barrier waits at the barrier, for itself");
  Timeout limit = timeout;
  BarrierHeader& header = arrivals_of(id_).header();
  if (const std::int64_t own = header.timeout.load(); !limit && own >= 0)
    limit = std::chrono::nanoseconds(own);
  const std::int64_t deadline = deadline_of(true, limit);
  const unsigned party = Context::for_use().party();
  Arrivals::Place place;
  Arrivals::Outcome outcome = Arrivals::Outcome::waiting;
  header.over.wait(deadline, [&] {
    outcome = arrivals_of(id_).look(party, place);
    return outcome != Arrivals::Outcome::waiting;
  });
  if (outcome == Arrivals::Outcome::act) {
    try {
      run_action(id_);
    } catch (...) {
      arrivals_of(id_).give_up(BarrierState::action, place);
      throw;
    }
    outcome = arrivals_of(id_).acted(place);
  } else if (outcome == Arrivals::Outcome::waiting) {
    outcome = arrivals_of(id_).give_up(BarrierState::timeout, place);
  }
  if (outcome == Arrivals::Outcome::broken) throw_broken(place.end);
  return place.index;
}

void BarrierView::reset() const {
  arrivals_of(id_).reset();
}

void BarrierView::abort() const {
  arrivals_of(id_).abort();
}

std::size_t BarrierView::parties() const {
  return arrivals_of(id_).header().parties.load();
}

std::size_t BarrierView::n_waiting() const {
  return arrivals_of(id_).waiting();
}

bool BarrierView::broken() const {
  return arrivals_of(id_).broken();
}

}  // namespace tine
