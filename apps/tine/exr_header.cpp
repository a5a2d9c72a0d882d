#include <cstring>
#include <string_view>

#include "exr.hpp"

namespace tine::app {

// A header is a list of attributes: name and type, each with a zero at its end, the number of bytes, and
// the value (OpenEXR File Layout, openexr.com). The window is four numbers of 32 bits.
ExrSize exr_size(std::span<const std::uint8_t> file) {
  std::size_t at = 8;  // after the magic number and the version
  const auto word = [&]() -> std::string_view {
    const auto* begin = reinterpret_cast<const char*>(file.data()) + at;
    const std::size_t length = strnlen(begin, file.size() - at);
    at += length + 1;
    return {begin, length};
  };
  const auto integer = [&](std::size_t where) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | file[where + i];
    return static_cast<std::int32_t>(value);
  };
  while (at < file.size()) {
    const std::string_view name = word();
    if (name.empty() || at >= file.size()) break;
    word();
    if (at > file.size() || file.size() - at < 4) break;
    const std::int64_t size = integer(at);
    at += 4;
    if (size < 0 || static_cast<std::uint64_t>(size) > file.size() - at) break;
    if (name == "dataWindow" && size == 16) {
      const std::int64_t width = std::int64_t{integer(at + 8)} - integer(at) + 1;
      const std::int64_t height = std::int64_t{integer(at + 12)} - integer(at + 4) + 1;
      if (width <= 0 || height <= 0) break;
      return {static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height)};
    }
    at += static_cast<std::size_t>(size);
  }
  return {};
}

}  // namespace tine::app
