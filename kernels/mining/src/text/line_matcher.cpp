#include "line_matcher.hpp"

#include <string.h>

#include <re2/re2.h>

#include <tine/error.hpp>

namespace tine::mining {

namespace {

TextPattern pattern_of(std::span<const std::byte> bytes) {
  TextPattern pattern;
  std::size_t at = 0;
  for (bool* const flag :
       {&pattern.literal, &pattern.ignore_case, &pattern.whole_words, &pattern.invert})
    *flag = bytes[at++] != std::byte(0);
  pattern.text.assign(reinterpret_cast<const char*>(bytes.data()) + at, bytes.size() - at);
  return pattern;
}

}  // namespace

std::vector<std::byte> to_bytes(const TextPattern& pattern) {
  std::vector<std::byte> bytes;
  for (const bool flag :
       {pattern.literal, pattern.ignore_case, pattern.whole_words, pattern.invert})
    bytes.push_back(static_cast<std::byte>(flag));
  const auto* const text = reinterpret_cast<const std::byte*>(pattern.text.data());
  bytes.insert(bytes.end(), text, text + pattern.text.size());
  return bytes;
}

LineMatcher::LineMatcher(std::span<const std::byte> pattern) : LineMatcher(pattern_of(pattern)) {}

LineMatcher::LineMatcher(const TextPattern& pattern) : invert_(pattern.invert) {
  if (pattern.text.find('\n') != std::string::npos)
    throw InvalidArgument("tine: a pattern is for one line, and has no end of a line in it");
  if (pattern.literal && !pattern.ignore_case && !pattern.whole_words) {
    literal_ = pattern.text;
    return;
  }
  std::string text = pattern.literal ? re2::RE2::QuoteMeta(pattern.text) : pattern.text;
  // As grep has it: not \b, since a match may begin with what is no part of a word.
  if (pattern.whole_words) text = "(?:^|\\W)(?:" + text + ")(?:\\W|$)";
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_nl(true);
  options.set_case_sensitive(!pattern.ignore_case);
  expression_ = std::make_unique<re2::RE2>("(?m)" + text, options);
  if (expression_->ok()) return;
  // Of the pattern alone, without what was put around it.
  const re2::RE2 alone(pattern.text, options);
  throw InvalidArgument("tine: " + pattern.text + " is no regular expression: " +
                        (alone.ok() ? expression_->error() : alone.error()));
}

LineMatcher::~LineMatcher() = default;

std::size_t LineMatcher::find(std::string_view text, std::size_t begin) const {
  if (expression_ == nullptr) {
    const void* const at =
        memmem(text.data() + begin, text.size() - begin, literal_.data(), literal_.size());
    return at == nullptr ? text.npos
                         : static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
  }
  re2::StringPiece match;
  const bool found = expression_->Match({text.data(), text.size()}, begin, text.size(),
                                        re2::RE2::UNANCHORED, &match, 1);
  if (!found) return text.npos;
  const auto at = static_cast<std::size_t>(match.data() - text.data());
  return at < text.size() ? at : text.npos;  // behind the last end there is no line
}

}  // namespace tine::mining
