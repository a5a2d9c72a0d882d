#include <tine/allocator.hpp>

#include <signal.h>

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/deaths.hpp"

namespace {

class AllocatorTest : public tine_test::NothingLeftBehind {
 protected:
  tine::Pool pool{tine::PoolOptions{.workers = 2}};
};

template <class T>
using SharedVector = std::vector<T, tine::allocator<T>>;
using SharedString = std::basic_string<char, std::char_traits<char>, tine::allocator<char>>;
using SharedMap = std::map<int, int, std::less<>, tine::allocator<std::pair<const int, int>>>;

TEST_F(AllocatorTest, kernels_read_a_vector) {
  SharedVector<int> table(pool.allocator<int>());
  for (int i = 0; i < 1000; ++i) table.push_back(i * i);
  auto x = pool.array<int>(1000);
  tine::for_each_slice(pool, tine::slices(1000, 10),
                       [t = table.data()](tine::Slice s, std::span<int> out) {
                         for (std::size_t i = 0; i < out.size(); ++i) out[i] = t[s.begin + i];
                       },
                       tine::out(x));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(x[i], i * i);
}

TEST_F(AllocatorTest, kernels_use_a_map_and_a_string_through_their_addresses) {
  // The containers themselves lie in shared memory, too.
  struct Tables {
    SharedMap squares;
    SharedString text;
  };
  tine::allocator<Tables> place = pool.allocator<Tables>();
  Tables* tables = place.allocate(1);
  new (tables) Tables{SharedMap(pool.allocator<std::pair<const int, int>>()),
                      SharedString("long enough not to be stored in place", pool.allocator<char>())};
  for (int i = 0; i < 100; ++i) tables->squares.emplace(i, i * i);
  auto x = pool.array<int>(100);
  tine::for_each_slice(pool, tine::slices(100, 7),
                       [tables](tine::Slice s, std::span<int> out) {
                         for (std::size_t i = 0; i < out.size(); ++i)
                           out[i] = tables->squares.at(static_cast<int>(s.begin + i)) +
                                    static_cast<int>(tables->text.size());
                       },
                       tine::out(x));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(x[i], i * i + 37);
  std::destroy_at(tables);
  place.deallocate(tables, 1);
}

TEST_F(AllocatorTest, what_is_added_after_the_pool_was_made_is_seen) {
  SharedVector<int> table({1, 2, 3}, pool.allocator<int>());
  for (int round = 0; round < 5; ++round) {
    table.insert(table.end(), 10'000, round);
    const int last = tine::reduce_slices(
        pool, tine::slices(1), 0, std::plus<>{},
        [t = table.data(), n = table.size()](tine::Slice) { return t[n - 1]; });
    EXPECT_EQ(last, round);
  }
}

TEST_F(AllocatorTest, a_kernel_that_writes_to_it_faults_and_changes_nothing) {
  SharedVector<int> table(1000, 7, pool.allocator<int>());
  try {
    tine::for_each_slice(pool, tine::slices(1), [t = table.data()](tine::Slice) { t[10] = 8; });
    FAIL();
  } catch (const tine::SliceFailed& error) {
    EXPECT_TRUE(tine_test::is_death_by(error.report().faults.front(), SIGSEGV)) << error.what();
    if (error.report().faults.front().address != 0) {  // address sanitizer does not say
      EXPECT_EQ(error.report().faults.front().address,
                reinterpret_cast<std::uintptr_t>(table.data() + 10));
    }
  }
  EXPECT_EQ(table[10], 7);
}

TEST_F(AllocatorTest, a_kernel_that_allocates_gets_an_error_that_says_where_to) {
  tine::allocator<tine::allocator<int>> place = pool.allocator<tine::allocator<int>>();
  tine::allocator<int>* shared = place.allocate(1);
  new (shared) tine::allocator<int>(pool.allocator<int>());
  try {
    tine::for_each_slice(pool, tine::slices(1), [shared](tine::Slice) { shared->allocate(4); });
    FAIL();
  } catch (const tine::KernelError& error) {
    EXPECT_EQ(error.type(), "tine::NestedParallelism");
  }
  std::destroy_at(shared);
  place.deallocate(shared, 1);
}

TEST_F(AllocatorTest, equal_allocators_are_those_of_one_pool) {
  tine::Pool other({.workers = 1});
  EXPECT_EQ(pool.allocator<int>(), pool.allocator<double>());
  EXPECT_FALSE(pool.allocator<int>() == other.allocator<int>());
}

TEST_F(AllocatorTest, a_size_that_overflows_is_refused) {
  EXPECT_THROW(pool.allocator<double>().allocate(~std::size_t{0} / 8), std::bad_alloc);
}

TEST_F(AllocatorTest, freed_memory_comes_back) {
  const std::size_t before = pool.arena()->stats().small;
  for (int i = 0; i < 100; ++i) SharedVector<double>(20'000, 1.0, pool.allocator<double>());
  EXPECT_EQ(pool.arena()->stats().small, before);
}

TEST_F(AllocatorTest, a_fork_of_the_application_may_destroy_its_copy_of_a_container) {
  SharedVector<int> table(1000, 7, pool.allocator<int>());
  EXPECT_EQ(tine_test::in_child([&] { SharedVector<int> gone(std::move(table)); }), 0);
  EXPECT_EQ(table[999], 7);
}

}  // namespace
