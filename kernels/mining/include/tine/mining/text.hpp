/// @file
/// Text files: lines that match, and how often words occur. Files are read in pieces by all workers, and
/// lines belong together wherever pieces are cut. Lines end with LF; a last one need not.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tine/mining/csv.hpp>
#include <tine/pool.hpp>

namespace tine::mining {

/// What is looked for in lines.
struct TextPattern {
  /// A regular expression as RE2 has them, which takes time in proportion to the text, whatever it is; ^ and $ are
  /// the ends of a line, characters are those of UTF-8.
  std::string text;
  bool literal = false;      ///< it is no regular expression, but stands for itself
  bool ignore_case = false;  ///< small letters match capitals, and the other way round
  /// Before and behind the match there is no letter, digit or underscore of ASCII.
  bool whole_words = false;
  bool invert = false;  ///< the lines that do not match
};

struct TextOptions {
  std::uint64_t memory = 0;  ///< bytes that words may take; more ends in OutOfMemory. 0: no limit
  /// Called with bytes that are done, and all of them.
  std::function<void(std::uint64_t done, std::uint64_t all)> progress{};
};

/// How many lines of each file match, as `grep -c` counts them.
/// @throws InvalidArgument  a pattern that is wrong, and why
/// @throws FileError
std::vector<std::uint64_t> count_lines(const PoolWith& on, std::span<const FileSource> files,
                                       const TextPattern& pattern, const TextOptions& options = {});

struct FoundLine {
  std::size_t file = 0;     ///< which one
  std::uint64_t line = 0;   ///< counted from 1
  std::string_view text{};  ///< without its end; valid during the call
};

/// Calls `found` for each line that matches, file by file, in order. In bounded memory, but for the longest line.
/// @throws as count_lines()
void find_lines(const PoolWith& on, std::span<const FileSource> files, const TextPattern& pattern,
                const std::function<void(const FoundLine&)>& found,
                const TextOptions& options = {});

/// As `wc` counts: ends of lines, words between blanks of ASCII, which are more than control characters, bytes.
struct TextSize {
  std::uint64_t lines = 0, words = 0, bytes = 0;
  friend bool operator==(const TextSize&, const TextSize&) = default;
};

/// Of each file. @throws FileError
std::vector<TextSize> text_sizes(const PoolWith& on, std::span<const FileSource> files,
                                 const TextOptions& options = {});

struct WordOptions {
  std::size_t length = 1;    ///< 2 and more: so many words in a row, in the same line
  bool ignore_case = false;  ///< letters of ASCII are made small
  std::size_t top = 0;       ///< only so many, those that are most frequent; 0: all
};

struct WordCount {
  std::string words;  ///< with a blank between them
  std::uint64_t count = 0;
  friend bool operator==(const WordCount&, const WordCount&) = default;
};

/// How often words are in all files together: the most frequent first, of equally many in the order of their bytes.
/// Words are made of letters, digits and underscores, and of all characters that are not ASCII.
/// @throws InvalidArgument  a length of 0
/// @throws OutOfMemory      as in TextOptions::memory
/// @throws FileError
std::vector<WordCount> count_words(const PoolWith& on, std::span<const FileSource> files,
                                   const WordOptions& words = {}, const TextOptions& options = {});

}  // namespace tine::mining
