#include <algorithm>
#include <cstring>
#include <vector>

#include "layout.hpp"

namespace tine::matrix {

namespace {

// The bytes of a chunk, and two before them: what a line end needs to know whether its line is empty.
// Before the first byte of the values a line has ended.
struct Chunk {
  std::uint64_t begin, end;
  std::vector<char> bytes;  // from begin - 2

  Chunk(const InputFile& file, const Layout& layout, std::uint64_t number)
      : begin(layout.begin + number * index_chunk), end(std::min(begin + index_chunk, layout.end)) {
    bytes.assign(end - begin + 2, '\n');
    const std::uint64_t before = std::min<std::uint64_t>(2, begin - layout.begin);
    file.read(begin - before, bytes.data() + 2 - before, end - begin + before);
  }
};

}  // namespace

// Compiled with -O3: a loop over bytes without branches.
std::uint64_t count_lines(const InputFile& file, const Layout& layout, std::uint64_t chunk) {
  const Chunk c(file, layout, chunk);
  const char* b = c.bytes.data();
  std::uint64_t count = 0;
  for (std::size_t first = 2; first < c.bytes.size(); first += 128) {
    const std::size_t last = std::min(first + 128, c.bytes.size());
    unsigned char some = 0;
    for (std::size_t i = first; i < last; ++i) {
      const int ended = b[i] == '\n', empty = b[i - 1] == '\n',
                empty_too = (b[i - 1] == '\r') & (b[i - 2] == '\n');
      some = static_cast<unsigned char>(some + (ended & ~(empty | empty_too)));
    }
    count += some;
  }
  if (c.end == layout.end && c.end > c.begin) {
    const std::size_t n = c.bytes.size();
    const bool nothing = b[n - 1] == '\n' || (b[n - 1] == '\r' && b[n - 2] == '\n');
    count += !nothing;
  }
  return count;
}

std::uint64_t find_line(const InputFile& file, const Layout& layout, LineIndex index,
                        std::uint64_t line) {
  if (line == 0) return layout.begin;
  // It begins after the end of the line before it.
  const auto chunk = static_cast<std::uint64_t>(
      std::upper_bound(index.begin(), index.end(), line - 1) - index.begin());
  if (chunk >= index.size()) return layout.end;
  std::uint64_t ends = line - (chunk == 0 ? 0 : index[chunk - 1]);  // in the chunk, to go
  const Chunk c(file, layout, chunk);
  const char* const bytes = c.bytes.data();
  const char* const end = bytes + c.bytes.size();
  for (const char* at = bytes + 2; at < end; ++at) {
    at = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    if (at == nullptr) break;
    const bool empty = at[-1] == '\n' || (at[-1] == '\r' && at[-2] == '\n');
    if (!empty && --ends == 0) return c.begin + static_cast<std::uint64_t>(at - bytes) - 2 + 1;
  }
  return layout.end;
}

std::uint64_t number_of_line(const InputFile& file, std::uint64_t offset) {
  std::vector<char> bytes(index_chunk);
  std::uint64_t number = 1;
  for (std::uint64_t at = 0; at < offset;) {
    const std::size_t got =
        file.read_some(at, bytes.data(),
                       static_cast<std::size_t>(std::min<std::uint64_t>(index_chunk, offset - at)));
    if (got == 0) break;
    number += static_cast<std::uint64_t>(
        std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(got), '\n'));
    at += got;
  }
  return number;
}

}  // namespace tine::matrix
