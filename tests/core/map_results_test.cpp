// Executor::map() and imap_unordered().
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <list>
#include <memory>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/executor.hpp>
#include <tine/queue.hpp>

#include "support/fixture.hpp"
#include "toolbox/context.hpp"

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MapResults : public tine_test::NothingLeftBehind {
 protected:
  // The context stays with the program.
  static void SetUpTestSuite() { tine::Queue<int> first; }
  void TearDown() override {
    EXPECT_EQ(tine::detail::Context::existing()->chunks().taken(), 0u) << "memory of items is lost";
  }
};

std::vector<int> numbers(int n) {
  std::vector<int> result(static_cast<std::size_t>(n));
  std::iota(result.begin(), result.end(), 0);
  return result;
}

int square(int x) {
  return x * x;
}

/// Counts to `n`, but throws when it comes to `bad`.
class ThrowsAt {
 public:
  ThrowsAt(int n, int bad) : n_(n), bad_(bad) {}
  class iterator {
   public:
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    iterator(int at, int bad) : at_(at), bad_(bad) {}
    int operator*() const {
      if (at_ == bad_) throw std::length_error("the source has had enough");
      return at_;
    }
    iterator& operator++() {
      ++at_;
      return *this;
    }
    iterator operator++(int) { return {at_++, bad_}; }
    bool operator==(const iterator& other) const { return at_ == other.at_; }

   private:
    int at_, bad_;
  };
  iterator begin() const { return {0, bad_}; }
  iterator end() const { return {n_, bad_}; }

 private:
  int n_, bad_;
};

template <class Results>
std::vector<int> all_of(Results results) {
  std::vector<int> all;
  for (const int x : results) all.push_back(x);
  return all;
}

TEST_F(MapResults, come_in_the_order_of_the_elements_for_every_chunksize) {
  tine::Executor executor({.workers = 2});
  const auto source = numbers(40);
  std::vector<int> expected;
  for (const int x : source) expected.push_back(square(x));
  EXPECT_EQ(all_of(executor.map(square, source)), expected);
  for (const int chunksize : {1, 6, 40, 50}) {
    SCOPED_TRACE(chunksize);
    EXPECT_EQ(all_of(executor.map({.chunksize = chunksize}, square, source)), expected);
    auto unordered = all_of(executor.imap_unordered({.chunksize = chunksize}, square, source));
    std::sort(unordered.begin(), unordered.end());
    EXPECT_EQ(unordered, expected);
  }
}

TEST_F(MapResults, chunksizes_below_one_throw_at_once) {
  tine::Executor executor({.workers = 1});
  const auto source = numbers(40);
  for (const int chunksize : {-1, 0}) {
    EXPECT_THROW(executor.map({.chunksize = chunksize}, square, source), tine::InvalidArgument);
    EXPECT_THROW(executor.imap_unordered({.chunksize = chunksize}, square, source),
                 tine::InvalidArgument);
  }
  EXPECT_THROW(executor.map({.timeout = -1ns}, square, source), tine::InvalidArgument);
}

TEST_F(MapResults, of_nothing_are_none) {
  tine::Executor executor({.workers = 1});
  EXPECT_EQ(executor.map(square, std::vector<int>()).next(), std::nullopt);
  EXPECT_EQ(executor.imap_unordered(square, std::vector<int>()).next(), std::nullopt);
  auto results = executor.map({.chunksize = 7}, square, std::vector<int>{3});
  EXPECT_EQ(results.next(), 9);
  EXPECT_EQ(results.next(), std::nullopt);
  EXPECT_EQ(results.next(), std::nullopt);
}

TEST_F(MapResults, of_several_ranges_end_with_the_shortest) {
  tine::Executor executor({.workers = 2});
  const std::list<std::string> words{"a", "b", "c"};
  std::vector<std::string> all;
  for (const std::string& s : executor.map(
           [](const std::string&w, int n) { return w + std::to_string(n); }, words, numbers(10)))
    all.push_back(s);
  EXPECT_THAT(all, ElementsAre("a0", "b1", "c2"));
}

TEST_F(MapResults, of_a_range_that_was_moved_in_outlive_it) {
  tine::Executor executor({.workers = 2});
  auto results = [&] { return executor.map(square, numbers(1000)); }();
  int sum = 0;
  for (const int x : results) sum += x;
  EXPECT_EQ(sum, 332833500);
}

TEST_F(MapResults, of_bool_text_and_nothing) {
  tine::Executor executor({.workers = 1});
  std::vector<bool> odd;
  for (const bool b : executor.map(
           {.chunksize = 2}, [](int x) { return x % 2 == 1; }, numbers(5)))
    odd.push_back(b);
  EXPECT_THAT(odd, ElementsAre(false, true, false, true, false));
  std::size_t none = 0;
  for ([[maybe_unused]] const std::monostate& m : executor.map([](int) {}, numbers(5))) ++none;
  EXPECT_EQ(none, 5u);
  EXPECT_EQ(
      *executor.map([](std::string s) { return s + s; }, std::vector<std::string>{"ab"}).next(),
      "abab");
}

TEST_F(MapResults, read_their_source_as_they_are_taken) {
  tine::Executor executor({.workers = 1});
  struct Counter {
    std::vector<int>* reads;
    int n = 1'000'000'000;
    struct iterator {
      using value_type = int;
      using difference_type = std::ptrdiff_t;
      std::vector<int>* reads;
      int at;
      int operator*() const {
        reads->push_back(at);
        return at;
      }
      iterator& operator++() {
        ++at;
        return *this;
      }
      iterator operator++(int) { return {reads, at++}; }
      bool operator==(const iterator& other) const { return at == other.at; }
    };
    iterator begin() const { return {reads, 0}; }
    iterator end() const { return {reads, n}; }
  };
  std::vector<int> reads;
  auto results = executor.map(square, Counter{&reads});
  const std::size_t ahead = reads.size();
  EXPECT_GT(ahead, 0u);
  EXPECT_LT(ahead, 100u);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(results.next(), i * i);
  EXPECT_LE(reads.size(), 1000 + ahead);
}

TEST_F(MapResults, before_the_place_where_the_source_throws_come_first) {
  tine::Executor executor({.workers = 2});
  const auto check = [&](int n, int bad, int chunksize) {
    SCOPED_TRACE(std::to_string(bad) + " of " + std::to_string(n) + ", chunksize " +
                 std::to_string(chunksize));
    auto ordered = executor.map({.chunksize = chunksize}, square, ThrowsAt(n, bad));
    for (int i = 0; i < bad; ++i) ASSERT_EQ(ordered.next(), i * i);
    EXPECT_THROW(ordered.next(), std::length_error);
    EXPECT_EQ(ordered.next(), std::nullopt);

    auto unordered = executor.imap_unordered({.chunksize = chunksize}, square, ThrowsAt(n, bad));
    std::set<int> seen;
    for (int i = 0; i < bad; ++i) seen.insert(unordered.next().value());
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(bad));
    EXPECT_THROW(unordered.next(), std::length_error);
    EXPECT_EQ(unordered.next(), std::nullopt);
  };
  for (const int chunksize : {1, 2, 4}) {
    check(10, 3, chunksize);
    check(20, 7, chunksize);
  }
}

TEST_F(MapResults, what_the_function_throws_comes_in_its_place_and_the_others_follow) {
  tine::Executor executor({.workers = 2});
  const auto fussy = [](int x) {
    if (x == 3) throw std::domain_error("not three");
    return x;
  };
  auto results = executor.map(fussy, numbers(6));
  EXPECT_EQ(results.next(), 0);
  EXPECT_EQ(results.next(), 1);
  EXPECT_EQ(results.next(), 2);
  EXPECT_THROW(results.next(), std::domain_error);
  EXPECT_EQ(results.next(), 4);
  EXPECT_EQ(results.next(), 5);
  EXPECT_EQ(results.next(), std::nullopt);

  auto chunks = executor.map({.chunksize = 2}, fussy, numbers(6));
  EXPECT_EQ(chunks.next(), 0);
  EXPECT_EQ(chunks.next(), 1);
  EXPECT_THROW(chunks.next(), std::domain_error) << "for 2 and 3";
  EXPECT_EQ(chunks.next(), 4);

  auto unordered = executor.imap_unordered(fussy, numbers(6));
  int sum = 0, thrown = 0;
  for (int i = 0; i < 6; ++i) try {
      sum += unordered.next().value();
    } catch (const std::domain_error&) {
      ++thrown;
    }
  EXPECT_EQ(sum, 12);
  EXPECT_EQ(thrown, 1);
}

TEST_F(MapResults, a_result_that_is_late_makes_them_throw_and_may_still_come) {
  tine::Executor executor({.workers = 1});
  auto gate = executor.array<int>(1);
  const auto waits = [g = gate.view()](int x) {
    while (x == 1 && std::atomic_ref(g[0]).load() == 0) usleep(200);
    return x;
  };
  for (const bool ordered : {true, false}) {
    gate[0] = 0;
    const auto check = [&](auto results) {
      EXPECT_EQ(results.next(), 0);
      EXPECT_THROW(results.next(), tine::TimeoutError);
      std::atomic_ref(gate[0]).store(1);
      ASSERT_TRUE(tine_test::eventually([&] {
        try {
          return results.next() == 1;
        } catch (const tine::TimeoutError&) {
          return false;
        }
      }));
      EXPECT_EQ(results.next(), std::nullopt);
    };
    if (ordered)
      check(executor.map({.timeout = 300ms}, waits, numbers(2)));
    else
      check(executor.imap_unordered({.timeout = 300ms}, waits, numbers(2)));
  }
}

TEST_F(MapResults, unordered_give_what_is_there) {
  tine::Executor executor({.workers = 2});
  auto gate = executor.array<int>(1);
  auto results = executor.imap_unordered(
      [g = gate.view()](int x) {
        while (x == 0 && std::atomic_ref(g[0]).load() == 0) usleep(200);
        return x;
      },
      numbers(6));
  int sum = 0;
  for (int i = 0; i < 5; ++i) {
    const int x = results.next().value();
    EXPECT_NE(x, 0);
    sum += x;
  }
  EXPECT_EQ(sum, 15);
  std::atomic_ref(gate[0]).store(1);
  EXPECT_EQ(results.next(), 0);
}

TEST_F(MapResults, that_are_thrown_away_cancel_what_is_not_begun) {
  tine::Executor executor({.workers = 1});
  auto count = executor.array<int>(1);
  {
    auto results = executor.map(
        [c = count.view()](int x) {
          ++c[0];
          usleep(10000);
          return x;
        },
        numbers(1000));
    EXPECT_EQ(results.next(), 0);
  }
  executor.shutdown();
  EXPECT_LT(count[0], 5);
}

TEST_F(MapResults, of_an_executor_whose_initializer_throws_throw) {
  tine::Executor executor({.workers = 1, .initializer = [] { throw std::runtime_error("no"); }});
  EXPECT_THROW(
      {
        auto results = executor.map(square, numbers(3));
        results.next();
      },
      tine::BrokenExecutor);
}

TEST_F(MapResults, a_worker_that_dies_costs_its_own_chunk) {
  tine::Executor executor({.workers = 2});
  auto results = executor.map(
      [](int x) {
        if (x == 3) _exit(7);
        return x;
      },
      numbers(6));
  for (int i = 0; i < 6; ++i)
    if (i == 3)
      EXPECT_THROW(results.next(), tine::WorkerDied);
    else
      EXPECT_EQ(results.next(), i);
}

TEST_F(MapResults, elements_that_cannot_travel_throw_in_their_place) {
  tine::Executor executor({.workers = 1});
  std::vector<int> mine(4);
  const std::vector<std::span<int>> spans{std::span<int>(), std::span<int>(mine), std::span<int>()};
  auto results = executor.map([](std::span<int> s) { return s.size(); }, spans);
  EXPECT_EQ(results.next(), 0u);
  EXPECT_THROW(results.next(), tine::InvalidArgument);
  EXPECT_EQ(results.next(), 0u);
  EXPECT_EQ(results.next(), std::nullopt);
}

}  // namespace
