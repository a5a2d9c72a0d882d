// Whoever dies, and wherever: each item of a queue is taken once or is still there, in its
// producer's order, nothing hangs, and no memory is lost.
//
// Each item has a number that no other has, and the producer notes it before and after put(). One
// that was put for certain has to come out once; one whose producer died in put(), at most once. What
// a consumer has taken out and not yet noted dies with it; so it is noted, too, while it is read.
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tine/queue.hpp>
#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/fixture.hpp"
#include "support/killer.hpp"
#include "support/processes.hpp"
#include "toolbox/context.hpp"
#include "toolbox/queue_ring.hpp"

namespace {

using namespace std::chrono_literals;
using tine::detail::Context;
using tine_test::Killer;

/// Shared with all children, whatever pool they belong to.
class SharedWords {
 public:
  explicit SharedWords(std::size_t count)
      : words_(static_cast<std::uint32_t*>(mmap(nullptr, count * 4, PROT_READ | PROT_WRITE,
                                                MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
               {count}) {}
  ~SharedWords() { munmap(words_.data(), words_.size() * 4); }
  SharedWords(const SharedWords&) = delete;
  tine::View<std::uint32_t> view() const { return words_; }

 private:
  tine::View<std::uint32_t> words_;
};

/// Where the numbers of items are noted.
struct Book {
  enum : std::uint32_t { attempted = 1, put = 2, read = 4, got = 8 };  // got: counted from there
  tine::View<std::uint32_t> notes;
  tine::View<std::uint32_t> next;  // [0]: numbers given out

  void note(std::size_t id, std::uint32_t what) const {
    if (id < notes.size()) std::atomic_ref(notes[id]).fetch_or(what);
  }
  void note_got(std::size_t id) const { std::atomic_ref(notes[id]).fetch_add(got); }
  /// Numbers end when there are no more.
  std::optional<std::size_t> number() const {
    const std::size_t id = std::atomic_ref(next[0]).fetch_add(1);
    return id < notes.size() ? std::optional(id) : std::nullopt;
  }
};

// The book that items which are being read note themselves in; set by each kernel.
Book current_book;
// Where an item kills its process, in the middle of being written or read.
thread_local bool die_in_save = false, die_in_load = false;

struct Item {
  std::uint64_t id = 0;
  std::uint32_t producer = 0;
  std::string text;

  static Item make(std::size_t id, std::size_t producer, std::size_t longest) {
    Item item{id, static_cast<std::uint32_t>(producer), {}};
    item.text.assign(id * 37 % (longest + 1), static_cast<char>('a' + id % 26));
    return item;
  }
  bool whole() const {
    return std::all_of(text.begin(), text.end(),
                       [&](char c) { return c == static_cast<char>('a' + id % 26); });
  }

  template <class Archive>
  void save(Archive& archive) const {
    archive(id, producer);
    if (die_in_save) raise(SIGKILL);
    archive(text);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(id, producer);
    if (die_in_load) raise(SIGKILL);
    archive(text);
    current_book.note(id, Book::read);
  }
};

struct Params {
  const char* name;
  unsigned workers;
  int size;             // of the ring
  std::size_t longest;  // item
  unsigned puts;        // of ten calls
};

class QueueDeath : public tine_test::NothingLeftBehind {
 protected:
  static void SetUpTestSuite() {
    tine::Queue<int> first;
    Killer::slices();
  }
  void TearDown() override { EXPECT_EQ(Context::existing()->chunks().taken(), 0u); }
};

/// A queue under fire, and the accounts.
class Fire {
 public:
  Fire(unsigned workers, int size, std::size_t longest, std::size_t numbers = 200'000)
      : notes_(numbers), next_(1), longest_(longest), queue(size), pool({.workers = workers}) {}

  Book book() { return {notes_.view(), next_.view()}; }

  /// Slices whose workers put and get; `puts` of ten calls are puts.
  tine::Report work(std::size_t slices, unsigned puts,
                    const tine::Policy& policy = {.attempts = 60}) {
    return tine::for_each_slice(
        pool.with(policy), tine::slices(slices, 1),
        [q = queue.view(), b = book(), puts, longest = longest_](const tine::Slice& s) {
          current_book = b;
          for (unsigned i = 0; i < 20; ++i) {
            if ((i * 7 + s.index) % 10 < puts) {
              const auto id = b.number();
              if (!id) return;
              const Item item = Item::make(*id, 1, longest);
              b.note(*id, Book::attempted);
              if (q.try_put_for(item, 300us)) b.note(*id, Book::put);
            } else if (const auto item = q.try_get_for(300us)) {
              b.note_got(item->whole() ? item->id : 0);
            }
          }
          ++Killer::slices();
        });
  }

  /// Takes out what is left, and settles the accounts: `deaths` so many at most.
  void settle(std::size_t deaths) {
    const std::size_t left = queue.qsize();
    std::size_t taken = 0;
    const Book b = book();
    while (auto item = queue.try_get()) {
      EXPECT_TRUE(item->whole());
      b.note_got(item->id);
      ++taken;
    }
    EXPECT_EQ(taken, left);
    EXPECT_TRUE(queue.empty());
    std::size_t in_hand = 0, half_put = 0;
    for (std::uint32_t& n : b.notes.span()) {
      const std::uint32_t times = n / Book::got;
      EXPECT_LE(times, 1u) << "an item came out twice";
      if ((n & Book::attempted) == 0) {
        EXPECT_EQ(times, 0u);
        continue;
      }
      if (times == 1) continue;
      if ((n & Book::read) != 0)
        ++in_hand;
      else if ((n & Book::put) != 0)
        ADD_FAILURE() << "item " << &n - b.notes.data() << " is lost";
      else
        ++half_put;  // its producer died in put(), or there was no room
    }
    EXPECT_LE(in_hand, deaths);
    EXPECT_EQ(Context::existing()->chunks().taken(), 0u);
    std::fill_n(b.notes.data(), b.notes.size(), 0);
    b.next[0] = 0;
  }

 private:
  SharedWords notes_, next_;  // before the pool
  std::size_t longest_;

 public:
  tine::Queue<Item> queue;
  tine::Pool pool;
};

class Storm : public QueueDeath, public ::testing::WithParamInterface<Params> {};

TEST_P(Storm, loses_no_item_and_brings_none_twice) {
  const Params& p = GetParam();
  Fire fire(p.workers, p.size, p.longest);
  std::size_t kills = 0;
  for (int round = 0; round < 6 || (kills < 20 && round < 100); ++round) {
    Killer killer(fire.pool, 1000);
    const tine::Report report = fire.work(150, p.puts);
    const std::size_t here = killer.stop();
    kills += here;
    EXPECT_EQ(report.done, report.slices);
    fire.settle(here + 1);
    if (HasFailure()) break;
  }
  EXPECT_GE(kills, 20u);
}

INSTANTIATE_TEST_SUITE_P(
    Queues, Storm,
    ::testing::Values(Params{"even", 3, 0, 40, 5}, Params{"one_cell", 2, 1, 40, 5},
                      Params{"full", 3, 3, 40, 9}, Params{"starved", 3, 0, 40, 1},
                      Params{"chains", 2, 8, 3000, 5}, Params{"large", 2, 0, 300'000, 6},
                      Params{"alone", 1, 4, 40, 5}),
    [](const auto& p) { return std::string(p.param.name); });

TEST_F(QueueDeath, of_producers_keeps_the_order_of_each) {
  tine::Queue<std::pair<std::uint32_t, std::uint64_t>> queue(50);
  tine::Pool pool({.workers = 3});
  auto counter = pool.array<std::uint64_t>(1);
  Killer killer(pool, 1500);
  std::thread job([&] {
    for (int round = 0; round < 5 || (killer.kills() < 20 && round < 500); ++round)
      tine::for_each_slice(
          pool.with({.attempts = 60}), tine::slices(100, 1),
          [q = queue.view(), c = counter.view()](const tine::Slice&) {
            // Numbers grow from put to put, and a process is one producer.
            for (int i = 0; i < 50; ++i)
              q.put({static_cast<std::uint32_t>(getpid()), std::atomic_ref(c[0]).fetch_add(1)});
            ++Killer::slices();
          });
    queue.close();
  });
  std::map<std::uint32_t, std::uint64_t> last;
  std::size_t items = 0;
  for (;;) try {
      const auto [producer, number] = queue.get();
      const auto at = last.find(producer);
      if (at != last.end()) {
        EXPECT_LT(at->second, number);
      }
      last[producer] = number;
      ++items;
    } catch (const tine::Closed&) {
      break;
    }
  job.join();
  EXPECT_GE(items, 25'000u);
  EXPECT_GE(killer.stop(), 20u);
}

TEST_F(QueueDeath, of_the_only_consumer_keeps_the_order) {
  tine::Queue<Item> queue(20);
  tine::Pool pool({.workers = 1});
  auto read = pool.array<std::uint64_t>(3);  // read last, got last, out of order
  constexpr std::uint64_t items = 20'000;
  std::thread producer([&] {
    for (std::uint64_t i = 1; i <= items; ++i) queue.put(Item::make(i, 0, 300));
    queue.close();
  });
  Killer killer(pool, 2000);
  tine::for_each_slice(pool.with({.attempts = 60}), tine::slices(items, 1),
                       [q = queue.view(), r = read.view()](const tine::Slice&) {
                         current_book = {};
                         const auto item = q.try_get_for(10s);
                         if (!item) return;
                         // One that died in the hand of the last worker is passed over.
                         if (item->id <= r[1] || !item->whole()) ++r[2];
                         r[1] = item->id;
                         ++Killer::slices();
                       });
  killer.stop();
  EXPECT_EQ(read[2], 0u);
  for (;;) try {
      const Item item = queue.get();
      EXPECT_GT(item.id, read[1]);
      read[1] = item.id;
    } catch (const tine::Closed&) {
      break;
    }
  producer.join();
  EXPECT_EQ(read[1], items);
}

TEST_F(QueueDeath, in_the_middle_of_writing_an_item_leaves_no_trace_of_it) {
  for (const std::size_t longest : {std::size_t{10}, std::size_t{2'000'000}}) {
    Fire fire(2, 4, longest);
    auto tries = fire.pool.array<int>(50);
    tine::for_each_slice(
        fire.pool.with({.attempts = 5}), tine::slices(50, 1),
        [q = fire.queue.view(), b = fire.book(), t = tries.view(), longest](const tine::Slice& s) {
          current_book = b;
          die_in_save = t[s.index]++ < 2;
          const auto id = *b.number();
          b.note(id, Book::attempted);
          q.put(Item::make(id, 0, longest));
          b.note(id, Book::put);
          const Item item = q.get();
          b.note_got(item.whole() ? item.id : 0);
        });
    fire.settle(0);
  }
}

TEST_F(QueueDeath, in_the_middle_of_reading_an_item_leaves_it_for_the_next_one) {
  for (const std::size_t longest : {std::size_t{10}, std::size_t{2'000'000}}) {
    Fire fire(2, 0, longest);
    const Book b = fire.book();
    for (int i = 0; i < 50; ++i) {
      const auto id = *b.number();
      b.note(id, Book::attempted | Book::put);
      fire.queue.put(Item::make(id, 0, longest));
    }
    auto tries = fire.pool.array<int>(50);
    tine::for_each_slice(fire.pool.with({.attempts = 5}), tine::slices(50, 1),
                         [q = fire.queue.view(), b, t = tries.view()](const tine::Slice& s) {
                           current_book = b;
                           die_in_load = t[s.index]++ < 2;
                           const Item item = q.get();
                           b.note_got(item.whole() ? item.id : 0);
                         });
    EXPECT_TRUE(fire.queue.empty());
    fire.settle(0);
  }
}

TEST_F(QueueDeath, of_a_reader_leaves_its_item_though_the_queue_is_closed_and_others_wait) {
  tine::Queue<Item> queue;
  tine::Pool pool({.workers = 2});
  auto counts = pool.array<int>(2);  // tries, items got
  queue.put(Item::make(7, 0, 100));
  queue.close();
  tine::for_each_slice(pool.with({.attempts = 5, .schedule = tine::Schedule::fixed}),
                       tine::slices(2, 1),
                       [q = queue.view(), c = counts.view()](const tine::Slice&) {
                         current_book = {};
                         try {
                           die_in_load = std::atomic_ref(c[0]).fetch_add(1) == 0;
                           q.get();
                           std::atomic_ref(c[1]).fetch_add(1);
                         } catch (const tine::Closed&) {
                         }
                       });
  EXPECT_EQ(counts[1], 1);
}

TEST_F(QueueDeath, of_the_supervisor_is_repaired_by_the_master) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Fire fire(3, 16, 2000);
  for (int round = 0; round < 30; ++round) {
    std::thread killer([&, delay = random() % 6000] {
      usleep(delay);
      const auto pids = fire.pool.worker_pids();
      if (round % 2 == 0) tine_test::signal_child(fire.pool.supervisor_pid(), pids[0], SIGKILL);
      tine_test::signal_child(getpid(), fire.pool.supervisor_pid(), SIGKILL);
    });
    try {
      for (int i = 0; i < 1000; ++i) fire.work(50, 5);
      ADD_FAILURE() << "nobody noticed";
    } catch (const tine::SupervisorLost&) {
    }
    killer.join();
    // Before anything is started again.
    fire.settle(4);
    fire.pool.refresh();
    fire.work(20, 5);
    fire.settle(0);
    if (HasFailure()) break;
  }
}

TEST_F(QueueDeath, of_the_supervisor_is_repaired_when_the_pool_ends) {
  tine::Queue<Item> queue;
  {
    tine::Pool pool({.workers = 1});
    std::thread job([&] {
      EXPECT_THROW(tine::for_each_slice(pool, tine::slices(1, 1),
                                        [q = queue.view()](const tine::Slice&) {
                                          for (;;) q.put(Item::make(1, 0, 5000));
                                        }),
                   tine::SupervisorLost);
    });
    while (queue.qsize() < 1000) usleep(100);
    tine_test::signal_child(getpid(), pool.supervisor_pid(), SIGKILL);
    job.join();
  }
  while (auto item = queue.try_get()) EXPECT_TRUE(item->whole());
}

TEST_F(QueueDeath, of_the_master_leaves_nothing) {
  tine_test::Orphanage orphanage;
  std::mt19937 random(std::random_device{}());
  for (int round = 0; round < 50; ++round) {
    const pid_t child = tine_test::start_child([] {
      tine::Queue<Item> first(3);
      for (;;) {
        Fire fire(2, 3, 2000);
        fire.work(100, 5);
      }
    });
    usleep(random() % 30'000);
    kill(child, SIGKILL);
    EXPECT_EQ(tine_test::end_of(child), 1000 + SIGKILL);
    ASSERT_TRUE(orphanage.empties()) << "round " << round;
  }
}

TEST_F(QueueDeath, of_a_pool_in_another_pools_queue_disturbs_nobody) {
  Fire fire(2, 8, 500);
  tine::Pool other({.workers = 2});
  for (int round = 0; round < 5; ++round) {
    Killer here(fire.pool, 1000), there(other, 1000);
    std::thread job([&] {
      tine::for_each_slice(other.with({.attempts = 60}), tine::slices(300, 1),
                           [q = fire.queue.view(), b = fire.book()](const tine::Slice& s) {
                             current_book = b;
                             for (int i = 0; i < 20; ++i) {
                               if (i % 2 == 0) {
                                 if (const auto item = q.try_get_for(300us))
                                   b.note_got(item->whole() ? item->id : 0);
                               } else if (const auto id = b.number()) {
                                 b.note(*id, Book::attempted);
                                 if (q.try_put_for(Item::make(*id, s.index, 500), 300us))
                                   b.note(*id, Book::put);
                               }
                             }
                             ++Killer::slices();
                           });
    });
    fire.work(300, 5);
    job.join();
    const std::size_t deaths = here.stop() + there.stop();
    fire.settle(deaths + 2);
    if (HasFailure()) break;
  }
}

TEST_F(QueueDeath, after_wild_writes_everywhere_ends_nobody_else) {
  EXPECT_EQ(tine_test::in_child([] {
              struct Peek : tine::QueueView<std::string> {
                using QueueView::id_;
                explicit Peek(const QueueView& view) : QueueView(view) {}
              };
              std::mt19937_64 random(5);
              for (int round = 0; round < 60; ++round) {
                tine::Queue<std::string> queue(round % 2 == 0 ? 10 : 1000);
                tine::Pool pool({.workers = 2});
                for (int i = 0; i < 8; ++i)
                  queue.put(std::string(static_cast<std::size_t>(i) * 400, 'x'));
                Context& context = *Context::existing();
                std::size_t bytes = 0;
                std::byte* at =
                    context.object(Peek(queue.view()).id_, tine::detail::ObjectKind::queue, &bytes);
                ASSERT_NE(at, nullptr);
                const std::uint64_t word = round % 3 == 0   ? ~std::uint64_t{0}
                                           : round % 3 == 1 ? random()
                                                            : random() & 0x3ffff;
                tine::for_each_slice(
                    pool.with({.attempts = 3, .on_failure = tine::OnFailure::quarantine}),
                    tine::slices(2, 1), [=, q = queue.view()](const tine::Slice& s) {
                      if (s.index != 0) return;
                      // The header but for what others wait on, some cells, some links.
                      auto* words = reinterpret_cast<std::uint64_t*>(at);
                      const std::size_t where = round % 5 == 0   ? 0
                                                : round % 5 == 1 ? 16
                                                : round % 5 == 2 ? 32
                                                                 : 33;
                      if (round % 5 < 4)
                        words[where] = word;
                      else
                        for (std::size_t i = 0; i < 10; ++i)
                          words[sizeof(tine::detail::QueueHeader) / 8 + i] = word + i;
                      for (std::uint32_t i = 0; i < 30; ++i)
                        Context::existing()->chunks().word(i).link.store(word * (i | 1));
                      for (int i = 0; i < 5; ++i) {
                        try {
                          (void)q.try_get();
                          (void)q.try_put("after");
                        } catch (const tine::Error&) {
                        }
                      }
                      raise(SIGKILL);
                    });
                for (int i = 0; i < 20; ++i) try {
                    (void)queue.try_get();
                    (void)queue.qsize();
                    (void)queue.empty();
                    (void)queue.full();
                  } catch (const std::exception&) {
                  }
              }
            }),
            0);
}

}  // namespace
