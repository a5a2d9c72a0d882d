// Whoever dies, a Process, its supervisor, its parent: nobody hangs, and nothing is left.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tine/queue.hpp>
#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/deaths.hpp"
#include "support/processes.hpp"
#include "toolbox/context.hpp"

namespace {

using namespace std::chrono_literals;
using tine::Process;

[[noreturn]] void wait_for_ever() {
  for (;;) pause();
}

// Kills its process while it is read, once told to.
bool die_in_load = false;
struct Deadly {
  std::string text;
  template <class Archive>
  void save(Archive& archive) const {
    archive(text);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(text);
    if (die_in_load) raise(SIGKILL);
  }
};

class ProcessDeath : public tine_test::NothingLeftBehind {
 protected:
  static void SetUpTestSuite() { tine::Queue<int> first; }

  ProcessDeath()
      : words_(static_cast<std::atomic<int>*>(
            mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~ProcessDeath() override { munmap(words_, 4096); }

  /// Shared with all that comes of the test.
  std::atomic<int>& word(std::size_t i) const { return words_[i]; }
  bool comes(std::size_t i, int value) const {
    return tine_test::eventually([&] { return word(i) == value; });
  }
  static void expect_nothing_held() {
    EXPECT_EQ(tine::detail::Context::existing()->chunks().taken(), 0u);
    tine::detail::Parties all;
    EXPECT_NO_THROW(all.take(tine::detail::max_parties - 2)) << "numbers of parties are lost";
    all.release();
  }

  tine_test::Orphanage orphanage_;

 private:
  std::atomic<int>* words_;
};

int supervisor_of(const Process& p) {
  return tine_test::parent_of(*p.pid());
}

TEST_F(ProcessDeath, leaves_no_zombie) {
  for (const bool killed : {false, true}) {
    Process p([&] {
      if (killed) wait_for_ever();
    });
    p.start();
    const int supervisor = killed ? supervisor_of(p) : 0;
    if (killed) p.kill();
    p.join();
    EXPECT_EQ(tine_test::state_of(*p.pid()), 0);
    if (killed) {
      EXPECT_EQ(tine_test::state_of(supervisor), 0);
    }
  }
  Process seen_by_is_alive([] {}), seen_by_active_children([] {});
  seen_by_is_alive.start();
  seen_by_active_children.start();
  EXPECT_TRUE(tine_test::eventually([&] { return !seen_by_is_alive.is_alive(); }));
  EXPECT_TRUE(tine_test::eventually([] { return tine::active_children().empty(); }));
  EXPECT_TRUE(tine_test::descendants().empty());
}

TEST_F(ProcessDeath, takes_its_own_children_with_it) {
  for (const bool killed : {false, true}) {
    word(0) = 0;
    Process p([&] {
      for (int i = 0; i < 3; ++i)
        if (fork() == 0) {
          if (i == 1) setsid();
          if (i == 2 && fork() != 0) _exit(0);  // its child is an orphan
          signal(SIGTERM, SIG_IGN);
          word(0).fetch_add(1);
          wait_for_ever();
        }
      while (word(0) != 3) usleep(1000);
      if (killed) raise(SIGKILL);
    });
    p.start();
    EXPECT_TRUE(p.join());
    EXPECT_EQ(p.exitcode(), killed ? -SIGKILL : 0);
    EXPECT_TRUE(tine_test::descendants().empty());
  }
}

TEST_F(ProcessDeath, is_what_orphans_wait_for_not_the_death_of_each_other) {
  Process p([&] {
    // Two orphans, one of which ends.
    if (fork() == 0) {
      if (fork() != 0) _exit(0);
      while (word(1) == 0) usleep(1000);
      _exit(0);
    }
    if (fork() == 0) {
      if (fork() != 0) _exit(0);
      word(0) = getpid();
      wait_for_ever();
    }
    while (word(0) == 0) usleep(1000);
    word(1) = 1;
    tine_test::sleep_ms(100);
    _exit(tine_test::has_ended(word(0)) ? 1 : 0);
  });
  p.start();
  p.join();
  EXPECT_EQ(p.exitcode(), 0);
  EXPECT_TRUE(tine_test::has_ended(word(0)));
}

TEST_F(ProcessDeath, gives_back_what_it_held_of_a_queue) {
  tine::Queue<Deadly> q;
  for (int i = 0; i < 5; ++i) q.put({std::string(10'000, static_cast<char>('a' + i))});
  Process reader([v = q.view()] {
    die_in_load = true;
    v.get();
  });
  reader.start();
  reader.join();
  EXPECT_EQ(reader.exitcode(), -SIGKILL);
  EXPECT_EQ(q.qsize(), 5u);
  std::string letters;
  while (const auto item = q.try_get()) letters += item->text[0];
  EXPECT_EQ(letters.size(), 5u);
  expect_nothing_held();
}

TEST_F(ProcessDeath, is_also_that_of_its_pools_and_gives_back_what_their_workers_held) {
  tine::Queue<Deadly> q;
  for (int i = 0; i < 4; ++i) q.put({std::string(10'000, 'x')});
  for (const bool by_supervisor : {false, true}) {
    word(0) = 0;
    Process p([&, v = q.view(), reading = &word(0)] {
      tine::Pool pool({.workers = 2});
      tine::for_each_slice(pool, tine::slices(2, 1), [v, reading](tine::Slice) {
        tine::detail::ObjectId id;
        struct Peek : tine::QueueView<Deadly> {
          using QueueView::id_;
          explicit Peek(const QueueView& view) : QueueView(view) {}
        };
        id = Peek(v).id_;
        tine::detail::Delivery held(id);
        claim(held, tine::detail::deadline_of(true, {}));
        reading->fetch_add(1);
        wait_for_ever();
      });
    });
    p.start();
    EXPECT_TRUE(comes(0, 2));
    if (by_supervisor)
      EXPECT_TRUE(tine_test::signal_child(getpid(), supervisor_of(p), SIGKILL));
    else
      p.kill();
    p.join();
    EXPECT_EQ(p.exitcode(), -SIGKILL);
    EXPECT_TRUE(orphanage_.empties());
    EXPECT_EQ(q.qsize(), 4u);
  }
  for (int i = 0; i < 4; ++i) EXPECT_EQ(q.get_nowait().text.size(), 10'000u);
  expect_nothing_held();
}

TEST_F(ProcessDeath, gives_back_no_number_of_a_party_that_is_its_parents) {
  tine::Pool pool({.workers = 2});
  Process p([&] { const tine::Pool copy = std::move(pool); });
  p.start();
  p.join();
  EXPECT_EQ(p.exitcode(), 0);
  tine::detail::Parties all;
  EXPECT_THROW(all.take(tine::detail::max_parties - 2), tine::PoolError);
  EXPECT_NO_THROW(all.take(tine::detail::max_parties - 4));
  all.release();
}

TEST_F(ProcessDeath, of_the_supervisor_is_also_that_of_the_process) {
  Process p([] { wait_for_ever(); });
  p.start();
  ASSERT_TRUE(tine_test::signal_child(getpid(), supervisor_of(p), SIGKILL));
  EXPECT_TRUE(p.join());
  EXPECT_EQ(p.exitcode(), -SIGKILL);
  ASSERT_TRUE(p.error());
  EXPECT_EQ(p.error()->type, "supervisor");
  EXPECT_TRUE(orphanage_.empties());
  p.terminate();  // nobody is hit
  expect_nothing_held();
}

TEST_F(ProcessDeath, by_each_other_ends_them_and_nobody_else) {
  for (const int n : {1, 2, 5, 13}) {
    for (int i = 0; i < 16; ++i) word(static_cast<std::size_t>(i)) = 0;
    std::vector<Process> all;
    for (int i = 0; i < n; ++i)
      all.emplace_back([&, i] {
        const auto seat = [&](int k) -> std::atomic<int>& {
          return word(static_cast<std::size_t>(k));
        };
        seat(i) = getpid();
        for (int k = 0; k < n; ++k)
          while (seat(k) == 0) usleep(100);
        for (int k = 1; k <= n; ++k) kill(seat((i + k) % n), SIGKILL);  // itself last
      });
    for (Process& p : all) p.start();
    for (Process& p : all) {
      EXPECT_TRUE(p.join());
      EXPECT_EQ(p.exitcode(), -SIGKILL);
    }
  }
  expect_nothing_held();
}

TEST_F(ProcessDeath, by_signals_of_the_parent_needs_no_supervisor) {
  Process p([] { wait_for_ever(); });
  p.start();
  const int supervisor = supervisor_of(p);
  EXPECT_TRUE(tine_test::signal_child(getpid(), supervisor, SIGSTOP));
  p.kill();
  EXPECT_TRUE(tine_test::eventually([&] { return tine_test::has_ended(*p.pid()); }));
  EXPECT_FALSE(p.join(20ms)) << "nobody has seen to what it left behind";
  kill(supervisor, SIGCONT);
  EXPECT_TRUE(p.join());
  EXPECT_EQ(p.exitcode(), -SIGKILL);
}

// What a program may have running: a daemon or not, which has forked, has a pool, and a Process.
void family(std::atomic<int>& there, bool daemon, int levels) {
  Process p({.daemon = daemon}, [&there, daemon, levels] {
    signal(SIGTERM, SIG_IGN);
    if (fork() == 0) wait_for_ever();
    tine::Pool pool({.workers = 2});
    there.fetch_add(1);
    if (levels > 1) family(there, daemon, levels - 1);
    wait_for_ever();
  });
  p.start();
}

TEST_F(ProcessDeath, of_the_parent_leaves_nothing) {
  std::chrono::nanoseconds slowest{0};
  for (const bool daemon : {false, true})
    for (const int signal : {SIGKILL, SIGTERM, SIGINT, SIGSEGV}) {
      word(0) = 0;
      const pid_t parent = tine_test::start_child([&] {
        ::signal(signal, SIG_DFL);  // whatever a sanitizer does with it
        family(word(0), daemon, 3);
        wait_for_ever();
      });
      EXPECT_TRUE(comes(0, 3));
      kill(parent, signal);
      const auto killed = std::chrono::steady_clock::now();
      EXPECT_EQ(tine_test::end_of(parent), 1000 + signal);
      EXPECT_TRUE(orphanage_.empties());
      slowest =
          std::max<std::chrono::nanoseconds>(slowest, std::chrono::steady_clock::now() - killed);
      EXPECT_EQ(tine_test::holders_of_arenas(), std::vector<int>{});
    }
  printf("  everything was gone after at most %.0f ms\n",
         static_cast<double>(slowest.count()) / 1e6);
}

TEST_F(ProcessDeath, of_the_parent_is_told_to_daemons) {
  static std::atomic<int>* told;
  told = &word(1);
  const pid_t parent = tine_test::start_child([&] {
    Process p({.daemon = true}, [&] {
      signal(SIGTERM, [](int) {
        told->store(1);
        _exit(0);
      });
      word(0) = 1;
      wait_for_ever();
    });
    p.start();
    wait_for_ever();
  });
  EXPECT_TRUE(comes(0, 1));
  kill(parent, SIGKILL);
  tine_test::end_of(parent);
  EXPECT_TRUE(orphanage_.empties());
  EXPECT_EQ(word(1), 1);
}

TEST_F(ProcessDeath, of_the_parent_at_any_moment_leaves_nothing) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const int rounds = tine_test::address_sanitizer ? 20 : 200;
  for (int round = 0; round < rounds; ++round) {
    const pid_t parent = tine_test::start_child([&] {
      tine::Queue<int> q;
      for (;;) {
        Process a([v = q.view()] {
          Process b([v] { v.put(1); });
          b.start();
          if (fork() == 0) wait_for_ever();
        });
        Process c({.daemon = true}, [] { wait_for_ever(); });
        a.start();
        c.start();
        q.get();
        a.join();
        c.terminate();
        c.join();
      }
    });
    usleep(random() % 20'000);
    kill(parent, SIGKILL);
    EXPECT_EQ(tine_test::end_of(parent), 1000 + SIGKILL);
    ASSERT_TRUE(orphanage_.empties()) << "round " << round;
  }
}

TEST_F(ProcessDeath, follows_when_the_parent_calls__exit_or_exec) {
  const pid_t exits = tine_test::start_child([&] {
    family(word(0), false, 1);
    while (word(0) != 1) usleep(1000);
    _exit(5);
  });
  EXPECT_EQ(tine_test::end_of(exits), 5);
  EXPECT_TRUE(orphanage_.empties());

  int input[2];
  ASSERT_EQ(pipe2(input, O_CLOEXEC), 0);
  const pid_t execs = tine_test::start_child([&] {
    family(word(1), false, 1);
    while (word(1) != 1) usleep(1000);
    dup2(input[0], STDIN_FILENO);
    execlp("cat", "cat", nullptr);
    _exit(9);
  });
  close(input[0]);
  EXPECT_TRUE(tine_test::eventually([&] {
    if (word(1) != 1) return false;
    const auto left = tine_test::descendants();
    return std::ifstream("/proc/" + std::to_string(execs) + "/comm").get() == 'c' &&
           std::all_of(left.begin(), left.end(),
                       [&](int pid) { return pid == execs || tine_test::has_ended(pid); });
  }));
  EXPECT_FALSE(tine_test::has_ended(execs));
  close(input[1]);
  EXPECT_EQ(tine_test::end_of(execs), 0);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(ProcessDeath, of_a_fork_of_the_application_does_not_hurt_a_process) {
  Process p([] { wait_for_ever(); });
  p.start();
  EXPECT_EQ(tine_test::in_child([&] {
              EXPECT_TRUE(tine::active_children().empty());
              EXPECT_THROW(p.kill(), std::logic_error);
              exit(0);  // it has nobody to join
            }),
            0);
  EXPECT_TRUE(p.is_alive());
  p.kill();
  EXPECT_TRUE(p.join());
}

TEST_F(ProcessDeath, by_what_the_terminal_sends_is_up_to_the_process) {
  // As a shell does it, in a process group of its own.
  const int end = tine_test::in_child([&] {
    setpgid(0, 0);
    static volatile sig_atomic_t seen;
    seen = 0;
    const auto see = [](int) { seen = seen + 1; };
    for (const int sent : {SIGINT, SIGQUIT, SIGHUP}) signal(sent, see);
    Process handles([&] {
      word(0) = 1;
      while (seen != 3) usleep(1000);
    });
    Process does_not([&] {
      for (const int sent : {SIGINT, SIGQUIT, SIGHUP}) signal(sent, SIG_DFL);
      word(1) = 1;
      wait_for_ever();
    });
    handles.start();
    does_not.start();
    while (word(0) == 0 || word(1) == 0) usleep(1000);
    for (const int sent : {SIGINT, SIGQUIT, SIGHUP}) kill(0, sent);
    EXPECT_TRUE(handles.join());
    EXPECT_TRUE(does_not.join());
    EXPECT_EQ(handles.exitcode(), 0);
    EXPECT_EQ(does_not.exitcode(), -SIGINT);
    EXPECT_EQ(seen, 3);
  });
  EXPECT_EQ(end, 0);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(ProcessDeath, is_waited_for_while_it_or_its_parent_is_stopped) {
  Process p([] { tine_test::sleep_ms(50); });
  p.start();
  EXPECT_TRUE(tine_test::signal_child(supervisor_of(p), *p.pid(), SIGSTOP));
  EXPECT_FALSE(p.join(1500ms)) << "nobody takes it for dead";
  kill(*p.pid(), SIGCONT);
  EXPECT_TRUE(p.join());
  EXPECT_EQ(p.exitcode(), 0);
}

}  // namespace
