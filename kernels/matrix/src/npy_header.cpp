#include <tine/matrix/npy_header.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>

#include <tine/matrix/file_error.hpp>

namespace tine::matrix {

namespace {

constexpr std::size_t most_dimensions = 64;  // NumPy's

// What follows a key of the header, which is the text of a Python dict: {'descr': '<f4', ...}.
std::string_view value_of(std::string_view text, std::string_view key) {
  const std::string quoted = "'" + std::string(key) + "':";
  const std::size_t at = text.find(quoted);
  if (at == text.npos) throw FileError("the array's header has no '" + std::string(key) + "'");
  text.remove_prefix(at + quoted.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

// (rows, columns, channels)
std::vector<std::uint64_t> extents(std::string_view text) {
  std::vector<std::uint64_t> all;
  const char *at = text.data() + 1, *end = text.data() + text.size();
  if (!text.starts_with('(')) throw FileError("the array's header has no shape");
  while (at != end && *at != ')') {
    std::uint64_t extent = 0;
    const auto [next, error] = std::from_chars(at, end, extent);
    if (error == std::errc::result_out_of_range)
      throw FileError("the array's header claims an extent that overflows");
    if (error != std::errc{} || all.size() == most_dimensions)
      throw FileError("the array's header has no shape");
    all.push_back(extent);
    at = next;
    while (at != end && (*at == ',' || *at == ' ')) ++at;
  }
  if (at == end) throw FileError("the array's header has no shape");
  return all;
}

}  // namespace

std::uint64_t npy_header_bytes(std::span<const std::uint8_t> head) {
  if (head.size() < 12 || std::memcmp(head.data(), "\x93NUMPY", 6) != 0) return 0;
  const bool old = head[6] == 1;
  std::uint64_t length = head[8] | std::uint64_t{head[9]} << 8;
  if (!old) length |= std::uint64_t{head[10]} << 16 | std::uint64_t{head[11]} << 24;
  return (old ? 10 : 12) + length;
}

std::optional<NpyHeader> parse_npy_header(std::span<const std::uint8_t> head) {
  NpyHeader header;
  header.offset = npy_header_bytes(head);
  if (header.offset == 0) return std::nullopt;
  if (header.offset > head.size()) throw FileError("truncated: the array's header is not whole");
  const std::size_t start = head[6] == 1 ? 10 : 12;
  const std::string_view text(reinterpret_cast<const char*>(head.data()) + start,
                              header.offset - start);

  // A byte order and a kind in quotes: '<f4'.
  const std::string_view descr = value_of(text, "descr");
  const std::size_t quote = descr.find('\'', 1);
  if (descr.starts_with('\'') && quote != descr.npos && quote >= 4) {
    header.kind = descr.substr(2, quote - 2);
    header.big_endian = descr[1] == '>';
  }
  const std::string_view order = value_of(text, "fortran_order");
  header.fortran_order = order.starts_with("True");
  if (!header.fortran_order && !order.starts_with("False"))
    throw FileError("the array's header has no order: 'fortran_order' is neither True nor False");
  header.shape = extents(value_of(text, "shape"));
  return header;
}

std::string make_npy_header(std::string_view kind, bool fortran_order,
                            std::span<const std::uint64_t> shape) {
  std::string text = "{'descr': '";
  text += kind.ends_with('1') && kind.size() == 2 ? '|' : '<';
  text += kind;
  text += fortran_order ? "', 'fortran_order': True, 'shape': ("
                        : "', 'fortran_order': False, 'shape': (";
  for (std::size_t d = 0; d < shape.size(); ++d)
    text += (d > 0 ? ", " : "") + std::to_string(shape[d]);
  text += shape.size() == 1 ? ",), }" : "), }";
  // Padded, so that the values are aligned to 64 bytes.
  text.append(63 - (10 + text.size()) % 64, ' ').append("\n");
  std::string header("\x93NUMPY\x01\0", 8);
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

}  // namespace tine::matrix
