#include <tine/arena.hpp>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/child.hpp"
#include "support/deaths.hpp"

namespace {

using ::testing::HasSubstr;
using tine::Arena;
using ArrayRun = tine::detail::Run;

constexpr std::size_t KiB = 1024, MiB = 1024 * KiB, GiB = 1024 * MiB;

class ArenaTest : public tine_test::NothingLeftBehind {};

bool all_zero(const std::byte* p, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i)
    if (p[i] != std::byte{0}) return false;
  return true;
}

// Memory that the arena's file really has.
std::size_t file_bytes(const Arena& arena) {
  struct stat s {};
  fstat(arena.descriptor(), &s);
  return static_cast<std::size_t>(s.st_blocks) * 512;
}

void limit(int resource, std::size_t bytes) {
  const rlimit both{bytes, bytes};
  ASSERT_EQ(setrlimit(static_cast<__rlimit_resource>(resource), &both), 0);
}

TEST_F(ArenaTest, begins_with_zeroed_control_bytes_and_is_sparse) {
  Arena arena({.reserve = 4 * GiB, .control = 10'000});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena.begin()) % (2 * MiB), 0u);
  EXPECT_GE(static_cast<std::size_t>(arena.end() - arena.begin()), 4 * GiB);
  EXPECT_TRUE(all_zero(arena.control(), 10'000));
  EXPECT_TRUE(arena.contains(arena.begin()));
  EXPECT_FALSE(arena.contains(arena.end()));
  EXPECT_LT(file_bytes(arena), 4 * MiB);
}

TEST_F(ArenaTest, its_size_cannot_be_changed_by_anybody) {
  Arena arena({.reserve = 64 * MiB});
  EXPECT_EQ(ftruncate(arena.descriptor(), 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(ftruncate(arena.descriptor(), 1 << 30), -1);
  EXPECT_EQ(fcntl(arena.descriptor(), F_ADD_SEALS, F_SEAL_WRITE), -1);
}

TEST_F(ArenaTest, runs_do_not_touch_each_other_and_large_ones_are_aligned_for_huge_pages) {
  Arena arena({.reserve = 1 * GiB});
  std::mt19937 random(1);
  std::vector<ArrayRun*> runs;
  for (int i = 0; i < 300; ++i) {
    const std::size_t bytes = random() % (i % 20 == 0 ? 5 * MiB : 50 * KiB);
    ArrayRun* run = arena.allocate(bytes);
    EXPECT_GE(run->bytes, bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(run->data) % (bytes >= 2 * MiB ? 2 * MiB : 4 * KiB),
              0u);
    runs.push_back(run);
  }
  std::map<std::byte*, std::size_t> by_address;
  for (const ArrayRun* run : runs) by_address.emplace(run->data, run->bytes);
  ASSERT_EQ(by_address.size(), runs.size());
  const std::byte* end = arena.small_end();
  for (const auto& [data, bytes] : by_address) {
    EXPECT_GE(data, end) << "there is room for a guard";
    end = data + bytes + 4 * KiB;
  }
  EXPECT_LE(end, arena.end());
  for (ArrayRun* run : runs) arena.release(run);
  EXPECT_EQ(arena.stats().used, 0u);
}

TEST_F(ArenaTest, fresh_memory_is_zero_and_reused_memory_is_after_settling) {
  Arena arena({.reserve = 256 * MiB});
  for (const std::size_t bytes : {100 * KiB, 3 * MiB, 1 * KiB}) {
    ArrayRun* run = arena.allocate(bytes);
    arena.settle(run);
    EXPECT_TRUE(all_zero(run->data, run->bytes));
    memset(run->data, 0xff, run->bytes);
    const std::byte* data = run->data;
    arena.release(run);
    run = arena.allocate(bytes);
    EXPECT_EQ(run->data, data) << "warm memory is used again";
    EXPECT_TRUE(run->stale);
    arena.settle(run);
    EXPECT_FALSE(run->stale);
    EXPECT_TRUE(all_zero(run->data, run->bytes));
    arena.release(run);
  }
}

TEST_F(ArenaTest, freed_memory_is_reused_without_committing_more) {
  Arena arena({.reserve = 1 * GiB});
  arena.release(arena.allocate(20 * MiB));
  const tine::ArenaStats before = arena.stats();
  EXPECT_GE(before.warm, 20 * MiB);
  for (int i = 0; i < 100; ++i) arena.release(arena.allocate(20 * MiB));
  EXPECT_EQ(arena.stats().committed, before.committed);
}

TEST_F(ArenaTest, trim_gives_free_memory_back_and_keeps_what_is_used) {
  Arena arena({.reserve = 1 * GiB});
  ArrayRun* kept = arena.allocate(4 * MiB);
  memset(kept->data, 0x5a, kept->bytes);
  ArrayRun* freed = arena.allocate(60 * MiB);
  memset(freed->data, 0xff, freed->bytes);
  arena.release(freed);
  const std::size_t before = file_bytes(arena);
  arena.trim();
  EXPECT_LE(file_bytes(arena) + 60 * MiB, before);
  EXPECT_EQ(arena.stats().warm, 0u);
  EXPECT_EQ(kept->data[kept->bytes - 1], std::byte{0x5a});
  ArrayRun* again = arena.allocate(60 * MiB);
  arena.settle(again);
  EXPECT_TRUE(all_zero(again->data, again->bytes));
  EXPECT_GE(file_bytes(arena) + 2 * MiB, before);
  arena.release(again);
  arena.release(kept);
}

TEST_F(ArenaTest, more_than_the_reservation_is_refused_with_numbers) {
  Arena arena({.reserve = 64 * MiB});
  const tine::ArenaStats before = arena.stats();
  for (const std::size_t bytes : {64 * MiB, 1 * GiB, ~std::size_t{0}, ~std::size_t{0} / 2}) {
    try {
      arena.allocate(bytes);
      FAIL() << bytes;
    } catch (const tine::OutOfMemory& error) {
      EXPECT_EQ(error.requested(), bytes);
      EXPECT_LT(error.available(), 64 * MiB);
      EXPECT_THAT(error.limit(), HasSubstr("reservation"));
      EXPECT_THAT(error.what(), HasSubstr("PoolOptions::reserve"));
    }
  }
  EXPECT_EQ(arena.stats().committed, before.committed);
  arena.release(arena.allocate(1 * MiB));
}

TEST_F(ArenaTest, more_than_the_machine_has_is_refused_before_a_page_is_touched) {
  Arena arena({.reserve = std::size_t{64} << 40});
  const std::size_t before = file_bytes(arena);
  try {
    arena.allocate(std::size_t{32} << 40);
    FAIL();
  } catch (const tine::OutOfMemory& error) {
    EXPECT_EQ(error.requested(), std::size_t{32} << 40);
    EXPECT_LT(error.available(), error.requested());
    EXPECT_FALSE(error.limit().empty());
    EXPECT_THAT(error.what(), HasSubstr(error.limit()));
  }
  EXPECT_EQ(file_bytes(arena), before);
  arena.release(arena.allocate(1 * MiB));
}

// Whatever goes wrong in a commit, no page may be handed out twice afterwards.
TEST_F(ArenaTest, a_failing_commit_leaves_the_bookkeeping_intact) {
  enum class Failure { no_memory, error, exception };
  for (const Failure failure : {Failure::no_memory, Failure::error, Failure::exception}) {
    SCOPED_TRACE(static_cast<int>(failure));
    Arena arena({.reserve = 1 * GiB});
    std::vector<ArrayRun*> runs;
    // Holes of several sizes, all cold after trim().
    for (int i = 0; i < 60; ++i) runs.push_back(arena.allocate((i % 7 + 1) * 200 * KiB));
    for (std::size_t i = 0; i < runs.size(); i += 2) {
      arena.release(runs[i]);
      runs[i] = nullptr;
    }
    arena.trim();
    int calls = 0;
    arena.set_commit([&](std::size_t offset, std::size_t bytes) {
      if (++calls % 3 != 0) {
        if (failure == Failure::no_memory) return ENOMEM;
        if (failure == Failure::error) return EIO;
        throw tine::SupervisorLost("gone");
      }
      return fallocate(arena.descriptor(), 0, static_cast<off_t>(offset),
                       static_cast<off_t>(bytes)) == 0 ? 0 : errno;
    });
    for (int i = 0; i < 200; ++i) {
      try {
        runs.push_back(arena.allocate((i % 9 + 1) * 100 * KiB));
      } catch (const tine::Error&) {
      }
      if (i % 3 == 0 && runs.back() != nullptr) {
        arena.release(runs.back());
        runs.back() = nullptr;
        arena.trim();
      }
    }
    arena.set_commit({});
    std::erase(runs, nullptr);
    std::map<std::byte*, std::size_t> by_address;
    for (const ArrayRun* run : runs)
      EXPECT_TRUE(by_address.emplace(run->data, run->bytes).second) << "the same address twice";
    const std::byte* end = arena.small_end();
    for (const auto& [data, bytes] : by_address) {
      EXPECT_GE(data, end) << "two arrays overlap";
      end = data + bytes;
    }
    for (ArrayRun* run : runs) arena.release(run);
    EXPECT_EQ(arena.stats().used, 0u);
    // All of the range is there again.
    arena.trim();
    const std::size_t range = static_cast<std::size_t>(arena.end() - arena.small_end());
    ArrayRun* whole = nullptr;
    arena.set_commit([](std::size_t, std::size_t) { return 0; });
    EXPECT_NO_THROW(whole = arena.allocate(range - 4 * MiB));
    if (whole != nullptr) arena.release(whole);
  }
}

TEST_F(ArenaTest, a_commit_that_fails_says_why) {
  Arena arena({.reserve = 256 * MiB});
  arena.set_commit([](std::size_t, std::size_t) { return EIO; });
  try {
    arena.allocate(10 * MiB);
    FAIL();
  } catch (const tine::PoolError& error) {
    EXPECT_THAT(error.what(), HasSubstr(strerror(EIO)));
  }
  arena.set_commit([](std::size_t, std::size_t) { return ENOMEM; });
  EXPECT_THROW(arena.allocate(10 * MiB), tine::OutOfMemory);
}

TEST_F(ArenaTest, a_limit_on_address_space_makes_it_smaller) {
  if (tine_test::address_sanitizer) GTEST_SKIP() << "the sanitizer itself needs terabytes";
  const int end = tine_test::in_child([] {
    limit(RLIMIT_AS, 512 * MiB);
    Arena arena({.reserve = 64 * GiB});
    EXPECT_LT(static_cast<std::size_t>(arena.end() - arena.begin()), 512 * MiB);
    arena.release(arena.allocate(1 * MiB));
  });
  EXPECT_EQ(end, 0);
}

TEST_F(ArenaTest, without_address_space_it_is_refused_with_advice) {
  if (tine_test::address_sanitizer) GTEST_SKIP() << "the sanitizer itself needs terabytes";
  const int end = tine_test::in_child([] {
    limit(RLIMIT_AS, 1 * MiB);
    try {
      Arena arena({.reserve = 64 * GiB});
      ADD_FAILURE();
    } catch (const tine::PoolError& error) {
      EXPECT_THAT(error.what(), HasSubstr("RLIMIT_AS"));
    }
  });
  EXPECT_EQ(end, 0);
}

// A file beyond the limit would not be an error: it would be SIGXFSZ.
TEST_F(ArenaTest, a_limit_on_file_size_makes_it_smaller_or_is_an_error_but_never_a_signal) {
  for (const std::size_t bytes : {100 * MiB, 100 * MiB + 1, 101 * MiB - 1, 9 * MiB}) {
    const int end = tine_test::in_child([&] {
      limit(RLIMIT_FSIZE, bytes);
      Arena arena({.reserve = 64 * GiB});
      EXPECT_LE(static_cast<std::size_t>(arena.end() - arena.begin()), bytes);
      arena.release(arena.allocate(1 * MiB));
    });
    EXPECT_EQ(end, 0) << bytes;
  }
  for (const std::size_t bytes : {0 * MiB, 100 * KiB, 1 * MiB, 3 * MiB}) {
    const int end = tine_test::in_child([&] {
      limit(RLIMIT_FSIZE, bytes);
      try {
        Arena arena({.reserve = 64 * GiB});
        ADD_FAILURE();
      } catch (const tine::PoolError& error) {
        EXPECT_THAT(error.what(), HasSubstr("RLIMIT_FSIZE"));
      }
    });
    EXPECT_EQ(end, 0) << bytes;
  }
}

TEST_F(ArenaTest, small_objects_are_apart_aligned_and_keep_what_is_written) {
  Arena arena({.reserve = 1 * GiB});
  struct Object {
    unsigned char* p;
    std::size_t bytes;
    unsigned char fill;
  };
  std::mt19937 random(7);
  std::vector<Object> objects;
  auto check = [&](const Object& o) {
    for (std::size_t i = 0; i < o.bytes; ++i) ASSERT_EQ(o.p[i], o.fill);
  };
  for (int step = 0; step < 5000; ++step) {
    if (objects.size() < 200 || random() % 2 == 0) {
      const std::size_t alignment = std::size_t{1} << random() % 9;
      const std::size_t bytes = random() % (random() % 50 == 0 ? 100'000 : 300);
      auto* p = static_cast<unsigned char*>(arena.allocate_small(bytes, alignment));
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(p) % alignment, 0u);
      ASSERT_GE(reinterpret_cast<std::byte*>(p), arena.small_begin());
      ASSERT_LE(reinterpret_cast<std::byte*>(p) + bytes, arena.small_end());
      const auto fill = static_cast<unsigned char>(random());
      memset(p, fill, bytes);
      objects.push_back({p, bytes, fill});
    } else {
      std::swap(objects[random() % objects.size()], objects.back());
      check(objects.back());
      arena.deallocate_small(objects.back().p);
      objects.pop_back();
    }
  }
  for (const Object& o : objects) {
    check(o);
    arena.deallocate_small(o.p);
  }
}

TEST_F(ArenaTest, too_many_small_objects_are_refused_and_freed_ones_are_used_again) {
  Arena arena({.reserve = 256 * MiB});
  const std::size_t zone = static_cast<std::size_t>(arena.small_end() - arena.small_begin());
  EXPECT_THROW(arena.allocate_small(zone, 8), tine::OutOfMemory);
  EXPECT_THROW(arena.allocate_small(~std::size_t{0} / 4, 8), tine::OutOfMemory);
  for (int round = 0; round < 3; ++round) {
    std::vector<void*> objects;
    try {
      for (;;) objects.push_back(arena.allocate_small(64 * KiB, 64));
    } catch (const tine::OutOfMemory& error) {
      EXPECT_THAT(error.limit(), HasSubstr("small-object"));
    }
    EXPECT_GE(objects.size() * 64 * KiB, zone / 2);
    for (void* p : objects) arena.deallocate_small(p);
  }
}

TEST_F(ArenaTest, a_fork_of_the_application_cannot_touch_it) {
  Arena arena({.reserve = 64 * MiB});
  ArrayRun* run = arena.allocate(1 * MiB);
  const int end = tine_test::in_child([&] { *run->data = std::byte{1}; });
  EXPECT_TRUE(tine_test::ended_by(end, SIGSEGV)) << end;
  EXPECT_EQ(*run->data, std::byte{0});
  arena.release(run);
}

TEST_F(ArenaTest, lies_at_the_same_address_in_every_worker) {
  tine::Pool pool({.workers = 3});
  auto x = pool.array<std::uintptr_t>(64);
  tine::for_each_slice(pool, tine::slices(64, 1),
                       [p = x.view()](tine::Slice, std::span<std::uintptr_t> out) {
                         out[0] = reinterpret_cast<std::uintptr_t>(&p[0]);
                       },
                       tine::out(x));
  for (const std::uintptr_t address : x)
    EXPECT_EQ(address, reinterpret_cast<std::uintptr_t>(x.data()));
}

TEST_F(ArenaTest, a_kernel_cannot_make_it_shorter) {
  tine::Pool pool({.workers = 1});
  auto errors = pool.array<int>(1);
  const int fd = pool.arena()->descriptor();
  tine::for_each_slice(pool, tine::slices(1),
                       [fd](tine::Slice, std::span<int> out) {
                         out[0] = ftruncate(fd, 0) == 0 ? 0 : errno;
                       },
                       tine::out(errors));
  EXPECT_EQ(errors[0], EBADF) << "workers do not even have its descriptor";
}

}  // namespace
