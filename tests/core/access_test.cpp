#include <tine/access.hpp>

#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <numeric>
#include <optional>
#include <type_traits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "memory/protection.hpp"
#include "support/deaths.hpp"
#include "support/fixture.hpp"

namespace {

using ::testing::HasSubstr;

class AccessTest : public tine_test::NothingLeftBehind {
 protected:
  tine::Pool pool{tine::PoolOptions{.workers = 3}};

  // The message of the InvalidArgument that a call throws.
  template <class F>
  static std::string refusal(F call) {
    try {
      call();
    } catch (const tine::InvalidArgument& error) {
      return error.what();
    }
    return "";
  }
};

// From this size on, workers see arrays that are only read as read-only, and guards beside them.
std::size_t protected_size() {
  return tine::detail::ArenaMapping::light_guards() ? std::size_t{64} << 10 : std::size_t{1} << 20;
}

TEST_F(AccessTest, a_kernel_gets_spans_of_vectors_and_views_of_the_rest) {
  auto a = pool.array<float>(100);
  auto b = pool.array<int>(100, 4);
  auto c = pool.array<double>(100, 2, 3);
  auto d = pool.array<short>(7, 7);
  tine::for_each_slice(
      pool, tine::slices(100, 30),
      [](tine::Slice s, auto in, auto out, auto inout, auto whole) {
        static_assert(std::is_same_v<decltype(in), std::span<const float>>);
        static_assert(std::is_same_v<decltype(out), tine::View<int, 2>>);
        static_assert(std::is_same_v<decltype(inout), tine::View<double, 3>>);
        static_assert(std::is_same_v<decltype(whole), tine::View<const short, 2>>);
        if (in.size() != s.size() || out.extent(0) != s.size() || out.extent(1) != 4 ||
            inout.extents() != tine::View<double, 3>::Extents{s.size(), 2, 3} ||
            whole.extent(0) != 7)
          throw std::runtime_error("extents");
        for (std::size_t i = 0; i < s.size(); ++i) {
          out(i, 3) = static_cast<int>(s.begin + i);
          inout(i, 1, 2) += 1;
        }
      },
      tine::in(a), tine::out(b), tine::inout(c), tine::whole(d));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(b(i, 3), i);
    EXPECT_EQ(c(i, 1, 2), 1);
  }
}

TEST_F(AccessTest, in_sees_its_halo_clipped_at_the_edges_and_out_does_not) {
  auto x = pool.array<int>(50, 3);
  std::iota(x.begin(), x.end(), 0);
  auto first = pool.array<int>(50, 2);
  tine::for_each_slice(pool, tine::rows(x, 4, 7),
                       [](tine::Slice s, tine::View<const int, 2> in, tine::View<int, 2> out) {
                         if (out.extent(0) != s.size() || in.extent(0) != s.outer.size())
                           throw std::runtime_error("extents");
                         for (std::size_t i = 0; i < s.size(); ++i) {
                           out(i, 0) = in(0, 0);
                           out(i, 1) = static_cast<int>(in.extent(0));
                         }
                       },
                       tine::in(x), tine::out(first));
  for (int r = 0; r < 50; ++r) {
    const int begin = r / 7 * 7, end = std::min(50, begin + 7);
    const int outer = std::max(0, begin - 4);
    EXPECT_EQ(first(r, 0), outer * 3) << r;
    EXPECT_EQ(first(r, 1), std::min(50, end + 4) - outer) << r;
  }
}

TEST_F(AccessTest, tiles_cut_both_dimensions_and_their_halo_widens_both) {
  auto x = pool.array<int>(20, 30);
  std::iota(x.begin(), x.end(), 0);
  auto y = pool.array<int>(20, 30);
  tine::for_each_slice(
      pool, tine::tiles(x, 7, 8, 1),
      [](tine::Slice s, tine::View<const int, 2> in, tine::View<int, 2> out) {
        const std::size_t top = s.begin - s.outer.begin;
        const std::size_t left = s.columns.begin - s.outer_columns.begin;
        for (std::size_t i = 0; i < out.extent(0); ++i)
          for (std::size_t j = 0; j < out.extent(1); ++j) {
            int sum = 0;  // of the cross of five, fewer at the edges
            const std::size_t r = i + top, c = j + left;
            sum += in(r, c);
            if (r > 0) sum += in(r - 1, c);
            if (r + 1 < in.extent(0)) sum += in(r + 1, c);
            if (c > 0) sum += in(r, c - 1);
            if (c + 1 < in.extent(1)) sum += in(r, c + 1);
            out(i, j) = sum;
          }
      },
      tine::in(x), tine::out(y));
  for (int r = 0; r < 20; ++r)
    for (int c = 0; c < 30; ++c) {
      int sum = x(r, c);
      if (r > 0) sum += x(r - 1, c);
      if (r < 19) sum += x(r + 1, c);
      if (c > 0) sum += x(r, c - 1);
      if (c < 29) sum += x(r, c + 1);
      ASSERT_EQ(y(r, c), sum) << r << ", " << c;
    }
}

TEST_F(AccessTest, tiles_of_inout_change_each_element_once) {
  auto x = pool.array<int>(33, 41, 3);
  tine::for_each_slice(pool, tine::tiles(33, 41, 5, 6),
                       [](tine::Slice, tine::View<int, 3> part) {
                         for (std::size_t i = 0; i < part.extent(0); ++i)
                           for (std::size_t j = 0; j < part.extent(1); ++j)
                             for (std::size_t k = 0; k < 3; ++k) ++part(i, j, k);
                       },
                       tine::inout(x));
  for (const int v : x) ASSERT_EQ(v, 1);
}

TEST_F(AccessTest, extents_that_do_not_fit_the_partition_are_refused_by_argument) {
  auto x = pool.array<int>(100);
  auto y = pool.array<int>(99);
  auto m = pool.array<int>(100, 5);
  auto nothing = [](auto&&...) {};
  EXPECT_THAT(refusal([&] {
    tine::for_each_slice(pool, tine::slices(100), nothing, tine::in(x), tine::out(y));
  }), HasSubstr("argument 2"));
  EXPECT_THAT(refusal([&] { tine::transform(pool, tine::in(x), tine::out(y), [](int v) {
    return v;
  }); }), HasSubstr("argument 1"));
  EXPECT_THAT(refusal([&] {
    tine::for_each_slice(pool, tine::tiles(m, 4, 4), nothing, tine::inout(x));
  }), HasSubstr("tiles"));
  EXPECT_THAT(refusal([&] {
    tine::for_each_slice(pool, tine::tiles(100, 6, 4, 4), nothing, tine::inout(m));
  }), HasSubstr("columns"));
}

TEST_F(AccessTest, an_output_that_overlaps_another_argument_is_refused) {
  auto x = pool.array<int>(100);
  auto nothing = [](auto&&...) {};
  const auto low = x.view().part(0, 0, 60), high = x.view().part(0, 40, 60);
  const auto cut = tine::slices(60);
  EXPECT_THAT(refusal([&] {
    tine::for_each_slice(pool, cut, nothing, tine::in(low), tine::out(high));
  }), HasSubstr("overlaps argument 1"));
  EXPECT_NE(refusal([&] {
    tine::for_each_slice(pool, cut, nothing, tine::out(low), tine::inout(high));
  }), "");
  EXPECT_NE(refusal([&] {
    tine::for_each_slice(pool, cut, nothing, tine::whole(x), tine::out(high));
  }), "");
  EXPECT_NE(refusal([&] {
    tine::for_each_slice(pool, tine::slices(100), nothing, tine::inout(x), tine::inout(x));
  }), "");
  EXPECT_EQ(refusal([&] {
    tine::for_each_slice(pool, cut, nothing, tine::in(low), tine::in(high), tine::whole(x));
  }), "") << "inputs may overlap";
  EXPECT_EQ(refusal([&] {
    tine::for_each_slice(pool, tine::slices(40), nothing, tine::out(x.view().part(0, 0, 40)),
                         tine::in(x.view().part(0, 40, 40)));
  }), "") << "neighbours do not overlap";
}

TEST_F(AccessTest, halves_of_a_matrix_side_by_side_do_not_overlap) {
  auto x = pool.array<int>(64, 10);
  const auto left = x.view().part(1, 0, 5), right = x.view().part(1, 5, 5);
  for (int& v : x) v = 1;
  tine::for_each_slice(pool, tine::rows(left, 0, 3),
                       [](tine::Slice, tine::View<int, 2> a, tine::View<int, 2> b) {
                         for (std::size_t i = 0; i < a.extent(0); ++i)
                           for (std::size_t j = 0; j < 5; ++j) {
                             a(i, j) += 1;
                             b(i, j) = 5;
                           }
                       },
                       tine::inout(left), tine::out(right));
  for (int i = 0; i < 64; ++i)
    for (int j = 0; j < 10; ++j) ASSERT_EQ(x(i, j), j < 5 ? 2 : 5);
  EXPECT_NE(refusal([&] {
    tine::for_each_slice(pool, tine::slices(64), [](auto&&...) {}, tine::in(left),
                         tine::out(x.view().part(1, 4, 5)));
  }), "");
}

TEST_F(AccessTest, an_output_whose_own_rows_overlap_is_refused) {
  auto x = pool.array<int>(100);
  auto nothing = [](auto&&...) {};
  const tine::View<int, 2> sliding(x.data(), {50, 10}, {2, 1});
  const tine::View<int, 2> repeated(x.data(), {10, 10}, {0, 1});
  for (const auto& view : {sliding, repeated}) {
    EXPECT_NE(refusal([&] {
      tine::for_each_slice(pool, tine::rows(view), nothing, tine::out(view));
    }), "");
    EXPECT_EQ(refusal([&] {
      tine::for_each_slice(pool, tine::rows(view), nothing, tine::in(view));
    }), "") << "for reading they are useful";
  }
  // Nor may a pitch of nothing be divided by.
  EXPECT_NE(refusal([&] {
    tine::for_each_slice(pool, tine::slices(10), nothing, tine::in(repeated),
                         tine::out(repeated));
  }), "");
}

TEST_F(AccessTest, memory_from_elsewhere_is_refused) {
  tine::Pool other({.workers = 1});
  auto foreign = other.array<int>(100);
  auto x = pool.array<int>(100);
  auto nothing = [](auto&&...) {};
  EXPECT_THAT(refusal([&] {
    tine::for_each_slice(pool, tine::slices(100), nothing, tine::out(x), tine::in(foreign));
  }), HasSubstr("argument 2"));
  std::vector<int> plain(100);
  const tine::View<int> view(plain.data(), {100});
  EXPECT_THAT(refusal([&] {
    tine::for_each_slice(pool, tine::slices(100), nothing, tine::inout(view));
  }), HasSubstr("pool.array()"));
  // One that begins in an array and ends behind it.
  const tine::View<int> beyond(x.data(), {1 << 20});
  EXPECT_NE(refusal([&] {
    tine::for_each_slice(pool, tine::slices(1 << 20), nothing, tine::inout(beyond));
  }), "");
}

TEST_F(AccessTest, strided_vectors_and_rows_with_gaps_are_refused) {
  auto m = pool.array<int>(10, 10);
  auto nothing = [](auto&&...) {};
  const tine::View<int> column(m.data(), {10}, {10});
  EXPECT_THAT(refusal([&] {
    tine::for_each_slice(pool, tine::slices(10), nothing, tine::inout(column));
  }), HasSubstr("strided"));
  const tine::View<int, 2> transposed(m.data(), {10, 10}, {1, 10});
  EXPECT_THAT(refusal([&] {
    tine::for_each_slice(pool, tine::slices(10), nothing, tine::inout(transposed));
  }), HasSubstr("contiguous"));
}

TEST_F(AccessTest, an_input_cannot_be_written) {
  auto x = pool.array<char>(protected_size());
  EXPECT_THROW(tine::for_each_slice(pool, tine::slices(x.size()),
                                    [](tine::Slice s, std::span<const char> in) {
                                      if (s.index == 1) const_cast<char&>(in[0]) = 1;
                                    },
                                    tine::in(x)),
               tine::SliceFailed);
  EXPECT_EQ(std::count(x.begin(), x.end(), 0), static_cast<std::ptrdiff_t>(x.size()));
  EXPECT_THROW(tine::for_each_slice(pool, tine::slices(1),
                                    [](tine::Slice, std::span<const char> all) {
                                      const_cast<char&>(all[5]) = 1;
                                    },
                                    tine::whole(x)),
               tine::SliceFailed);
  // The same array can be written by a later job that says so, and by the master.
  tine::for_each(pool, tine::inout(x), [](char& v) { v += 1; });
  x[0] += 1;
  EXPECT_EQ(std::accumulate(x.begin(), x.end(), std::size_t{0}), x.size() + 1);
}

TEST_F(AccessTest, writing_just_before_or_behind_an_array_is_a_fault) {
  auto before = pool.array<char>(protected_size());
  auto x = pool.array<char>(protected_size());
  auto behind = pool.array<char>(protected_size());
  for (const bool front : {false, true}) {
    try {
      tine::for_each_slice(pool.with({.attempts = 1}), tine::slices(x.size(), x.size()),
                           [front](tine::Slice, std::span<char> out) {
                             volatile char* p = out.data();
                             if (front)
                               p[-1] = 1;
                             else
                               p[out.size()] = 1;
                           },
                           tine::out(x));
      ADD_FAILURE() << front;
    } catch (const tine::SliceFailed& error) {
      EXPECT_TRUE(tine_test::is_death_by(error.report().faults.at(0), SIGSEGV)) << error.what();
    }
  }
  for (const auto* array : {&before, &behind})
    EXPECT_EQ(std::count(array->begin(), array->end(), 0),
              static_cast<std::ptrdiff_t>(array->size()));
}

TEST_F(AccessTest, without_protection_nothing_is_read_only) {
  tine::Pool open({.workers = 1, .protect = false});
  auto x = open.array<char>(1 << 20);
  tine::for_each_slice(open, tine::slices(x.size()),
                       [](tine::Slice, std::span<const char> in) {
                         const_cast<char&>(in[0]) = 1;
                       },
                       tine::in(x));
  EXPECT_EQ(x[0], 1);
}

// What a worker made read-only for an array that is gone must not be in the way of what lies there
// now, whatever it is and however the kernel comes to it.
class FormerInput : public AccessTest {
 protected:
  // Leaves `bytes` of free memory that all workers have last met as an input.
  void leave(std::size_t bytes) {
    auto x = pool.array<char>(bytes);
    const auto report = tine::for_each_slice(
        pool.with({.schedule = tine::Schedule::dynamic}), tine::slices(64, 1),
        [](tine::Slice, std::span<const char> all) {
          if (all[0] != 0) throw 1;
          usleep(500);
        },
        tine::whole(x));
    // Otherwise the test shows less, but is still right.
    for (const auto& worker : report.workers)
      if (worker.slices == 0) RecordProperty("a_worker_had_no_slice", 1);
  }
};

TEST_F(FormerInput, can_hold_partials) {
  for (int round = 0; round < 10; ++round) {
    const std::size_t slices = 2000;
    leave(slices * 128);
    EXPECT_EQ(tine::reduce_slices(pool, tine::slices(slices, 1), std::size_t{0}, std::plus<>{},
                                  [](tine::Slice s) { return s.index; }),
              slices * (slices - 1) / 2);
  }
}

TEST_F(FormerInput, can_hold_the_ledger) {
  for (const std::size_t slices : {10'000u, 50'000u, 200'000u}) {
    leave(slices * 8);
    EXPECT_EQ(tine::for_each_slice(pool, tine::slices(slices, 1), [](tine::Slice) {}).done, slices);
  }
}

TEST_F(FormerInput, can_hold_undo_copies) {
  for (const std::size_t bytes : {100'000u, 300'000u, 1'000'000u}) {
    auto x = pool.array<char>(bytes);
    (void)x.data();
    leave(bytes * pool.workers());
    EXPECT_EQ(tine::for_each_slice(pool, tine::slices(bytes, bytes),
                                   [](tine::Slice, std::span<char> part) { part[5] = 1; },
                                   tine::inout(x)).done,
              1u);
  }
}

TEST_F(FormerInput, can_hold_an_array_that_is_captured) {
  for (int round = 0; round < 10; ++round) {
    leave(1 << 20);
    auto x = pool.array<char>(1 << 20);
    auto report = tine::for_each_slice(pool, tine::slices(x.size(), 8192),
                                       [all = x.view()](tine::Slice s) {
                                         for (std::size_t i = s.begin; i < s.end; ++i) all[i] = 1;
                                       });
    EXPECT_EQ(report.faults.size(), 0u) << report.to_string();
    EXPECT_EQ(std::count(x.begin(), x.end(), 1), 1 << 20);
  }
}

TEST_F(FormerInput, leaves_no_guards_inside_a_larger_array) {
  for (int round = 0; round < 5; ++round) {
    {
      auto one = pool.array<char>(1 << 20);
      auto two = pool.array<char>(1 << 20);
      tine::for_each_slice(pool.with({.schedule = tine::Schedule::dynamic}), tine::slices(64, 1),
                           [](tine::Slice, auto&&...) { usleep(500); }, tine::whole(one),
                           tine::whole(two));
    }
    auto x = pool.array<char>(3 << 20);
    const std::size_t sum = tine::reduce_slices(
        pool, tine::slices(x.size(), 4096), std::size_t{0}, std::plus<>{},
        [all = x.view()](tine::Slice s) {
          std::size_t result = 0;
          for (std::size_t i = s.begin; i < s.end; ++i) result += all[i] == 0;
          return result;
        });
    EXPECT_EQ(sum, x.size());
  }
}

}  // namespace
