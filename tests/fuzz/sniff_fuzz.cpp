// The first look at an image file. It must not read beyond the bytes, nor accept an image without
// saying what it is.
#include <vector>

#include "require.hpp"
#include "sniff.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy of exactly this size, so that the sanitizer sees every byte read beyond it.
  const std::vector<std::uint8_t> bytes(data, data + size);
  const tine::app::Sniffed s = tine::app::sniff(bytes);
  if (s.trouble.empty()) {
    require(!s.format.empty(), "accepted without a format");
    require(s.width > 0 && s.height > 0, "accepted without pixels");
    require(s.pixel_bytes > 0 && s.pixel_bytes <= 32, "a pixel of an odd size");
  } else {
    require(s.format.empty() == s.trouble.starts_with("not an image") || size == 0,
            "the reason does not fit the format");
  }
  return 0;
}
