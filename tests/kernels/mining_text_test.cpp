// Text files, beside grep, wc and Python's Counter (mining_text.py) on the same files.
#include <tine/mining/text.hpp>

#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <random>

#include <gmock/gmock.h>
#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/killer.hpp"
#include "support/message.hpp"
#include "support/temporary_file.hpp"

namespace tine::mining {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tine_test::message_of;
using tine_test::TemporaryFile;

std::string output_of(const std::string& command) {
  FILE* const pipe = popen(command.c_str(), "r");
  std::string text;
  char buffer[65536];
  for (std::size_t got; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    text.append(buffer, got);
  pclose(pipe);
  return text;
}

// Lines of words, some of them long, some empty.
std::string some_text(std::size_t bytes, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string text;
  const std::string words[] = {"the",         "The", "then", "a_b", "x1",
                               "caf\xc3\xa9", "ab",  "aab",  "q.r"};
  while (text.size() < bytes) {
    const std::size_t count = random() % 20 == 0 ? 0 : random() % 12;
    for (std::size_t i = 0; i < count; ++i) {
      text += words[random() % std::size(words)];
      text += " \t,-  "[random() % 6];
    }
    text += random() % 50 == 0 ? "\r\n" : "\n";
  }
  return text;
}

class MiningText : public tine_test::NothingLeftBehind {
 protected:
  void add(const std::string& content) {
    files_.push_back(std::make_unique<TemporaryFile>(content));
    sources_.push_back({.name = files_.back()->name()});
    names_ += ' ' + files_.back()->name();
  }
  // Pieces have 4 MiB: lines across their borders, one that is longer than a piece, no end at the end.
  void add_large_files() {
    add(some_text(5 << 20, 1) + "the end");
    add("");
    add(some_text(1 << 18, 2) + std::string(5 << 20, 'x') + " the long line\n" +
        some_text(1 << 18, 3));
    add("\n");
    // A line that ends with a piece.
    add(std::string((4 << 20) - 1, 'y') + "\nthe next\n");
  }
  std::string found(const PoolWith& on, const TextPattern& pattern) const {
    std::string lines;
    find_lines(on, sources_, pattern, [&](const FoundLine& line) {
      lines += sources_[line.file].name + ':' + std::to_string(line.line) + ':';
      lines += line.text;
      lines += '\n';
    });
    return lines;
  }

  Pool pool_{{.workers = 2}};
  std::vector<std::unique_ptr<TemporaryFile>> files_;
  std::vector<FileSource> sources_;
  std::string names_;
};

TEST_F(MiningText, lines_are_those_of_grep) {
  add_large_files();
  struct Case {
    TextPattern pattern;
    std::string options;
  };
  const std::vector<Case> cases = {
      {{.text = "the"}, "-E 'the'"},
      {{.text = "q.r", .literal = true}, "-F 'q.r'"},
      {{.text = "THE", .ignore_case = true}, "-E -i 'THE'"},
      {{.text = "the", .literal = true, .ignore_case = true}, "-F -i 'the'"},
      {{.text = "the|ab", .whole_words = true}, "-E -w 'the|ab'"},
      {{.text = "a+b", .whole_words = true}, "-E -w 'a+b'"},
      {{.text = "^the"}, "-E '^the'"},
      {{.text = "x1[ ,]$"}, "-E 'x1[ ,]$'"},
      {{.text = "^$"}, "-E '^$'"},
      {{.text = "the", .invert = true}, "-E -v 'the'"},
      {{.text = "z*"}, "-E 'z*'"},
      {{.text = "", .literal = true}, "-F ''"},
      {{.text = "[^q]{60}x1.*ab"}, "-E '[^q]{60}x1.*ab'"},
      {{.text = "nowhere"}, "-E 'nowhere'"},
      {{.text = "nowhere", .invert = true}, "-E -v 'nowhere'"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.options);
    const std::string grep = "LC_ALL=C.UTF-8 grep -a -H " + c.options;
    std::string counts;
    const auto numbers = count_lines(pool_, sources_, c.pattern);
    for (std::size_t i = 0; i < numbers.size(); ++i)
      counts += sources_[i].name + ':' + std::to_string(numbers[i]) + '\n';
    EXPECT_EQ(counts, output_of(grep + " -c" + names_));
    EXPECT_TRUE(found(pool_, c.pattern) == output_of(grep + " -n" + names_));
  }
}

TEST_F(MiningText, sizes_are_those_of_wc) {
  add_large_files();
  std::string expected, got;
  for (const FileSource& file : sources_)
    expected += output_of("LC_ALL=C.UTF-8 wc < " + file.name + " | awk '{print $1, $2, $3}'");
  for (const TextSize& size : text_sizes(pool_, sources_))
    got += std::to_string(size.lines) + ' ' + std::to_string(size.words) + ' ' +
           std::to_string(size.bytes) + '\n';
  EXPECT_EQ(got, expected);
}

TEST_F(MiningText, words_are_those_of_a_counter) {
  add_large_files();
  for (const auto& [length, ignore_case] : {std::pair<std::size_t, bool>{1, false}, {2, true}}) {
    SCOPED_TRACE(length);
    std::string got;
    const WordOptions options{.length = length, .ignore_case = ignore_case};
    const auto counts = count_words(pool_, sources_, options);
    for (const auto& [words, count] : counts) got += std::to_string(count) + ' ' + words + '\n';
    EXPECT_TRUE(got == output_of(std::string(TINE_PYTHON) + " " + TINE_SCRIPT + " " +
                                 std::to_string(length) + (ignore_case ? " 1" : " 0") + names_));
    WordOptions few = options;
    few.top = 3;
    EXPECT_TRUE(std::ranges::equal(count_words(pool_, sources_, few), std::span(counts).first(3)));
  }
}

TEST_F(MiningText, what_cannot_be_done_is_said) {
  add("one\n");
  EXPECT_THAT(message_of([&] { count_lines(pool_, sources_, {.text = "(a"}); }),
              testing::EndsWith("(a is no regular expression: missing ): (a"));
  EXPECT_THAT(
      message_of([&] { count_lines(pool_, sources_, {.text = "a)", .whole_words = true}); }),
      HasSubstr("unexpected )"));
  EXPECT_THAT(message_of([&] { count_lines(pool_, sources_, {.text = "a\nb"}); }),
              HasSubstr("one line"));
  EXPECT_THAT(message_of([&] { count_words(pool_, sources_, {.length = 0}); }),
              HasSubstr("no words"));
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += std::to_string(i) + ' ';
  add(many);
  EXPECT_THAT(message_of([&] { count_words(pool_, sources_, {}, {.memory = 1 << 20}); }),
              HasSubstr("different words"));
  sources_.push_back({.name = "/nowhere/at/all"});
  EXPECT_THAT(message_of([&] { text_sizes(pool_, sources_); }),
              HasSubstr("/nowhere/at/all: cannot be opened"));
  EXPECT_THAT(count_lines(pool_, {}, {.text = "a"}), ElementsAre());
  EXPECT_THAT(count_words(pool_, {}), ElementsAre());
}

TEST_F(MiningText, results_are_the_same_for_any_workers_also_when_these_are_killed) {
  add_large_files();
  std::string first;
  for (const unsigned workers : {1u, 2u, 3u, 7u}) {
    Pool pool({.workers = workers});
    const std::string got = found(pool, {.text = "the"});
    if (first.empty()) first = got;
    EXPECT_TRUE(got == first) << workers << " workers";
  }
  Pool pool({.workers = 3});
  tine_test::expect_same_while_killed(
      pool, {.wanted = 4, .rounds = 40, .first_us = 1000, .step_us = 7000},
      [&](int) { return found(pool, {.text = "the"}) == first; });
}

}  // namespace

}  // namespace tine::mining
