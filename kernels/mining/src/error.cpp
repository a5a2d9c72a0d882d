#include <tine/mining/error.hpp>

#include <algorithm>

namespace tine::mining {

std::string QueryError::picture() const {
  // Code points before the place, each of which takes a column: continuation bytes begin none.
  const auto columns = std::count_if(
      text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(std::min(position_, text_.size())),
      [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  std::string line = text_;
  for (char& c : line)
    if (static_cast<unsigned char>(c) < ' ' || c == 127) c = ' ';
  return line + "\n" + std::string(static_cast<std::size_t>(columns), ' ') + "^";
}

}  // namespace tine::mining
