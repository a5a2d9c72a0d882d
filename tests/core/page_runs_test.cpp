#include "memory/page_runs.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace {

constexpr bool warm = true, cold = false;

using tine::detail::large_page;
using tine::detail::page;
using tine::detail::PageRuns;

TEST(PageRuns, a_new_range_is_cold_and_zeroed) {
  PageRuns runs(16 * page);
  EXPECT_EQ(runs.warm(), 0u);
  const PageRuns::Block block = runs.take(4 * page, page, cold);
  EXPECT_EQ(block.bytes, 4 * page);
  EXPECT_FALSE(block.warm);
  EXPECT_TRUE(block.zeroed);
}

TEST(PageRuns, the_last_page_of_the_range_is_kept_for_a_guard) {
  PageRuns runs(4 * page);
  EXPECT_EQ(runs.take(4 * page, page, cold).bytes, 0u);
  EXPECT_EQ(runs.take(3 * page, page, cold).bytes, 3 * page);
  EXPECT_EQ(runs.take(page, page, cold).bytes, 0u);
}

TEST(PageRuns, of_the_warm_blocks_the_smallest_that_fits_is_taken) {
  PageRuns runs(100 * page);
  PageRuns::Block large = runs.take(20 * page, page, cold);
  runs.take(page, page, cold);  // stays taken, between the two
  PageRuns::Block small = runs.take(5 * page, page, cold);
  runs.take(page, page, cold);
  EXPECT_EQ(runs.take(page, page, warm).bytes, 0u);
  large.warm = small.warm = true;
  large.zeroed = small.zeroed = false;
  runs.give(large);
  runs.give(small);
  EXPECT_EQ(runs.warm(), 27 * page);
  const PageRuns::Block block = runs.take(5 * page, page, warm);
  EXPECT_EQ(block.offset, small.offset);
  EXPECT_TRUE(block.warm);
  EXPECT_FALSE(block.zeroed);
  EXPECT_EQ(runs.take(21 * page, page, warm).bytes, 0u);
  EXPECT_FALSE(runs.take(21 * page, page, cold).warm);
}

TEST(PageRuns, what_is_split_off_the_end_is_free_warm_and_zeroed) {
  PageRuns runs(100 * page);
  PageRuns::Block block = runs.take(50 * page, page, cold);
  block.warm = true;
  runs.give_tail(block, 10 * page);
  EXPECT_EQ(block.bytes, 10 * page);
  EXPECT_EQ(runs.warm(), 40 * page);
  const PageRuns::Block next = runs.take(39 * page, page, warm);
  EXPECT_EQ(next.offset, block.offset + 11 * page);
  EXPECT_TRUE(next.warm && next.zeroed);
}

TEST(PageRuns, cooling_reports_each_warm_page_once_and_makes_one_cold_range_of_all) {
  PageRuns runs(64 * page);
  std::vector<PageRuns::Block> blocks;
  for (int i = 0; i < 8; ++i) blocks.push_back(runs.take(3 * page, page, cold));
  for (int i = 0; i < 8; ++i) {
    blocks[i].warm = true;
    blocks[i].zeroed = false;
    runs.give(blocks[i]);
  }
  std::size_t cooled = 0;
  runs.cool([&](std::size_t, std::size_t bytes) { cooled += bytes; });
  EXPECT_EQ(cooled, 32 * page);
  EXPECT_EQ(runs.warm(), 0u);
  const PageRuns::Block all = runs.take(63 * page, page, cold);
  EXPECT_EQ(all.bytes, 63 * page);
  EXPECT_TRUE(!all.warm && all.zeroed);
}

// What is known of every page, the slow and simple way.
struct Model {
  enum class Page : std::uint8_t { free_cold, free_warm_zeroed, free_warm_stale, taken };
  std::vector<Page> pages;

  static bool is_warm(Page p) {
    return p == Page::free_warm_zeroed || p == Page::free_warm_stale;
  }
  // Whether there are so many free pages of that temperature in a row.
  bool fits(std::size_t count, std::size_t alignment, bool wanted) const {
    for (std::size_t first = 0; first + count <= pages.size(); first += alignment)
      if (std::all_of(pages.begin() + first, pages.begin() + first + count, [&](Page p) {
            return wanted ? is_warm(p) : p == Page::free_cold;
          }))
        return true;
    return false;
  }
  std::size_t warm_pages() const { return std::count_if(pages.begin(), pages.end(), is_warm); }
};

TEST(PageRuns, agrees_with_a_map_of_every_page_over_random_histories) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const std::size_t count = 64 + random() % 1500;
    PageRuns runs(count * page);
    Model model{std::vector<Model::Page>(count, Model::Page::free_cold)};
    std::vector<PageRuns::Block> taken;
    for (int step = 0; step < 400; ++step) {
      const unsigned action = random() % 16;
      if (action < 8) {
        const std::size_t pages = 1 + random() % (random() % 8 == 0 ? 300 : 12);
        const std::size_t alignment = random() % 4 == 0 ? large_page : page;
        const bool wanted = random() % 2 == 0;
        PageRuns::Block block = runs.take(pages * page, alignment, wanted);
        // Its own pages, and the one behind that belongs to nobody.
        ASSERT_EQ(block.bytes != 0, model.fits(pages + 1, alignment / page, wanted));
        ASSERT_TRUE(block.bytes == 0 || block.warm == wanted);
        if (block.bytes == 0) continue;
        ASSERT_EQ(block.bytes, pages * page);
        ASSERT_EQ(block.offset % alignment, 0u);
        const std::size_t first = block.offset / page;
        ASSERT_LE(first + pages + 1, count);
        for (std::size_t i = first; i < first + pages + 1; ++i) {
          ASSERT_NE(model.pages[i], Model::Page::taken);
          ASSERT_EQ(model.pages[i] != Model::Page::free_cold, block.warm);
          // It may call zeroed memory stale, never the other way round.
          ASSERT_FALSE(block.zeroed && model.pages[i] == Model::Page::free_warm_stale);
          model.pages[i] = Model::Page::taken;
        }
        if (random() % 4 != 0) {
          block.warm = true;
          if (pages >= 4 && random() % 4 == 0 && block.zeroed) {
            const std::size_t kept = 1 + random() % (pages - 2);
            runs.give_tail(block, kept * page);
            for (std::size_t i = first + kept + 1; i < first + pages + 1; ++i)
              model.pages[i] = Model::Page::free_warm_zeroed;
          }
        }
        taken.push_back(block);
      } else if (action < 15) {
        if (taken.empty()) continue;
        std::swap(taken[random() % taken.size()], taken.back());
        PageRuns::Block block = taken.back();
        taken.pop_back();
        block.zeroed = !block.warm || random() % 2 == 0;
        runs.give(block);
        for (std::size_t i = block.offset / page; i <= (block.offset + block.bytes) / page; ++i)
          model.pages[i] = !block.warm    ? Model::Page::free_cold
                           : block.zeroed ? Model::Page::free_warm_zeroed
                                          : Model::Page::free_warm_stale;
      } else {
        std::vector<bool> cooled(count);
        runs.cool([&](std::size_t offset, std::size_t bytes) {
          for (std::size_t i = offset / page; i < (offset + bytes) / page; ++i) cooled[i] = true;
        });
        for (std::size_t i = 0; i < count; ++i) {
          ASSERT_EQ(cooled[i], Model::is_warm(model.pages[i])) << i;
          if (cooled[i]) model.pages[i] = Model::Page::free_cold;
        }
      }
      ASSERT_EQ(runs.warm(), model.warm_pages() * page);
    }
    for (const PageRuns::Block& block : taken) runs.give(block);
    runs.cool([](std::size_t, std::size_t) {});
    EXPECT_EQ(runs.take((count - 1) * page, page, cold).bytes, (count - 1) * page);
  }
}

}  // namespace
