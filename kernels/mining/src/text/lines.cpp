#include <tine/mining/text.hpp>

#include "line_matcher.hpp"
#include "pieces.hpp"

namespace tine::mining {

namespace {

std::uint64_t ends_of_lines(std::string_view text) {
  return static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
}

struct FoundHead {
  std::uint64_t line;  // of the piece, counted from 0
  std::uint64_t bytes;
};
constexpr std::uint64_t no_more = ~std::uint64_t{0};

}  // namespace

std::vector<std::uint64_t> count_lines(const PoolWith& on, std::span<const FileSource> files,
                                       const TextPattern& pattern, const TextOptions& options) {
  LineMatcher check(pattern);
  std::vector<std::uint64_t> counts(files.size());
  for_each_piece(
      on, files, options, to_bytes(pattern),
      [](BlobWriter& to, std::string_view text, std::span<const std::byte> wanted) {
        std::uint64_t count = 0;
        LineMatcher(wanted).for_each(text, [&](std::string_view) { ++count; });
        to.value(count);
      },
      [&](std::size_t file, BlobReader from) { counts[file] += from.value<std::uint64_t>(); });
  return counts;
}

void find_lines(const PoolWith& on, std::span<const FileSource> files, const TextPattern& pattern,
                const std::function<void(const FoundLine&)>& found, const TextOptions& options) {
  LineMatcher check(pattern);
  std::vector<std::uint64_t> before(files.size());  // lines of the pieces so far
  for_each_piece(
      on, files, options, to_bytes(pattern),
      [](BlobWriter& to, std::string_view text, std::span<const std::byte> wanted) {
        std::uint64_t line = 0;
        const char* counted = text.data();
        LineMatcher(wanted).for_each(text, [&](std::string_view match) {
          line += ends_of_lines({counted, match.data()});
          counted = match.data();
          to.value(FoundHead{line, match.size()});
          to.bytes(match.data(), match.size());
        });
        to.value(FoundHead{ends_of_lines(text), no_more});
      },
      [&](std::size_t file, BlobReader from) {
        for (;;) {
          const auto head = from.value<FoundHead>();
          if (!from.good()) throw Error("tine: text: what workers wrote was overwritten");
          if (head.bytes == no_more) {
            before[file] += head.line;
            return;
          }
          const auto text = from.bytes(head.bytes);
          found({file,
                 before[file] + head.line + 1,
                 {reinterpret_cast<const char*>(text.data()), text.size()}});
        }
      });
}

std::vector<TextSize> text_sizes(const PoolWith& on, std::span<const FileSource> files,
                                 const TextOptions& options) {
  std::vector<TextSize> sizes(files.size());
  for_each_piece(
      on, files, options, {},
      [](BlobWriter& to, std::string_view text, std::span<const std::byte>) {
        TextSize size{.lines = ends_of_lines(text), .words = 0, .bytes = text.size()};
        bool between = true;
        for (const char c : text) {
          const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
          const bool control = !blank && ((c >= 0 && c < ' ') || c == 127);
          size.words += between && !blank && !control;
          between = blank || (between && control);
        }
        to.value(size);
      },
      [&](std::size_t file, BlobReader from) {
        const auto size = from.value<TextSize>();
        sizes[file].lines += size.lines;
        sizes[file].words += size.words;
        sizes[file].bytes += size.bytes;
      });
  return sizes;
}

}  // namespace tine::mining
