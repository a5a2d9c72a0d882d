// Whoever dies, and wherever: what he held is released and marked, what he was given goes on to
// another, who waits with him is told, nobody hangs, and nobody is let in too many.
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/fixture.hpp"
#include "support/killer.hpp"
#include "support/processes.hpp"
#include "support/shared_words.hpp"
#include "toolbox/context.hpp"

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using tine::detail::Context;
using tine_test::eventually;
using tine_test::Killer;
using tine_test::SharedWords;

class SyncDeath : public tine_test::NothingLeftBehind {
 protected:
  static void SetUpTestSuite() {
    tine::Lock first;
    Killer::slices();
  }
};

/// What a lock protects: two numbers that are changed one after the other, without atomics, and who
/// is inside. Whoever is let in by mistake, or is not told that they may differ, finds out.
struct Protected {
  enum { inside, first, second, wrong, abandoned, words };
  tine::View<std::uint64_t> w;

  template <class L>
  void enter(const L& lock) const {
    volatile std::uint64_t* v = w.data();
    const auto me = static_cast<std::uint64_t>(getpid()) << 32 | static_cast<unsigned>(gettid());
    if (lock.was_abandoned()) {
      v[abandoned] = v[abandoned] + 1;
      v[second] = v[first];
    } else if (v[inside] != 0 || v[first] != v[second]) {
      v[wrong] = v[wrong] + 1;
    }
    v[inside] = me;
    v[first] = v[first] + 1;
    for (int i = 0; i < 50; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);
    v[second] = v[second] + 1;
    if (v[inside] != me) v[wrong] = v[wrong] + 1;
    v[inside] = 0;
  }
};

/// Locks and unlocks in workers and in a thread of the master, while workers are killed.
template <class L, class V>
void exclude_under_fire(L& lock, const V& view, unsigned workers, std::size_t kills_wanted,
                        void (*locked)(const V&, const Protected&)) {
  const SharedWords words(Protected::words);
  const Protected shared{words.view()};
  tine::Pool pool({.workers = workers});
  std::size_t kills = 0;
  while (kills < kills_wanted) {  // the fixture has a watchdog
    Killer killer(pool, 300);
    std::atomic<bool> over = false;
    std::thread here([&] {
      while (!over) locked(view, shared);
    });
    const tine::Report report =
        tine::for_each_slice(pool.with({.attempts = 60}), tine::slices(300, 1),
                             [view, shared, locked](const tine::Slice&) {
                               for (int i = 0; i < 30; ++i) locked(view, shared);
                               ++Killer::slices();
                             });
    over = true;
    here.join();
    kills += killer.stop();
    EXPECT_EQ(report.done, report.slices);
    EXPECT_EQ(words[Protected::wrong], 0u);
    ASSERT_TRUE(lock.acquire(true, 10s));
    lock.release();
    if (::testing::Test::HasFailure()) break;
  }
  EXPECT_GT(words[Protected::abandoned], 0u) << "no death fell into the lock";
  printf("  %zu kills, %zu while it was locked, %zu times locked\n", kills,
         static_cast<std::size_t>(words[Protected::abandoned]),
         static_cast<std::size_t>(words[Protected::first]));
}

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t many = 100;
#else
constexpr std::size_t many = 1000;
#endif

TEST_F(SyncDeath, at_thousands_of_random_moments_leaves_a_lock_exclusive) {
  for (const unsigned workers : {1u, 3u}) {
    tine::Lock lock;
    exclude_under_fire<tine::Lock, tine::LockView>(lock, lock.view(), workers, many,
                                                   [](const tine::LockView& l, const Protected& p) {
                                                     std::scoped_lock guard(l);
                                                     p.enter(l);
                                                   });
    EXPECT_FALSE(lock.locked());
  }
}

TEST_F(SyncDeath, at_random_moments_leaves_an_rlock_exclusive) {
  tine::RLock lock;
  exclude_under_fire<tine::RLock, tine::RLockView>(
      lock, lock.view(), 2, many, [](const tine::RLockView& l, const Protected& p) {
        std::scoped_lock guard(l);
        l.lock();
        p.enter(l);
        l.unlock();
      });
  EXPECT_FALSE(lock.locked());
}

TEST_F(SyncDeath, at_random_moments_costs_a_semaphore_no_permit) {
  for (const int permits : {1, 2, 5}) {
    tine::Semaphore plain(permits);
    tine::BoundedSemaphore bounded(permits);
    tine::Pool pool({.workers = 3});
    std::size_t kills = 0;
    while (kills < many / 3) {
      Killer killer(pool, 300);
      tine::for_each_slice(pool.with({.attempts = 60}), tine::slices(200, 1),
                           [p = plain.view(), b = bounded.view()](const tine::Slice&) {
                             for (int i = 0; i < 30; ++i) {
                               std::scoped_lock outer(p);
                               std::scoped_lock inner(b);
                             }
                             ++Killer::slices();
                           });
      kills += killer.stop();
      // The last kill may have met somebody who had only just finished.
      EXPECT_TRUE(eventually([&] { return plain.value() == static_cast<std::size_t>(permits); }));
      EXPECT_TRUE(eventually([&] { return bounded.value() == static_cast<std::size_t>(permits); }));
      EXPECT_THROW(bounded.release(), tine::NotHeld);
      if (HasFailure()) break;
    }
  }
}

/// A worker that does something and then dies.
template <class F>
void in_a_worker_that_dies(tine::Pool& pool, F f) {
  EXPECT_THROW(tine::for_each_slice(pool.with({.attempts = 1}), tine::slices(1, 1),
                                    [f](const tine::Slice&) {
                                      f();
                                      raise(SIGKILL);
                                    }),
               tine::SliceFailed);
}

TEST_F(SyncDeath, holding_a_lock_is_told_to_the_next_owner_alone) {
  tine::Lock lock;
  tine::Pool pool({.workers = 1});
  for (int round = 0; round < 3; ++round) {
    in_a_worker_that_dies(pool, [l = lock.view()] { l.lock(); });
    EXPECT_FALSE(lock.locked());
    EXPECT_FALSE(lock.was_abandoned()) << "he does not hold it yet";
    EXPECT_TRUE(lock.acquire(true, 10s));
    EXPECT_TRUE(lock.was_abandoned());
    std::thread([&] { EXPECT_FALSE(lock.was_abandoned()); }).join();
    lock.release();
    EXPECT_TRUE(lock.acquire(false));
    EXPECT_FALSE(lock.was_abandoned());
    lock.release();
  }
}

TEST_F(SyncDeath, holding_a_lock_lets_in_who_waits_for_it) {
  tine::Lock lock;
  tine::Event locked;
  tine::Pool pool({.workers = 2});
  for (int round = 0; round < 20; ++round) {
    locked.clear();
    std::thread waiting([&] {
      locked.wait();
      lock.lock();
      EXPECT_TRUE(lock.was_abandoned());
      lock.unlock();
    });
    in_a_worker_that_dies(pool, [l = lock.view(), e = locked.view(), round] {
      l.lock();
      e.set();
      usleep(static_cast<unsigned>(round) * 1000);
    });
    waiting.join();
  }
}

TEST_F(SyncDeath, voids_the_recursion_of_an_rlock) {
  tine::RLock lock;
  tine::Pool pool({.workers = 1});
  in_a_worker_that_dies(pool, [l = lock.view()] {
    for (int i = 0; i < 5; ++i) l.lock();
  });
  EXPECT_FALSE(lock.locked());
  EXPECT_TRUE(lock.try_lock());
  EXPECT_TRUE(lock.was_abandoned());
  lock.unlock();
  EXPECT_FALSE(lock.locked());
}

TEST_F(SyncDeath, gives_back_all_permits_of_a_semaphore) {
  tine::BoundedSemaphore s(10);
  tine::Pool pool({.workers = 1});
  for (int i = 0; i < 3; ++i) s.acquire();
  in_a_worker_that_dies(pool, [s = s.view()] {
    for (int i = 0; i < 6; ++i) s.acquire();
  });
  EXPECT_EQ(s.value(), 7u);
  EXPECT_FALSE(s.was_abandoned());
  int abandoned = 0;
  for (int i = 0; i < 7; ++i) {
    const bool before = s.was_abandoned();
    EXPECT_TRUE(s.acquire(false));
    abandoned += !before && s.was_abandoned();
  }
  EXPECT_EQ(abandoned, 1);
  for (int i = 0; i < 10; ++i) s.release();
  EXPECT_THROW(s.release(), tine::NotHeld);
  EXPECT_FALSE(s.was_abandoned());
}

TEST_F(SyncDeath, in_the_middle_of_writing_a_value_is_told_to_the_next_one) {
  struct Pair {
    int a, b;
  };
  tine::Value<Pair> value({1, 1});
  tine::Pool pool({.workers = 1});
  in_a_worker_that_dies(pool, [v = value.view()] {
    v.with_lock([](Pair& p) {
      p.a = 2;
      raise(SIGKILL);
      p.b = 2;
    });
  });
  {
    std::scoped_lock guard(value);
    EXPECT_TRUE(value.was_abandoned());
    EXPECT_EQ(value.get().a, 2);
    EXPECT_EQ(value.get().b, 1);
    value.set({3, 3});
  }
  std::scoped_lock guard(value);
  EXPECT_FALSE(value.was_abandoned());
}

// Those who died asleep are counted among the sleepers until somebody looks after them.
TEST_F(SyncDeath, of_sleepers_takes_the_wake_up_from_nobody) {
  tine::Lock lock;
  tine::Event event;
  tine::Value<int> asleep(0), woken(0);
  tine::Pool dying({.workers = 3}), living({.workers = 2});
  for (int round = 0; round < 10; ++round) {
    lock.lock();
    event.clear();
    asleep.set(0);
    woken.set(0);
    auto sleep = [l = lock.view(), e = event.view(), a = asleep.view(),
                  w = woken.view()](const tine::Slice&) {
      a.with_lock([](int& n) { ++n; });
      std::scoped_lock guard(l);
      e.wait();
      w.with_lock([](int& n) { ++n; });
    };
    std::thread dead([&] {
      EXPECT_THROW(tine::for_each_slice(dying.with({.attempts = 1}), tine::slices(3, 1), sleep),
                   tine::SliceFailed);
    });
    std::thread alive([&] { tine::for_each_slice(living, tine::slices(2, 1), sleep); });
    EXPECT_TRUE(eventually([&] { return asleep.get() >= 5; }));
    tine_test::sleep_ms(5);
    for (const int pid : dying.worker_pids())
      tine_test::signal_child(dying.supervisor_pid(), pid, SIGKILL);
    if (round % 2 == 0) dead.join();
    lock.unlock();
    event.set();
    alive.join();
    if (dead.joinable()) dead.join();
    EXPECT_GE(woken.get(), 2);
    EXPECT_TRUE(lock.acquire(true, 10s));
    lock.unlock();
  }
}

TEST_F(SyncDeath, of_who_was_notified_passes_that_on_to_another) {
  tine::Condition condition;
  tine::Pool pool({.workers = 1});
  for (int round = 0; round < 10; ++round) {
    tine::Event waiting;
    std::thread dead([&] {
      EXPECT_THROW(
          tine::for_each_slice(pool.with({.attempts = 1}), tine::slices(1, 1),
                               [c = condition.view(), e = waiting.view()](const tine::Slice&) {
                                 std::scoped_lock guard(c);
                                 e.set();
                                 c.wait();
                               }),
          tine::SliceFailed);
    });
    waiting.wait();
    std::atomic<int> notified = 0, enlisted = 0;
    std::vector<std::thread> others;
    for (int i = 0; i < 2; ++i)
      others.emplace_back([&] {
        std::scoped_lock guard(condition);
        ++enlisted;
        notified += condition.wait(20s);
      });
    EXPECT_TRUE(eventually([&] { return enlisted == 2; }));
    {
      std::scoped_lock guard(condition);
      EXPECT_EQ(condition.notify(1), 1u);  // the worker, who cannot have the lock
      tine_test::signal_child(pool.supervisor_pid(), pool.worker_pids()[0], SIGKILL);
      dead.join();
    }
    EXPECT_TRUE(eventually([&] { return notified == 1; })) << "the notification died with him";
    tine_test::sleep_ms(round == 0 ? 250 : 0);
    EXPECT_EQ(notified, 1);
    {
      std::scoped_lock guard(condition);
      EXPECT_EQ(condition.notify_all(), 1u);
    }
    for (auto& t : others) t.join();
  }
}

TEST_F(SyncDeath, of_who_waits_leaves_no_waiter_behind) {
  tine::Condition condition;
  tine::Pool pool({.workers = 1});
  for (int round = 0; round < 5; ++round) {
    EXPECT_THROW(tine::for_each_slice(pool.with({.attempts = 1}), tine::slices(1, 1),
                                      [c = condition.view()](const tine::Slice&) {
                                        std::scoped_lock guard(c);
                                        std::thread killer([] {
                                          usleep(5000);
                                          raise(SIGKILL);
                                        });
                                        c.wait();
                                      }),
                 tine::SliceFailed);
    std::scoped_lock guard(condition);
    EXPECT_EQ(condition.notify_all(), 0u);
  }
}

TEST_F(SyncDeath, at_random_moments_loses_no_item_between_conditions) {
  // A buffer with room for three, whose numbers are put and taken out in turn.
  tine::Lock lock;
  tine::Condition not_empty(lock), not_full(lock);
  const SharedWords words(3);  // put, taken, wrong
  tine::Pool pool({.workers = 3});
  std::size_t kills = 0;
  for (int round = 0; kills < many / 4 && round < 400; ++round) {
    words[0] = words[1] = 0;
    Killer killer(pool, 500);
    constexpr std::uint64_t items = 3000;
    std::thread producer([&] {
      for (std::uint64_t i = 0; i < items; ++i) {
        std::scoped_lock guard(not_full);
        not_full.wait_for([&] { return words[0] - words[1] < 3; });
        ++words[0];
        not_empty.notify();
      }
    });
    tine::for_each_slice(
        pool.with({.attempts = 60}), tine::slices(items, 10),
        [e = not_empty.view(), f = not_full.view(), w = words.view()](const tine::Slice& s) {
          for (std::size_t i = s.begin; i < s.end; ++i) {
            std::scoped_lock guard(e);
            // Deaths make slices take more than there is, so the last ones come in vain.
            e.wait_for([&] { return w[0] != w[1] || w[1] == items; });
            volatile std::uint64_t* v = w.data();
            if (v[1] < items) v[1] = v[1] + 1;
            v[2] = v[2] + (v[1] > v[0]);
            f.notify();
            if (v[1] == items) e.notify_all();
          }
          ++Killer::slices();
        });
    producer.join();
    kills += killer.stop();
    EXPECT_EQ(words[0], items);
    EXPECT_EQ(words[1], items);
    EXPECT_EQ(words[2], 0u);
    if (HasFailure()) break;
  }
  EXPECT_GE(kills, many / 4);
}

TEST_F(SyncDeath, at_random_moments_breaks_a_barrier_or_not_at_all) {
  constexpr unsigned members = 3;
  const SharedWords words(2);  // passed, broken
  tine::Barrier barrier(members);
  tine::Pool pool({.workers = members});
  std::size_t kills = 0;
  for (int round = 0; kills < many / 4 && round < 400; ++round) {
    Killer killer(pool, 1000);
    tine::for_each_slice(pool.with({.attempts = 60}), tine::slices(100, 1),
                         [b = barrier.view(), w = words.view()](const tine::Slice&) {
                           for (int i = 0; i < 20; ++i) {
                             try {
                               // Somebody may have died on the way to it.
                               b.wait(20ms);
                               ++std::atomic_ref(w[0]);
                             } catch (const tine::BrokenBarrier&) {
                               ++std::atomic_ref(w[1]);
                               b.reset();
                             }
                           }
                           ++Killer::slices();
                         });
    kills += killer.stop();
    barrier.reset();
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < members; ++i)
      threads.emplace_back([&] { EXPECT_NO_THROW(barrier.wait(10s)); });
    for (auto& t : threads) t.join();
    EXPECT_EQ(barrier.n_waiting(), 0u);
    if (HasFailure()) break;
  }
  printf("  %zu kills, %zu passed, %zu broken\n", kills, static_cast<std::size_t>(words[0]),
         static_cast<std::size_t>(words[1]));
  EXPECT_GE(kills, many / 4);
  EXPECT_GT(words[0], 1000u);
  EXPECT_GT(words[1], 0u);
}

TEST_F(SyncDeath, in_the_action_breaks_the_barrier_and_says_so) {
  tine::Barrier barrier(2, [] {
    if (tine::in_worker()) raise(SIGKILL);
    usleep(1000);
  });
  tine::Pool pool({.workers = 2});
  std::size_t named = 0;
  for (int round = 0; round < 10; ++round) {
    const tine::Report report =
        tine::for_each_slice(pool.with({.attempts = 3, .on_failure = tine::OnFailure::quarantine}),
                             tine::slices(2, 1), [b = barrier.view()](const tine::Slice&) {
                               try {
                                 b.wait(10s);
                               } catch (const tine::BrokenBarrier&) {
                               }
                             });
    named += !report.faults.empty();
    EXPECT_TRUE(barrier.broken());
    try {
      barrier.wait();
      ADD_FAILURE();
    } catch (const tine::BrokenBarrier& error) {
      EXPECT_THAT(error.what(), HasSubstr("SIGKILL"));
    }
    barrier.reset();
  }
  EXPECT_EQ(named, 10u);
}

TEST_F(SyncDeath, of_the_supervisor_is_repaired_by_the_master) {
  std::mt19937 random(std::random_device{}());
  tine::Lock lock;
  tine::Semaphore semaphore(3);
  tine::Condition condition;
  tine::Pool pool({.workers = 3});
  for (int round = 0; round < 20; ++round) {
    std::thread killer([&, delay = random() % 4000] {
      usleep(delay);
      tine_test::signal_child(getpid(), pool.supervisor_pid(), SIGKILL);
    });
    EXPECT_THROW(for (;;) tine::for_each_slice(pool, tine::slices(50, 1),
                                               [l = lock.view(), s = semaphore.view(),
                                                c = condition.view()](const tine::Slice&) {
                                                 std::scoped_lock a(l);
                                                 std::scoped_lock b(s);
                                                 std::scoped_lock guard(c);
                                                 c.wait(1us);
                                                 c.notify();
                                               }),
                 tine::SupervisorLost);
    killer.join();
    // Before anything is started again.
    EXPECT_TRUE(lock.acquire(true, 10s));
    lock.release();
    EXPECT_EQ(semaphore.value(), 3u);
    {
      std::scoped_lock guard(condition);
      EXPECT_EQ(condition.notify_all(), 0u);
    }
    pool.refresh();
    if (HasFailure()) break;
  }
}

TEST_F(SyncDeath, of_the_supervisor_breaks_a_barrier_though_nobody_knows_of_what) {
  tine::Barrier barrier(3);
  tine::Pool pool({.workers = 1});
  std::thread job([&] {
    EXPECT_THROW(tine::for_each_slice(pool, tine::slices(1, 1),
                                      [b = barrier.view()](const tine::Slice&) { b.wait(); }),
                 tine::SupervisorLost);
  });
  EXPECT_TRUE(eventually([&] { return barrier.n_waiting() == 1; }));
  std::thread killer([&] {
    EXPECT_TRUE(eventually([&] { return barrier.n_waiting() == 2; }));
    tine_test::signal_child(getpid(), pool.supervisor_pid(), SIGKILL);
  });
  try {
    barrier.wait();
    ADD_FAILURE();
  } catch (const tine::BrokenBarrier& error) {
    EXPECT_THAT(error.what(), HasSubstr("supervisor was killed"));
    EXPECT_TRUE(error.report().faults.empty());
  }
  job.join();
  killer.join();
}

TEST_F(SyncDeath, of_a_process_is_repaired_as_that_of_a_worker) {
  tine::Lock lock;
  tine::Barrier barrier(2);
  tine::Condition condition;
  tine::Event locked;
  tine::Process process([&] {
    lock.lock();
    locked.set();
    barrier.wait();
  });
  process.start();
  EXPECT_TRUE(locked.wait(10s));
  EXPECT_TRUE(eventually([&] { return barrier.n_waiting() == 1; }));
  EXPECT_FALSE(lock.try_lock());
  process.kill();
  EXPECT_TRUE(lock.acquire(true, 10s));
  EXPECT_TRUE(lock.was_abandoned());
  // Until that is seen, he has come, and it would let us pass.
  EXPECT_TRUE(eventually([&] { return barrier.broken(); }));
  try {
    barrier.wait(10s);
    ADD_FAILURE();
  } catch (const tine::BrokenBarrier& error) {
    EXPECT_THAT(error.what(), HasSubstr("process " + std::to_string(*process.pid())));
    EXPECT_THAT(error.what(), HasSubstr("SIGKILL"));
  }
  EXPECT_TRUE(process.join(10s));
}

TEST_F(SyncDeath, of_a_process_that_has_copies_of_the_owners_ends_nothing) {
  tine::Lock lock;
  tine::Condition condition;
  tine::Barrier barrier(1);
  tine::Value<int> value(1);
  tine::Process process([&] {
    tine::Lock a(std::move(lock));
    tine::Condition b(std::move(condition));
    tine::Barrier c(std::move(barrier));
    tine::Value<int> d(std::move(value));
    std::scoped_lock guard(a, b);
    d.set(2);
  });
  process.start();
  EXPECT_TRUE(process.join(10s));
  EXPECT_EQ(process.exitcode(), 0);
  std::scoped_lock guard(lock, condition);
  EXPECT_EQ(value.get(), 2);
  EXPECT_EQ(barrier.wait(), 0u);
}

TEST_F(SyncDeath, of_the_master_leaves_nothing) {
  tine_test::Orphanage orphanage;
  std::mt19937 random(std::random_device{}());
  for (int round = 0; round < 30; ++round) {
    const pid_t child = tine_test::start_child([] {
      tine::Lock lock;
      tine::Event never;
      for (;;) {
        tine::Pool pool({.workers = 3});
        tine::for_each_slice(pool, tine::slices(100, 1),
                             [l = lock.view(), e = never.view()](const tine::Slice&) {
                               std::scoped_lock guard(l);
                               e.wait(100us);
                             });
      }
    });
    usleep(random() % 30'000);
    kill(child, SIGKILL);
    EXPECT_EQ(tine_test::end_of(child), 1000 + SIGKILL);
    ASSERT_TRUE(orphanage.empties()) << "round " << round;
  }
}

TEST_F(SyncDeath, after_wild_writes_everywhere_ends_nobody_else) {
  EXPECT_EQ(tine_test::in_child([] {
              using tine::detail::ObjectKind;
              std::mt19937_64 random(7);
              for (int round = 0; round < 150; ++round) {
                tine::Lock lock;
                tine::Semaphore semaphore(3);
                tine::Event event;
                tine::Condition condition;
                tine::Barrier barrier(2, [] {});
                tine::Pool pool({.workers = 1});
                Context& context = *Context::existing();
                struct Object {
                  std::byte* at;
                  std::size_t bytes;
                };
                std::array<Object, 5> objects;
                std::size_t n = 0;
                for (const auto& [id, kind] : {std::pair{id_of(lock), ObjectKind::permits},
                                               {id_of(semaphore), ObjectKind::permits},
                                               {id_of(event), ObjectKind::event},
                                               {id_of(condition), ObjectKind::condition},
                                               {id_of(barrier), ObjectKind::barrier}}) {
                  Object& o = objects[n++];
                  o.at = context.must_find(id, kind, "object", &o.bytes);
                }
                const std::uint64_t word = round % 3 == 0   ? ~std::uint64_t{0}
                                           : round % 3 == 1 ? random()
                                                            : random() & 0x3ffff;
                const std::size_t from = random() % 40;
                tine::for_each_slice(
                    pool.with({.attempts = 1, .on_failure = tine::OnFailure::quarantine}),
                    tine::slices(1, 1), [=](const tine::Slice&) {
                      for (const Object& o : objects) {
                        auto* words = reinterpret_cast<std::uint64_t*>(o.at);
                        for (std::size_t i = from; i < from + 1 + word % 300 && 8 * i < 4096; ++i)
                          words[i] = word * (i | 1);
                      }
                      raise(SIGKILL);
                    });
                auto survives = [](auto f) {
                  try {
                    f();
                  } catch (const std::exception&) {
                  }
                };
                for (int i = 0; i < 3; ++i) {
                  survives([&] { lock.acquire(true, 1ms); });
                  survives([&] { lock.was_abandoned(); });
                  survives([&] { lock.release(); });
                  survives([&] { semaphore.acquire(false); });
                  survives([&] { semaphore.release(); });
                  survives([&] { semaphore.value(); });
                  survives([&] { event.wait(1ms); });
                  survives([&] { event.set(); });
                  survives([&] { condition.acquire(false); });
                  survives([&] { condition.wait(0s); });
                  survives([&] { condition.notify_all(); });
                  survives([&] { condition.release(); });
                  survives([&] { barrier.wait(1ms); });
                  survives([&] { barrier.n_waiting(); });
                  survives([&] { barrier.reset(); });
                  survives([&] {
                    std::thread other([&] { survives([&] { barrier.wait(50ms); }); });
                    survives([&] { barrier.wait(50ms); });
                    other.join();
                  });
                  survives([&] { barrier.abort(); });
                }
              }
            }),
            0);
}

}  // namespace
