#include "npy.hpp"

#include <charconv>
#include <cstring>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "exit.hpp"

namespace tine::app {

namespace {

// What follows a key of the header, which is the text of a Python dict: {'descr': '<f4', ...}.
std::string_view value_of(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(fmt::format("'{}':", key));
  if (at == text.npos) throw Failure(fmt::format("the array's header has no '{}'", key));
  text.remove_prefix(at + key.size() + 3);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

// (rows, columns, channels)
std::vector<std::uint64_t> extents(std::string_view text) {
  std::vector<std::uint64_t> all;
  for (const char* at = text.data() + 1; text.starts_with('(') && all.size() < 4;) {
    const char* end = text.data() + text.size();
    std::uint64_t extent = 0;
    const auto [next, error] = std::from_chars(at, end, extent);
    if (error != std::errc{}) break;
    all.push_back(extent);
    at = next;
    while (at != end && (*at == ',' || *at == ' ')) ++at;
  }
  return all;
}

}  // namespace

std::optional<NpyHeader> read_npy_header(std::span<const std::uint8_t> head) {
  if (head.size() < 12 || std::memcmp(head.data(), "\x93NUMPY", 6) != 0) return std::nullopt;
  const bool old = head[6] == 1;
  std::uint64_t length = head[8] | std::uint64_t{head[9]} << 8;
  if (!old) length |= std::uint64_t{head[10]} << 16 | std::uint64_t{head[11]} << 24;
  NpyHeader header;
  header.offset = (old ? 10 : 12) + length;
  if (header.offset > head.size()) throw Failure("truncated: the array's header is not whole");
  const std::string_view text(reinterpret_cast<const char*>(head.data()) + (old ? 10 : 12), length);

  // A byte order and a kind in quotes: '<f4'.
  std::string_view kind = value_of(text, "descr").substr(0, 5);
  if (kind.size() < 5) kind = "?????";
  int depth;
  if (kind.ends_with("u1'"))
    depth = CV_8U;
  else if (kind.ends_with("u2'"))
    depth = CV_16U;
  else if (kind.ends_with("f4'"))
    depth = CV_32F;
  else
    throw Failure("the array holds no image: its values are none of uint8, uint16 and float32");
  header.big_endian = kind[1] == '>';
  if (!value_of(text, "fortran_order").starts_with("False"))
    throw Failure("the array is in Fortran order; numpy.ascontiguousarray() changes that");

  const auto shape = extents(value_of(text, "shape"));
  const std::uint64_t channels = shape.size() == 3 ? shape[2] : 1;
  if (shape.size() < 2 || shape.size() > 3 || (channels < 1 || channels > 4))
    throw Failure(
        "the array holds no image: its shape is neither (rows, columns) nor (rows, columns, 1 "
        "to 4)");
  header.rows = shape[0];
  header.columns = shape[1];
  header.type = CV_MAKETYPE(depth, static_cast<int>(channels));
  return header;
}

std::string npy_header(const image::Shape& shape) {
  const int depth = CV_MAT_DEPTH(shape.type), channels = CV_MAT_CN(shape.type);
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}, {}{}), }}",
                  depth == CV_8U    ? "|u1"
                  : depth == CV_16U ? "<u2"
                  : depth == CV_32S ? "<i4"
                  : depth == CV_64F ? "<f8"
                                    : "<f4",
                  shape.rows, shape.columns, channels == 1 ? "" : fmt::format(", {}", channels));
  // Padded, so that the values are aligned to 64 bytes.
  text.append(63 - (10 + text.size()) % 64, ' ').append("\n");
  std::string header("\x93NUMPY\x01\0", 8);
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

}  // namespace tine::app
