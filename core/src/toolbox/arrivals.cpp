#include "toolbox/arrivals.hpp"

#include <limits.h>

#include <algorithm>

namespace tine::detail {

namespace {

using Phase = BarrierState::Phase;

// How many generations a is ahead of b, negative: behind.
std::int32_t ahead(std::uint32_t a, std::uint32_t b) noexcept {
  constexpr unsigned spare = 32 - BarrierState::generation_bits;
  return static_cast<std::int32_t>((a - b) << spare) >> spare;
}

BarrierState next_after(const BarrierState& now) noexcept {
  return {Phase::filling, now.generation + 1, 0, 0, 0};
}

}  // namespace

Arrivals::Arrivals(std::byte* at, std::size_t bytes) noexcept
    : header_(*reinterpret_cast<BarrierHeader*>(at)),
      places_(reinterpret_cast<std::atomic<std::uint64_t>*>(at + sizeof(BarrierHeader))),
      parties_(static_cast<std::uint32_t>(std::min<std::size_t>(
          header_.parties.load(), (bytes - sizeof(BarrierHeader)) / sizeof(std::uint64_t)))) {}

bool Arrivals::change(std::uint64_t& seen, BarrierState next) noexcept {
  if (!header_.state.compare_exchange_strong(seen, next.pack())) return false;
  if (next.phase != Phase::acting) header_.over.notify(INT_MAX);
  return true;
}

bool Arrivals::arrived(std::uint32_t i, std::uint32_t generation) const noexcept {
  const Arrival a = Arrival::unpack(places_[i].load());
  return a.party != 0 && a.generation == generation;
}

bool Arrivals::all_arrived(std::uint32_t generation) const noexcept {
  for (std::uint32_t i = 0; i < parties_; ++i)
    if (!arrived(i, generation)) return false;
  return true;
}

bool Arrivals::take_place(unsigned party, std::uint32_t generation, Place& place) noexcept {
  for (std::uint32_t i = 0; i < parties_; ++i) {
    std::uint64_t seen = places_[i].load();
    for (;;) {
      const Arrival a = Arrival::unpack(seen);
      if (a.party != 0 && ahead(a.generation, generation) >= 0) break;
      if (!places_[i].compare_exchange_strong(seen, Arrival{party, generation}.pack())) continue;
      place.taken = true;
      place.index = i;
      place.generation = generation;
      return true;
    }
  }
  return false;
}

// Of a place in a generation.
Arrivals::Outcome Arrivals::outcome(Place& place) const noexcept {
  BarrierState now = BarrierState::unpack(header_.state.load());
  if (now.generation != place.generation) {
    now = BarrierState::unpack(header_.ends[place.generation % std::size(header_.ends)].load());
    if (now.phase != Phase::broken || now.generation != place.generation) return Outcome::passed;
  }
  if (now.phase != Phase::broken) return Outcome::waiting;
  place.end = now;
  return Outcome::broken;
}

Arrivals::Outcome Arrivals::look(unsigned party, Place& place) noexcept {
  std::uint64_t seen = header_.state.load();
  for (;;) {
    const BarrierState now = BarrierState::unpack(seen);
    if (!place.taken) {
      place.generation = now.generation;
      if (now.phase == Phase::broken) return outcome(place);
      // More have come than belong here: then some of them wait for the next generation.
      if (now.phase == Phase::acting || !take_place(party, now.generation, place))
        return Outcome::waiting;
    }
    if (const Outcome o = outcome(place); o != Outcome::waiting) return o;
    if (now.phase == Phase::acting || !all_arrived(place.generation)) return Outcome::waiting;
    if (header_.run.load() == nullptr) {
      if (change(seen, next_after(now))) return Outcome::passed;
    } else if (change(seen, {Phase::acting, now.generation, 0, 0, party})) {
      return Outcome::act;
    }
  }
}

Arrivals::Outcome Arrivals::acted(Place& place) noexcept {
  std::uint64_t seen = header_.state.load();
  const BarrierState now = BarrierState::unpack(seen);
  if (now.phase == Phase::acting && now.generation == place.generation &&
      change(seen, next_after(now)))
    return Outcome::passed;
  return outcome(place);
}

Arrivals::Outcome Arrivals::give_up(BarrierState::Reason why, Place& place) noexcept {
  std::uint64_t seen = header_.state.load();
  for (;;) {
    const BarrierState now = BarrierState::unpack(seen);
    if (!place.taken) place.generation = now.generation;
    if (now.generation == place.generation && now.phase != Phase::broken &&
        !change(seen, {Phase::broken, now.generation, why, 0, 0}))
      continue;
    return outcome(place);
  }
}

void Arrivals::abort() noexcept {
  std::uint64_t seen = header_.state.load();
  for (;;) {
    const BarrierState now = BarrierState::unpack(seen);
    if (now.phase == Phase::broken ||
        change(seen, {Phase::broken, now.generation, BarrierState::abort, 0, 0}))
      return;
  }
}

void Arrivals::reset() noexcept {
  std::uint64_t seen = header_.state.load();
  BarrierState now = BarrierState::unpack(seen);
  while (now.phase != Phase::broken) {
    if (now.phase == Phase::filling && waiting() == 0) return;  // it is as new
    const BarrierState next{Phase::broken, now.generation, BarrierState::reset, 0, 0};
    if (change(seen, next)) seen = next.pack();
    now = BarrierState::unpack(seen);
  }
  std::atomic<std::uint64_t>& end = header_.ends[now.generation % std::size(header_.ends)];
  std::uint64_t old = end.load();
  // Not when another has done all this meanwhile.
  if (header_.state.load() != seen) return;
  end.compare_exchange_strong(old, seen);
  if (!change(seen, next_after(now))) return;
  // A place that is never taken again must not fall behind by half of all generations.
  for (std::uint32_t i = 0; i < parties_; ++i) {
    std::uint64_t place = places_[i].load();
    if (ahead(Arrival::unpack(place).generation, now.generation) <= 0)
      places_[i].compare_exchange_strong(place, 0);
  }
}

std::size_t Arrivals::waiting() const noexcept {
  const BarrierState now = BarrierState::unpack(header_.state.load());
  std::size_t n = 0;
  if (now.phase != Phase::broken)
    for (std::uint32_t i = 0; i < parties_; ++i) n += arrived(i, now.generation);
  return n;
}

bool Arrivals::broken() const noexcept {
  return BarrierState::unpack(header_.state.load()).phase == Phase::broken;
}

bool Arrivals::is_in(unsigned party, const BarrierState& now) const noexcept {
  for (std::uint32_t i = 0; i < parties_; ++i)
    if (Arrival::unpack(places_[i].load()).party == party && arrived(i, now.generation))
      return true;
  return false;
}

void Arrivals::repair(unsigned dead, const Death& death) noexcept {
  std::uint64_t seen = header_.state.load();
  for (;;) {
    const BarrierState now = BarrierState::unpack(seen);
    if (now.phase == Phase::broken || !is_in(dead, now)) break;
    if (change(seen,
               {Phase::broken, now.generation,
                static_cast<std::uint8_t>(BarrierState::death + static_cast<unsigned>(death.cause)),
                static_cast<std::uint8_t>(death.status), static_cast<std::uint32_t>(death.pid)}))
      break;
  }
  header_.over.reset();
}

}  // namespace tine::detail
