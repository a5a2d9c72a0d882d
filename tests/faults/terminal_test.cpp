// A program at a real terminal: Ctrl-C ends it and all that belongs to it, Ctrl-Z and fg lose
// nothing.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>
#include <vector>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/deaths.hpp"
#include "support/processes.hpp"

namespace {

using namespace std::chrono_literals;

// What the test, the shell and the program tell each other.
struct Board {
  std::atomic<int> program, slices_begun, stopped, foreground, supervisor;
  std::atomic<int> cancelled, whole, reaped;
};

class Terminal : public tine_test::NothingLeftBehind {
 protected:
  Terminal() {
    void* p =
        mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    board_ = new (p) Board{};
  }
  ~Terminal() override { munmap(board_, sizeof(Board)); }

  // Opens a terminal and starts a shell at it, which runs `program` in the foreground as shells do.
  // The shell ends with the program, and as that did.
  template <class F>
  void start(F program) {
    terminal_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    ASSERT_GE(terminal_, 0);
    ASSERT_EQ(grantpt(terminal_), 0);
    ASSERT_EQ(unlockpt(terminal_), 0);
    char name[64];
    ASSERT_EQ(ptsname_r(terminal_, name, sizeof name), 0);
    shell_ = tine_test::start_child([&] {
      close(terminal_);
      setsid();
      const int tty = open(name, O_RDWR);
      ASSERT_EQ(ioctl(tty, TIOCSCTTY, 0), 0);
      signal(SIGTTOU, SIG_IGN);  // or it would stop when it gives the terminal away
      const pid_t pid = fork();
      if (pid == 0) {
        setpgid(0, 0);
        tcsetpgrp(tty, getpid());
        for (const int s : {SIGINT, SIGTERM, SIGTSTP, SIGTTOU}) signal(s, SIG_DFL);
        program();
        _exit(testing::Test::HasFailure() ? 1 : 0);
      }
      setpgid(pid, pid);
      board_->program = pid;
      for (;;) {
        int status = 0;
        if (waitpid(pid, &status, WUNTRACED) < 0) continue;
        if (WIFSTOPPED(status)) {
          tcsetpgrp(tty, getpgrp());
          board_->stopped = WSTOPSIG(status);
          while (board_->foreground == 0) usleep(1000);
          board_->stopped = board_->foreground = 0;
          tcsetpgrp(tty, pid);
          kill(-pid, SIGCONT);
          continue;
        }
        if (WIFSIGNALED(status)) {
          signal(WTERMSIG(status), SIG_DFL);
          raise(WTERMSIG(status));
        }
        _exit(WEXITSTATUS(status));
      }
    });
  }
  void press(char key) { ASSERT_EQ(write(terminal_, &key, 1), 1); }
  int end() {
    const int status = tine_test::end_of(shell_);
    close(terminal_);
    return status;
  }
  bool wait_until_at_work() {
    return tine_test::eventually([&] { return board_->slices_begun > 0; });
  }

  static constexpr char ctrl_c = 3, ctrl_z = 26;
  Board* board_;
  int terminal_ = -1;
  pid_t shell_ = 0;
  tine_test::Orphanage orphanage_;
};

TEST_F(Terminal, ctrl_c_ends_a_program_in_a_job_and_everything_that_belongs_to_it) {
  start([&] {
    tine::Pool pool({.workers = 2});
    tine::for_each_slice(pool, tine::slices(4, 1), [board = board_](tine::Slice) {
      ++board->slices_begun;
      pause();
    });
  });
  ASSERT_TRUE(wait_until_at_work());
  press(ctrl_c);
  EXPECT_TRUE(tine_test::ended_by(end(), SIGINT));
  EXPECT_TRUE(orphanage_.empties());
  EXPECT_TRUE(tine_test::holders_of_arenas().empty());
}

std::atomic<int> interrupted;

// As an application does it that wants to tidy up: the job is cancelled, nothing runs any more when
// the exception arrives, and the signal does in the end what it always does.
void work_until_interrupted(Board* board) {
  for (const int s : {SIGINT, SIGTERM}) signal(s, [](int number) { interrupted = number; });
  tine::Pool pool({.workers = 2});
  auto x = pool.array<int>(1000);
  auto pids = pool.array<int>(10);
  std::fill(x.begin(), x.end(), 5);
  struct Interrupted {};
  try {
    tine::for_each_slice(
        pool.with({.progress =
                       [](const tine::Progress&) {
                         if (interrupted != 0) throw Interrupted{};
                       }}),
        tine::slices(1000, 100),
        [board, p = pids.view()](tine::Slice s, std::span<int> part) {
          p[s.index] = getpid();
          for (int& v : part) v = 6;
          if (++board->slices_begun > 2) pause();
        },
        tine::inout(x));
  } catch (const Interrupted&) {
    board->cancelled = 1;
    // Whoever was in a slice that did not end is dead and gone; the slice is as it was.
    board->whole =
        std::count(x.begin(), x.end(), 6) == 200 && std::count(x.begin(), x.end(), 5) == 800;
    board->reaped = std::count_if(pids.begin(), pids.end(), [](int pid) {
                      return pid != 0 && tine_test::state_of(pid) == 0;
                    }) >= 2;
  }
  signal(interrupted, SIG_DFL);
  raise(interrupted);
}

TEST_F(Terminal, ctrl_c_can_cancel_the_job_in_order_before_it_ends_the_program) {
  start([&] { work_until_interrupted(board_); });
  ASSERT_TRUE(tine_test::eventually([&] { return board_->slices_begun >= 4; }));
  press(ctrl_c);
  EXPECT_TRUE(tine_test::ended_by(end(), SIGINT));
  EXPECT_EQ(board_->cancelled, 1);
  EXPECT_EQ(board_->whole, 1);
  EXPECT_EQ(board_->reaped, 1);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(Terminal, sigterm_can_cancel_the_job_in_order_before_it_ends_the_program) {
  start([&] { work_until_interrupted(board_); });
  ASSERT_TRUE(tine_test::eventually([&] { return board_->slices_begun >= 4; }));
  EXPECT_TRUE(tine_test::signal_child(shell_, board_->program, SIGTERM));
  EXPECT_TRUE(tine_test::ended_by(end(), SIGTERM));
  EXPECT_EQ(board_->cancelled, 1);
  EXPECT_EQ(board_->whole, 1);
  EXPECT_EQ(board_->reaped, 1);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(Terminal, ctrl_z_and_fg_lose_nothing) {
  start([&] {
    tine::Pool pool({.workers = 2});
    auto x = pool.array<int>(40);
    board_->supervisor = pool.supervisor_pid();
    const auto pids = pool.worker_pids();
    for (int round = 0; round < 3; ++round) {
      const auto report = tine::for_each_slice(
          pool.with({.slice_deadline = 500ms, .job_deadline = 60s}), tine::slices(40, 1),
          [board = board_](tine::Slice, std::span<int> part) {
            ++board->slices_begun;
            usleep(20'000);
            part[0] += 1;
          },
          tine::inout(x));
      EXPECT_TRUE(report.faults.empty()) << report.to_string();
      EXPECT_EQ(report.attempts, 40u);
    }
    EXPECT_EQ(std::count(x.begin(), x.end(), 3), 40);
    EXPECT_EQ(pool.worker_pids(), pids);
  });
  for (int times = 1; times <= 2; ++times) {
    ASSERT_TRUE(tine_test::eventually([&] { return board_->slices_begun > 25 * times; }));
    press(ctrl_z);
    ASSERT_TRUE(tine_test::eventually([&] { return board_->stopped == SIGTSTP; }));
    EXPECT_EQ(tine_test::state_of(board_->program), 'T');
    EXPECT_NE(tine_test::state_of(board_->supervisor), 'T') << "the key is for the program alone";
    tine_test::sleep_ms(1300);  // longer than a stopped worker or a slow slice is suffered
    board_->foreground = 1;
    ASSERT_TRUE(tine_test::eventually([&] { return board_->stopped == 0; }));
  }
  EXPECT_EQ(end(), 0);
  EXPECT_TRUE(orphanage_.empties());
}

TEST_F(Terminal, that_is_closed_ends_the_program_and_everything_that_belongs_to_it) {
  start([&] {
    tine::Pool pool({.workers = 2});
    tine::for_each_slice(pool, tine::slices(4, 1), [board = board_](tine::Slice) {
      ++board->slices_begun;
      pause();
    });
  });
  ASSERT_TRUE(wait_until_at_work());
  // The shell gets a SIGHUP, and so does the program when the shell is gone.
  close(terminal_);
  EXPECT_TRUE(tine_test::ended_by(tine_test::end_of(shell_), SIGHUP));
  EXPECT_TRUE(orphanage_.empties());
}

}  // namespace
