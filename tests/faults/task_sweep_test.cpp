// A process is killed at every instruction boundary of claiming, running and committing a task, and of
// the repair after another's death. After each death the task is to be had again, or is done with its
// result, or has failed with what is known of the death; and nothing else holds any memory. The words
// of the protocol tell in which state a death fell, and all states must have been hit.
#include <array>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <tine/detail/task_core.hpp>
#include <tine/tine.hpp>

#include "process/task_server.hpp"
#include "support/fixture.hpp"
#include "support/sweep.hpp"
#include "toolbox/context.hpp"
#include "toolbox/task_table.hpp"

namespace {

using tine::detail::ChunkId;
using tine::detail::Context;
using tine::detail::ItemBytes;
using tine::detail::ObjectId;
using tine::detail::ObjectKind;
using tine::detail::Parcel;
using tine::detail::ResultKind;
using tine::detail::RunTask;
using tine::detail::Suspects;
using tine::detail::TaskTable;
using tine::detail::TaskWord;
using tine_test::returned;
using tine_test::stage;
using State = TaskWord::State;

Context& context() {
  return *Context::existing();
}

// A TaskDeath lies in this many.
constexpr std::size_t chunks_of_a_death =
    (sizeof(tine::detail::TaskDeath) + tine::detail::chunk_bytes[0] - 1) /
    tine::detail::chunk_bytes[0];

// A task: a number, doubled.
void twice(ItemBytes& from, Parcel& to) {
  int n = 0;
  from.read(&n, sizeof n);
  n *= 2;
  to.write(&n, sizeof n);
}

ObjectId make_table() {
  ObjectId id;
  context().make_object(ObjectKind::tasks, TaskTable::bytes_for(TaskTable::cells),
                        TaskTable::bytes_for(64), id);
  return id;
}

/// A party, and a table with tasks that are pending.
struct Scene : tine_test::Party {
  const ObjectId id = make_table();
  const TaskTable table{context(), context().object(id, ObjectKind::tasks)};
  const unsigned tasks;
  std::array<ChunkId, 2> arguments{};  // of each

  Scene(unsigned count, unsigned attempts) : tasks(count) {
    table.header().attempts.store(attempts);
    for (unsigned i = 0; i < tasks; ++i) {
      Parcel parcel;
      const RunTask work = twice;
      const int n = 20 + static_cast<int>(i);
      parcel.write(&work, sizeof work);
      parcel.write(&n, sizeof n);
      arguments[i] = parcel.release();
      table.word(i).store(TaskWord{State::pending, 0, 0, 1, arguments[i]}.pack());
    }
    table.header().tail.store(tasks);
  }
  ~Scene() {
    for (unsigned i = 0; i < tasks; ++i) {
      context().chunks().give_chain(arguments[i]);
      if (state(i) == State::done || state(i) == State::failed) {
        context().chunks().take_over(table.load(i).chunk);  // as the master does
        context().chunks().give_chain(table.load(i).chunk);
      }
    }
    EXPECT_EQ(context().chunks().taken(), 0u);
    context().end_object(id);
  }

  void serve_one() const {
    const TaskTable::Claim claim = table.claim();
    if (claim.done) table.commit(claim, tine::detail::run_task_of(claim.word.chunk));
  }
  State state(unsigned i = 0) const { return table.load(i).state; }

  /// The task is done, or is now, with its result.
  void collect(unsigned i) const {
    if (state(i) == State::pending) serve_one();
    const TaskWord word = table.load(i);
    ASSERT_EQ(word.state, State::done);
    ItemBytes result(context(), word.chunk);
    ResultKind kind{};
    int n = 0;
    result.read(&kind, sizeof kind);
    result.read(&n, sizeof n);
    EXPECT_EQ(kind, ResultKind::value);
    EXPECT_EQ(n, 2 * (20 + static_cast<int>(i)));
  }
};

class TaskSweep : public tine_test::NothingLeftBehind {
 protected:
  static void SetUpTestSuite() {
    // The context is there, and each function is found by the linker, before it is stepped.
    tine::Event first;
    run_once(1);
    run_once(2);
  }
  static void run_once(unsigned attempts) {
    Scene scene(1, attempts);
    scene.die_after([&] { scene.table.claim(); });
    scene.repair();
    if (attempts > 1) scene.collect(0);
  }
};

std::string name_of(State state) {
  switch (state) {
    case State::pending: return "pending";
    case State::running: return "running";
    case State::done: return "done";
    case State::failed: return "failed";
    default: return "something else";
  }
}

TEST_F(TaskSweep, a_task_that_may_be_tried_again) {
  tine_test::sweep<Scene>(
      {.set = [] { return std::make_unique<Scene>(1, 2); },
       .call = [](Scene& s) { s.serve_one(); },
       .look = [](Scene& s) { return stage() == returned ? "returned" : name_of(s.state()); },
       .check =
           [](Scene& s, const std::string& state) {
             const TaskWord word = s.table.load(0);
             EXPECT_EQ(word.attempt, state == "running" ? 1u : 0u);
             EXPECT_EQ(word.state,
                       state == "done" || state == "returned" ? State::done : State::pending);
             // The arguments, and the result when there is one.
             EXPECT_EQ(context().chunks().taken(), word.state == State::done ? 2u : 1u);
             s.collect(0);
           },
       .expected = {"pending", "running", "done", "returned"}});
}

TEST_F(TaskSweep, a_task_whose_attempts_are_used_up) {
  tine_test::sweep<Scene>(
      {.set = [] { return std::make_unique<Scene>(1, 1); },
       .call = [](Scene& s) { s.serve_one(); },
       .look = [](Scene& s) { return stage() == returned ? "returned" : name_of(s.state()); },
       .check =
           [](Scene& s, const std::string& state) {
             if (state == "running") {
               EXPECT_EQ(s.state(), State::failed);
               EXPECT_EQ(context().chunks().taken(), 1 + chunks_of_a_death);
               return;
             }
             s.collect(0);
           },
       .expected = {"pending", "running", "done", "returned"}});
}

TEST_F(TaskSweep, a_task_that_is_cancelled_before_its_commit) {
  tine_test::sweep<Scene>(
      {.set = [] { return std::make_unique<Scene>(1, 2); },
       .call =
           [](Scene& s) {
             const TaskTable::Claim claim = s.table.claim();
             s.table.replace(0, claim.word, claim.word.with(State::cancelling));
             s.table.commit(claim, tine::detail::run_task_of(claim.word.chunk));
           },
       .look =
           [](Scene& s) {
             return std::string(s.state() == State::pending      ? "pending"
                                : s.state() == State::running    ? "running"
                                : s.state() == State::cancelling ? "cancelling"
                                                                 : "something else");
           },
       .check =
           [](Scene& s, const std::string& state) {
             EXPECT_EQ(s.state(), state == "cancelling" ? State::cancelled : State::pending);
             EXPECT_EQ(context().chunks().taken(), 1u);
           },
       .expected = {"pending", "running", "cancelling"}});
}

TEST_F(TaskSweep, repair_may_be_interrupted_and_begun_again) {
  for (const unsigned attempts : {1u, 2u}) {
    tine_test::sweep<Scene>(
        {.set =
             [attempts] {
               auto s = std::make_unique<Scene>(2, attempts);
               s->die_after([&] {
                 s->table.claim();
                 s->table.claim();
               });
               return s;
             },
         .call =
             [](Scene& s) {
               Suspects suspects(context().chunks(), s.party());
               s.table.repair(s.party(), {}, suspects);
               suspects.give_back();
             },
         .look =
             [](Scene& s) {
               const int left =
                   (s.state(0) == State::running) + (s.state(1) == State::running);
               return stage() == returned ? std::string("returned")
                                          : std::to_string(left) + " left";
             },
         .check =
             [attempts](Scene& s, const std::string&) {
               for (unsigned i = 0; i < 2; ++i)
                 EXPECT_EQ(s.state(i), attempts == 1 ? State::failed : State::pending);
               EXPECT_EQ(context().chunks().taken(), attempts == 1 ? 2 + 2 * chunks_of_a_death : 2);
               if (attempts == 2) s.collect(0), s.collect(1);
             },
         .expected = {"2 left", "1 left", "0 left", "returned"},
         .most_visits = 3});
  }
}

}  // namespace
