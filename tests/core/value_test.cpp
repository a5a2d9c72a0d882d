#include <array>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <type_traits>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/worker_counts.hpp"

namespace {

using namespace std::chrono_literals;

static_assert(std::is_trivially_copyable_v<tine::ValueView<double>>);
static_assert(sizeof(tine::ValueView<double>) == 8);
static_assert(!std::is_copy_constructible_v<tine::Value<int>>);

class Value : public tine_test::NothingLeftBehind {
 protected:
  static void SetUpTestSuite() { tine::Lock first; }
};

struct Large {
  alignas(64) std::array<int, 5000> numbers;
};

TEST_F(Value, holds_what_was_written_last) {
  tine::Value<int> zero;
  EXPECT_EQ(zero.get(), 0);
  tine::Value<double> x(1.5);
  EXPECT_EQ(x.get(), 1.5);
  x.set(2.5);
  EXPECT_EQ(x.view().get(), 2.5);
  EXPECT_EQ(x.with_lock([](double& v) { return v *= 2; }), 5.0);
  EXPECT_EQ(x.get(), 5.0);
  tine::Value<Large> large;
  large.with_lock([](Large& l) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&l) % 64, 0u);
    for (int i = 0; i < 5000; ++i) l.numbers[static_cast<std::size_t>(i)] = i;
  });
  EXPECT_EQ(large.get().numbers[4999], 4999);
  EXPECT_FALSE(x.was_abandoned());
}

TEST_F(Value, is_counted_by_all_without_a_loss) {
  for (const unsigned workers : tine_test::worker_counts) {
    tine::Value<long> count(0);
    tine::Pool pool({.workers = workers});
    auto work = [](const tine::ValueView<long>& c) {
      for (int i = 0; i < 1000; ++i) {
        c.with_lock([](long& n) { ++n; });
        const std::scoped_lock guard(c);
        c.set(c.get() + 1);
      }
    };
    std::thread here([&] { work(count); });
    tine::for_each_slice(pool, tine::slices(workers, 1),
                         [work, c = count.view()](const tine::Slice&) { work(c); });
    here.join();
    EXPECT_EQ(count.get(), 2000L * (workers + 1));
  }
}

TEST_F(Value, is_locked_by_one_thread_at_a_time_and_by_that_again) {
  tine::Value<int> x(1), y(2);
  {
    std::scoped_lock both(x, y);
    EXPECT_TRUE(x.try_lock());
    x.unlock();
    std::thread([&] {
      EXPECT_FALSE(x.try_lock());
      EXPECT_FALSE(y.try_lock_for(5ms));
      EXPECT_THROW(x.unlock(), tine::NotHeld);
    }).join();
    x.set(y.get());
  }
  std::thread([&] { EXPECT_EQ(x.get(), 2); }).join();
  EXPECT_THROW(x.unlock(), tine::NotHeld);
  EXPECT_THROW(x.try_lock_for(-1ns), tine::InvalidArgument);
}

TEST_F(Value, is_unlocked_when_its_user_throws) {
  tine::Value<int> x(1);
  EXPECT_THROW(x.with_lock([](int& v) {
    v = 7;
    throw std::runtime_error("later");
  }),
               std::runtime_error);
  std::thread([&] { EXPECT_EQ(x.get(), 7); }).join();
}

TEST_F(Value, handle_without_a_value_throws) {
  tine::ValueView<int> nothing, left;
  EXPECT_THROW(nothing.get(), tine::InvalidArgument);
  {
    tine::Value<int> x(3);
    left = x.view();
    tine::Value<int> moved(std::move(x));
    EXPECT_EQ(left.get(), 3);
  }
  EXPECT_THROW(left.get(), tine::InvalidArgument);
  EXPECT_THROW(left.set(1), tine::InvalidArgument);
}

}  // namespace
