#include "pieces.hpp"

#include <cstring>

#include "../csv/input_file.hpp"

namespace tine::mining {

namespace {

constexpr std::uint64_t piece_bytes = 4 << 20;

struct Entry {
  int (*open)(const char*, std::size_t);
  std::uint64_t number, name_begin, name_bytes;
};

FileSource source_of(std::span<const std::byte> files, std::size_t file) {
  Entry entry;
  std::memcpy(&entry, files.data() + file * sizeof entry, sizeof entry);
  return {.name = std::string(reinterpret_cast<const char*>(files.data()) + entry.name_begin,
                              entry.name_bytes),
          .open = entry.open,
          .number = entry.number};
}

}  // namespace

SharedFiles::SharedFiles(Pool& pool, std::span<const FileSource> files) {
  std::vector<std::byte> bytes(files.size() * sizeof(Entry));
  for (std::size_t i = 0; i < files.size(); ++i) {
    const FileSource& file = files[i];
    const Entry entry{file.open, file.number, bytes.size(), file.name.size()};
    std::memcpy(bytes.data() + i * sizeof entry, &entry, sizeof entry);
    const auto* const name = reinterpret_cast<const std::byte*>(file.name.data());
    bytes.insert(bytes.end(), name, name + file.name.size());
  }
  description = pool.array_from(bytes);
}

std::uint64_t size_of_file(std::span<const std::byte> files, std::size_t file) {
  return InputFile(source_of(files, file)).size();
}

std::string lines_of(std::span<const std::byte> files, const TextPiece& piece) {
  const InputFile file(source_of(files, piece.file));
  if (file.size() < piece.end) throw FileError("was changed meanwhile: it is shorter than it was");
  // The byte before tells whether a line begins with the piece.
  const std::uint64_t from = piece.begin - (piece.begin > 0 ? 1 : 0);
  std::string text(piece.end - from, '\0');
  file.read(from, text.data(), text.size());
  if (piece.begin > 0) {
    const std::size_t end = text.find('\n');
    if (end == text.npos || end + 1 == text.size()) return {};
    text.erase(0, end + 1);
  }
  // The last line goes on.
  for (std::uint64_t at = piece.end; at < file.size() && text.back() != '\n';) {
    const std::size_t old = text.size();
    const std::uint64_t more = std::min<std::uint64_t>(file.size() - at, 64 << 10);
    text.resize(old + more);
    file.read(at, text.data() + old, more);
    at += more;
    if (const std::size_t end = text.find('\n', old); end != text.npos) text.resize(end + 1);
  }
  return text;
}

std::vector<TextPiece> cut_files(JobSequence& jobs, Pool& pool, std::span<const FileSource> files,
                                 const SharedFiles& shared) {
  auto sizes = pool.array<std::uint64_t>(files.size());
  try {
    jobs.run([&](const PoolWith& on) {
      return for_each_slice(
          on, {.n = files.size()},
          [](const Slice& slice, std::span<std::uint64_t> size,
             std::span<const std::byte> description) {
            size[0] = size_of_file(description, slice.index);
          },
          out(sizes), whole(shared.description));
    });
  } catch (const KernelError& error) {
    fail_with(files[std::min(error.slice(), files.size() - 1)], error);
  }
  std::vector<TextPiece> pieces;
  for (std::size_t i = 0; i < files.size(); ++i)
    for (std::uint64_t begin = 0; begin < sizes[i]; begin += piece_bytes)
      pieces.push_back({i, begin, std::min(sizes[i], begin + piece_bytes)});
  return pieces;
}

void fail_with(const FileSource& file, const KernelError& error) {
  throw FileError(file.name + ": " + error.message());
}

}  // namespace tine::mining
