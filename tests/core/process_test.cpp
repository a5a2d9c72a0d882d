// The life of a Process, as its header promises it.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/queue.hpp>
#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/deaths.hpp"
#include "support/processes.hpp"

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using tine::Process;

/// Words that a test and all that comes of it share.
class Shared {
 public:
  Shared()
      : words_(static_cast<std::atomic<int>*>(
            mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~Shared() { munmap(words_, 4096); }
  Shared(const Shared&) = delete;
  std::atomic<int>& operator[](std::size_t i) const { return words_[i]; }

 private:
  std::atomic<int>* words_;
};

class ProcessTest : public tine_test::NothingLeftBehind {
 protected:
  // What processes share stays with the program, from the first queue on.
  static void SetUpTestSuite() { tine::Queue<int> first; }
};

void doubled(int from, std::atomic<int>* to) {
  *to = 2 * from;
}

struct Doubler {
  void operator()(std::unique_ptr<int> from, std::atomic<int>& to) { to = 2 * *from; }
};

TEST_F(ProcessTest, runs_a_function_with_arguments_in_a_process_of_its_own) {
  Shared seen;
  Process p([&] { seen[0] = getpid(); });
  p.start();
  EXPECT_TRUE(p.join());
  EXPECT_EQ(p.exitcode(), 0);
  EXPECT_FALSE(p.error());
  EXPECT_EQ(seen[0], *p.pid());
  EXPECT_NE(seen[0], getpid());

  Process with_arguments(doubled, 21, &seen[1]);
  with_arguments.start();
  with_arguments.join();
  EXPECT_EQ(seen[1], 42);
  Process with_values_that_move(Doubler{}, std::make_unique<int>(50), std::ref(seen[2]));
  with_values_that_move.start();
  with_values_that_move.join();
  EXPECT_EQ(seen[2], 100);
}

TEST_F(ProcessTest, sees_the_callers_memory_as_it_is_at_start_and_changes_only_its_own) {
  Shared seen;
  std::vector<std::string> words{"made before"};
  Process p([&] {
    seen[0] = words.size() == 2 && words[1] == "the start";
    words.clear();
  });
  words.push_back("the start");
  p.start();
  p.join();
  EXPECT_EQ(seen[0], 1);
  EXPECT_EQ(words.size(), 2u);
}

TEST_F(ProcessTest, has_no_pid_and_no_exitcode_before_start) {
  Process p([] {});
  EXPECT_FALSE(p.pid());
  EXPECT_FALSE(p.exitcode());
  EXPECT_FALSE(p.error());
  EXPECT_FALSE(p.is_alive());
  EXPECT_THROW(p.join(), std::logic_error);
  EXPECT_THROW(p.terminate(), std::logic_error);
  EXPECT_THROW(p.kill(), std::logic_error);
  EXPECT_THROW(p.interrupt(), std::logic_error);
  EXPECT_THROW(p.sentinel(), std::logic_error);
}

TEST_F(ProcessTest, is_started_once) {
  Process p([] {});
  p.start();
  EXPECT_THROW(p.start(), std::logic_error);
  p.join();
  EXPECT_THROW(p.start(), std::logic_error);
}

TEST_F(ProcessTest, joins_within_a_time_or_not_and_again) {
  int gate[2];
  ASSERT_EQ(pipe2(gate, O_CLOEXEC), 0);
  Process p([&] {
    close(gate[1]);
    char byte;
    [[maybe_unused]] const auto n = read(gate[0], &byte, 1);
  });
  p.start();
  EXPECT_FALSE(p.join(0s));
  EXPECT_FALSE(p.join(20ms));
  EXPECT_TRUE(p.is_alive());
  EXPECT_FALSE(p.exitcode());
  EXPECT_THROW(p.join(-1ns), tine::InvalidArgument);
  close(gate[1]);
  EXPECT_TRUE(p.join(tine::Timeout::value_type::max()));
  EXPECT_FALSE(p.is_alive());
  EXPECT_TRUE(p.join());
  EXPECT_TRUE(p.join(0s));
  close(gate[0]);
}

TEST_F(ProcessTest, may_be_closed_when_it_has_ended_and_asked_nothing_after_that) {
  Process p([] { pause(); });
  p.start();
  EXPECT_THROW(p.close(), std::logic_error);
  p.kill();
  p.join();
  p.close();
  EXPECT_THROW(p.pid(), std::logic_error);
  EXPECT_THROW(p.exitcode(), std::logic_error);
  EXPECT_THROW(p.error(), std::logic_error);
  EXPECT_THROW(p.is_alive(), std::logic_error);
  EXPECT_THROW(p.join(), std::logic_error);
  EXPECT_THROW(p.start(), std::logic_error);
  EXPECT_THROW(p.name(), std::logic_error);
  EXPECT_THROW(p.set_name("x"), std::logic_error);
  EXPECT_THROW(p.daemon(), std::logic_error);
  EXPECT_THROW(p.set_daemon(true), std::logic_error);
  EXPECT_THROW(p.kill(), std::logic_error);
  EXPECT_THROW(p.sentinel(), std::logic_error);
  EXPECT_THROW(p.close(), std::logic_error);
  Process never_started([] {});
  never_started.close();
  EXPECT_THROW(never_started.start(), std::logic_error);
}

TEST_F(ProcessTest, that_was_moved_from_says_so) {
  Process p([] {});
  Process q(std::move(p));
  EXPECT_THROW(p.start(), std::logic_error);  // NOLINT: that is what is tested
  q.start();
  EXPECT_TRUE(q.join());
}

TEST_F(ProcessTest, has_the_exitcode_of_its_end) {
  const auto exitcode = [](void (*body)()) {
    Process p(body);
    p.start();
    p.join();
    return *p.exitcode();
  };
  EXPECT_EQ(exitcode([] {}), 0);
  EXPECT_EQ(exitcode([] { std::exit(3); }), 3);
  EXPECT_EQ(exitcode([] { _exit(4); }), 4);
  EXPECT_EQ(exitcode([] { std::quick_exit(5); }), 5);
  EXPECT_EQ(exitcode([] { raise(SIGKILL); }), -SIGKILL);
  EXPECT_EQ(exitcode([] { raise(SIGTERM); }), -SIGTERM);
  EXPECT_EQ(exitcode([] { throw std::runtime_error("told on standard error, too"); }), 1);
}

TEST_F(ProcessTest, keeps_type_and_message_of_an_exception_that_nobody_caught) {
  Process standard([] { throw std::out_of_range("no such index: 7"); });
  standard.start();
  standard.join();
  EXPECT_EQ(standard.exitcode(), 1);
  ASSERT_TRUE(standard.error());
  EXPECT_EQ(standard.error()->type, "std::out_of_range");
  EXPECT_EQ(standard.error()->message, "no such index: 7");

  Process other([] { throw 7; });
  other.start();
  other.join();
  EXPECT_EQ(other.exitcode(), 1);
  ASSERT_TRUE(other.error());
  EXPECT_EQ(other.error()->type, "int");

  Process large([] { throw std::runtime_error(std::string(1 << 20, 'x')); });
  large.start();
  large.join();
  EXPECT_GT(large.error()->message.size(), 1000u);

  Process by_exit([] { exit(1); });
  by_exit.start();
  by_exit.join();
  EXPECT_EQ(by_exit.exitcode(), 1);
  EXPECT_FALSE(by_exit.error());
}

TEST_F(ProcessTest, tells_the_signal_that_ended_it) {
  for (const tine_test::Death& death : tine_test::deaths) {
    if (death.signal == 0 || tine_test::address_sanitizer) continue;
    Process p([&] {
      freopen("/dev/null", "w", stderr);
      death.die();
    });
    p.start();
    p.join();
    EXPECT_EQ(p.exitcode(), -death.signal) << death.name;
    ASSERT_TRUE(p.error());
    EXPECT_EQ(p.error()->type, "signal");
    EXPECT_THAT(p.error()->message, HasSubstr(std::string("SIG") + sigabbrev_np(death.signal)));
  }
}

TEST_F(ProcessTest, is_stopped_by_signals) {
  Process terminated([] {
    for (;;) pause();
  }),
      killed([] {
        for (;;) pause();
      }),
      interrupted([] {
        for (;;) pause();
      });
  for (Process* p : {&terminated, &killed, &interrupted}) p->start();
  terminated.terminate();
  killed.kill();
  interrupted.interrupt();
  for (Process* p : {&terminated, &killed, &interrupted}) EXPECT_TRUE(p->join());
  EXPECT_EQ(terminated.exitcode(), -SIGTERM);
  EXPECT_EQ(killed.exitcode(), -SIGKILL);
  EXPECT_EQ(interrupted.exitcode(), -SIGINT);
  killed.kill();  // nobody is hit
}

TEST_F(ProcessTest, that_ignores_sigterm_is_ended_by_kill) {
  Shared ready;
  Process p([&] {
    signal(SIGTERM, SIG_IGN);
    ready[0] = 1;
    for (;;) pause();
  });
  p.start();
  EXPECT_TRUE(tine_test::eventually([&] { return ready[0] == 1; }));
  p.terminate();
  EXPECT_FALSE(p.join(100ms));
  p.kill();
  EXPECT_TRUE(p.join());
  EXPECT_EQ(p.exitcode(), -SIGKILL);
}

TEST_F(ProcessTest, has_a_name_that_tells_whose_child_it_is) {
  Process first([] {}), second([] {}), named({.name = "worker"}, [] {});
  const std::string prefix = "Process-";
  ASSERT_TRUE(first.name().starts_with(prefix));
  const int number = std::stoi(first.name().substr(prefix.size()));
  EXPECT_EQ(second.name(), prefix + std::to_string(number + 1));
  EXPECT_EQ(named.name(), "worker");
  named.set_name("renamed");
  EXPECT_EQ(named.name(), "renamed");
  Process parent([&] {
    const std::string own = prefix + std::to_string(number + 3);
    if (tine::current_process().name != own) _exit(1);
    Process a([] {}), b([] {});
    if (a.name() != own + ":1" || b.name() != own + ":2") _exit(2);
    Process c([&] { _exit(tine::current_process().name == own + ":3" ? 0 : 3); });
    c.start();
    c.join();
    _exit(*c.exitcode());
  });
  parent.start();
  parent.join();
  EXPECT_EQ(parent.exitcode(), 0);
}

TEST_F(ProcessTest, knows_itself_and_its_parent) {
  EXPECT_EQ(tine::current_process().pid, getpid());
  EXPECT_EQ(tine::current_process().name, "MainProcess");
  EXPECT_FALSE(tine::parent_process());
  const int me = getpid();
  Process p({.name = "child", .daemon = true}, [&] {
    const auto self = tine::current_process();
    if (self.pid != getpid() || self.name != "child" || !self.daemon) _exit(1);
    const auto parent = tine::parent_process();
    if (!parent || parent->pid != me || parent->name != "MainProcess" || parent->daemon) _exit(2);
    tine::Pool pool({.workers = 1});
    auto seen = pool.array<int>(2);
    tine::for_each_slice(pool, tine::slices(1, 1), [v = seen.view()](tine::Slice) {
      v[0] = tine::current_process().pid == getpid();
      v[1] = tine::parent_process()->pid;
    });
    if (seen[0] != 1 || seen[1] != getpid()) _exit(3);
  });
  p.start();
  p.join();
  EXPECT_EQ(p.exitcode(), 0);
}

TEST_F(ProcessTest, is_among_the_active_children_while_it_lives) {
  EXPECT_TRUE(tine::active_children().empty());
  Process a({.name = "a"}, [] { pause(); }), b({.name = "b"}, [] {
    _exit(tine::active_children().empty() ? 0 : 1);  // not its siblings
  });
  a.start();
  b.start();
  b.join();
  EXPECT_EQ(b.exitcode(), 0);
  auto active = tine::active_children();
  ASSERT_EQ(active.size(), 1u);
  EXPECT_EQ(active[0].name(), "a");
  EXPECT_EQ(active[0].pid(), a.pid());
  active[0].terminate();
  EXPECT_TRUE(active[0].join());
  EXPECT_EQ(a.exitcode(), -SIGTERM);
  EXPECT_TRUE(tine::active_children().empty());
}

TEST_F(ProcessTest, lives_on_when_its_object_is_gone) {
  Shared gate;
  {
    Process p([&] {
      while (gate[0] == 0) usleep(1000);
    });
    p.start();
  }
  auto active = tine::active_children();
  ASSERT_EQ(active.size(), 1u);
  gate[0] = 1;
  EXPECT_TRUE(active[0].join());
  EXPECT_EQ(active[0].exitcode(), 0);
}

TEST_F(ProcessTest, daemon_is_said_before_start_and_inherited) {
  Process p([] {});
  EXPECT_FALSE(p.daemon());
  p.set_daemon(true);
  EXPECT_TRUE(p.daemon());
  p.start();
  EXPECT_THROW(p.set_daemon(false), std::logic_error);
  p.join();
  Process parent({.daemon = true}, [] {
    Process inherits([] {}), not_so({.daemon = false}, [] {});
    _exit(inherits.daemon() && !not_so.daemon() ? 0 : 1);
  });
  parent.start();
  parent.join();
  EXPECT_EQ(parent.exitcode(), 0);
}

TEST_F(ProcessTest, that_is_no_daemon_is_joined_at_the_end_of_its_parent) {
  Shared seen;
  for (const bool nested : {false, true}) {
    seen[0] = 0;
    auto program = [&] {
      Process p([&] {
        tine_test::sleep_ms(200);
        seen[0] = 1;
      });
      p.start();
    };
    if (nested) {
      Process parent(program);
      parent.start();
      parent.join();
      EXPECT_EQ(parent.exitcode(), 0);
    } else {
      EXPECT_EQ(tine_test::in_child([&] {
                  program();
                  exit(7);
                }),
                7);
    }
    EXPECT_EQ(seen[0], 1);
  }
}

TEST_F(ProcessTest, that_is_a_daemon_is_terminated_at_the_end_of_its_parent) {
  static std::atomic<int>* seen;
  Shared words;
  seen = &words[0];
  const auto program = [] {
    Process polite({.daemon = true}, [] {
      signal(SIGTERM, [](int) {
        seen[1] = 1;
        _exit(0);
      });
      seen[0].fetch_add(1);
      for (;;) pause();
    });
    Process stubborn({.daemon = true}, [] {
      signal(SIGTERM, SIG_IGN);
      seen[0].fetch_add(1);
      for (;;) pause();
    });
    polite.start();
    stubborn.start();
    while (seen[0] != 2) usleep(1000);
  };
  Process parent(program);
  parent.start();
  EXPECT_TRUE(parent.join());
  EXPECT_EQ(parent.exitcode(), 0);
  EXPECT_EQ(seen[1], 1);

  seen[0] = seen[1] = 0;
  tine_test::Orphanage orphanage;
  EXPECT_EQ(tine_test::in_child([&] {
              program();
              exit(7);
            }),
            7);
  EXPECT_TRUE(tine_test::descendants().empty()) << "gone before it";
  EXPECT_EQ(seen[1], 1);
}

TEST_F(ProcessTest, has_a_sentinel_that_poll_finds_readable_at_its_end) {
  Process a([] { pause(); }), b([] {});
  a.start();
  b.start();
  pollfd fds[] = {{a.sentinel(), POLLIN, 0}, {b.sentinel(), POLLIN, 0}};
  EXPECT_EQ(poll(fds, 2, -1), 1);
  EXPECT_EQ(fds[0].revents, 0);
  EXPECT_NE(fds[1].revents, 0);
  EXPECT_FALSE(b.is_alive());
  a.kill();
  EXPECT_EQ(poll(fds, 1, -1), 1);
  a.join();
}

TEST_F(ProcessTest, does_not_run_the_exit_handlers_of_its_parent_and_flushes_what_it_printed) {
  int out[2];
  ASSERT_EQ(pipe2(out, O_CLOEXEC), 0);
  const int end = tine_test::in_child([&] {
    dup2(out[1], STDOUT_FILENO);
    close(out[1]);
    std::atexit([] { printf("parent's handler\n"); });
    printf("before\n");
    for (const bool by_exit : {false, true}) {
      Process p([&] {
        std::atexit([] { printf("own handler\n"); });
        printf("in the process\n");
        std::cout << "and a stream\n";
        if (by_exit) std::exit(0);
      });
      p.start();
      p.join();
      EXPECT_EQ(p.exitcode(), 0);
    }
    exit(0);
  });
  EXPECT_EQ(end, 0);
  close(out[1]);
  std::string text(1000, '\0');
  std::size_t length = 0;
  for (ssize_t n; (n = read(out[0], &text[length], text.size() - length)) > 0;)
    length += static_cast<std::size_t>(n);
  close(out[0]);
  text.resize(length);
  EXPECT_EQ(text,
            "before\nin the process\nand a stream\n"
            "in the process\nand a stream\nown handler\nparent's handler\n");
}

TEST_F(ProcessTest, holds_no_pipe_open_that_its_child_has_closed) {
  int out[2];
  ASSERT_EQ(pipe2(out, O_CLOEXEC), 0);
  Process p([&] {
    [[maybe_unused]] const auto n = write(out[1], "x", 1);
    close(out[1]);
    pause();
  });
  p.start();
  close(out[1]);
  char byte;
  EXPECT_EQ(read(out[0], &byte, 1), 1);
  EXPECT_EQ(read(out[0], &byte, 1), 0) << "end of file";
  close(out[0]);
  p.kill();
  p.join();
}

TEST_F(ProcessTest, takes_signals_as_its_parent_does_and_stays_in_its_session_and_group) {
  static volatile sig_atomic_t hit;
  hit = 0;
  const auto before = signal(SIGUSR1, [](int) { hit = 1; });
  sigset_t blocked, mask;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  sigprocmask(SIG_BLOCK, &blocked, &mask);
  const int session = getsid(0), group = getpgrp();
  Process p([=] {
    raise(SIGUSR1);
    sigset_t now;
    sigprocmask(SIG_BLOCK, nullptr, &now);
    if (hit != 1) _exit(1);
    if (sigismember(&now, SIGUSR2) != 1 || sigismember(&now, SIGINT) != 0) _exit(2);
    struct sigaction interrupt;
    sigaction(SIGINT, nullptr, &interrupt);
    if (interrupt.sa_handler != SIG_DFL) _exit(3);
    if (getsid(0) != session || getpgrp() != group) _exit(4);
    if (tine_test::parent_of(getpid()) == 0) _exit(5);
  });
  p.start();
  p.join();
  EXPECT_EQ(p.exitcode(), 0);
  EXPECT_EQ(hit, 0);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  signal(SIGUSR1, before);
}

TEST_F(ProcessTest, shares_queues_with_its_parent) {
  tine::Queue<std::string> questions, answers;
  Process p([q = questions.view(), a = answers.view()] {
    while (const auto question = q.try_get_for(60s)) {
      if (question->empty()) return;
      a.put(*question + std::string(100'000, '!'));
    }
  });
  p.start();
  for (int i = 0; i < 50; ++i) questions.put("question " + std::to_string(i));
  questions.put("");
  for (int i = 0; i < 50; ++i) {
    const std::string answer = answers.get(true, 60s);
    EXPECT_EQ(answer.substr(0, answer.find('!')), "question " + std::to_string(i));
    EXPECT_GT(answer.size(), 100'000u);
  }
  p.join();
  EXPECT_EQ(p.exitcode(), 0);
}

TEST_F(ProcessTest, ends_before_anybody_has_read_what_it_put) {
  tine::Queue<std::string> q;
  Process p([v = q.view()] {
    for (int i = 0; i < 100; ++i) v.put(std::string(100'000, static_cast<char>(i)));
  });
  p.start();
  EXPECT_TRUE(p.join());
  EXPECT_EQ(q.qsize(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(q.get_nowait()[0], static_cast<char>(i));
}

TEST_F(ProcessTest, shares_the_elements_of_arrays_with_its_parent) {
  tine::Pool pool({.workers = 1});
  {
    auto used = pool.array<int>(1000);
    used[7] = 1;
  }
  auto x = pool.array<int>(1000);  // the same memory, zeroed when it is first looked at
  auto y = pool.array<int>(1000);
  Shared gate;
  Process p([&] {
    if (x[7] != 0) _exit(1);
    x[8] = 8;
    gate[0] = 1;
    while (gate[0] != 2) usleep(1000);
    if (x[9] != 9) _exit(2);
  });
  p.start();
  EXPECT_TRUE(tine_test::eventually([&] { return gate[0] == 1; }));
  EXPECT_EQ(x[8], 8);
  x[9] = 9;
  gate[0] = 2;
  p.join();
  EXPECT_EQ(p.exitcode(), 0);
}

TEST_F(ProcessTest, cannot_hurt_what_belongs_to_its_parent) {
  auto pool = std::make_unique<tine::Pool>(tine::PoolOptions{.workers = 2});
  auto x = pool->array<int>(100);
  auto queue = std::make_unique<tine::Queue<int>>();
  queue->put(5);
  Process sibling([] { pause(); });
  sibling.start();
  x[1] = 11;
  Process p([&] {
    const auto throws = [](auto f) {
      try {
        f();
      } catch (const std::exception& e) {
        return std::string(e.what()).size() > 20;
      }
      return false;
    };
    if (!throws([&] { pool->array<int>(10); })) _exit(1);
    if (!throws([&] { tine::for_each(*pool, tine::inout(x), [](int& v) { v = 1; }); })) _exit(2);
    if (!throws([&] { pool->refresh(); })) _exit(3);
    if (!throws([] { tine::Queue<int> another; })) _exit(4);
    if (!throws([&] { sibling.kill(); })) _exit(5);
    if (!throws([&] { sibling.join(); })) _exit(6);
    const int own = open("/dev/null", O_RDONLY);  // a number that was one of the parent's
    queue.reset();
    x = {};
    pool.reset();
    Process gone(std::move(sibling));
    if (fcntl(own, F_GETFD) < 0) _exit(7);
  });
  p.start();
  p.join();
  EXPECT_EQ(p.exitcode(), 0);
  EXPECT_EQ(x[1], 11);
  EXPECT_EQ(queue->get_nowait(), 5);
  tine::for_each(*pool, tine::inout(x), [](int& v) { v += 1; });
  EXPECT_EQ(x[1], 12);
  EXPECT_TRUE(sibling.is_alive());
  sibling.kill();
  sibling.join();
  EXPECT_EQ(pool->array<int>(10).size(), 10u);
}

TEST_F(ProcessTest, has_pools_of_its_own_whose_workers_use_its_parents_queues) {
  tine::Queue<int> q;
  tine::Pool outside({.workers = 2});
  std::vector<Process> all;
  for (int n = 0; n < 3; ++n) {
    all.emplace_back([n, v = q.view()] {
      tine::Pool pool({.workers = 2});
      tine::for_each_slice(pool, tine::slices(100, 1),
                           [n, v](tine::Slice s) { v.put(n * 100 + static_cast<int>(s.index)); });
      auto x = pool.array<int>(1000);
      tine::for_each(pool, tine::inout(x), [](int& e) { e = 1; });
      if (tine::reduce(pool, tine::in(x), 0) != 1000) _exit(1);
    });
    all.back().start();
  }
  tine::for_each_slice(outside, tine::slices(100, 1),
                       [v = q.view()](tine::Slice s) { v.put(300 + static_cast<int>(s.index)); });
  for (Process& p : all) {
    p.join();
    EXPECT_EQ(p.exitcode(), 0);
  }
  std::vector<int> seen(400);
  while (const auto i = q.try_get()) ++seen[static_cast<std::size_t>(*i)];
  for (const int n : seen) EXPECT_EQ(n, 1);
}

int nest(int level, std::atomic<int>* deepest) {
  *deepest = level;
  if (level == 20) return level;
  int result = 0;
  Process p([&] { _exit(nest(level + 1, deepest)); });
  p.start();
  p.join();
  result = *p.exitcode();
  return result;
}

TEST_F(ProcessTest, may_start_others_in_twenty_levels) {
  Shared deepest;
  EXPECT_EQ(nest(0, &deepest[0]), 20);
  EXPECT_EQ(deepest[0], 20);
}

TEST_F(ProcessTest, cannot_be_started_by_a_worker) {
  tine::Pool pool({.workers = 1});
  auto refused = pool.array<int>(1);
  tine::for_each_slice(pool, tine::slices(1, 1), [r = refused.view()](tine::Slice) {
    try {
      Process p([] {});
      p.start();
    } catch (const tine::NestedParallelism&) {
      r[0] = 1;
    }
  });
  EXPECT_EQ(refused[0], 1);
}

TEST_F(ProcessTest, outlives_the_thread_that_started_it) {
  Shared gate;
  Process p([&] {
    while (gate[0] == 0) usleep(1000);
  });
  std::thread([&] { p.start(); }).join();
  EXPECT_FALSE(p.join(50ms));
  gate[0] = 1;
  EXPECT_TRUE(p.join());
  EXPECT_EQ(p.exitcode(), 0);
}

TEST_F(ProcessTest, may_be_started_and_joined_by_many_threads_at_once) {
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        Process p([] { _exit(9); });
        p.start();
        p.join();
        good += p.exitcode() == 9;
      }
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(good, 40);
}

TEST_F(ProcessTest, is_joined_though_signals_interrupt) {
  const auto before = signal(SIGALRM, [](int) {});
  Process p([] {
    signal(SIGALRM, SIG_DFL);
    tine_test::sleep_ms(300);
  });
  itimerval often{{0, 2000}, {0, 2000}}, never{};
  setitimer(ITIMER_REAL, &often, nullptr);
  p.start();
  EXPECT_FALSE(p.join(20ms));
  EXPECT_TRUE(p.join());
  setitimer(ITIMER_REAL, &never, nullptr);
  signal(SIGALRM, before);
  alarm(120);
  EXPECT_EQ(p.exitcode(), 0);
}

TEST_F(ProcessTest, ends_right_whatever_the_program_does_with_sigchld) {
  const auto before = signal(SIGCHLD, SIG_IGN);
  Process ignored([] { _exit(3); });
  ignored.start();
  ignored.join();
  EXPECT_EQ(ignored.exitcode(), 3);
  signal(SIGCHLD, before);
  Process stolen([] { _exit(4); });
  stolen.start();
  while (waitpid(-1, nullptr, 0) > 0) {
  }
  stolen.join();
  EXPECT_EQ(stolen.exitcode(), 4);
}

TEST_F(ProcessTest, leaves_nothing_after_a_thousand_lives) {
  for (int i = 0; i < 20; ++i) {
    Process p([] {});
    p.start();
    p.join();
  }
  const auto before = tine_test::Holdings::now();
  const long resident = tine_test::kilobytes("/proc/self/status", "VmRSS");
  const long mapped = tine_test::kilobytes("/proc/self/status", "VmSize");
  const int cycles = tine_test::address_sanitizer ? 100 : 1000;
  for (int i = 0; i < cycles; ++i) {
    Process p([] {});
    p.start();
    if (i % 3 != 0) p.join();
  }
  EXPECT_TRUE(tine_test::eventually([] { return tine::active_children().empty(); }));
  const auto after = tine_test::Holdings::now();
  EXPECT_EQ(before.descriptors, after.descriptors);
  EXPECT_EQ(before.children, after.children);
  EXPECT_LT(tine_test::kilobytes("/proc/self/status", "VmRSS"), resident + 1024);
  EXPECT_LT(tine_test::kilobytes("/proc/self/status", "VmSize"), mapped + 1024);
}

TEST_F(ProcessTest, four_that_sleep_do_it_at_the_same_time) {
  const auto began = std::chrono::steady_clock::now();
  std::vector<Process> all;
  for (int i = 0; i < 4; ++i) all.emplace_back([] { tine_test::sleep_ms(250); });
  for (Process& p : all) p.start();
  for (Process& p : all) p.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  EXPECT_GE(took.count(), 0.25);
  printf("  four sleeps of 0.25 s took %.3f s\n", took.count());
}

}  // namespace
