#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <chrono>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/queue.hpp>
#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/fixture.hpp"
#include "support/items.hpp"
#include "support/processes.hpp"
#include "support/worker_counts.hpp"
#include "toolbox/context.hpp"

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;
using tine_test::chunks_taken;
using tine_test::message_of;

class Queue : public tine_test::NoItemLeftBehind {};

TEST_F(Queue, gives_back_in_order_what_was_put_without_any_pool) {
  tine::Queue<int> queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_FALSE(queue.full());
  for (int i = 0; i < 1000; ++i) {
    queue.put(i);
    EXPECT_EQ(queue.qsize(), static_cast<std::size_t>(i + 1));
  }
  EXPECT_FALSE(queue.empty());
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(queue.get(), i);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.qsize(), 0u);
}

TEST_F(Queue, holds_exactly_as_many_items_as_it_was_made_for) {
  for (const int size : {1, 2, 3, 5, 64, 1000}) {
    SCOPED_TRACE(size);
    tine::Queue<int> queue(size);
    for (int lap = 0; lap < 3; ++lap) {
      for (int i = 0; i < size; ++i) {
        EXPECT_FALSE(queue.full());
        queue.put_nowait(lap * size + i);
      }
      EXPECT_TRUE(queue.full());
      EXPECT_EQ(queue.qsize(), static_cast<std::size_t>(size));
      EXPECT_THROW(queue.put_nowait(0), tine::Full);
      EXPECT_THROW(queue.put(0, false), tine::Full);
      EXPECT_FALSE(queue.try_put(0));
      for (int i = 0; i < size; ++i) EXPECT_EQ(queue.get_nowait(), lap * size + i);
      EXPECT_THROW(queue.get_nowait(), tine::Empty);
      EXPECT_THROW(queue.get(false), tine::Empty);
      EXPECT_EQ(queue.try_get(), std::nullopt);
    }
  }
}

TEST_F(Queue, goes_round_small_rings_for_ever) {
  for (const int size : {1, 2, 3}) {
    tine::Queue<int> queue(size);
    for (int i = 0; i < 100'000; ++i) {
      queue.put_nowait(i);
      ASSERT_EQ(queue.get_nowait(), i);
    }
  }
}

TEST_F(Queue, without_a_size_takes_a_million_items) {
  tine::Queue<int> queue;
  for (int i = 0; i < 1'000'000; ++i) queue.put_nowait(i);
  EXPECT_EQ(queue.qsize(), 1'000'000u);
  for (int i = 0; i < 1'000'000; ++i) ASSERT_EQ(queue.get_nowait(), i);
}

TEST_F(Queue, waits_as_long_as_it_was_told_and_then_says_so) {
  tine::Queue<int> queue(1);
  auto began = Clock::now();
  EXPECT_THROW(queue.get(true, 30ms), tine::Empty);
  EXPECT_GE(Clock::now() - began, 30ms);
  began = Clock::now();
  EXPECT_EQ(queue.try_get_for(150ms), std::nullopt);
  EXPECT_GE(Clock::now() - began, 150ms);
  queue.put(1);
  began = Clock::now();
  EXPECT_THROW(queue.put(2, true, 30ms), tine::Full);
  EXPECT_FALSE(queue.try_put_for(2, 30ms));
  EXPECT_GE(Clock::now() - began, 60ms);
  EXPECT_THROW(queue.put(2, true, 0s), tine::Full);
  EXPECT_EQ(queue.get(true, 0s), 1);
  EXPECT_THROW(queue.get(true, 0s), tine::Empty);
  queue.put(3, true, std::chrono::nanoseconds::max());
  EXPECT_EQ(queue.get(true, std::chrono::nanoseconds::max()), 3);
}

TEST_F(Queue, refuses_negative_sizes_and_timeouts_at_once) {
  EXPECT_THROW(tine::Queue<int>(-1), tine::InvalidArgument);
  EXPECT_THROW(tine::Queue<int>(std::numeric_limits<std::ptrdiff_t>::max()), tine::Error);
  tine::Queue<int> queue;
  queue.put(1);
  EXPECT_THROW(queue.get(true, -1ns), tine::InvalidArgument);
  EXPECT_THROW(queue.get(false, -1ns), tine::InvalidArgument);
  EXPECT_THROW(queue.try_get_for(-1s), tine::InvalidArgument);
  EXPECT_THROW(queue.put(1, true, -1s), tine::InvalidArgument);
  EXPECT_THROW(queue.try_put_for(1, -1s), tine::InvalidArgument);
  EXPECT_THROW(queue.join(-1s), tine::InvalidArgument);
  EXPECT_EQ(queue.qsize(), 1u);
}

TEST_F(Queue, once_closed_gives_what_is_in_it_and_takes_nothing) {
  tine::Queue<int> queue(2);
  queue.put(1);
  queue.put(2);
  EXPECT_FALSE(queue.closed());
  queue.close();
  queue.close();
  EXPECT_TRUE(queue.closed());
  EXPECT_THROW(queue.put(3), tine::Closed);
  EXPECT_THROW(queue.put_nowait(3), tine::Closed);
  EXPECT_FALSE(queue.try_put(3));
  EXPECT_EQ(queue.get(), 1);
  EXPECT_EQ(queue.try_get(), 2);
  EXPECT_THROW(queue.get(), tine::Closed);
  EXPECT_THROW(queue.get_nowait(), tine::Closed);
  EXPECT_THROW(queue.get(true, 10s), tine::Closed);
  EXPECT_EQ(queue.try_get(), std::nullopt);
  EXPECT_EQ(queue.try_get_for(10s), std::nullopt);
}

TEST_F(Queue, wakes_everybody_who_waits_when_it_is_closed) {
  tine::Queue<int> empty, full(1);
  full.put(0);
  tine::Pool pool({.workers = 3});
  auto ends = pool.array<int>(3);
  std::thread closer([&] {
    tine_test::sleep_ms(50);
    empty.close();
    full.close();
  });
  std::thread here([&] { EXPECT_THROW(empty.get(), tine::Closed); });
  tine::for_each_slice(
      pool, tine::slices(3, 1),
      [empty = empty.view(), full = full.view()](const tine::Slice& s, std::span<int> end) {
        try {
          s.index == 1 ? full.put(1) : void(empty.get());
        } catch (const tine::Closed&) {
          end[0] = 1;
        }
      },
      tine::out(ends));
  closer.join();
  here.join();
  EXPECT_EQ(std::accumulate(ends.begin(), ends.end(), 0), 3);
}

TEST_F(Queue, join_waits_for_as_many_task_done_as_there_were_items) {
  tine::Queue<int> queue;
  EXPECT_TRUE(queue.join());
  EXPECT_THROW(queue.task_done(), tine::InvalidArgument);
  queue.put(1);
  queue.put(2);
  EXPECT_FALSE(queue.join(10ms));
  queue.get();
  queue.task_done();
  EXPECT_FALSE(queue.join(0s));
  queue.get();
  EXPECT_FALSE(queue.join(10ms));
  queue.task_done();
  EXPECT_TRUE(queue.join(0s));
  EXPECT_TRUE(queue.join());
  EXPECT_THROW(queue.task_done(), tine::InvalidArgument);
}

TEST_F(Queue, join_in_the_master_waits_for_the_workers) {
  tine::Queue<int> queue;
  tine::Pool pool({.workers = 2});
  auto done = pool.array<int>(100);
  for (int i = 0; i < 100; ++i) queue.put(i);
  std::thread job([&] {
    tine::for_each_slice(pool, tine::slices(2, 1),
                         [q = queue.view(), d = done.view()](const tine::Slice&) {
                           while (auto i = q.try_get()) {
                             usleep(200);
                             d[static_cast<std::size_t>(*i)] = 1;
                             q.task_done();
                           }
                         });
  });
  EXPECT_TRUE(queue.join());
  EXPECT_EQ(std::accumulate(done.begin(), done.end(), 0), 100);
  job.join();
}

std::string pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  std::uint32_t state = static_cast<std::uint32_t>(bytes) * 2654435761u + 1;
  for (char& c : text) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return text;
}

TEST_F(Queue, delivers_each_item_once_whoever_puts_and_gets) {
  constexpr std::size_t each = 500;
  for (const unsigned workers : tine_test::worker_counts)
    for (const int size : {0, 1, 3, 64}) {
      SCOPED_TRACE(std::to_string(workers) + " workers, " + std::to_string(size) + " cells");
      tine::Queue<std::size_t> queue(size);
      tine::Pool pool({.workers = workers});
      // Half of the workers put, all of them get; what is too much for the ring, they get themselves.
      auto got = pool.array<std::uint32_t>(workers * each);
      tine::for_each_slice(pool.with({.schedule = tine::Schedule::fixed}), tine::slices(workers, 1),
                           [q = queue.view(), g = got.view()](const tine::Slice& s) {
                             auto take = [&](const std::optional<std::size_t>& item) {
                               if (item) std::atomic_ref(g[*item]).fetch_add(1);
                             };
                             for (std::size_t i = 0; i < each; ++i) {
                               while (!q.try_put(s.index * each + i)) take(q.try_get());
                               if (i % 3 == s.index % 3) take(q.try_get());
                             }
                             while (auto item = q.try_get()) take(item);
                           });
      while (auto item = queue.try_get()) ++got[*item];
      for (const std::uint32_t n : got) ASSERT_EQ(n, 1u);
    }
}

TEST_F(Queue, keeps_the_order_of_each_producer) {
  constexpr std::size_t each = 3000;
  for (const unsigned workers : tine_test::worker_counts)
    for (const int size : {0, 2, 100}) {
      tine::Queue<std::pair<std::size_t, std::size_t>> queue(size);
      tine::Pool pool({.workers = workers});
      std::thread job([&] {
        tine::for_each_slice(pool, tine::slices(workers, 1),
                             [q = queue.view()](const tine::Slice& s) {
                               for (std::size_t i = 0; i < each; ++i) q.put({s.index, i});
                             });
      });
      std::vector<std::size_t> next(workers);
      for (std::size_t n = 0; n < workers * each; ++n) {
        const auto [producer, i] = queue.get();
        ASSERT_EQ(i, next.at(producer)++);
      }
      job.join();
      EXPECT_TRUE(queue.empty());
    }
}

TEST_F(Queue, serves_threads_of_the_master_as_well) {
  tine::Queue<int> queue(10);
  constexpr int each = 20'000;
  std::atomic<long> sum = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) queue.put(t * each + i);
    });
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&] {
      for (;;) try {
          sum += queue.get();
        } catch (const tine::Closed&) {
          return;
        }
    });
  for (int t = 0; t < 3; ++t) threads[t].join();
  queue.close();
  threads[3].join();
  threads[4].join();
  EXPECT_EQ(sum, 3L * each * (3L * each - 1) / 2);
}

TEST_F(Queue, made_after_the_pool_works_when_it_is_not_the_first) {
  tine::Pool pool({.workers = 2});
  tine::Queue<int> queue;
  tine::for_each_slice(pool, tine::slices(10, 1), [q = queue.view()](const tine::Slice& s) {
    q.put(static_cast<int>(s.index));
  });
  EXPECT_EQ(queue.qsize(), 10u);
  pool.refresh();
  tine::for_each_slice(pool, tine::slices(10, 1),
                       [q = queue.view()](const tine::Slice&) { q.get(); });
  EXPECT_TRUE(queue.empty());
}

TEST_F(Queue, tells_workers_that_are_older_than_the_first_queue_what_to_do) {
  // A child of the application has no context until it makes one.
  EXPECT_EQ(tine_test::in_child([] {
              tine::Pool pool({.workers = 2});
              tine::Queue<int> queue;
              auto post = [&] {
                tine::for_each_slice(pool, tine::slices(1, 1),
                                     [q = queue.view()](const tine::Slice&) { q.put(3); });
              };
              EXPECT_THAT(message_of(post), HasSubstr("refresh"));
              pool.refresh();
              post();
              EXPECT_EQ(queue.get(), 3);
            }),
            0);
}

TEST_F(Queue, is_out_of_reach_for_a_fork_of_the_application) {
  auto queue = std::make_unique<tine::Queue<int>>();
  queue->put(1);
  EXPECT_EQ(tine_test::in_child([&] {
              EXPECT_THROW(queue->put(2), tine::PoolError);
              EXPECT_THROW(queue->get(), tine::PoolError);
              tine::Queue<int> own;
              EXPECT_THROW(queue->get(), tine::InvalidArgument);
              own.put(5);
              queue.reset();
              EXPECT_EQ(own.get(), 5);
            }),
            0);
  EXPECT_EQ(queue->get(), 1);
}

TEST_F(Queue, can_be_made_by_the_master_only) {
  tine::Pool pool({.workers = 1});
  EXPECT_THAT(message_of([&] {
                tine::for_each_slice(pool, tine::slices(1, 1),
                                     [](const tine::Slice&) { tine::Queue<int> queue; });
              }),
              HasSubstr("make it in the master"));
}

TEST_F(Queue, works_in_the_master_when_kernels_do) {
  EXPECT_EQ(tine_test::in_child([] {
              setenv("TINE_SERIAL", "1", 1);
              tine::Queue<int> queue;
              tine::Pool pool;
              tine::for_each_slice(
                  pool, tine::slices(10, 1),
                  [q = queue.view()](const tine::Slice& s) { q.put(static_cast<int>(s.index)); });
              EXPECT_EQ(queue.qsize(), 10u);
            }),
            0);
}

TEST_F(Queue, handle_without_a_queue_throws) {
  tine::QueueView<int> nothing, left;
  EXPECT_THROW(nothing.put(1), tine::InvalidArgument);
  {
    tine::Queue<int> queue;
    queue.put(1);
    left = queue.view();
    EXPECT_EQ(left.get(), 1);
  }
  tine::Queue<int> another;
  EXPECT_THROW(left.get(), tine::InvalidArgument);
  EXPECT_THROW(left.put(1), tine::InvalidArgument);
  EXPECT_THROW(left.qsize(), tine::InvalidArgument);
  EXPECT_THROW(left.close(), tine::InvalidArgument);
  EXPECT_TRUE(another.empty());
}

TEST_F(Queue, handle_never_looks_like_a_pointer) {
  std::vector<tine::Queue<int>> queues;
  for (int i = 0; i < 20; ++i) {
    queues.emplace_back(1);
    EXPECT_GE(std::bit_cast<std::uint64_t>(queues.back().view()), std::uint64_t{1} << 56);
  }
}

TEST_F(Queue, moves_and_throws_away_what_is_left_in_it) {
  tine::Queue<std::string> a, b;
  a.put("a");
  b.put(std::string(1'000'000, 'b'));
  tine::Queue<std::string> c(std::move(a));
  c = std::move(b);
  EXPECT_EQ(c.qsize(), 1u);
  EXPECT_EQ(c.get().size(), 1'000'000u);
  c.put("left");
}

TEST_F(Queue, waiting_for_a_queue_that_goes_away_ends) {
  auto queue = std::make_unique<tine::Queue<int>>();
  std::thread waiting([view = queue->view()] { EXPECT_THROW(view.get(), tine::Error); });
  tine_test::sleep_ms(20);
  queue.reset();
  waiting.join();
}

TEST_F(Queue, thousands_can_follow_each_other) {
  for (int i = 0; i < 6000; ++i) {
    tine::Queue<int> queue(i % 5);
    queue.put(i);
  }
  std::vector<tine::Queue<int>> many;
  for (int i = 0; i < 200; ++i) many.emplace_back(0).put(i);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(many[static_cast<std::size_t>(i)].get(), i);
}

TEST_F(Queue, refuses_items_that_memory_has_no_room_for_and_goes_on) {
  EXPECT_EQ(tine_test::in_child([] {
              // All of the context has to fit in such a file.
              const rlimit limit{std::size_t{256} << 20, std::size_t{256} << 20};
              setrlimit(RLIMIT_FSIZE, &limit);
              tine::Queue<std::string> queue;
              tine::Pool pool({.workers = 1, .reserve = std::size_t{64} << 20});
              const std::string much(std::size_t{100} << 20, 'x');
              for (int i = 0; i < 3; ++i) queue.put(much.substr(0, much.size() / 4));
              for (int round = 0; round < 3; ++round) {
                EXPECT_THROW(queue.put(much), tine::OutOfMemory);
                EXPECT_THROW(tine::for_each_slice(pool, tine::slices(1, 1),
                                                  [q = queue.view()](const tine::Slice&) {
                                                    q.put(std::string(std::size_t{100} << 20, 'x'));
                                                  }),
                             tine::KernelError);
                EXPECT_EQ(queue.qsize(), 3u);
              }
              for (int i = 0; i < 3; ++i) EXPECT_EQ(queue.get().size(), much.size() / 4);
              queue.put(much);
              EXPECT_TRUE(queue.get() == much);
              EXPECT_EQ(chunks_taken(), 0u);
            }),
            0);
}

TEST_F(Queue, grows_through_the_supervisor_of_any_pool_that_has_one) {
  EXPECT_EQ(tine_test::in_child([] {
              tine::Queue<std::string> queue;
              tine::Pool first({.workers = 1}), second({.workers = 1});
              const std::string large = pattern(std::size_t{20} << 20);
              queue.put(large);
              const int supervisor = first.supervisor_pid();
              EXPECT_TRUE(tine_test::signal_child(getpid(), supervisor, SIGKILL));
              EXPECT_TRUE(tine_test::eventually([&] { return tine_test::has_ended(supervisor); }));
              queue.put(large);
              { tine::Pool gone(std::move(second)); }
              queue.put(large);
              for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.get() == large);
            }),
            0);
}

}  // namespace
