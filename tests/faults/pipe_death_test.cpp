// Whoever dies, and wherever: the other end of his pipe learns of it at once, has first what he had
// sent, whole and in order, and no memory is lost.
//
// The workers of pools hold no ends by themselves. Here they are given some, as a process is by its
// parent, so that they can be killed with them in hand.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tine/pipe.hpp>
#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/fixture.hpp"
#include "support/processes.hpp"
#include "toolbox/context.hpp"
#include "toolbox/pipe.hpp"

namespace {

using namespace std::chrono_literals;
using tine::detail::Context;

thread_local bool die_in_save = false, die_in_load = false;

struct Item {
  std::uint64_t number = 0;
  std::string text;

  static Item make(std::uint64_t number, std::size_t longest) {
    return {number, std::string(number * 37 % (longest + 1), static_cast<char>('a' + number % 26))};
  }
  bool whole() const {
    return text.find_first_not_of(static_cast<char>('a' + number % 26)) == std::string::npos;
  }
  template <class Archive>
  void save(Archive& archive) const {
    archive(number);
    if (die_in_save) raise(SIGKILL);
    archive(text);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(number);
    if (die_in_load) raise(SIGKILL);
    archive(text);
  }
};

/// A process that is killed while it has an end in hand. It runs `work(number of the try)`, each time
/// again when it was killed; it holds what the master held when it said go().
class Holder {
 public:
  template <class F>
  explicit Holder(F work) : pool_({.workers = 1}), words_(pool_.array<std::uint32_t>(4)) {
    job_ = std::thread([this, work] {
      try {
        tine::for_each_slice(pool_.with({.attempts = 60}), tine::slices(1, 1),
                             [work, w = words_.view()](const tine::Slice&) {
                               const std::uint32_t number = w[0]++;
                               if (number == 0) {
                                 w[2] = Context::existing()->party();
                                 std::atomic_ref(w[3]).store(1);
                                 while (std::atomic_ref(w[1]).load() == 0) usleep(100);
                               }
                               work(number);
                             });
      } catch (const tine::SupervisorLost&) {
      } catch (const tine::KernelError&) {  // it was told that the other end is gone
      }
    });
    while (std::atomic_ref(words_[3]).load() == 0) usleep(100);
  }
  ~Holder() { join(); }

  void go() {
    tine::detail::inherit_connections(tine::detail::master_party, words_[2]);
    std::atomic_ref(words_[1]).store(1);
  }
  void kill() { tine_test::signal_child(pool_.supervisor_pid(), pool_.worker_pids()[0], SIGKILL); }
  void kill_supervisor() { tine_test::signal_child(getpid(), pool_.supervisor_pid(), SIGKILL); }
  void join() {
    if (job_.joinable()) job_.join();
  }

 private:
  tine::Pool pool_;
  tine::Array<std::uint32_t> words_;
  std::thread job_;
};

class PipeDeath : public tine_test::NothingLeftBehind {
 protected:
  static void SetUpTestSuite() { tine::Pipe first; }
  void TearDown() override { EXPECT_EQ(Context::existing()->chunks().taken(), 0u); }

  std::mt19937 random{std::random_device{}()};

  /// Receives numbers in order until the end of the file; returns how many.
  static std::uint64_t drain(const tine::ConnectionView& receiver) {
    std::uint64_t next = 0;
    for (;; ++next) try {
        const Item item = receiver.recv<Item>();
        EXPECT_EQ(item.number, next);
        EXPECT_TRUE(item.whole());
      } catch (const tine::EndOfFile&) {
        return next;
      }
  }
};

TEST_F(PipeDeath, of_the_only_sender_ends_the_file_after_what_was_sent) {
  for (const bool duplex : {false, true})
    for (const std::size_t longest : {20, 3000, 400'000}) {
      std::uint64_t items = 0;
      for (int round = 0; round < 10; ++round) {
        tine::Pipe pipe(duplex);
        Holder holder([c = pipe.second.view(), longest](unsigned number) {
          if (number != 0) return;
          for (std::uint64_t i = 0;; ++i) c.send(Item::make(i, longest));
        });
        holder.go();
        pipe.second.close();
        std::thread killer([&, delay = random() % 8000] {
          usleep(static_cast<unsigned>(delay));
          holder.kill();
        });
        items += drain(pipe.first.view());
        killer.join();
        if (duplex) {
          EXPECT_THROW(pipe.first.send(1), tine::Closed);
        }
        EXPECT_TRUE(pipe.first.poll(10s));
      }
      EXPECT_GT(items, 0u);
    }
}

TEST_F(PipeDeath, of_the_only_receiver_is_an_error_for_who_sends) {
  for (const std::size_t longest : {20, 3000, 400'000})
    for (int round = 0; round < 10; ++round) {
      tine::Pipe pipe(false);
      Holder holder([c = pipe.first.view()](unsigned number) {
        if (number != 0) return;
        for (;;) c.recv<Item>();
      });
      holder.go();
      pipe.first.close();
      std::thread killer([&, delay = random() % 8000] {
        usleep(static_cast<unsigned>(delay));
        holder.kill();
      });
      EXPECT_THROW(
          {
            for (std::uint64_t i = 0;; ++i) pipe.second.send(Item::make(i, longest));
          },
          tine::Closed);
      killer.join();
    }
}

TEST_F(PipeDeath, of_a_receiver_wakes_a_sender_who_waits_for_room) {
  tine::Pipe pipe(false);
  Holder holder([](unsigned number) {
    if (number == 0) pause();
  });
  holder.go();
  pipe.first.close();
  std::thread killer([&] {
    tine_test::sleep_ms(300);
    holder.kill();
  });
  EXPECT_THROW(
      {
        for (;;) pipe.second.send(1);
      },
      tine::Closed);
  killer.join();
}

TEST_F(PipeDeath, of_one_holder_of_several_ends_nothing) {
  tine::Pipe pipe(false);
  Holder first([](unsigned number) {
    if (number == 0) pause();
  });
  Holder second([c = pipe.second.view()](unsigned number) {
    if (number != 0) return;
    c.send(1);
    pause();
  });
  first.go();
  second.go();
  pipe.second.close();
  EXPECT_EQ(pipe.first.recv<int>(), 1);
  first.kill();
  first.join();
  EXPECT_FALSE(pipe.first.poll(150ms));
  second.kill();
  EXPECT_THROW(pipe.first.recv<int>(), tine::EndOfFile);
}

TEST_F(PipeDeath, in_the_middle_of_sending_leaves_no_trace_of_the_item) {
  for (const std::size_t longest : {10, 2'000'000}) {
    tine::Pipe pipe(false);
    Holder holder([c = pipe.second.view(), longest](unsigned number) {
      if (number != 0) return;
      c.send(Item::make(0, longest));
      die_in_save = true;
      c.send(Item::make(1, longest));
    });
    holder.go();
    pipe.second.close();
    EXPECT_EQ(drain(pipe.first.view()), 1u);
  }
}

TEST_F(PipeDeath, in_the_middle_of_receiving_leaves_the_item_for_another) {
  for (const std::size_t longest : {10, 2'000'000}) {
    tine::Pipe pipe(false);
    for (std::uint64_t i = 0; i < 5; ++i) pipe.second.send(Item::make(i, longest));
    Holder holder([c = pipe.first.view()](unsigned number) {
      if (number != 0) return;
      die_in_load = true;
      c.recv<Item>();
    });
    holder.go();
    holder.join();
    pipe.second.close();
    EXPECT_EQ(drain(pipe.first.view()), 5u);
  }
}

TEST_F(PipeDeath, between_the_two_steps_of_close_is_made_up_for_by_repair) {
  tine::Pipe pipe(false);
  Holder holder([other = pipe.first.view()](unsigned number) {
    if (number != 0) return;
    other.close();
    // The first step of close() only: the bit is away, nothing else.
    Context& context = *Context::existing();
    for (unsigned slot = 0; slot < tine::detail::max_objects; ++slot) {
      std::byte* at = context.object(context.object_in(slot), tine::detail::ObjectKind::pipe);
      if (at == nullptr) continue;
      reinterpret_cast<tine::detail::PipeHeader*>(at)->holders[1][context.party() / 64].fetch_and(
          ~(std::uint64_t{1} << context.party() % 64));
    }
    raise(SIGKILL);
  });
  pipe.second.send(Item::make(0, 100));
  holder.go();
  pipe.second.close();
  EXPECT_EQ(drain(pipe.first.view()), 1u);
}

TEST_F(PipeDeath, of_the_supervisor_too_is_seen_by_the_other_end) {
  for (int round = 0; round < 10; ++round) {
    tine::Pipe pipe(round % 2 == 0);
    Holder holder([c = pipe.second.view()](unsigned number) {
      if (number != 0) return;
      for (std::uint64_t i = 0;; ++i) c.send(Item::make(i, 1000));
    });
    holder.go();
    pipe.second.close();
    std::thread killer([&, delay = random() % 8000] {
      usleep(static_cast<unsigned>(delay));
      holder.kill_supervisor();
    });
    drain(pipe.first.view());
    killer.join();
  }
}

TEST_F(PipeDeath, of_both_holders_leaves_nothing_once_another_pipe_is_made) {
  for (int round = 0; round < 10; ++round) {
    auto pipe = std::make_unique<tine::Pipe>();
    auto a = std::make_unique<Holder>(
        [c = pipe->first.view(), other = pipe->second.view()](unsigned number) {
          if (number != 0) return;
          other.close();  // it was inherited, too
          for (std::uint64_t i = 0;; ++i) c.send(Item::make(i, 1000));
        });
    auto b = std::make_unique<Holder>(
        [c = pipe->second.view(), other = pipe->first.view()](unsigned number) {
          if (number != 0) return;
          other.close();
          for (std::uint64_t i = 0;; ++i) i % 2 == 0 ? c.send(i) : void(c.recv<Item>());
        });
    a->go();
    b->go();
    pipe.reset();
    usleep(static_cast<unsigned>(random() % 8000));
    (round % 2 == 0 ? a : b)->kill();
    // The other one is told; its worker lives until its pool ends.
    a->join();
    b->join();
    a.reset();
    b.reset();
    tine::Pipe next;
    EXPECT_EQ(Context::existing()->chunks().taken(), 0u);
  }
}

TEST_F(PipeDeath, of_a_process_ends_the_file_after_what_it_has_sent) {
  for (int round = 0; round < 20; ++round) {
    tine::Pipe pipe(round % 2 == 0);
    tine::Process process([&] {
      pipe.first.close();
      for (std::uint64_t i = 0;; ++i) pipe.second.send(Item::make(i, 1000));
    });
    process.start();
    pipe.second.close();
    std::thread killer([&, delay = random() % 8000] {
      usleep(static_cast<unsigned>(delay));
      process.kill();
    });
    drain(pipe.first.view());
    killer.join();
    process.join();
    EXPECT_EQ(process.exitcode(), -SIGKILL);
  }
}

TEST_F(PipeDeath, of_a_process_together_with_its_supervisor_is_noticed_by_who_waits) {
  tine::Pipe pipe(false);
  tine::Process process([&] {
    pipe.first.close();
    pipe.second.send(Item::make(0, 10));
    pause();
  });
  process.start();
  pipe.second.close();
  EXPECT_TRUE(pipe.first.poll(std::nullopt));
  tine_test::signal_child(getpid(), tine_test::parent_of(*process.pid()), SIGKILL);
  EXPECT_EQ(drain(pipe.first.view()), 1u);
  process.join();
}

TEST_F(PipeDeath, of_the_master_leaves_nothing) {
  tine_test::Orphanage orphanage;
  for (int round = 0; round < 20; ++round) {
    const pid_t child = tine_test::start_child([] {
      for (;;) {
        tine::Pipe pipe;
        Holder holder([c = pipe.second.view()](unsigned) {
          for (std::uint64_t i = 0; i < 100; ++i) c.send(c.recv<Item>());
        });
        holder.go();
        for (std::uint64_t i = 0; i < 100; ++i) {
          pipe.first.send(Item::make(i, 3000));
          pipe.first.recv<Item>();
        }
      }
    });
    usleep(static_cast<unsigned>(random() % 30'000));
    kill(child, SIGKILL);
    EXPECT_EQ(tine_test::end_of(child), 1000 + SIGKILL);
    ASSERT_TRUE(orphanage.empties()) << "round " << round;
  }
}

}  // namespace
