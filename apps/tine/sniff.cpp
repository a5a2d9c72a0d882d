#include "sniff.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <string_view>

#include "exit.hpp"
#include "npy.hpp"

namespace tine::app {

namespace {

using Bytes = std::span<const std::uint8_t>;

// Numbers in the file; 0 beyond its end, which no caller takes for anything valid.
std::uint64_t number(Bytes b, std::size_t at, std::size_t size, bool big) {
  if (at > b.size() || b.size() - at < size) return 0;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | b[at + (big ? i : size - 1 - i)];
  return value;
}
std::uint64_t big(Bytes b, std::size_t at, std::size_t size) {
  return number(b, at, size, true);
}
std::uint64_t little(Bytes b, std::size_t at, std::size_t size) {
  return number(b, at, size, false);
}

bool starts_with(Bytes b, std::string_view magic, std::size_t at = 0) {
  return b.size() >= at + magic.size() &&
         std::memcmp(b.data() + at, magic.data(), magic.size()) == 0;
}

// Walks the markers up to EOI: only a JPEG that has it is whole. Decoders fill up one that is cut
// off with gray, and call it a success.
void sniff_jpeg(Bytes b, Sniffed& s) {
  s.pixel_bytes = 3;
  std::size_t at = 2;
  bool scan = false;
  while (true) {
    if (scan) {  // entropy-coded data: up to the next marker that is not stuffing or a restart
      for (;; ++at) {
        const void* found =
            at < b.size() ? std::memchr(b.data() + at, 0xff, b.size() - at) : nullptr;
        if (found == nullptr) {
          at = b.size();
          break;
        }
        at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - b.data());
        const std::uint64_t next = big(b, at + 1, 1);
        if (at + 1 < b.size() && next != 0 && next != 0xff && (next < 0xd0 || next > 0xd7)) break;
      }
      scan = false;
    }
    while (at + 1 < b.size() && b[at] == 0xff && b[at + 1] == 0xff) ++at;  // fill bytes
    if (at + 1 >= b.size()) {
      s.trouble = "truncated: the JPEG has no end marker";
      return;
    }
    if (b[at] != 0xff) {  // bytes between segments: decoders skip them
      scan = true;
      continue;
    }
    const std::uint8_t marker = b[at + 1];
    if (marker == 0xd9) return;
    if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2;
      continue;
    }
    const std::size_t length = big(b, at + 2, 2);
    if (length < 2 || at + 2 + length > b.size()) {
      s.trouble = "truncated: a segment of the JPEG is longer than the file";
      return;
    }
    const bool frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (frame && s.width == 0) {  // decoders, too, take the first
      s.height = big(b, at + 5, 2);
      s.width = big(b, at + 7, 2);
    }
    if (marker == 0xda) scan = true;
    at += 2 + length;
  }
}

void sniff_png(Bytes b, Sniffed& s) {
  s.width = big(b, 16, 4);
  s.height = big(b, 20, 4);
  s.pixel_bytes = big(b, 24, 1) == 16 ? 8 : 4;
  for (std::size_t at = 8; at + 12 <= b.size();) {
    const std::size_t length = big(b, at, 4);
    if (length > b.size() - at - 12) break;
    if (starts_with(b, "IEND", at + 4)) return;
    at += 12 + length;
  }
  s.trouble = "truncated: the PNG has no end chunk";
}

void sniff_webp(Bytes b, Sniffed& s) {
  if (starts_with(b, "VP8 ", 12)) {
    s.width = little(b, 26, 2) & 0x3fff;
    s.height = little(b, 28, 2) & 0x3fff;
  } else if (starts_with(b, "VP8L", 12)) {
    const std::uint64_t bits = little(b, 21, 4);
    s.width = (bits & 0x3fff) + 1;
    s.height = (bits >> 14 & 0x3fff) + 1;
  } else if (starts_with(b, "VP8X", 12)) {
    s.width = little(b, 24, 3) + 1;
    s.height = little(b, 27, 3) + 1;
  }
  if (little(b, 4, 4) + 8 > b.size()) s.trouble = "truncated: the WebP is shorter than it says";
}

void sniff_bmp(Bytes b, Sniffed& s) {
  const auto side = [&](std::size_t at) {  // the height is negative in files stored top down
    const auto value = static_cast<std::int32_t>(little(b, at, 4));
    return static_cast<std::uint64_t>(value < 0 ? -std::int64_t{value} : value);
  };
  std::uint64_t bits = little(b, 28, 2), compression = little(b, 30, 4);
  if (little(b, 14, 4) == 12) {  // the header of OS/2
    s.width = little(b, 18, 2);
    s.height = little(b, 20, 2);
    bits = little(b, 24, 2);
    compression = 0;
  } else {
    s.width = side(18);
    s.height = side(22);
  }
  const std::uint64_t row = (s.width * bits + 31) / 32 * 4;
  if (compression == 0 && s.height != 0 && row > b.size() / s.height)
    s.trouble = "truncated: the BMP has fewer bytes than pixels";
}

void sniff_tiff(Bytes b, Sniffed& s) {
  const bool is_big = b[0] == 'M';
  s.pixel_bytes = 16;
  const std::size_t directory = number(b, 4, 4, is_big);
  const std::size_t entries = number(b, directory, 2, is_big);
  if (entries == 0) s.trouble = "truncated: the TIFF's directory is missing";
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t at = directory + 2 + 12 * i;
    const std::uint64_t tag = number(b, at, 2, is_big), type = number(b, at + 2, 2, is_big);
    const std::size_t bytes = type == 1 ? 1 : type == 3 ? 2 : 4;
    const std::uint64_t value = number(b, at + 8, bytes, is_big);
    if (tag == 256 && s.width == 0) s.width = value;  // decoders, too, take the first
    if (tag == 257 && s.height == 0) s.height = value;
  }
}

void sniff_pnm(Bytes b, Sniffed& s) {
  s.pixel_bytes = 6;
  std::size_t at = 2;
  const auto next = [&]() -> std::uint64_t {
    while (at < b.size() && (std::isspace(b[at]) || b[at] == '#'))
      if (b[at] == '#')
        while (at < b.size() && b[at] != '\n') ++at;
      else
        ++at;
    std::uint64_t value = 0;
    for (; at < b.size() && std::isdigit(b[at]) && value < 1u << 30; ++at)
      value = value * 10 + (b[at] - '0');
    return value;
  };
  s.width = next();
  s.height = next();
  const char kind = static_cast<char>(b[1]);
  if (kind < '4' || s.height == 0) return;  // as text: its length says nothing
  const std::uint64_t top = kind == '4' ? 1 : next();
  const std::uint64_t row =
      kind == '4' ? (s.width + 7) / 8 : s.width * (kind == '6' ? 3 : 1) * (top > 255 ? 2 : 1);
  if (row > (b.size() - std::min(at + 1, b.size())) / s.height)
    s.trouble = "truncated: fewer bytes than pixels";
}

void sniff_npy(Bytes b, Sniffed& s) {
  try {
    const NpyHeader header = *read_npy_header(b);
    s.width = header.columns;
    s.height = header.rows;
    s.pixel_bytes = static_cast<unsigned>(CV_ELEM_SIZE(header.type));
    if (s.height != 0 && s.width > (b.size() - header.offset) / s.height / s.pixel_bytes)
      s.trouble = "truncated: fewer bytes than pixels";
  } catch (const Failure& failure) {
    s.trouble = failure.what();
  }
}

// A header is a list of attributes: name and type, each with a zero at its end, the number of bytes,
// and the value (OpenEXR File Layout, openexr.com). The window is four numbers of 32 bits.
void sniff_exr(Bytes b, Sniffed& s) {
  s.pixel_bytes = 16;
  // Flags: tiles are 2, long names 4, no pixels as images have them 8, several parts 16.
  if (b[5] & (8 | 16)) s.trouble = "an OpenEXR file of several parts, or of deep pixels";
  std::size_t at = 8;  // after the magic number and the version
  const auto word = [&]() -> std::string_view {
    const auto* begin = reinterpret_cast<const char*>(b.data()) + at;
    const std::size_t length = strnlen(begin, b.size() - at);
    at += length + 1;
    return {begin, length};
  };
  const auto integer = [&](std::size_t where) {
    return std::int64_t{static_cast<std::int32_t>(little(b, where, 4))};
  };
  while (at < b.size()) {
    const std::string_view name = word();
    if (name.empty() || at >= b.size()) return;
    word();
    if (at > b.size() || b.size() - at < 4) return;
    const std::int64_t size = integer(at);
    at += 4;
    if (size < 0 || static_cast<std::uint64_t>(size) > b.size() - at) return;
    if (name == "dataWindow" && size == 16) {
      const std::int64_t width = integer(at + 8) - integer(at) + 1;
      const std::int64_t height = integer(at + 12) - integer(at + 4) + 1;
      if (width <= 0 || height <= 0) return;
      s.width = static_cast<std::uint64_t>(width);
      s.height = static_cast<std::uint64_t>(height);
      return;
    }
    at += static_cast<std::size_t>(size);
  }
}

}  // namespace

Sniffed sniff(Bytes bytes) {
  Sniffed s;
  if (bytes.empty()) {
    s.trouble = "the file is empty";
  } else if (starts_with(bytes, "\xff\xd8\xff")) {
    s.format = "JPEG";
    sniff_jpeg(bytes, s);
  } else if (starts_with(bytes, "\x89PNG\r\n\x1a\n")) {
    s.format = "PNG";
    sniff_png(bytes, s);
  } else if (starts_with(bytes, "RIFF") && starts_with(bytes, "WEBP", 8)) {
    s.format = "WebP";
    sniff_webp(bytes, s);
  } else if (starts_with(bytes, "BM")) {
    s.format = "BMP";
    sniff_bmp(bytes, s);
  } else if (starts_with(bytes, std::string_view("II*\0", 4)) ||
             starts_with(bytes, std::string_view("MM\0*", 4))) {
    s.format = "TIFF";
    sniff_tiff(bytes, s);
  } else if (bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' &&
             std::isspace(bytes[2])) {
    s.format = "PNM";
    sniff_pnm(bytes, s);
  } else if (starts_with(bytes, std::string_view("\x93NUMPY", 6)) && bytes.size() >= 12) {
    s.format = "npy";
    sniff_npy(bytes, s);
  } else if (starts_with(bytes, "\x76\x2f\x31\x01") && bytes.size() >= 8) {
    s.format = "OpenEXR";
    sniff_exr(bytes, s);
  } else {
    s.trouble = "not an image: none of JPEG, PNG, WebP, TIFF, BMP, PNM, npy, OpenEXR";
  }
  if (s.trouble.empty() && (s.width == 0 || s.height == 0)) s.trouble = "the image has no pixels";
  return s;
}

}  // namespace tine::app
