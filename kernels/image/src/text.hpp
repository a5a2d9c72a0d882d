// Words and numbers in messages.
#pragma once

#include <charconv>
#include <span>
#include <string>
#include <string_view>

namespace tine::image {

/// The shortest text that reads back as the same number.
inline std::string number_text(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// The candidate that `word` was probably meant to be, by edit distance; empty when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace tine::image
