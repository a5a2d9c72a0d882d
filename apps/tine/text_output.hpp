// Text on its way to a file, a pipe or a terminal.
#pragma once

#include <string>
#include <string_view>

namespace tine::app {

/// The same with a question mark for each control character, and a replacement character for what is no
/// UTF-8: strings from files are strangers' data, and a terminal may obey them.
std::string printable(std::string_view text);

/// Collects text and writes it in large pieces.
class TextOutput {
 public:
  /// The descriptor stays the caller's.
  explicit TextOutput(int descriptor);

  /// Text that is to be written as it is.
  void append(std::string_view text);
  /// Append to it, then call flush_if_large() now and then.
  std::string& text() { return text_; }
  /// Throw Failure, or Interrupted.
  void flush_if_large();
  void flush();

  bool is_terminal() const { return terminal_; }
  /// Whether anything has been written.
  bool begun() const { return begun_; }

 private:
  int descriptor_;
  bool terminal_, begun_ = false;
  std::string text_;
};

}  // namespace tine::app
