// A line of text that can lie in shared memory and travel in a message.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace tine::app {

struct ShortText {
  char characters[300] = {};  // up to the first zero

  ShortText& operator=(std::string_view text) {
    const std::size_t n = std::min(text.size(), sizeof characters - 1);
    std::copy_n(text.data(), n, characters);
    std::fill(characters + n, std::end(characters), '\0');
    return *this;
  }
  // Whatever a worker has put there: it goes to a terminal.
  std::string str() const {
    std::string text(characters, std::find(characters, std::end(characters), '\0'));
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; }, '?');
    return text;
  }
};

}  // namespace tine::app
