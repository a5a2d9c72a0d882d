#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <forward_list>
#include <list>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/executor.hpp>
#include <tine/queue.hpp>
#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/fixture.hpp"
#include "support/processes.hpp"
#include "toolbox/context.hpp"

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::size_t chunks_taken() {
  return tine::detail::Context::existing()->chunks().taken();
}

class Executor : public tine_test::NothingLeftBehind {
 protected:
  // The context stays with the program.
  static void SetUpTestSuite() { tine::Queue<int> first; }
  void TearDown() override { EXPECT_EQ(chunks_taken(), 0u) << "memory of items is lost"; }
};

template <class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

int twice(int x) { return 2 * x; }

// --- What travels

TEST_F(Executor, calls_functions_lambdas_and_objects_with_their_arguments) {
  tine::Executor executor({.workers = 2});
  struct Adder {
    int a;
    int operator()(int b) const { return a + b; }
  };
  const int captured = 40;
  EXPECT_EQ(executor.submit(twice, 21).result(), 42);
  EXPECT_EQ(executor.submit([captured](int x) { return captured + x; }, 2).result(), 42);
  EXPECT_EQ(executor.submit(Adder{40}, 2).result(), 42);
  EXPECT_EQ(executor.submit([] { return 42; }).result(), 42);
  executor.submit([] {}).result();
}

TEST_F(Executor, runs_tasks_in_worker_processes_of_its_own) {
  tine::Executor executor({.workers = 2});
  const auto pids = executor.worker_pids();
  for (int i = 0; i < 20; ++i)
    EXPECT_THAT(pids, ::testing::Contains(executor.submit([] { return getpid(); }).result()));
}

TEST_F(Executor, passes_strings_containers_and_text_literals_as_copies) {
  tine::Executor executor({.workers = 2});
  EXPECT_EQ(executor.submit([](std::string s) { return s + "!"; }, "text").result(), "text!");
  EXPECT_EQ(executor.submit([](const std::string& s) { return s.size(); }, std::string(100000, 'x'))
                .result(),
            100000u);
  EXPECT_EQ(executor.submit([](std::string_view s) { return s.size(); }, std::string_view("abc"))
                .result(),
            3u);
  std::vector<int> values(100000);
  std::iota(values.begin(), values.end(), 0);
  EXPECT_EQ(executor.submit([](std::vector<int> v) { return std::vector(v.rbegin(), v.rend()); }, values)
                .result(),
            std::vector(values.rbegin(), values.rend()));
  const std::map<std::string, std::vector<double>> map{{"a", {1, 2}}, {"b", {}}};
  EXPECT_EQ(executor.submit([](std::map<std::string, std::vector<double>> m) { return m; }, map).result(),
            map);
}

struct Person {
  std::string name;
  int age = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(name, age);
  }
  bool operator==(const Person&) const = default;
};

TEST_F(Executor, passes_types_that_have_a_serialisation) {
  tine::Executor executor({.workers = 1});
  EXPECT_EQ(executor.submit([](Person p) { return Person{p.name + "!", p.age + 1}; }, Person{"Ada", 36})
                .result(),
            (Person{"Ada!", 37}));
}

TEST_F(Executor, passes_views_and_spans_of_its_arrays_without_copying) {
  tine::Executor executor({.workers = 2});
  auto array = executor.array<int>(100000);
  executor.submit([](tine::View<int> v) { v[7] = 42; }, array.view()).result();
  EXPECT_EQ(array[7], 42);
  executor.submit([](std::span<int> s) { std::iota(s.begin(), s.end(), 0); }, array.span()).result();
  EXPECT_EQ(array[99999], 99999);
  EXPECT_EQ(chunks_taken(), 0u);
  const auto copied = executor.array_from(std::vector<int>{1, 2, 3});
  EXPECT_EQ(executor.submit([](std::span<const int> s) { return s[0] + s[1] + s[2]; }, copied.span())
                .result(),
            6);
  const std::span<int> part =
      executor.submit([](std::span<int> s) { return s.subspan(10, 5); }, array.span()).result();
  EXPECT_EQ(part.data(), array.data() + 10);
}

TEST_F(Executor, refuses_a_span_of_other_memory_and_says_what_to_do) {
  tine::Executor executor({.workers = 1});
  std::vector<int> mine(10);
  EXPECT_THROW(executor.submit([](std::span<int>) {}, std::span(mine)), tine::InvalidArgument);
  EXPECT_THAT(message_of([&] { executor.submit([](std::span<int>) {}, std::span(mine)); }),
              HasSubstr("pass a std::vector"));
  executor.submit([](std::span<int> s) { return s.size(); }, std::span<int>()).result();
}

TEST_F(Executor, refuses_captures_and_arguments_that_hold_pointers_into_private_memory) {
  tine::Executor executor({.workers = 1});
  std::vector<int> mine(10);
  EXPECT_THROW(executor.submit([&mine] { return mine.size(); }), tine::BadCallable);
  EXPECT_THAT(message_of([&] { executor.submit([&mine] { return mine.size(); }); }),
              HasSubstr("the task captures a pointer or reference"));
  EXPECT_THROW(executor.submit([](tine::View<int>) {}, tine::View<int>(mine.data(), {10})),
               tine::BadCallable);
}

TEST_F(Executor, gives_results_that_can_only_be_moved) {
  tine::Executor executor({.workers = 1});
  std::unique_ptr<int> result = executor.submit([] { return std::make_unique<int>(42); }).result();
  EXPECT_EQ(*result, 42);
}

TEST_F(Executor, moves_large_arguments_and_results) {
  tine::Executor executor({.workers = 2});
  std::vector<double> values(4 << 20, 1.5);
  const auto back = executor.submit([](std::vector<double> v) { return v; }, values);
  EXPECT_EQ(back.result(), values);
}

}  // namespace
