#include <tine/partition.hpp>

#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/worker_counts.hpp"

namespace {

class Partition : public tine_test::NothingLeftBehind {};

const std::size_t extents[] = {0, 1, 2, 3, 5, 7, 64, 127, 128, 129, 1000, 4099};
const std::size_t grains[] = {0, 1, 2, 3, 7, 64, 1000, 5000};

tine::Range widened(std::size_t begin, std::size_t end, std::size_t halo, std::size_t n) {
  return {begin > halo ? begin - halo : 0, halo < n - end ? end + halo : n};
}

/// Slices of one dimension follow each other from 0 to n.
void expect_consecutive(const tine::Partition& p, std::size_t n, std::size_t halo) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const tine::Slice s = p.slice(i);
    ASSERT_EQ(s.index, i);
    ASSERT_EQ(s.count, p.size());
    ASSERT_EQ(s.begin, next);
    ASSERT_GT(s.end, s.begin);
    ASSERT_LE(s.end, n);
    ASSERT_EQ(s.outer, widened(s.begin, s.end, halo, n));
    ASSERT_EQ(s.columns.size(), 0u);
    next = s.end;
  }
  ASSERT_EQ(next, n);
}

TEST_F(Partition, slices_hold_every_index_once) {
  for (std::size_t n : extents)
    for (std::size_t grain : grains) {
      SCOPED_TRACE(testing::Message() << "n = " << n << ", grain = " << grain);
      const tine::Partition p = tine::slices(n, grain);
      expect_consecutive(p, n, 0);
      for (std::size_t i = 0; grain != 0 && i + 1 < p.size(); ++i)
        ASSERT_EQ(p.slice(i).size(), grain);
    }
}

TEST_F(Partition, triangle_tiles_hold_every_pair_up_to_the_diagonal_once) {
  using Triangle = tine::Partition::Triangle;
  for (std::size_t n : {0, 1, 2, 7, 64, 129, 1000})
    for (std::size_t side : {1, 3, 64, 5000}) {
      SCOPED_TRACE(testing::Message() << "n = " << n << ", side = " << side);
      const auto lower = tine::triangle_tiles(n, side, Triangle::lower);
      const auto upper = tine::triangle_tiles(n, side, Triangle::upper);
      const auto all = tine::tiles(n, n, side, side);
      std::vector<tine::Slice> expected;
      for (std::size_t i = 0; i < all.size(); ++i)
        if (all.slice(i).columns.begin <= all.slice(i).begin) expected.push_back(all.slice(i));
      ASSERT_EQ(lower.size(), expected.size());
      ASSERT_EQ(upper.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const tine::Slice down = lower.slice(i), up = upper.slice(i);
        const tine::Range rows{expected[i].begin, expected[i].end};
        ASSERT_EQ((tine::Range{down.begin, down.end}), rows);
        ASSERT_EQ(down.columns, expected[i].columns);
        ASSERT_EQ(up.columns, rows);
        ASSERT_EQ((tine::Range{up.begin, up.end}), expected[i].columns);
      }
    }
}

TEST_F(Partition, rows_hold_every_row_once_and_clip_the_halo) {
  for (std::size_t n : extents)
    for (std::size_t grain : grains)
      for (std::size_t halo : {0, 1, 2, 5, 100, 10000}) {
        SCOPED_TRACE(testing::Message()
                     << "n = " << n << ", grain = " << grain << ", halo = " << halo);
        expect_consecutive(tine::rows(n, 300, halo, grain), n, halo);
      }
}

TEST_F(Partition, tiles_hold_every_element_once_and_clip_the_halo) {
  for (std::size_t rows : {0, 1, 3, 17, 64})
    for (std::size_t columns : {1, 2, 31, 100})
      for (std::size_t tile_rows : {1, 4, 16, 100})
        for (std::size_t tile_columns : {1, 7, 31, 200})
          for (std::size_t halo : {0, 1, 20, 1000}) {
            SCOPED_TRACE(testing::Message()
                         << rows << " x " << columns << ", tiles of " << tile_rows << " x "
                         << tile_columns << ", halo " << halo);
            const tine::Partition p = tine::tiles(rows, columns, tile_rows, tile_columns, halo);
            std::vector<int> seen(rows * columns);
            for (std::size_t i = 0; i < p.size(); ++i) {
              const tine::Slice s = p.slice(i);
              ASSERT_LE(s.size(), tile_rows);
              ASSERT_LE(s.columns.size(), tile_columns);
              ASSERT_LE(s.end, rows);
              ASSERT_LE(s.columns.end, columns);
              ASSERT_EQ(s.outer, widened(s.begin, s.end, halo, rows));
              ASSERT_EQ(s.outer_columns, widened(s.columns.begin, s.columns.end, halo, columns));
              for (std::size_t r = s.begin; r < s.end; ++r)
                for (std::size_t c = s.columns.begin; c < s.columns.end; ++c)
                  ++seen[r * columns + c];
            }
            for (int times : seen) ASSERT_EQ(times, 1);
          }
}

TEST_F(Partition, tiles_come_in_row_major_order) {
  const tine::Partition p = tine::tiles(10, 10, 5, 4);
  ASSERT_EQ(p.size(), 6u);
  EXPECT_EQ(p.slice(1).begin, 0u);
  EXPECT_EQ(p.slice(1).columns, (tine::Range{4, 8}));
  EXPECT_EQ(p.slice(2).columns, (tine::Range{8, 10}));
  EXPECT_EQ(p.slice(3).begin, 5u);
  EXPECT_EQ(p.slice(3).columns, (tine::Range{0, 4}));
}

TEST_F(Partition, the_default_grain_makes_slices_of_at_most_256_KiB) {
  for (std::size_t n : {1ul, 100ul, 10'000ul, 1'000'000ul, 1ul << 30})
    for (std::size_t unit_bytes : {1ul, 4ul, 8ul, 24ul, 4096ul, 1ul << 20}) {
      const tine::Partition p = tine::slices(n, 0, unit_bytes);
      EXPECT_TRUE(p.grain == 1 || p.grain * unit_bytes <= 256 * 1024)
          << n << " units of " << unit_bytes;
      EXPECT_GE(p.size(), std::min<std::size_t>(n, 64)) << n << " units of " << unit_bytes;
    }
}

TEST_F(Partition, extents_near_the_largest_do_not_overflow) {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  const tine::Partition p = tine::slices(most, most / 2 + 1);
  ASSERT_EQ(p.size(), 2u);
  EXPECT_EQ(p.slice(1).end, most);
  const tine::Partition wide = tine::rows(100, 1, most, 10);
  for (std::size_t i = 0; i < wide.size(); ++i)
    EXPECT_EQ(wide.slice(i).outer, (tine::Range{0, 100}));
}

TEST_F(Partition, a_tile_without_a_side_is_refused) {
  EXPECT_THROW(tine::tiles(10, 10, 0, 5), tine::InvalidArgument);
  EXPECT_THROW(tine::tiles(10, 10, 5, 0), tine::InvalidArgument);
}

TEST_F(Partition, a_job_runs_every_slice_exactly_once_under_every_schedule) {
  for (unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    for (tine::Schedule schedule : {tine::Schedule::sticky, tine::Schedule::fixed,
                                    tine::Schedule::dynamic, tine::Schedule::guided})
      for (std::size_t n : extents)
        for (std::size_t grain : {0, 1, 3, 64}) {
          SCOPED_TRACE(testing::Message()
                       << workers << " workers, schedule " << static_cast<int>(schedule)
                       << ", n = " << n << ", grain = " << grain);
          const tine::Partition p = tine::slices(n, grain);
          auto visits = pool.array<std::uint32_t>(n);
          auto runs = pool.array<std::uint32_t>(p.size());
          const tine::Report report = tine::for_each_slice(
              pool.with({.schedule = schedule}), p,
              [runs = runs.view()](const tine::Slice& s, std::span<std::uint32_t> part) {
                std::atomic_ref(runs[s.index]).fetch_add(1);
                for (std::uint32_t& v : part) ++v;
              },
              tine::inout(visits));
          ASSERT_EQ(report.slices, p.size());
          ASSERT_EQ(report.done, p.size());
          ASSERT_EQ(report.attempts, p.size());
          ASSERT_TRUE(report.faults.empty());
          for (std::uint32_t times : visits) ASSERT_EQ(times, 1u);
          for (std::uint32_t times : runs) ASSERT_EQ(times, 1u);
        }
  }
}

TEST_F(Partition, a_kernel_gets_its_rows_with_the_halo) {
  for (unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    for (std::size_t n : {1, 2, 13, 200})
      for (std::size_t grain : {0, 1, 5, 300})
        for (std::size_t halo : {0, 1, 3, 500}) {
          SCOPED_TRACE(testing::Message() << workers << " workers, n = " << n
                                          << ", grain = " << grain << ", halo = " << halo);
          auto image = pool.array<int>(n, 4);
          auto wrong = pool.array<int>(n, 4);
          for (std::size_t i = 0; i < image.size(); ++i) image.data()[i] = static_cast<int>(i);
          tine::for_each_slice(
              pool, tine::rows(image, halo, grain),
              [](const tine::Slice& s, auto in, auto out) {
                const bool shape = in.extent(0) == s.outer.size() && in.extent(1) == 4 &&
                                   out.extent(0) == s.size() && out.extent(1) == 4;
                bool content = true;
                for (std::size_t r = 0; r < in.extent(0); ++r)
                  for (std::size_t c = 0; c < 4; ++c)
                    content &= in(r, c) == static_cast<int>((s.outer.begin + r) * 4 + c);
                for (int& v : out.span()) v = shape && content ? -1 : 1;
              },
              tine::in(image), tine::out(wrong));
          for (int v : wrong) ASSERT_EQ(v, -1);
        }
  }
}

TEST_F(Partition, a_kernel_gets_its_tile_with_the_halo) {
  for (unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    for (std::size_t halo : {0, 1, 4, 100}) {
      SCOPED_TRACE(testing::Message() << workers << " workers, halo = " << halo);
      auto image = pool.array<int>(37, 53);
      auto visits = pool.array<int>(37, 53);
      for (std::size_t i = 0; i < image.size(); ++i) image.data()[i] = static_cast<int>(i);
      tine::for_each_slice(
          pool, tine::tiles(image, 8, 10, halo),
          [](const tine::Slice& s, auto in, auto out) {
            bool right = in.extent(0) == s.outer.size() && in.extent(1) == s.outer_columns.size() &&
                         out.extent(0) == s.size() && out.extent(1) == s.columns.size();
            for (std::size_t r = 0; r < in.extent(0); ++r)
              for (std::size_t c = 0; c < in.extent(1); ++c)
                right &= in(r, c) ==
                         static_cast<int>((s.outer.begin + r) * 53 + s.outer_columns.begin + c);
            for (std::size_t r = 0; r < out.extent(0); ++r)
              for (std::size_t c = 0; c < out.extent(1); ++c) out(r, c) += right ? 1 : 100;
          },
          tine::in(image), tine::inout(visits));
      for (int v : visits) ASSERT_EQ(v, 1);
    }
  }
}

// The longest slice is neither the first nor the last, and each is undone once: its worker is killed when it
// has written.
TEST_F(Partition, cut_makes_slices_of_any_length_that_survive_a_death) {
  const std::vector<std::size_t> lengths = {3, 0, 1, 5000, 0, 0, 17, 64, 0};
  for (unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    auto bounds = pool.array<std::size_t>(lengths.size() + 1);
    for (std::size_t i = 0; i < lengths.size(); ++i) bounds[i + 1] = bounds[i] + lengths[i];
    const tine::Partition p = tine::cut(bounds);
    ASSERT_EQ(p.size(), lengths.size());
    auto x = pool.array<int>(p.n), killed = pool.array<int>(p.size());
    const auto report = tine::for_each_slice(
        pool, p,
        [deaths = killed.view()](const tine::Slice& s, std::span<int> part) {
          for (std::size_t i = 0; i < part.size(); ++i) part[i] += static_cast<int>(s.begin + i);
          if (deaths[s.index]++ == 0) raise(SIGKILL);
        },
        tine::inout(x));
    EXPECT_EQ(report.faults.size(), p.size());
    for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(x[i], static_cast<int>(i));
  }
}

TEST_F(Partition, cut_refuses_bounds_that_are_none) {
  tine::Pool pool({.workers = 1});
  using Bounds = std::vector<std::size_t>;
  for (const Bounds& bad : {Bounds{}, Bounds{1, 2}, Bounds{0, 3, 2}})
    EXPECT_THROW(tine::cut(pool.array_from(bad)), tine::InvalidArgument);
  const auto none = pool.array_from(Bounds{0});
  EXPECT_EQ(tine::cut(none).size(), 0u);
  // A slice lies within the data, and is no longer than the longest, though bounds were written over.
  auto bounds = pool.array_from(Bounds{0, 5, 9});
  const tine::Partition p = tine::cut(bounds);
  bounds[1] = 1000;
  EXPECT_EQ(p.slice(0).end, 5u);
  EXPECT_EQ(p.slice(1).size(), 0u);
  // They lie where workers can read them.
  tine::Pool other({.workers = 1});
  auto x = other.array<int>(9);
  EXPECT_THROW(tine::for_each_slice(
                   other, p, [](const tine::Slice&, std::span<int>) {}, tine::out(x)),
               tine::InvalidArgument);
}

}  // namespace
