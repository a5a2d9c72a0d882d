#include "sync/ledger.hpp"

#include <random>

#include <gtest/gtest.h>

namespace {

using tine::detail::LedgerWord;
using tine::detail::SliceState;
using tine::detail::Word;

TEST(Ledger, every_field_comes_out_of_a_word_as_it_went_in) {
  std::mt19937_64 random(1);
  const auto most = (std::uint64_t{1} << Word::incarnation_bits) - 1;
  for (int i = 0; i < 100'000; ++i) {
    const Word word{static_cast<SliceState>(random() % 6),
                    static_cast<unsigned>(random() % (tine::detail::max_slots + 1)),
                    static_cast<unsigned>(random() % (tine::detail::max_attempts + 1)),
                    i % 2 == 0 ? random() & most : random() % 1000};
    ASSERT_EQ(Word::unpack(word.pack()), word);
  }
}

TEST(Ledger, the_largest_values_do_not_run_into_their_neighbours) {
  const auto most = (std::uint64_t{1} << Word::incarnation_bits) - 1;
  const Word full{SliceState::quarantined, tine::detail::max_slots, tine::detail::max_attempts,
                  most};
  EXPECT_EQ(Word::unpack(full.pack()), full);
  for (const Word& one : {Word{SliceState::free, tine::detail::max_slots, 0, 0},
                          Word{SliceState::free, 0, tine::detail::max_attempts, 0},
                          Word{SliceState::free, 0, 0, most}, Word{SliceState::done, 0, 0, 0}})
    EXPECT_EQ(Word::unpack(one.pack()), one);
}

TEST(Ledger, different_words_have_different_bits) {
  const Word word{SliceState::claimed, 3, 1, 77};
  EXPECT_NE(word.pack(), (Word{SliceState::running, 3, 1, 77}.pack()));
  EXPECT_NE(word.pack(), (Word{SliceState::claimed, 4, 1, 77}.pack()));
  EXPECT_NE(word.pack(), (Word{SliceState::claimed, 3, 2, 77}.pack()));
  EXPECT_NE(word.pack(), (Word{SliceState::claimed, 3, 1, 78}.pack()));
}

TEST(Ledger, only_done_and_quarantined_are_over) {
  for (const SliceState state : {SliceState::free, SliceState::claimed, SliceState::running,
                                 SliceState::dirty, SliceState::done, SliceState::quarantined})
    EXPECT_EQ((Word{state, 0, 0, 0}.over()),
              state == SliceState::done || state == SliceState::quarantined);
}

TEST(Ledger, a_word_is_replaced_only_while_it_is_what_was_seen) {
  const Word free{SliceState::free, 0, 0, 5}, mine{SliceState::claimed, 2, 0, 9};
  LedgerWord word(free.pack());
  EXPECT_FALSE(replace(word, free.with(SliceState::dirty), mine));
  EXPECT_EQ(tine::detail::load(word), free);
  EXPECT_TRUE(replace(word, free, mine));
  EXPECT_EQ(tine::detail::load(word), mine);
  // A commit by a worker of an earlier incarnation.
  EXPECT_FALSE(replace(word, Word{SliceState::claimed, 2, 0, 8}, mine.with(SliceState::done)));
  EXPECT_EQ(tine::detail::load(word), mine);
}

}  // namespace
