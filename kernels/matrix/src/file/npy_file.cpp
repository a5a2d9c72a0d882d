#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include <tine/matrix/npy_header.hpp>

#include "layout.hpp"
#include "number.hpp"

namespace tine::matrix {

namespace {

void swap_bytes(std::byte* values, std::size_t bytes, std::size_t each) {
  for (std::size_t i = 0; i + each <= bytes; i += each) std::reverse(values + i, values + i + each);
}

}  // namespace

void probe_npy(const InputFile& file, Layout& layout) {
  std::vector<std::uint8_t> head(12);
  head.resize(file.read_some(0, head.data(), head.size()));
  const std::uint64_t bytes = npy_header_bytes(head);
  if (bytes == 0) throw FileError("does not begin as .npy files do");
  if (bytes > 1 << 20) throw FileError("the array's header claims to be longer than 1 MiB");
  head.resize(static_cast<std::size_t>(std::max<std::uint64_t>(bytes, head.size())));
  head.resize(file.read_some(0, head.data(), head.size()));
  const NpyHeader header = *parse_npy_header(head);

  const auto type = header.kind == "b1" ? ElementType::u1 : parse_element_type(header.kind);
  if (!type)
    throw FileError(
        "the array's values are of the type " + quoted(header.kind) +
        "; integers, floats and complex numbers (u1 to u8, i1 to i8, f4, f8, c8, c16) can be read");
  if (header.shape.empty() || header.shape.size() > 2)
    throw FileError("the array has " + std::to_string(header.shape.size()) +
                    " dimensions; one or two can be read");
  layout.stored_type = *type;
  layout.rows = header.shape[0];
  layout.columns = header.shape.size() == 2 ? header.shape[1] : 1;
  layout.one_dimensional = header.shape.size() == 1;
  layout.order =
      header.fortran_order && !layout.one_dimensional ? Order::column_major : Order::row_major;
  layout.swapped =
      header.big_endian == (std::endian::native == std::endian::little) && size_of(*type) > 1;
  layout.begin = header.offset;
  std::uint64_t size;
  if (__builtin_mul_overflow(layout.rows, layout.columns, &size) ||
      __builtin_mul_overflow(size, size_of(*type), &size) ||
      __builtin_add_overflow(size, layout.begin, &layout.end))
    throw FileError("claims " + std::to_string(layout.rows) + " x " +
                    std::to_string(layout.columns) + " values, which overflows");
  if (layout.end > file.size())
    throw FileError("truncated: its header claims " + std::to_string(layout.rows) + " x " +
                    std::to_string(layout.columns) + " values, " + std::to_string(layout.end) +
                    " bytes, and it has " + std::to_string(file.size()));
}

void read_npy(const InputFile& file, const Layout& layout, const FilePart& part, std::byte* to) {
  const bool by_columns = layout.order == Order::column_major;
  const std::uint64_t length = by_columns ? layout.rows : layout.columns;
  const std::size_t from_bytes = size_of(layout.stored_type), to_bytes = size_of(layout.type);
  const bool as_is = layout.stored_type == layout.type;
  const std::size_t number = is_complex(layout.stored_type) ? from_bytes / 2 : from_bytes;
  std::vector<std::byte> buffer;
  const auto read_run = [&](std::uint64_t first, std::size_t count) {
    const std::size_t most = as_is ? count : std::size_t{16} << 10;
    while (count > 0) {
      const std::size_t n = std::min(count, most), bytes = n * from_bytes;
      if (!as_is) buffer.resize(bytes);
      std::byte* const values = as_is ? to : buffer.data();
      file.read(layout.begin + first * from_bytes, values, bytes);
      if (layout.swapped) swap_bytes(values, bytes, number);
      if (!as_is) convert_elements(layout.stored_type, values, layout.type, to, n);
      to += n * to_bytes;
      first += n;
      count -= n;
    }
  };
  if (part.within.size() == length)
    return read_run(part.lines.begin * length, part.lines.size() * part.within.size());
  for (std::size_t line = part.lines.begin; line < part.lines.end; ++line)
    read_run(line * length + part.within.begin, part.within.size());
}

}  // namespace tine::matrix
