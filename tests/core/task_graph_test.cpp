#include <tine/task_graph.hpp>

#include <atomic>
#include <chrono>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/killer.hpp"
#include "support/shared_words.hpp"
#include "support/worker_counts.hpp"
#include "support/workload.hpp"

namespace {

using ::testing::HasSubstr;
using tine_test::mixed;
using tine_test::same_bits;
using Word = std::uint64_t;

class TaskGraph : public tine_test::NothingLeftBehind {};

template <class F>
std::string message_of(F call) {
  try {
    call();
  } catch (const tine::InvalidArgument& e) {
    return e.what();
  }
  return "nothing was thrown";
}

bool holds(const tine::Array<Word, 2>& x, const std::vector<Word>& expected) {
  return same_bits(x.span(), std::span<const Word>(expected));
}

/// A random program on the cells of an array: each step mixes some cells into another.
struct Program {
  struct Step {
    Word number;
    std::size_t to, from[2];
    bool fresh;  // `to` is written whole
  };
  static constexpr std::size_t width = 3;  // elements in a cell

  Program(std::size_t steps, std::size_t number_of_cells, unsigned seed) : cells(number_of_cells) {
    std::mt19937 random(seed);
    for (std::size_t i = 0; i < steps; ++i)
      program.push_back(
          {i, random() % cells, {random() % cells, random() % cells}, random() % 4 == 0});
  }

  /// What one process makes of it.
  std::vector<Word> serial() const {
    std::vector<Word> x(cells * width);
    std::iota(x.begin(), x.end(), 1);
    for (const Step& step : program) execute(step, tine::View<Word, 2>(x.data(), {cells, width}));
    return x;
  }
  static void execute(const Step& step, const tine::View<Word, 2>& x) {
    for (std::size_t i = 0; i < width; ++i) {
      const bool reads_itself = step.from[0] == step.to || step.from[1] == step.to;
      const Word seen = reads_itself ? 0 : x(step.from[0], i) + 3 * x(step.from[1], width - 1 - i);
      // What is written whole is right only when it begins with zeros, or is another's to overwrite.
      x(step.to, i) = mixed((step.fresh ? 0 : x(step.to, i)) + seen + step.number);
    }
  }

  tine::TaskGraph<Step> graph(const tine::View<Word, 2>& x) const {
    tine::TaskGraph<Step> result;
    for (const Step& step : program) {
      const auto cell = [&](std::size_t i) { return x.part(0, i, 1); };
      const auto a = tine::in(cell(step.from[0])), b = tine::in(cell(step.from[1]));
      if (step.fresh)
        result.add(step, a, b, tine::out(cell(step.to)));
      else
        result.add(step, a, b, tine::inout(cell(step.to)));
    }
    return result;
  }

  std::size_t cells;
  std::vector<Step> program;
};

TEST_F(TaskGraph, a_random_program_does_what_one_process_does_on_any_number_of_workers) {
  for (const unsigned seed : {1u, 2u, 3u}) {
    const Program program(2000, 5 + 20 * seed, seed);
    const std::vector<Word> expected = program.serial();
    for (const unsigned workers : tine_test::worker_counts) {
      tine::Pool pool({.workers = workers});
      auto x = pool.array<Word>(program.cells, Program::width);
      std::iota(x.begin(), x.end(), 1);
      const auto graph = program.graph(x.view());
      const tine::Report report = tine::run(pool, graph, &Program::execute, tine::inout(x));
      EXPECT_TRUE(holds(x, expected)) << workers;
      EXPECT_EQ(report.done, program.program.size());
      // The same graph once more goes on from there.
      tine::run(pool, graph, &Program::execute, tine::inout(x));
      EXPECT_FALSE(holds(x, expected));
    }
  }
}

TEST_F(TaskGraph, deaths_in_tasks_change_no_bit) {
  const Program program(300, 12, 7);
  const std::vector<Word> expected = program.serial();
  for (const unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    auto x = pool.array<Word>(program.cells, Program::width);
    std::iota(x.begin(), x.end(), 1);
    auto attempts = pool.array<int>(program.program.size());
    const tine::Report report = tine::run(
        pool, program.graph(x.view()),
        [attempts = attempts.view()](const Program::Step& step, const tine::View<Word, 2>& cells) {
          const bool dies = step.number % 7 == 3 && attempts[step.number]++ == 0;
          if (!dies) return Program::execute(step, cells);
          // Half of it is written.
          for (std::size_t i = 0; i + 1 < Program::width; ++i) cells(step.to, i) = 77;
          raise(SIGKILL);
        },
        tine::inout(x));
    EXPECT_TRUE(holds(x, expected)) << workers;
    EXPECT_EQ(report.faults.size(), 43u);
  }
}

TEST_F(TaskGraph, workers_killed_from_outside_change_no_bit) {
  tine_test::Killer::slices();
  const Program program(3000, 40, 11);
  const std::vector<Word> expected = program.serial();
  tine::Pool pool({.workers = 3});
  auto x = pool.array<Word>(program.cells, Program::width);
  std::size_t kills = 0;
  for (int round = 0; round < 10; ++round) {
    std::iota(x.begin(), x.end(), 1);
    tine_test::Killer killer(pool, 2000);
    tine::run(
        pool.with({.attempts = 50}), program.graph(x.view()),
        [](const Program::Step& step, const tine::View<Word, 2>& cells) {
          tine_test::Killer::slices().fetch_add(1);
          Program::execute(step, cells);
          const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(30);
          while (std::chrono::steady_clock::now() < until) {
          }
        },
        tine::inout(x));
    kills += killer.stop();
    ASSERT_TRUE(holds(x, expected)) << round;
  }
  EXPECT_GT(kills, 10u);
}

TEST_F(TaskGraph, outputs_are_zeros_for_each_attempt) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<Word>(4);
  auto attempts = pool.array<int>(1);
  tine::TaskGraph<int> graph;
  graph.add(0, tine::out(x.view()));
  tine::run(
      pool, graph,
      [attempts = attempts.view()](int, const tine::View<Word>& out) {
        for (std::size_t i = 0; i < 4; ++i) out[i] += i + 1;
        if (attempts[0]++ < 2) raise(SIGKILL);
      },
      tine::out(x));
  EXPECT_EQ(std::vector<Word>(x.begin(), x.end()), (std::vector<Word>{1, 2, 3, 4}));
}

TEST_F(TaskGraph, independent_tasks_run_at_the_same_time_and_others_wait) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<Word>(3);
  auto met = pool.array<int>(1);
  tine::TaskGraph<int> graph;
  const auto cell = [&](std::size_t i) { return x.view().part(0, i, 1); };
  graph.add(0, tine::out(cell(0)));
  graph.add(1, tine::out(cell(1)));
  graph.add(2, tine::in(cell(0)), tine::in(cell(1)), tine::out(cell(2)));
  tine::run(
      pool, graph,
      [met = met.view()](int task, const tine::View<Word>& all) {
        if (task == 2) {
          all[2] = all[0] + all[1];
          return;
        }
        std::atomic_ref count(met[0]);
        count.fetch_add(1);
        while (count.load() < 2) std::this_thread::yield();  // until the other one runs, too
        all[static_cast<std::size_t>(task)] = 20 + static_cast<Word>(task);
      },
      tine::inout(x));
  EXPECT_EQ(x[2], 41u);
}

TEST_F(TaskGraph, waits_for_readers_before_it_writes_over_what_they_read) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<Word>(2);
  tine::TaskGraph<int> graph;
  const auto cell = [&](std::size_t i) { return x.view().part(0, i, 1); };
  graph.add(0, tine::in(cell(0)), tine::out(cell(1)));
  graph.add(1, tine::out(cell(0)));
  x[0] = 5;
  tine::run(
      pool, graph,
      [](int task, const tine::View<Word>& all) {
        if (task == 0) tine_test::sleep_ms(30);
        if (task == 0)
          all[1] = all[0];
        else
          all[0] = 9;
      },
      tine::inout(x));
  EXPECT_EQ(x[0], 9u);
  EXPECT_EQ(x[1], 5u);
}

TEST_F(TaskGraph, a_task_that_fails_every_time_ends_the_job_and_undoes_it) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<Word>(6);
  tine::TaskGraph<int> graph;
  for (int i = 0; i < 3; ++i) graph.add(i, tine::inout(x.view().part(0, 0, 2)));
  const auto kernel = [](int task, const tine::View<Word>& all) {
    all[0] += 1;
    if (task == 1) raise(SIGKILL);
    all[1] += 1;
  };
  // What comes after it would be wrong, so it cannot be left out.
  const tine::Policy policy{.on_failure = tine::OnFailure::quarantine};
  try {
    tine::run(pool.with(policy), graph, kernel, tine::inout(x));
    FAIL();
  } catch (const tine::SliceFailed& e) {
    EXPECT_EQ(e.slice(), 1u);
    EXPECT_EQ(e.report().faults.size(), 3u);
    EXPECT_EQ(e.report().done, 1u);
  }
  EXPECT_EQ(x[0], 1u);
  EXPECT_EQ(x[1], 1u);
}

TEST_F(TaskGraph, exceptions_deadlines_and_stops_are_as_in_other_jobs) {
  tine::Pool pool({.workers = 2});
  auto x = pool.array<Word>(2);
  tine::TaskGraph<int> graph;
  for (int i = 0; i < 4; ++i) graph.add(i, tine::inout(x.view()));
  const auto job = [&](const tine::Policy& policy, auto kernel) {
    return tine::run(pool.with(policy), graph, kernel, tine::inout(x));
  };
  try {
    job({}, [](int task, const tine::View<Word>&) {
      if (task == 2) throw std::runtime_error("not this one");
    });
    FAIL();
  } catch (const tine::KernelError& e) {
    EXPECT_THAT(e.what(), HasSubstr("not this one"));
    EXPECT_EQ(e.fault().slice, 2u);
  }
  auto attempts = pool.array<int>(1);
  const tine::Report report = job({.slice_deadline = std::chrono::milliseconds(100)},
                                  [a = attempts.view()](int task, const tine::View<Word>& all) {
                                    all[0] += 1;
                                    if (task == 3 && a[0]++ == 0)
                                      for (;;) tine_test::sleep_ms(10);
                                  });
  ASSERT_EQ(report.faults.size(), 1u);
  EXPECT_EQ(report.faults[0].cause, tine::Cause::deadline);
  EXPECT_EQ(x[0], 4u);

  std::stop_source source;
  tine::Policy stopped{.stop = source.get_token()};
  std::thread stopper([&] {
    tine_test::sleep_ms(50);
    source.request_stop();
  });
  EXPECT_THROW(job(stopped,
                   [](int task, const tine::View<Word>& all) {
                     all[1] = 1;
                     for (int i = 0; task == 1; ++i) tine_test::sleep_ms(10);
                   }),
               tine::Cancelled);
  stopper.join();
}

TEST_F(TaskGraph, a_memory_fault_that_is_distrusted_runs_all_of_it_again) {
  const Program program(100, 8, 3);
  const std::vector<Word> expected = program.serial();
  const tine_test::SharedWords deaths(1);
  tine::Pool pool({.workers = 2});
  auto x = pool.array<Word>(program.cells, Program::width);
  std::iota(x.begin(), x.end(), 1);
  const tine::Report report = tine::run(
      pool.with({.memory_faults = tine::MemoryFaults::strict}), program.graph(x.view()),
      [died = deaths.view()](const Program::Step& step, const tine::View<Word, 2>& cells) {
        Program::execute(step, cells);
        if (step.number == 50 && std::atomic_ref(died[0]).fetch_add(1) == 0) abort();
      },
      tine::inout(x));
  EXPECT_GE(report.reruns, 1u);
  EXPECT_TRUE(holds(x, expected));
}

TEST_F(TaskGraph, waiting_for_a_task_is_no_work_in_this_job_nor_in_the_next) {
  tine::Pool pool({.workers = 3});
  auto x = pool.array<Word>(3);
  tine::TaskGraph<int> graph;
  for (int i = 0; i < 3; ++i) graph.add(i, tine::inout(x.view()));
  const auto check = [](const tine::Report& report) {
    for (const auto& worker : report.workers) {
      EXPECT_GE(worker.busy.count(), 0);
      EXPECT_LE(worker.busy, report.wall);
    }
  };
  for (int round = 0; round < 5; ++round) {
    // One works at a time, while the others wait, most of them for nothing.
    const tine::Report one_by_one = tine::run(
        pool, graph, [](int, const tine::View<Word>&) { tine_test::sleep_ms(10); }, tine::inout(x));
    check(one_by_one);
    std::chrono::nanoseconds together{0};
    for (const auto& worker : one_by_one.workers) together += worker.busy;
    EXPECT_GE(together, std::chrono::milliseconds(30));
    check(tine::for_each_slice(
        pool, tine::slices(3, 1),
        [](const tine::Slice&, std::span<Word>) { tine_test::sleep_ms(2); }, tine::out(x)));
  }
}

TEST_F(TaskGraph, an_empty_graph_is_done) {
  tine::Pool pool({.workers = 1});
  auto x = pool.array<Word>(1);
  EXPECT_EQ(tine::run(
                pool, tine::TaskGraph<int>{}, [](int, const tine::View<Word>&) {}, tine::inout(x))
                .slices,
            0u);
}

TEST_F(TaskGraph, refuses_blocks_that_overlap_or_lie_elsewhere) {
  tine::Pool pool({.workers = 1});
  auto x = pool.array<Word>(10, 10), y = pool.array<Word>(10, 10);
  const auto block = [](auto& a, std::size_t top, std::size_t left, std::size_t rows,
                        std::size_t columns) {
    return a.view().part(0, top, rows).part(1, left, columns);
  };
  const auto nothing = [](int, const tine::View<const Word, 2>&) {};
  const auto with_x = [&](const tine::TaskGraph<int>& graph) {
    return message_of([&] { tine::run(pool, graph, nothing, tine::inout(x)); });
  };
  tine::TaskGraph<int> overlapping;
  overlapping.add(0, tine::inout(block(x, 0, 0, 5, 5)));
  overlapping.add(1, tine::inout(block(x, 4, 4, 3, 3)));
  EXPECT_THAT(with_x(overlapping), HasSubstr("overlaps"));
  // Beside and below each other is all right, and so is an interlocked pattern.
  tine::TaskGraph<int> beside;
  beside.add(0, tine::inout(block(x, 0, 0, 5, 5)));
  beside.add(1, tine::inout(block(x, 0, 5, 10, 5)));
  beside.add(2, tine::inout(block(x, 5, 0, 5, 5)));
  EXPECT_EQ(with_x(beside), "nothing was thrown");
  tine::TaskGraph<int> two_shapes;
  two_shapes.add(0, tine::inout(block(x, 0, 0, 5, 5)));
  EXPECT_THAT(message_of([&] { two_shapes.add(1, tine::in(block(x, 0, 0, 5, 6))); }),
              HasSubstr("task 1 uses 5 rows of 48 bytes at the beginning of a block of 5 rows of "
                        "40 bytes that task 0 is the first to use"));
  tine::TaskGraph<int> elsewhere;
  elsewhere.add(0, tine::inout(block(y, 0, 0, 5, 5)));
  EXPECT_THAT(with_x(elsewhere), HasSubstr("no part of an array"));
  EXPECT_THAT(message_of([&] { tine::run(pool, elsewhere, nothing, tine::whole(y)); }),
              HasSubstr("is written, but its array is whole()"));
}

TEST_F(TaskGraph, a_long_graph_is_no_burden) {
  tine::Pool pool({.workers = 3});
  auto x = pool.array<Word>(1000, 4);
  tine::TaskGraph<std::size_t> graph;
  for (std::size_t i = 0; i < 50'000; ++i)
    graph.add(i, tine::inout(x.view().part(0, i * 7919 % 1000, 1)));
  const tine::Report report = tine::run(
      pool, graph,
      [](std::size_t task, const tine::View<Word, 2>& all) {
        Word& to = all(task * 7919 % 1000, 0);
        to = to * 31 + task;
      },
      tine::inout(x));
  EXPECT_EQ(report.done, 50'000u);
  std::vector<Word> expected(1000);
  for (std::size_t i = 0; i < 50'000; ++i)
    expected[i * 7919 % 1000] = expected[i * 7919 % 1000] * 31 + i;
  for (std::size_t i = 0; i < 1000; ++i) ASSERT_EQ(x(i, 0), expected[i]) << i;
}

}  // namespace
