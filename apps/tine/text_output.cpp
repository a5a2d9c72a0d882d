#include "text_output.hpp"

#include <unistd.h>

#include "interrupt.hpp"
#include "output_bytes.hpp"
#include "utf8.hpp"

namespace tine::app {

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Utf8 next = first_code_point(text);
    if (next.bytes == 0)
      result += "\xef\xbf\xbd";
    else if (is_control(next.code_point))
      result += '?';
    else
      result += text.substr(0, next.bytes);
    text.remove_prefix(next.bytes == 0 ? 1 : next.bytes);
  }
  return result;
}

TextOutput::TextOutput(int descriptor)
    : descriptor_(descriptor), terminal_(isatty(descriptor) != 0) {}

namespace {

constexpr std::size_t large = 256 << 10;

}  // namespace

void TextOutput::append(std::string_view text) {
  if (text.size() < large) {
    text_ += text;
    flush_if_large();
    return;
  }
  flush();
  check_interrupt();
  begun_ = true;
  write_bytes(descriptor_, text.data(), text.size());
}

void TextOutput::flush_if_large() {
  if (text_.size() >= large) flush();
}

void TextOutput::flush() {
  if (text_.empty()) return;
  check_interrupt();
  begun_ = true;
  write_bytes(descriptor_, text_.data(), text_.size());
  text_.clear();
}

}  // namespace tine::app
