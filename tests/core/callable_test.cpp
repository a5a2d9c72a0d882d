#include <dlfcn.h>
#include <sys/mman.h>

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

int global = 1;
const int constant_global = 2;

class CallableTest : public tine_test::NothingLeftBehind {
 protected:
  tine::Pool pool{tine::PoolOptions{.workers = 2}};

  // The message with which a kernel is refused; empty when it runs.
  template <class F>
  std::string refusal(F kernel) {
    try {
      tine::for_each_slice(pool, tine::slices(4, 1), kernel);
    } catch (const tine::BadCallable& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(CallableTest, a_reference_to_the_stack_is_refused_and_the_message_says_what_to_write) {
  int local = 0;
  EXPECT_THAT(refusal([&local](tine::Slice) { ++local; }),
              AllOf(HasSubstr("stack"), HasSubstr("array.view()"), HasSubstr("by value")));
  EXPECT_THAT(refusal([p = &local](tine::Slice) { ++*p; }), HasSubstr("stack"));
  EXPECT_EQ(local, 0);
}

TEST_F(CallableTest, a_reference_to_another_threads_stack_is_refused) {
  std::thread([&] {
    int local = 0;
    EXPECT_THAT(refusal([&local](tine::Slice) { ++local; }), HasSubstr("captures a pointer"));
  }).join();
}

TEST_F(CallableTest, a_pointer_to_the_heap_is_refused) {
  auto small = std::make_unique<int>();
  std::vector<char> large(10 << 20);
  EXPECT_THAT(refusal([p = small.get()](tine::Slice) { ++*p; }), HasSubstr("heap"));
  EXPECT_THAT(refusal([p = large.data()](tine::Slice) { ++*p; }), HasSubstr("private memory"));
  EXPECT_THAT(refusal([&large](tine::Slice) { ++large[0]; }), HasSubstr("stack"));
}

TEST_F(CallableTest, a_pointer_to_a_variable_of_the_program_is_refused) {
  EXPECT_THAT(refusal([p = &global](tine::Slice) { ++*p; }), HasSubstr("writable data"));
  static int local_static = 3;
  EXPECT_THAT(refusal([p = &local_static](tine::Slice) { ++*p; }), HasSubstr("writable data"));
}

TEST_F(CallableTest, the_message_names_the_place_among_the_captures) {
  double a = 1, b = 2;
  int local = 0;
  EXPECT_THAT(refusal([a, b, &local](tine::Slice) { local = static_cast<int>(a + b); }),
              HasSubstr("at byte 16"));
}

TEST_F(CallableTest, a_pointer_inside_an_aggregate_is_found) {
  struct Inner {
    char tag;
    int* p;
  };
  struct Outer {
    double d;
    Inner inner[2];
  };
  int local = 0;
  const Outer good{1, {{'a', nullptr}, {'b', nullptr}}};
  const Outer bad{1, {{'a', nullptr}, {'b', &local}}};
  EXPECT_EQ(refusal([good](tine::Slice) { (void)good; }), "");
  EXPECT_NE(refusal([bad](tine::Slice) { (void)bad; }), "");
}

TEST_F(CallableTest, the_wrapped_callables_of_algorithms_are_checked_too) {
  auto x = pool.array<int>(100);
  int local = 0;
  EXPECT_THROW(tine::for_each(pool, tine::inout(x), [&local](int& v) { v = local; }),
               tine::BadCallable);
  EXPECT_THROW(tine::transform_reduce(pool, tine::in(x), 0, std::plus<>{},
                                      [&local](int v) { return v + local; }),
               tine::BadCallable);
  EXPECT_THROW(tine::spmd(pool, [&local](tine::Team) { ++local; }), tine::BadCallable);
}

TEST_F(CallableTest, code_literals_and_constants_may_be_pointed_to) {
  auto x = pool.array<int>(4);
  const char* text = "abc";
  int (*function)(int) = +[](int v) { return v + 10; };
  tine::for_each_slice(
      pool, tine::slices(4, 1),
      [text, function, c = &constant_global](tine::Slice, std::span<int> out) {
        out[0] = text[1] + function(*c);
      },
      tine::out(x));
  EXPECT_EQ(x[3], 'b' + 12);
}

TEST_F(CallableTest, views_and_pointers_into_the_arena_may_be_captured) {
  auto table = pool.array_from(std::vector<int>{5, 6, 7, 8});
  auto x = pool.array<int>(4);
  tine::for_each_slice(
      pool, tine::slices(4, 1),
      [v = table.view(), p = table.data()](tine::Slice s, std::span<int> out) {
        out[0] = v[s.index] * 100 + p[s.index];
      },
      tine::out(x));
  EXPECT_EQ(x[2], 707);
}

TEST_F(CallableTest, a_view_of_another_pools_array_is_refused_as_that) {
  tine::Pool other({.workers = 1});
  auto foreign = other.array<int>(10);
  EXPECT_THAT(refusal([v = foreign.view()](tine::Slice) { v[0] = 1; }),
              HasSubstr("another pool's arena"));
}

TEST_F(CallableTest, shared_memory_of_the_application_from_before_the_pool_may_be_captured) {
  void* p = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(p, MAP_FAILED);
  {
    tine::Pool later({.workers = 2});
    int* count = static_cast<int*>(p);
    tine::for_each_slice(later, tine::slices(100, 1),
                         [count](tine::Slice) { __atomic_fetch_add(count, 1, __ATOMIC_RELAXED); });
    EXPECT_EQ(*count, 100);
  }
  munmap(p, 4096);
}

// Fills a stretch of stack with pointers, so that what is not written shows.
__attribute__((noinline)) void soil_the_stack() {
  void* volatile words[4096];
  for (auto& word : words) word = const_cast<void**>(&words[0]);
}

struct Padded {
  char tag;  // seven bytes of nothing
  double value;
  short last;  // six
};

__attribute__((noinline)) std::string post_padded(CallableTest&, tine::Pool& pool, int round) {
  Padded padded;
  padded.tag = 'x';
  padded.value = round;
  padded.last = 1;
  struct Kernel {
    char flag;
    Padded padded;
    bool more;
    int number;
    void operator()(tine::Slice) const {}
  };
  Kernel kernel;
  kernel.flag = 1;
  kernel.padded = padded;
  kernel.more = true;
  kernel.number = round;
  try {
    tine::for_each_slice(pool, tine::slices(2, 1), kernel);
  } catch (const tine::BadCallable& error) {
    return error.what();
  }
  return "";
}

TEST_F(CallableTest, what_lies_in_padding_is_no_capture) {
  for (int round = 0; round < 200; ++round) {
    soil_the_stack();
    ASSERT_EQ(post_padded(*this, pool, round), "");
  }
}

// GCC 12's way to clear padding clears members, too, where two arrays of structs with padding follow each
// other.
TEST_F(CallableTest, arrays_of_structs_with_padding_arrive_whole) {
  struct Padded {
    std::uint8_t a;
    std::uint64_t b, c;
  };
  struct Others {
    std::uint8_t a;
    double b;
  };
  struct Captures {
    Padded all[16];
    Others others[16];
  };
  constexpr std::uint64_t number = 0xf123456789abcdef;
  Captures captures{};
  for (std::size_t i = 0; i < 16; ++i)
    captures.all[i] = {static_cast<std::uint8_t>(i), number + i, ~number - i};
  auto seen = pool.array<std::uint64_t>(32);
  tine::for_each_slice(
      pool, tine::slices(32, 32),
      [captures](const tine::Slice&, std::span<std::uint64_t> out) {
        for (std::size_t i = 0; i < 16; ++i) {
          out[2 * i] = captures.all[i].b;
          out[2 * i + 1] = captures.all[i].c;
        }
      },
      tine::out(seen));
  for (std::size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(seen[2 * i], number + i);
    EXPECT_EQ(seen[2 * i + 1], ~number - i);
  }
}

TEST_F(CallableTest, numbers_are_no_pointers) {
  const double values[] = {0.0, 1.0, -1e300, 5e-324, 3.14159};
  for (const double v : values) EXPECT_EQ(refusal([v](tine::Slice) { (void)v; }), "");
  const std::size_t sizes[] = {0, 1, std::size_t{1} << 40, ~std::size_t{0}};
  for (const std::size_t n : sizes) EXPECT_EQ(refusal([n](tine::Slice) { (void)n; }), "");
}

TEST_F(CallableTest, captures_of_many_kilobytes_arrive) {
  struct Block {
    int values[1500];
  } block;
  for (int i = 0; i < 1500; ++i) block.values[i] = -i;  // two of them are never an address
  auto x = pool.array<int>(1500);
  tine::for_each_slice(
      pool, tine::slices(1500, 1),
      [block](tine::Slice s, std::span<int> out) { out[0] = block.values[s.index]; }, tine::out(x));
  for (int i = 0; i < 1500; ++i) EXPECT_EQ(x[i], -i);
}

TEST_F(CallableTest, every_slice_begins_with_the_captures_as_they_were_posted) {
  auto x = pool.array<int>(50);
  tine::for_each_slice(
      pool, tine::slices(50, 1),
      [count = 0](tine::Slice, std::span<int> out) mutable { out[0] = ++count; }, tine::out(x));
  for (const int v : x) EXPECT_EQ(v, 1);
}

class LateLibrary : public CallableTest {
 protected:
  ~LateLibrary() override {
    if (library_ != nullptr) dlclose(library_);
  }
  void load() {
    library_ = dlopen(LATE_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library_, nullptr) << dlerror();
    fill = reinterpret_cast<void (*)(tine::Pool&, tine::Array<int>&)>(dlsym(library_, "late_fill"));
    function = reinterpret_cast<int (*)(int)>(dlsym(library_, "late_function"));
    ASSERT_NE(fill, nullptr);
    ASSERT_NE(function, nullptr);
  }
  void unload() { dlclose(std::exchange(library_, nullptr)); }
  std::string fill_refusal(tine::Array<int>& x) {
    try {
      fill(pool, x);
    } catch (const tine::BadCallable& error) {
      return error.what();
    }
    return "";
  }

  void (*fill)(tine::Pool&, tine::Array<int>&) = nullptr;
  int (*function)(int) = nullptr;

 private:
  void* library_ = nullptr;
};

TEST_F(LateLibrary, a_kernel_in_it_is_refused_until_the_pool_is_refreshed) {
  auto x = pool.array<int>(1000);
  load();
  EXPECT_THAT(fill_refusal(x), HasSubstr("refresh"));
  EXPECT_EQ(x[0], 0);
  // The program's own kernels still run.
  tine::for_each(pool, tine::inout(x), [](int& v) { v = 1; });
  EXPECT_EQ(x[999], 1);
  pool.refresh();
  EXPECT_EQ(fill_refusal(x), "");
  EXPECT_EQ(x[999], 42);
}

TEST_F(LateLibrary, one_that_was_there_before_and_came_again_is_as_good) {
  load();
  tine::Pool later({.workers = 1});
  auto x = later.array<int>(10);
  unload();
  load();
  try {
    fill(later, x);
    EXPECT_EQ(x[9], 42);
  } catch (const tine::BadCallable&) {  // it may have come to another address
    EXPECT_EQ(x[9], 0);
  }
}

TEST_F(LateLibrary, a_captured_function_of_it_is_refused) {
  load();
  EXPECT_NE(refusal([f = function](tine::Slice) { f(1); }), "");
  pool.refresh();
  EXPECT_EQ(refusal([f = function](tine::Slice) { f(1); }), "");
}

}  // namespace
