// The sandbox in the workers of a pool: what is refused, and that all else goes on.
#include <tine/sandbox.hpp>

#include <grp.h>
#include <netinet/in.h>
#include <stdio.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "attempts.hpp"
#include "landlock.hpp"
#include "support/child.hpp"
#include "support/processes.hpp"

namespace tine_test {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

void shut(unsigned) {
  tine::enter_sandbox();
}

tine::PoolOptions sandboxed(unsigned workers = 2) {
  return {.workers = workers, .worker_start = shut};
}

class SandboxTest : public NothingLeftBehind {
 protected:
  void SetUp() override {
    if (!tine::sandbox_available().seccomp) GTEST_SKIP() << "this kernel has no seccomp";
  }

  // As an ordinary user, to whom more is denied than root notices; in a child, since it is for good.
  template <class F>
  static int as_ordinary_user(F body) {
    return in_child([&] {
      if (getuid() == 0) {
        ASSERT_EQ(setgroups(0, nullptr), 0);
        ASSERT_EQ(setgid(65534), 0);
        ASSERT_EQ(setuid(65534), 0);
        prctl(PR_SET_DUMPABLE, 1);  // as in any program that this user starts
      }
      body();
    });
  }

  // How an attempt ends in a worker: its errno, 0 when it got through, 1000 + the signal.
  static int fate(tine::Pool& pool, const Attempt& attempt) {
    auto result = pool.array<int>(1);
    try {
      tine::for_each_slice(
          pool.with({.attempts = 1}), tine::slices(1),
          [go = attempt.go](tine::Slice, std::span<int> r) { r[0] = go(); }, tine::out(result));
    } catch (const tine::SliceFailed& failed) {
      return 1000 + failed.report().faults.back().signal;
    }
    return result[0];
  }

  static void refuses_every_attempt() {
    tine::Pool pool(sandboxed());
    for (const Attempt& attempt : attempts) {
      const int got = fate(pool, attempt);
      if (attempt.expected == Attempt::killed)
        EXPECT_EQ(got, 1000 + SIGSYS) << attempt.name;
      else
        EXPECT_THAT(got, ::testing::AnyOf(EPERM, EACCES, ENOSYS)) << attempt.name;
    }
  }
};

TEST_F(SandboxTest, every_attempt_to_get_out_is_refused) {
  refuses_every_attempt();
}

TEST_F(SandboxTest, every_attempt_to_get_out_is_refused_to_an_ordinary_user) {
  EXPECT_EQ(as_ordinary_user([] { refuses_every_attempt(); }), 0);
}

TEST_F(SandboxTest, the_attempts_are_such_as_work_without_it) {
  tine::Pool pool({.workers = 1});
  for (const Attempt& attempt : attempts)
    if (attempt.works_outside) {
      EXPECT_EQ(fate(pool, attempt), 0) << attempt.name;
    }
}

TEST_F(SandboxTest, an_attempt_that_kills_is_told_as_the_fault_of_its_slice) {
  tine::Pool pool(sandboxed());
  auto x = pool.array<int>(100);
  const auto report = tine::for_each_slice(
      pool.with({.attempts = 2, .on_failure = tine::OnFailure::quarantine}), tine::slices(100, 10),
      [](tine::Slice s, std::span<int> part) {
        if (s.index == 4) ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        for (int& v : part) v = 1;
      },
      tine::out(x));
  EXPECT_EQ(std::accumulate(x.begin(), x.end(), 0), 90);
  ASSERT_EQ(report.faults.size(), 2u);
  for (const tine::Fault& fault : report.faults) {
    EXPECT_EQ(fault.slice, 4u);
    EXPECT_EQ(fault.cause, tine::Cause::signal);
    EXPECT_EQ(fault.signal, SIGSYS);
  }
  EXPECT_THAT(report.to_string(), HasSubstr("SIGSYS"));
}

// What a worker does with its slices: the system calls of tine, of the C++ library, of threads.
double work(double value) {
  std::vector<double> many(100'000, value);
  std::map<std::string, double> words;
  for (int i = 0; i < 100; ++i) words[std::to_string(i)] = std::sin(value + i);
  double sum = 0;
  std::thread other([&] { sum = std::accumulate(many.begin(), many.end(), 0.0); });
  other.join();
  try {
    throw std::runtime_error("an exception");
  } catch (const std::exception& error) {
    sum += double(strlen(error.what()));
  }
  std::this_thread::sleep_for(10us);
  sum += double(std::thread::hardware_concurrency() > 0) + double(isatty(STDERR_FILENO) >= 0);
  // Refused, which must be all.
  if (FILE* file = fopen("/etc/hostname", "r")) fclose(file);
  if (system("true") == 0) sum += 0;
  return sum + words["7"];
}

std::vector<double> results_of(tine::Pool& pool) {
  auto x = pool.array<double>(3'000'000);  // large enough for guard pages
  auto y = pool.array<double>(3'000'000);
  std::iota(x.begin(), x.end(), 0.0);
  tine::transform(pool, tine::in(x), tine::out(y), [](double v) { return std::sqrt(v) * 3; });
  tine::for_each_slice(
      pool, tine::slices(y.size()),
      [](tine::Slice s, std::span<double> part) {
        part[0] += work(double(s.index));
        if (s.index % 7 == 0) puts("from a kernel");
      },
      tine::inout(y));
  tine::spmd(pool, [](tine::Team t) { t.barrier(); });
  y[0] += tine::reduce(pool, tine::in(y), 0.0, std::plus<>{});
  return {y.begin(), y.end()};
}

TEST_F(SandboxTest, work_has_the_same_bits_with_it_and_without) {
  testing::internal::CaptureStdout();
  tine::Pool open({.workers = 2});
  const auto expected = results_of(open);
  for (const unsigned workers : worker_counts) {
    tine::Pool pool(sandboxed(workers));
    EXPECT_EQ(results_of(pool), expected) << workers;
  }
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("from a kernel"));
}

[[gnu::noinline]] int overflow(int n) {
  volatile char room[1024] = {};
  room[n % 1024] = char(n);
  return n == 0 ? 0 : overflow(n - 1) + room[5];
}

int* volatile nowhere = nullptr;

void tells_deaths() {
  tine::Pool pool(sandboxed());
  struct Death {
    void (*die)();
    int signal;
  };
  for (const Death& death :
       {Death{[] { *nowhere = 1; }, SIGSEGV}, Death{[] { abort(); }, SIGABRT},
        Death{[] { raise(SIGFPE); }, SIGFPE}, Death{[] { overflow(100'000'000); }, SIGSEGV},
        Death{[] { kill(getpid(), SIGKILL); }, SIGKILL}}) {
    try {
      tine::for_each_slice(pool, tine::slices(3, 1), [die = death.die](tine::Slice s) {
        if (s.index == 1) die();
      });
      ADD_FAILURE() << "signal " << death.signal << " did not come";
    } catch (const tine::SliceFailed& failed) {
      const tine::Fault& fault = failed.report().faults.back();
      EXPECT_EQ(failed.slice(), 1u);
      EXPECT_EQ(fault.signal, death.signal);
      EXPECT_EQ(fault.backtrace.empty(), death.signal == SIGKILL) << death.signal;
    }
  }
  try {
    tine::for_each_slice(pool, tine::slices(1), [](tine::Slice) { exit(5); });
    ADD_FAILURE() << "exit() was taken for a success";
  } catch (const tine::SliceFailed& failed) {
    EXPECT_EQ(failed.report().faults.back().exit_status, 5);
  }
  try {
    tine::for_each_slice(pool, tine::slices(1),
                         [](tine::Slice) { throw std::range_error("too far"); });
    ADD_FAILURE() << "an exception was lost";
  } catch (const tine::KernelError& error) {
    EXPECT_EQ(error.message(), "too far");
  }
}

#if !defined(__SANITIZE_ADDRESS__)  // whose handlers turn signals into an exit status
TEST_F(SandboxTest, deaths_inside_are_told_with_signal_and_backtrace) {
  tells_deaths();
}

TEST_F(SandboxTest, deaths_inside_are_told_to_an_ordinary_user) {
  EXPECT_EQ(as_ordinary_user([] { tells_deaths(); }), 0);
}

TEST_F(SandboxTest, the_limit_on_memory_holds) {
  tine::Pool pool({.workers = 1, .memory_per_worker = 64 << 20, .worker_start = shut});
  try {
    tine::for_each_slice(pool, tine::slices(1), [](tine::Slice) {
      std::vector<char> large(512 << 20, 1);
      if (large[5] != 1) throw 1;
    });
    FAIL();
  } catch (const tine::KernelError& error) {
    EXPECT_EQ(error.type(), "std::bad_alloc");
  }
}
#endif

TEST_F(SandboxTest, deadlines_and_stops_end_a_slice_as_ever) {
  tine::Pool pool(sandboxed());
  for (const bool stop : {false, true}) {
    const auto report = tine::for_each_slice(pool.with({.attempts = 1,
                                                        .slice_deadline = stop ? 0ns : 100ms,
                                                        .on_failure = tine::OnFailure::quarantine}),
                                             tine::slices(4, 1), [stop](tine::Slice s) {
                                               while (s.index == 2) {
                                                 if (stop) raise(SIGSTOP);
                                               }
                                             });
    ASSERT_EQ(report.faults.size(), 1u);
    EXPECT_EQ(report.faults[0].cause, stop ? tine::Cause::stopped : tine::Cause::deadline);
    EXPECT_EQ(report.done, 3u);
  }
}

TEST_F(SandboxTest, workers_keep_the_descriptors_they_have_and_get_no_more_than_the_limit) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  tine::Pool pool(sandboxed(1));
  const int more =
      tine::reduce_slices(pool, tine::slices(1), 0, std::plus<>{}, [fd = ends[1]](tine::Slice) {
        if (write(fd, "abc", 3) != 3) return -1;
        int n = 0;
        for (int copy; (copy = dup(fd)) >= 0; ++n)
          if (copy >= 64) return -2;
        return n;
      });
  EXPECT_GT(more, 10);
  EXPECT_LT(more, 62);
  char text[4] = {};
  EXPECT_EQ(read(ends[0], text, 3), 3);
  EXPECT_STREQ(text, "abc");
  close(ends[0]);
  close(ends[1]);
}

TEST_F(SandboxTest, a_file_longer_than_allowed_is_not_written) {
  tine::Pool pool({.workers = 1,
                   .worker_start = [](unsigned) { tine::enter_sandbox({.file_bytes = 10'000}); }});
  try {
    tine::for_each_slice(pool.with({.attempts = 1}), tine::slices(1), [](tine::Slice) {
      const std::vector<char> bytes(20'000);
      const int file = memfd_create("long", 0);
      for (int i = 0; i < 2; ++i)
        if (write(file, bytes.data(), bytes.size()) < 0) throw errno;
    });
    FAIL();
  } catch (const tine::SliceFailed& failed) {
    EXPECT_EQ(failed.report().faults.back().signal, SIGXFSZ);
  }
}

TEST_F(SandboxTest, what_is_available_is_what_workers_get) {
  const auto here = tine::sandbox_available();
  EXPECT_TRUE(here.no_new_privileges);
  static tine::SandboxLayers expected;
  expected = here;
  tine::Pool same({.workers = 1, .worker_start = [](unsigned) {
                     if (tine::enter_sandbox() != expected) _exit(3);
                   }});
  EXPECT_EQ(tine::for_each_slice(same, tine::slices(1), [](tine::Slice) {}).done, 1u);
  EXPECT_EQ(tine::sandbox_available(), here) << "the master itself was shut in";
}

// The filter refuses first, so that nothing else shows whether this layer is there.
TEST_F(SandboxTest, landlock_alone_refuses_files_connections_and_signals) {
  if (tine::sandbox_available().landlock == 0) GTEST_SKIP() << "this kernel has no landlock";
  EXPECT_EQ(in_child([] {
              const int parent = getppid();
              EXPECT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
              const int version = tine::detail::deny_by_landlock();
              EXPECT_EQ(version, tine::sandbox_available().landlock);
              EXPECT_EQ(read_of("/etc/passwd"), EACCES);
              EXPECT_EQ(read_of("/proc/self/mem"), EACCES);
              EXPECT_EQ(outcome(mkdir("/tmp/tine-sandbox-no", 0700)), EACCES);
              EXPECT_EQ(opened(open("/tmp", O_TMPFILE | O_RDWR, 0600)), EACCES);
              if (version >= 4) {
                const int tcp = socket(AF_INET, SOCK_STREAM, 0);
                const sockaddr_in here{AF_INET, 0, {htonl(INADDR_LOOPBACK)}, {}};
                EXPECT_EQ(outcome(bind(tcp, reinterpret_cast<const sockaddr*>(&here), sizeof here)),
                          EACCES);
                close(tcp);
              }
              if (version >= 6) {
                EXPECT_EQ(outcome(kill(parent, 0)), EPERM);
              }
            }),
            0);
}

TEST_F(SandboxTest, processes_say_that_they_are_in_it) {
  tine::Pool pool(sandboxed(3));
  tine::spmd(pool, [](tine::Team t) { t.barrier(); });
  for (const int pid : pool.worker_pids()) {
    const std::string status = "/proc/" + std::to_string(pid) + "/status";
    EXPECT_EQ(kilobytes(status.c_str(), "Seccomp"), 2);
    EXPECT_EQ(kilobytes(status.c_str(), "NoNewPrivs"), 1);
  }
  EXPECT_EQ(kilobytes("/proc/self/status", "Seccomp"), 0);
}

TEST_F(SandboxTest, serial_kernels_run_in_the_master_and_outside_of_it) {
  EXPECT_EQ(in_child([] {
              setenv("TINE_SERIAL", "1", 1);
              tine::Pool pool(sandboxed());
              EXPECT_EQ(fate(pool, attempts[0]), 0);
            }),
            0);
}

}  // namespace
}  // namespace tine_test
