// A process is killed at every instruction boundary of what locks, semaphores, conditions and
// barriers do, and of the repair after another's death. After each death the lock can be had, the
// number of permits is exact, a notification is somebody's, and whoever waits at the barrier goes
// on or is told. The words of the protocol tell in which state a death fell, and all states must
// have been hit.
#include <limits.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/shared_words.hpp"
#include "support/sweep.hpp"
#include "toolbox/arrivals.hpp"
#include "toolbox/context.hpp"
#include "toolbox/permits.hpp"
#include "toolbox/waiters.hpp"

namespace {

using tine::detail::Arrivals;
using tine::detail::BarrierState;
using tine::detail::Context;
using tine::detail::ObjectKind;
using tine::detail::Permit;
using tine::detail::Waiter;
using tine::detail::Waiters;
using tine_test::returned;
using tine_test::stage;

class SyncSweep : public tine_test::NothingLeftBehind {
 protected:
  static void SetUpTestSuite() {
    // Each function is found by the linker, and each thread has its number, before it is stepped.
    tine::Condition condition;
    tine::Barrier barrier(1, [] {});
    std::scoped_lock guard(condition);
    condition.wait(std::chrono::nanoseconds(0));
    condition.notify();
    barrier.wait();
    barrier.abort();
    barrier.reset();
    tine::Semaphore semaphore;
    semaphore.acquire();
    semaphore.release();
    semaphore.release();
  }
};

/// Looks in the same place each time.
struct Party : tine_test::Party {
  Party() {
    tine::Lock one;
    one.acquire();
    one.release();
  }
};

template <class Header>
std::atomic<std::uint64_t>* words_of(const tine::detail::Handle& handle, ObjectKind kind) {
  std::byte* at = Context::existing()->must_find(id_of(handle), kind, "object");
  return reinterpret_cast<std::atomic<std::uint64_t>*>(at + sizeof(Header));
}

/// A party and what it may use.
struct Scene : Party {
  tine::Lock lock;
  tine::RLock rlock;
  tine::Semaphore semaphore{3};
  tine::BoundedSemaphore bounded{2};

  static Permit permit(const tine::detail::Handle& of, std::size_t i = 0) {
    return Permit::unpack(words_of<tine::detail::PermitsHeader>(of, ObjectKind::permits)[i].load());
  }
  /// Permits in the party's name.
  int held(const tine::detail::Handle& of, std::size_t permits) const {
    int n = 0;
    for (std::size_t i = 0; i < permits; ++i) {
      const Permit p = permit(of, i);
      n += p.state == Permit::State::held && p.party == party();
    }
    return n;
  }
};

using Set = std::function<void(Scene&)>;

std::function<std::unique_ptr<Scene>()> scene(const Set& prepare = [](Scene&) {}) {
  return [prepare] {
    auto s = std::make_unique<Scene>();
    prepare(*s);
    return s;
  };
}

// "held" or "returned", before that the first of these.
std::function<std::string(Scene&)> state_of_acquire(const std::function<int(const Scene&)>& held) {
  return [held](Scene& s) {
    return std::string(stage() == returned ? "returned" : held(s) != 0 ? "held" : "not held");
  };
}

template <class L>
void check_lock(const L& lock, bool abandoned) {
  EXPECT_FALSE(lock.locked());
  EXPECT_TRUE(lock.acquire(false));
  EXPECT_EQ(lock.was_abandoned(), abandoned);
  lock.release();
  EXPECT_THROW(lock.release(), tine::NotHeld);
  EXPECT_TRUE(lock.acquire(false));
  EXPECT_FALSE(lock.was_abandoned());
  lock.release();
}

TEST_F(SyncSweep, acquire_of_a_lock) {
  tine_test::sweep<Scene>(
      {.set = scene(),
       .call = [](Scene& s) { s.lock.acquire(); },
       .look = state_of_acquire([](const Scene& s) { return s.held(s.lock, 1); }),
       .check = [](Scene& s, const std::string& state) { check_lock(s.lock, state != "not held"); },
       .expected = {"not held", "held", "returned"}});
}

TEST_F(SyncSweep, acquire_of_a_lock_that_another_holds) {
  tine_test::sweep<Scene>(
      {.set = scene([](Scene& s) { s.lock.acquire(); }),
       .call = [](Scene& s) { s.lock.acquire(false); },
       .look = state_of_acquire([](const Scene& s) { return s.held(s.lock, 1); }),
       .check =
           [](Scene& s, const std::string&) {
             EXPECT_TRUE(s.lock.locked());
             s.lock.release();
             check_lock(s.lock, false);
           },
       .expected = {"not held", "returned"}});
}

TEST_F(SyncSweep, release_of_a_lock) {
  tine_test::sweep<Scene>(
      {.set = scene(),
       .first = [](Scene& s) { s.lock.acquire(); },
       .call = [](Scene& s) { s.lock.release(); },
       .look = [](Scene& s) { return std::string(s.lock.locked() ? "held" : "released"); },
       .check = [](Scene& s, const std::string& state) { check_lock(s.lock, state == "held"); },
       .expected = {"held", "released"}});
}

TEST_F(SyncSweep, acquire_of_an_rlock_once_more) {
  tine_test::sweep<Scene>(
      {.set = scene(),
       .first = [](Scene& s) { s.rlock.acquire(); },
       .call = [](Scene& s) { s.rlock.acquire(); },
       .look =
           [](Scene& s) { return std::to_string(Scene::permit(s.rlock).depth) + " times held"; },
       .check = [](Scene& s, const std::string&) { check_lock(s.rlock, true); },
       .expected = {"1 times held", "2 times held"}});
}

TEST_F(SyncSweep, releases_of_an_rlock_that_is_held_twice) {
  tine_test::sweep<Scene>(
      {.set = scene(),
       .first =
           [](Scene& s) {
             s.rlock.acquire();
             s.rlock.acquire();
           },
       .call =
           [](Scene& s) {
             s.rlock.release();
             s.rlock.release();
           },
       .look =
           [](Scene& s) { return std::to_string(Scene::permit(s.rlock).depth) + " times held"; },
       .check = [](Scene& s,
                   const std::string& state) { check_lock(s.rlock, state != "0 times held"); },
       .expected = {"0 times held", "1 times held", "2 times held"}});
}

TEST_F(SyncSweep, acquire_of_a_semaphore) {
  tine_test::sweep<Scene>(
      {.set = scene([](Scene& s) { s.semaphore.acquire(); }),
       .call = [](Scene& s) { s.semaphore.acquire(); },
       .look = state_of_acquire([](const Scene& s) { return s.held(s.semaphore, 3); }),
       .check =
           [](Scene& s, const std::string&) {
             EXPECT_EQ(s.semaphore.value(), 2u);
             s.semaphore.release();
             EXPECT_EQ(s.semaphore.value(), 3u);
           },
       .expected = {"not held", "held", "returned"}});
}

TEST_F(SyncSweep, release_of_a_semaphore) {
  tine_test::sweep<Scene>(
      {.set = scene([](Scene& s) { s.semaphore.acquire(); }),
       .first = [](Scene& s) { s.semaphore.acquire(); },
       .call = [](Scene& s) { s.semaphore.release(); },
       .look = state_of_acquire([](const Scene& s) { return s.held(s.semaphore, 3); }),
       .check =
           [](Scene& s, const std::string&) {
             EXPECT_EQ(s.semaphore.value(), 2u);
             s.semaphore.release();
             EXPECT_EQ(s.semaphore.value(), 3u);
           },
       .expected = {"held", "not held", "returned"}});
}

TEST_F(SyncSweep, release_in_anothers_stead) {
  tine_test::sweep<Scene>({.set = scene([](Scene& s) { s.bounded.acquire(); }),
                           .call = [](Scene& s) { s.bounded.release(); },
                           .look =
                               [](Scene& s) {
                                 return std::string(s.bounded.value() == 2 ? "released"
                                                                           : "not released");
                               },
                           .check =
                               [](Scene& s, const std::string& state) {
                                 if (state == "released") {
                                   EXPECT_THROW(s.bounded.release(), tine::NotHeld);
                                 } else {
                                   s.bounded.release();
                                 }
                                 EXPECT_EQ(s.bounded.value(), 2u);
                               },
                           .expected = {"not released", "released"}});
}

TEST_F(SyncSweep, release_that_adds_a_permit) {
  tine_test::sweep<Scene>(
      {.set = scene(),
       .call = [](Scene& s) { s.semaphore.release(); },
       .look =
           [](Scene& s) {
             std::byte* at =
                 Context::existing()->must_find(id_of(s.semaphore), ObjectKind::permits, "it");
             const bool room = reinterpret_cast<tine::detail::PermitsHeader*>(at)->used.load() == 4;
             return std::string(stage() == returned        ? "returned"
                                : s.semaphore.value() == 4 ? "released"
                                : room                     ? "room made"
                                                           : "not released");
           },
       .check =
           [](Scene& s, const std::string& state) {
             const std::size_t value = state == "returned" || state == "released" ? 4 : 3;
             EXPECT_EQ(s.semaphore.value(), value);
             s.semaphore.release();
             EXPECT_EQ(s.semaphore.value(), value + 1);
           },
       .expected = {"not released", "room made", "released", "returned"}});
}

TEST_F(SyncSweep, repair_of_locks_may_be_interrupted_and_begun_again) {
  tine_test::sweep<Scene>({.set = scene([](Scene& s) {
                             s.die_after([&] {
                               s.rlock.acquire();
                               s.rlock.acquire();
                               s.semaphore.acquire();
                               s.semaphore.acquire();
                             });
                           }),
                           .call =
                               [](Scene& s) {
                                 permits_of(id_of(s.rlock)).repair(s.party());
                                 permits_of(id_of(s.semaphore)).repair(s.party());
                               },
                           .look =
                               [](Scene& s) {
                                 return stage() == returned ? std::string("returned")
                                        : s.rlock.locked()  ? std::string("nothing repaired")
                                                            : std::to_string(s.semaphore.value()) +
                                                                 " permits there";
                               },
                           .check =
                               [](Scene& s, const std::string&) {
                                 check_lock(s.rlock, true);
                                 EXPECT_EQ(s.semaphore.value(), 3u);
                               },
                           .expected = {"nothing repaired", "1 permits there", "2 permits there",
                                        "3 permits there", "returned"}});
}

/// A condition, whose lock the party has, with others that wait.
struct ConditionScene : Party {
  tine::Lock lock;
  tine::Condition condition{lock};
  std::array<Waiters::Place, 2> others;

  explicit ConditionScene(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) others[i] = waiters().enlist(1);
  }
  Waiters waiters() const {
    std::size_t bytes = 0;
    std::byte* at = Context::existing()->must_find(id_of(condition), ObjectKind::condition,
                                                   "condition", &bytes);
    return {at, bytes};
  }
  Waiter his() const {
    for (std::size_t i = 0; i < 4; ++i) {
      const Waiter w = Waiter::unpack(
          words_of<tine::detail::ConditionHeader>(condition, ObjectKind::condition)[i].load());
      if (w.state != Waiter::State::free && w.party == party()) return w;
    }
    return {};
  }
  bool holds_lock() const {
    const Permit p = Scene::permit(lock);
    return p.state == Permit::State::held && p.party == party();
  }
  int others_notified() const {
    return waiters().notified(others[0]) + waiters().notified(others[1]);
  }
  /// It works as before, and there are so many waiting.
  void check(std::size_t waiting) {
    EXPECT_FALSE(lock.locked());
    EXPECT_EQ(waiters().waiting(), waiting);
    std::scoped_lock guard(condition);
    EXPECT_FALSE(condition.wait(std::chrono::nanoseconds(1)));
    EXPECT_EQ(condition.notify_all(), waiting);
  }
};

std::function<std::unique_ptr<ConditionScene>()> condition_scene(std::size_t others) {
  return [others] { return std::make_unique<ConditionScene>(others); };
}

TEST_F(SyncSweep, wait_for_a_condition_that_runs_out_of_time) {
  tine_test::sweep<ConditionScene>(
      {.set = condition_scene(0),
       .first = [](ConditionScene& s) { s.lock.lock(); },
       .call = [](ConditionScene& s) { s.condition.wait(std::chrono::nanoseconds(0)); },
       .look =
           [](ConditionScene& s) {
             const bool enlisted = s.his().state == Waiter::State::waiting;
             return std::string(stage() == returned ? "returned"
                                : !enlisted         ? "with the lock alone"
                                : s.holds_lock()    ? "enlisted, with the lock"
                                                    : "enlisted, without the lock");
           },
       .check = [](ConditionScene& s, const std::string&) { s.check(0); },
       .expected = {"with the lock alone", "enlisted, with the lock", "enlisted, without the lock",
                    "returned"},
       .most_visits = 3});
}

TEST_F(SyncSweep, wait_that_is_notified) {
  tine_test::sweep<ConditionScene>(
      {.set = [] { return std::make_unique<ConditionScene>(0); },
       .first = [](ConditionScene& s) { s.lock.lock(); },
       .call =
           [](ConditionScene& s) {
             // As another one would do it.
             const Waiters::Place place = s.waiters().enlist(s.party());
             s.waiters().notify(1);
             s.waiters().leave(place);
           },
       .look =
           [](ConditionScene& s) {
             const Waiter w = s.his();
             return std::string(stage() == returned                  ? "returned"
                                : w.state == Waiter::State::waiting  ? "waiting"
                                : w.state == Waiter::State::notified ? "notified"
                                                                     : "with the lock alone");
           },
       .check = [](ConditionScene& s, const std::string&) { s.check(0); },
       .expected = {"with the lock alone", "waiting", "notified", "returned"},
       .most_visits = 3});
}

TEST_F(SyncSweep, notify) {
  tine_test::sweep<ConditionScene>(
      {.set = condition_scene(2),
       .first = [](ConditionScene& s) { s.lock.lock(); },
       .call = [](ConditionScene& s) { s.condition.notify(2); },
       .look =
           [](ConditionScene& s) {
             return stage() == returned ? "returned"
                                        : std::to_string(s.others_notified()) + " notified";
           },
       .check =
           [](ConditionScene& s, const std::string&) {
             EXPECT_TRUE(s.waiters().notified(s.others[0]) || !s.waiters().notified(s.others[1]))
                 << "not the one who has waited longest";
             s.check(2 - static_cast<std::size_t>(s.others_notified()));
           },
       .expected = {"0 notified", "1 notified", "2 notified", "returned"},
       .most_visits = 5});
}

TEST_F(SyncSweep, repair_of_a_condition_may_be_interrupted_and_begun_again) {
  int most = 0;
  tine_test::sweep<ConditionScene>(
      {.set =
           [] {
             auto s = std::make_unique<ConditionScene>(0);
             s->die_after([&] {
               s->waiters().enlist(s->party());
               s->waiters().notify(1);
               s->waiters().enlist(s->party());
             });
             for (auto& other : s->others) other = s->waiters().enlist(1);
             return s;
           },
       .call = [](ConditionScene& s) { s.waiters().repair(s.party()); },
       .look =
           [](ConditionScene& s) {
             const bool there = s.his().state != Waiter::State::free;
             return std::string(stage() == returned                        ? "returned"
                                : s.others_notified() == 0                 ? "nothing repaired"
                                : s.his().state == Waiter::State::notified ? "passed on"
                                : there                                    ? "one word free"
                                                                           : "both words free");
           },
       .check =
           [&](ConditionScene& s, const std::string& state) {
             // One too many only where it was interrupted in between.
             EXPECT_GE(s.others_notified(), 1) << "the notification is lost";
             EXPECT_LE(s.others_notified(), state == "passed on" ? 2 : 1);
             most = std::max(most, s.others_notified());
             s.check(2 - static_cast<std::size_t>(s.others_notified()));
           },
       .expected = {"nothing repaired", "passed on", "one word free", "both words free",
                    "returned"},
       .most_visits = 5});
  EXPECT_EQ(most, 2);
}

/// A barrier for two, at which one waits already.
struct BarrierScene : Party {
  tine::Barrier barrier;
  Arrivals::Place first;

  explicit BarrierScene(bool action)
      : barrier(action ? tine::Barrier(2, [] {}) : tine::Barrier(2)) {
    EXPECT_EQ(arrivals().look(1, first), Arrivals::Outcome::waiting);
  }
  Arrivals arrivals() const {
    std::size_t bytes = 0;
    std::byte* at =
        Context::existing()->must_find(id_of(barrier), ObjectKind::barrier, "barrier", &bytes);
    return {at, bytes};
  }
  BarrierState state() const { return BarrierState::unpack(arrivals().header().state.load()); }
  std::string name() const {
    if (stage() == returned) return "returned";
    const BarrierState s = state();
    if (s.phase == BarrierState::Phase::broken) return "broken";
    if (s.generation != 0) return "over";
    if (s.phase == BarrierState::Phase::acting) return "acting";
    return arrivals().waiting() == 2 ? "arrived" : "not there";
  }
  /// How it is for the one who waits, and that two others can use it.
  void check(Arrivals::Outcome expected) {
    EXPECT_EQ(arrivals().look(1, first), expected);
    if (expected == Arrivals::Outcome::waiting || barrier.broken()) barrier.reset();
    Arrivals::Place a, b;
    EXPECT_EQ(arrivals().look(1, a), Arrivals::Outcome::waiting);
    Arrivals::Outcome last = arrivals().look(1, b);
    if (last == Arrivals::Outcome::act) last = arrivals().acted(b);
    EXPECT_EQ(last, Arrivals::Outcome::passed);
    EXPECT_EQ(arrivals().look(1, a), Arrivals::Outcome::passed);
    EXPECT_NE(a.index, b.index);
  }
};

std::function<std::unique_ptr<BarrierScene>()> barrier_scene(bool action) {
  return [action] { return std::make_unique<BarrierScene>(action); };
}

void check_wait(BarrierScene& s, const std::string& state) {
  s.check(state == "not there"                      ? Arrivals::Outcome::waiting
          : state == "arrived" || state == "acting" ? Arrivals::Outcome::broken
                                                    : Arrivals::Outcome::passed);
}

TEST_F(SyncSweep, wait_at_a_barrier) {
  tine_test::sweep<BarrierScene>({.set = barrier_scene(false),
                                  .call = [](BarrierScene& s) { s.barrier.wait(); },
                                  .look = [](BarrierScene& s) { return s.name(); },
                                  .check = check_wait,
                                  .expected = {"not there", "arrived", "over", "returned"}});
}

TEST_F(SyncSweep, wait_at_a_barrier_with_an_action) {
  tine_test::sweep<BarrierScene>(
      {.set = barrier_scene(true),
       .call = [](BarrierScene& s) { s.barrier.wait(); },
       .look = [](BarrierScene& s) { return s.name(); },
       .check = check_wait,
       .expected = {"not there", "arrived", "acting", "over", "returned"},
       .most_visits = 3});
}

TEST_F(SyncSweep, reset_of_a_barrier) {
  tine_test::sweep<BarrierScene>({.set = barrier_scene(false),
                                  .call = [](BarrierScene& s) { s.barrier.reset(); },
                                  .look = [](BarrierScene& s) { return s.name(); },
                                  .check =
                                      [](BarrierScene& s, const std::string& state) {
                                        s.check(state == "not there" ? Arrivals::Outcome::waiting
                                                                     : Arrivals::Outcome::broken);
                                      },
                                  .expected = {"not there", "broken", "over", "returned"}});
}

TEST_F(SyncSweep, repair_of_a_barrier_may_be_interrupted_and_begun_again) {
  tine_test::sweep<BarrierScene>(
      {.set =
           [] {
             auto s = std::make_unique<BarrierScene>(false);
             // Dead before it has moved the state on.
             s->die_after([&] {
               auto* places =
                   words_of<tine::detail::BarrierHeader>(s->barrier, ObjectKind::barrier);
               places[1].store(tine::detail::Arrival{s->party(), 0}.pack());
             });
             return s;
           },
       .call = [](BarrierScene& s) { s.arrivals().repair(s.party(), {}); },
       .look = [](BarrierScene& s) { return s.name(); },
       .check = [](BarrierScene& s, const std::string&) { s.check(Arrivals::Outcome::broken); },
       .expected = {"arrived", "broken", "returned"}});
}

}  // namespace
