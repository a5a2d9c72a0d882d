#include <unistd.h>

#include <atomic>
#include <bit>
#include <chrono>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/pipe.hpp>
#include <tine/queue.hpp>
#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/fixture.hpp"
#include "support/message.hpp"
#include "support/worker_counts.hpp"
#include "toolbox/context.hpp"
#include "toolbox/pipe.hpp"

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;
using tine::detail::Context;
using tine::detail::ObjectKind;
using tine_test::message_of;

std::size_t pipes_there() {
  std::size_t n = 0;
  Context& context = *Context::existing();
  for (unsigned slot = 0; slot < tine::detail::max_objects; ++slot)
    n += context.object(context.object_in(slot), ObjectKind::pipe) != nullptr;
  return n;
}

class Pipe : public tine_test::NothingLeftBehind {
 protected:
  // The context stays with the program.
  static void SetUpTestSuite() { tine::Pipe first; }
  void TearDown() override {
    EXPECT_EQ(Context::existing()->chunks().taken(), 0u) << "items were not given back";
    EXPECT_EQ(pipes_there(), 0u);
  }
};

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

TEST_F(Pipe, carries_values_both_ways_in_order) {
  auto [here, there] = tine::Pipe();
  for (int i = 0; i < 1000; ++i) {
    here.send(i);
    there.send(-i);
  }
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(there.recv<int>(), i);
    EXPECT_EQ(here.recv<int>(), -i);
  }
  EXPECT_FALSE(here.poll());
  EXPECT_FALSE(there.poll());
}

struct Point {
  double x = 0, y = 0;
  bool operator==(const Point&) const = default;
};
struct Named {
  std::string name;
  std::vector<Point> points;
  bool operator==(const Named&) const = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(name, points);
  }
};

template <class T>
void expect_to_arrive(tine::Connection& from, tine::Connection& to, const T& value) {
  from.send(value);
  EXPECT_TRUE(to.recv<T>() == value);
}

TEST_F(Pipe, carries_a_value_of_any_type_at_any_time) {
  auto [here, there] = tine::Pipe();
  expect_to_arrive(here, there, 'c');
  expect_to_arrive(here, there, 2.5);
  expect_to_arrive(here, there, Point{1, 2});
  expect_to_arrive(here, there, std::string());
  expect_to_arrive(here, there, std::string(3'000'000, 'x'));
  expect_to_arrive(here, there, std::vector<int>{1, 2, 3});
  expect_to_arrive(here, there, std::map<std::string, std::vector<Point>>{{"a", {{1, 2}}}});
  expect_to_arrive(here, there, std::tuple<int, std::string>{1, "b"});
  expect_to_arrive(here, there, std::variant<int, std::string>{"c"});
  expect_to_arrive(here, there, std::optional<std::string>{});
  expect_to_arrive(there, here, Named{"d", {{1, 2}, {3, 4}}});
  here.send("a literal");
  EXPECT_EQ(there.recv<std::string>(), "a literal");
}

TEST_F(Pipe, carries_raw_bytes_in_one_piece) {
  auto [here, there] = tine::Pipe();
  for (const std::size_t size : {0, 1, 100, 5000, 9'000'000}) {
    const auto bytes = bytes_of(std::string(size, 'b'));
    here.send_bytes(bytes);
    here.send_bytes(bytes_of("next"));
    EXPECT_TRUE(there.recv_bytes() == bytes);
    EXPECT_EQ(there.recv_bytes(), bytes_of("next"));
  }
}

TEST_F(Pipe, refuses_another_type_than_was_sent_and_keeps_the_item) {
  auto [here, there] = tine::Pipe();
  here.send(7);
  EXPECT_THAT(message_of([&] { there.recv<std::string>(); }), HasSubstr("sent as another type"));
  EXPECT_THROW(there.recv<unsigned>(), tine::InvalidArgument);
  EXPECT_THROW(there.recv_bytes(), tine::InvalidArgument);
  EXPECT_THROW(there.try_recv<long>(), tine::InvalidArgument);
  EXPECT_EQ(there.recv<int>(), 7);
  here.send_bytes(bytes_of("1234"));
  EXPECT_THROW(there.recv<int>(), tine::InvalidArgument);
  EXPECT_EQ(there.recv_bytes(), bytes_of("1234"));
}

struct Moody {
  int value = 0;
  template <class Archive>
  void save(Archive& archive) const {
    if (value < 0) throw std::range_error("not this one");
    archive(value);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(value);
    static bool first = true;
    if (std::exchange(first, false)) throw std::range_error("not now");
  }
  std::string not_trivial{};
};

TEST_F(Pipe, is_as_before_when_a_serialisation_throws) {
  auto [here, there] = tine::Pipe();
  EXPECT_THROW(here.send(Moody{-1}), std::range_error);
  EXPECT_FALSE(there.poll());
  here.send(Moody{5});
  EXPECT_THROW(there.recv<Moody>(), std::range_error);
  EXPECT_EQ(there.recv<Moody>().value, 5);
}

TEST_F(Pipe, of_one_way_has_an_end_that_receives_and_one_that_sends) {
  auto [receiver, sender] = tine::Pipe(false);
  sender.send(1);
  sender.send_bytes(bytes_of("2"));
  EXPECT_TRUE(receiver.poll());
  EXPECT_EQ(receiver.recv<int>(), 1);
  EXPECT_EQ(receiver.recv_bytes(), bytes_of("2"));
  EXPECT_THAT(message_of([&r = receiver] { r.send(1); }), HasSubstr("only receives"));
  EXPECT_THROW(receiver.send_bytes({}), tine::InvalidArgument);
  EXPECT_THAT(message_of([&s = sender] { s.recv<int>(); }), HasSubstr("only sends"));
  EXPECT_THROW(sender.recv_bytes(), tine::InvalidArgument);
  EXPECT_THROW(sender.try_recv<int>(), tine::InvalidArgument);
  EXPECT_THROW(sender.poll(), tine::InvalidArgument);
}

TEST_F(Pipe, poll_waits_as_long_as_it_was_told_and_then_says_whether_recv_would_wait) {
  auto [here, there] = tine::Pipe();
  EXPECT_FALSE(here.poll());
  auto began = Clock::now();
  EXPECT_FALSE(here.poll(30ms));
  EXPECT_EQ(here.try_recv<int>(30ms), std::nullopt);
  EXPECT_GE(Clock::now() - began, 60ms);
  EXPECT_EQ(here.try_recv<int>(), std::nullopt);
  there.send(1);
  EXPECT_TRUE(here.poll());
  EXPECT_TRUE(here.poll(std::nullopt));
  EXPECT_TRUE(here.poll(10s));
  EXPECT_EQ(here.try_recv<int>(), 1);
  there.send(2);
  EXPECT_EQ(here.try_recv<int>(std::chrono::nanoseconds::max()), 2);
  std::thread later([&there = there] {
    tine_test::sleep_ms(30);
    there.send(3);
  });
  EXPECT_TRUE(here.poll(std::nullopt));
  EXPECT_EQ(here.recv<int>(), 3);
  later.join();
}

TEST_F(Pipe, refuses_negative_timeouts_at_once) {
  auto [here, there] = tine::Pipe();
  there.send(1);
  EXPECT_THROW(here.poll(-1ns), tine::InvalidArgument);
  EXPECT_THROW(here.try_recv<int>(-1s), tine::InvalidArgument);
  EXPECT_EQ(here.recv<int>(), 1);
}

TEST_F(Pipe, gives_what_was_sent_before_the_other_end_was_closed_and_then_the_end_of_the_file) {
  for (const bool duplex : {true, false}) {
    auto [receiver, sender] = tine::Pipe(duplex);
    sender.send(1);
    sender.send("two");
    sender.close();
    sender.close();
    EXPECT_TRUE(receiver.poll());
    EXPECT_EQ(receiver.recv<int>(), 1);
    EXPECT_EQ(receiver.recv<std::string>(), "two");
    for (int i = 0; i < 2; ++i) {
      EXPECT_TRUE(receiver.poll()) << "recv() would not wait";
      EXPECT_TRUE(receiver.poll(10s));
      EXPECT_THROW(receiver.recv<int>(), tine::EndOfFile);
      EXPECT_THROW(receiver.recv_bytes(), tine::EndOfFile);
      EXPECT_THROW(receiver.try_recv<int>(), tine::EndOfFile);
      EXPECT_THROW(receiver.try_recv<int>(10s), tine::EndOfFile);
    }
  }
}

TEST_F(Pipe, refuses_to_send_what_nobody_would_receive) {
  auto [receiver, sender] = tine::Pipe(false);
  sender.send(1);
  receiver.close();
  EXPECT_THROW(sender.send(2), tine::Closed);
  EXPECT_THROW(sender.send_bytes({}), tine::Closed);
  EXPECT_FALSE(sender.closed());
}

TEST_F(Pipe, cannot_be_used_through_an_end_that_was_closed_or_moved_from) {
  auto [here, there] = tine::Pipe();
  tine::Connection moved = std::move(here);
  EXPECT_THROW(here.send(1), tine::InvalidArgument);
  EXPECT_THROW(here.recv<int>(), tine::InvalidArgument);
  EXPECT_THROW(here.poll(), tine::InvalidArgument);
  EXPECT_THROW(here.closed(), tine::InvalidArgument);
  moved.send(1);
  EXPECT_EQ(there.recv<int>(), 1);
  moved.close();
  EXPECT_THAT(message_of([&] { moved.send(1); }), HasSubstr("it was closed or moved from"));
  tine::ConnectionView nothing;
  EXPECT_THROW(nothing.send(1), tine::InvalidArgument);
  nothing.close();
  tine::Connection none;
  none.close();
}

TEST_F(Pipe, closes_an_end_that_another_is_moved_onto) {
  tine::Pipe a, b;
  a.second.send(1);
  a.first = std::move(b.first);
  EXPECT_THROW(a.second.send(2), tine::Closed);
  a.first.send(3);
  EXPECT_EQ(b.second.recv<int>(), 3);
  EXPECT_FALSE(b.second.poll());
}

TEST_F(Pipe, wakes_everybody_who_waits_when_the_other_end_is_closed) {
  tine::Pipe pipe;
  tine::Pool pool({.workers = 2});
  auto ends = pool.array<int>(2);
  std::thread here([&] { EXPECT_THROW(pipe.second.recv<int>(), tine::EndOfFile); });
  std::thread polls([&] { EXPECT_TRUE(pipe.second.poll(std::nullopt)); });
  std::thread closer([&] {
    tine_test::sleep_ms(50);
    pipe.first.close();
  });
  tine::for_each_slice(
      pool, tine::slices(2, 1),
      [c = pipe.second.view()](const tine::Slice&, std::span<int> end) {
        try {
          c.recv<int>();
        } catch (const tine::EndOfFile&) {
          end[0] = 1;
        }
      },
      tine::out(ends));
  for (std::thread* t : {&here, &polls, &closer}) t->join();
  EXPECT_EQ(std::accumulate(ends.begin(), ends.end(), 0), 2);
}

TEST_F(Pipe, lets_two_send_much_to_each_other_before_either_receives) {
  auto [here, there] = tine::Pipe();
  const std::string much(std::size_t{20} << 20, 'm');
  std::thread other([&much, &there = there] {
    there.send(much);
    EXPECT_TRUE(there.recv<std::string>() == much);
  });
  here.send(much);
  EXPECT_TRUE(here.recv<std::string>() == much);
  other.join();
}

TEST_F(Pipe, send_waits_for_a_reader_when_very_many_items_are_under_way) {
  auto [receiver, sender] = tine::Pipe(false);
  const auto most = static_cast<int>(tine::detail::PipeEnds::most_items);
  for (int i = 0; i < most; ++i) sender.send(i);
  std::atomic<bool> sent = false;
  std::thread one_more([&, &s = sender] {
    s.send(most);
    sent = true;
  });
  tine_test::sleep_ms(50);
  EXPECT_FALSE(sent);
  for (int i = 0; i <= most; ++i) ASSERT_EQ(receiver.recv<int>(), i);
  one_more.join();

  for (int i = 0; i < most; ++i) sender.send(i);
  std::thread in_vain([&s = sender] { EXPECT_THROW(s.send(0), tine::Closed); });
  tine_test::sleep_ms(20);
  receiver.close();
  in_vain.join();
}

TEST_F(Pipe, connects_the_master_with_workers) {
  auto [here, there] = tine::Pipe();
  for (const unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    std::thread job([&, &c = there] {
      tine::for_each_slice(pool, tine::slices(workers, 1), [c = c.view()](const tine::Slice&) {
        for (auto text = c.recv<std::string>(); text != "stop"; text = c.recv<std::string>())
          c.send(text + "!");
      });
    });
    for (int i = 0; i < 1000; ++i) here.send(std::to_string(i));
    std::vector<bool> came(1000);
    for (int i = 0; i < 1000; ++i) {
      const int n = std::stoi(here.recv<std::string>());
      EXPECT_FALSE(came.at(static_cast<std::size_t>(n)));
      came[static_cast<std::size_t>(n)] = true;
    }
    for (unsigned i = 0; i < workers; ++i) here.send("stop");
    job.join();
  }
}

TEST_F(Pipe, is_not_closed_by_workers_which_hold_nothing) {
  auto [here, there] = tine::Pipe();
  tine::Pool pool({.workers = 2});
  tine::for_each_slice(pool, tine::slices(2, 1), [c = there.view()](const tine::Slice&) {
    c.close();
    c.send(1);
  });
  EXPECT_EQ(here.recv<int>(), 1);
  EXPECT_EQ(here.recv<int>(), 1);
  EXPECT_FALSE(there.closed());
  here.send(2);
}

TEST_F(Pipe, handle_never_looks_like_a_pointer) {
  std::vector<tine::Pipe> pipes(20);
  for (const tine::Pipe& pipe : pipes)
    for (const tine::Connection* c : {&pipe.first, &pipe.second})
      EXPECT_GE(std::bit_cast<std::uint64_t>(c->view()), std::uint64_t{1} << 56);
}

TEST_F(Pipe, can_be_made_by_the_master_only) {
  tine::Pool pool({.workers = 1});
  EXPECT_THAT(message_of([&] {
                tine::for_each_slice(pool, tine::slices(1, 1),
                                     [](const tine::Slice&) { tine::Pipe pipe; });
              }),
              HasSubstr("make it in the master"));
}

TEST_F(Pipe, is_out_of_reach_for_a_fork_of_the_application) {
  auto [here, there] = tine::Pipe();
  here.send(1);
  EXPECT_EQ(tine_test::in_child([&here = here, &there = there] {
              EXPECT_THROW(here.send(2), tine::PoolError);
              EXPECT_THROW(there.recv<int>(), tine::PoolError);
              EXPECT_THROW(there.poll(), tine::PoolError);
              tine::Pipe own;
              EXPECT_THROW(there.recv<int>(), tine::InvalidArgument);
              own.first.send(5);
              here.close();
              there.close();
              EXPECT_EQ(own.second.recv<int>(), 5);
            }),
            0);
  EXPECT_EQ(there.recv<int>(), 1);
  here.send(3);
  EXPECT_EQ(there.recv<int>(), 3);
}

TEST_F(Pipe, can_be_made_as_often_as_one_likes) {
  for (int i = 0; i < 20'000; ++i) {
    auto [here, there] = tine::Pipe(i % 2 == 0);
    there.send(std::string(static_cast<std::size_t>(i % 300), 'x'));
  }
  std::vector<tine::Pipe> many(300);
  for (int i = 0; i < 300; ++i) many[static_cast<std::size_t>(i)].second.send(i);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(many[static_cast<std::size_t>(i)].first.recv<int>(), i);
}

TEST_F(Pipe, is_forked_beside_threads_that_make_and_close_pipes) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&] {
      while (!stop) {
        tine::Pipe pipe;
        pipe.first.send(1);
        usleep(50);
      }
    });
  for (int i = 0; i < 20; ++i) {
    tine::Pool pool({.workers = 1});
    EXPECT_EQ(tine_test::in_child([] {
                tine::Pipe pipe;
                pipe.first.send(1);
                EXPECT_EQ(pipe.second.recv<int>(), 1);
              }),
              0);
  }
  stop = true;
  for (std::thread& t : threads) t.join();
}

TEST_F(Pipe, connects_a_process_with_its_parent_until_it_ends) {
  auto [here, there] = tine::Pipe();
  tine::Process process([&here = here, &there = there] {
    here.close();
    for (;;) try {
        there.send(2 * there.recv<int>());
      } catch (const tine::EndOfFile&) {
        there.send("over");
        return;
      }
  });
  process.start();
  there.close();
  for (int i = 0; i < 100; ++i) {
    here.send(i);
    EXPECT_EQ(here.recv<int>(), 2 * i);
  }
  process.terminate();
  EXPECT_THROW(here.recv<int>(), tine::EndOfFile);
  EXPECT_THROW(here.send(1), tine::Closed);
  process.join();
}

TEST_F(Pipe, connects_two_processes_when_the_first_one_has_closed_both_ends) {
  tine::Queue<std::string> result;
  auto pipe = std::make_unique<tine::Pipe>(false);
  tine::Process reader([&, out = result.view()] {
    pipe->second.close();
    std::string all;
    for (;;) try {
        all += pipe->first.recv<std::string>();
      } catch (const tine::EndOfFile&) {
        return out.put(all);
      }
  });
  tine::Process writer([&] {
    pipe->first.close();
    for (int i = 0; i < 5; ++i) pipe->second.send(std::to_string(i));
  });
  reader.start();
  writer.start();
  pipe.reset();
  EXPECT_EQ(result.get(), "01234");
  EXPECT_TRUE(writer.join());
  EXPECT_TRUE(reader.join());
  tine::Pipe next;  // what nobody holds goes when another is made, at the latest
  EXPECT_EQ(pipes_there(), 1u);
}

TEST_F(Pipe, is_inherited_by_the_processes_of_processes) {
  auto [receiver, sender] = tine::Pipe(false);
  tine::Process child([&sender = sender] {
    tine::Process grandchild([&] {
      tine_test::sleep_ms(50);
      sender.send("from below");
    });
    grandchild.start();
    sender.close();
    grandchild.join();
  });
  child.start();
  sender.close();
  EXPECT_EQ(receiver.recv<std::string>(), "from below");
  EXPECT_THROW(receiver.recv<int>(), tine::EndOfFile);
  child.join();
  EXPECT_EQ(child.exitcode(), 0);
}

TEST_F(Pipe, ends_for_a_process_when_its_parent_closes_it) {
  tine::Queue<int> result;
  auto [receiver, sender] = tine::Pipe(false);
  tine::Process process([&receiver = receiver, &sender = sender, out = result.view()] {
    sender.close();
    int sum = 0;
    for (;;) try {
        sum += receiver.recv<int>();
      } catch (const tine::EndOfFile&) {
        return out.put(sum);
      }
  });
  process.start();
  for (int i = 0; i < 100; ++i) sender.send(i);
  sender.close();
  EXPECT_EQ(result.get(), 4950);
  process.join();
}

// What a tine::Process does, with parties that are no processes.

class HeldPipe : public Pipe {
 protected:
  static constexpr unsigned master = tine::detail::master_party;
  static Context& context() { return *Context::existing(); }
  static void end(unsigned party) { context().repair(party, {}); }
};

TEST_F(HeldPipe, stays_open_until_the_last_holder_has_let_go_in_whatever_order) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    auto [receiver, sender] = tine::Pipe(round % 2 == 0);
    std::vector<unsigned> holders{master};
    for (unsigned child : {2u, 63u, 64u, 65u, 500u, 1023u}) {
      tine::detail::inherit_connections(holders[random() % holders.size()], child);
      holders.push_back(child);
    }
    std::shuffle(holders.begin(), holders.end(), random);
    for (unsigned holder : holders) {
      EXPECT_FALSE(receiver.poll());
      holder == master ? sender.close() : end(holder);
    }
    EXPECT_THROW(receiver.recv<int>(), tine::EndOfFile);
  }
}

TEST_F(HeldPipe, is_inherited_by_children_of_those_who_hold_it_only) {
  auto [here, there] = tine::Pipe();
  tine::detail::inherit_connections(master, 2);
  tine::detail::inherit_connections(3, 4);  // 3 holds nothing
  there.close();
  tine::detail::inherit_connections(2, 5);
  end(2);
  EXPECT_FALSE(here.poll());
  end(5);
  EXPECT_THROW(here.recv<int>(), tine::EndOfFile);
  tine::detail::inherit_connections(2, 6);
  EXPECT_THROW(here.recv<int>(), tine::EndOfFile) << "what is over stays so";
  EXPECT_THROW(here.send(1), tine::Closed);
}

TEST_F(HeldPipe, lives_on_between_children_when_the_master_has_closed_both_ends) {
  tine::ConnectionView left;
  {
    auto [here, there] = tine::Pipe();
    left = here.view();
    tine::detail::inherit_connections(master, 2);
    tine::detail::inherit_connections(master, 3);
  }
  left.send("as a worker could");
  EXPECT_FALSE(left.closed());
  end(2);
  left.send(std::string(100'000, 'x'));
  end(3);
  EXPECT_TRUE(left.closed());
  EXPECT_THROW(left.send(1), tine::Closed);
  tine::Pipe next;  // what nobody holds goes when another is made, at the latest
  EXPECT_THROW(left.send(1), tine::InvalidArgument);
  EXPECT_EQ(pipes_there(), 1u);
}

}  // namespace
