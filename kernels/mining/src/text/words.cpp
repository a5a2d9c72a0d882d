#include <array>
#include <unordered_map>

#include <tine/mining/text.hpp>

#include "pieces.hpp"

namespace tine::mining {

namespace {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};
using Counts = std::unordered_map<std::string, std::uint64_t, TextHash, std::equal_to<>>;

void add(Counts& counts, std::string_view words, std::uint64_t count) {
  const auto found = counts.find(words);
  if (found != counts.end())
    found->second += count;
  else
    counts.emplace(words, count);
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// The words of a line, and all rows of `length` of them.
void count_line(Counts& counts, std::string_view line, std::size_t length) {
  std::vector<std::size_t> begins;
  std::string words;  // with blanks between them
  const auto end = line.end();
  for (auto at = line.begin();;) {
    at = std::find_if(at, end, is_word);
    if (at == end) break;
    const auto word_end = std::find_if_not(at, end, is_word);
    if (!words.empty()) words += ' ';
    begins.push_back(words.size());
    words.append(at, word_end);
    at = word_end;
    if (begins.size() >= length)
      add(counts, std::string_view(words).substr(begins[begins.size() - length]), 1);
  }
}

void count_words_of(Counts& counts, std::string_view text, std::size_t length) {
  if (length > 1) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      count_line(counts, text.substr(begin, end - begin), length);
      begin = end + 1;
    }
    return;
  }
  const auto end = text.end();
  for (auto at = std::find_if(text.begin(), end, is_word); at != end;) {
    const auto word_end = std::find_if_not(at, end, is_word);
    add(counts, {at, word_end}, 1);
    at = std::find_if(word_end, end, is_word);
  }
}

struct Wanted {
  std::uint64_t length, ignore_case;
};

}  // namespace

std::vector<WordCount> count_words(const PoolWith& on, std::span<const FileSource> files,
                                   const WordOptions& words, const TextOptions& options) {
  if (words.length == 0) throw InvalidArgument("tine: rows of no words cannot be counted");
  Counts all;
  std::uint64_t bytes = 0;
  for_each_piece(
      on, files, options, to_blob([&](BlobWriter& to) {
        to.value(Wanted{words.length, words.ignore_case});
      }),
      [](BlobWriter& to, std::string text, std::span<const std::byte> about) {
        const auto wanted = BlobReader(about).value<Wanted>();
        if (wanted.ignore_case != 0)
          for (char& c : text)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        Counts counts;
        count_words_of(counts, text, wanted.length);
        for (const auto& [row, count] : counts) {
          to.value(count);
          to.text(row);
        }
      },
      [&](std::size_t, BlobReader from) {
        while (!from.empty()) {
          const auto count = from.value<std::uint64_t>();
          const std::string_view row = from.text();
          const std::size_t before = all.size();
          add(all, row, count);
          if (all.size() > before) bytes += sizeof(Counts::value_type) + 32 + row.size();
        }
        if (options.memory != 0 && bytes > options.memory)
          throw OutOfMemory("tine: there are more than " + std::to_string(all.size()) +
                                " different words or rows of words, and they take more than may "
                                "be taken, " +
                                std::to_string(options.memory >> 20) + " MiB",
                            bytes, options.memory, "the memory for words");
      });
  std::vector<WordCount> result;
  result.reserve(all.size());
  for (auto& [row, count] : all) result.push_back({row, count});
  const auto before = [](const WordCount& a, const WordCount& b) {
    return a.count != b.count ? a.count > b.count : a.words < b.words;
  };
  if (words.top > 0 && words.top < result.size()) {
    std::ranges::partial_sort(result, result.begin() + static_cast<std::ptrdiff_t>(words.top),
                              before);
    result.resize(words.top);
  } else {
    std::ranges::sort(result, before);
  }
  return result;
}

}  // namespace tine::mining
