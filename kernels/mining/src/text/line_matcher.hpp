// Which lines match a pattern.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tine/mining/text.hpp>

namespace re2 {
class RE2;
}

namespace tine::mining {

/// On their way to a worker.
std::vector<std::byte> to_bytes(const TextPattern& pattern);

class LineMatcher {
 public:
  /// Throws InvalidArgument for a pattern that is none.
  explicit LineMatcher(const TextPattern& pattern);
  /// What to_bytes() made of one.
  explicit LineMatcher(std::span<const std::byte> pattern);
  ~LineMatcher();

  /// Calls f(line) for each line of a text that the pattern wants, in order, without its end.
  template <class F>
  void for_each(std::string_view text, F f) const {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t match = find(text, begin);
      // The line of the match, and those before it.
      const std::size_t line = match == text.npos ? text.size() : line_begin(text, begin, match);
      for (std::size_t at = begin; invert_ && at < line;) {
        const std::size_t end = line_end(text, at);
        f(text.substr(at, end - at));
        at = end + 1;
      }
      if (match == text.npos) return;
      const std::size_t end = line_end(text, match);
      if (!invert_) f(text.substr(line, end - line));
      begin = end + 1;
    }
  }

 private:
  static std::size_t line_begin(std::string_view text, std::size_t first, std::size_t at) {
    const std::size_t end = at == first ? text.npos : text.substr(first, at - first).rfind('\n');
    return end == text.npos ? first : first + end + 1;
  }
  static std::size_t line_end(std::string_view text, std::size_t at) {
    return std::min(text.find('\n', at), text.size());
  }
  /// Where the first match in lines from `begin` on is; npos: there is none.
  std::size_t find(std::string_view text, std::size_t begin) const;

  bool invert_;
  std::string literal_;  // if it is nothing else
  std::unique_ptr<re2::RE2> expression_;
};

}  // namespace tine::mining
