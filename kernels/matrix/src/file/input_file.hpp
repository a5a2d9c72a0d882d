// Bytes of a file, in a worker.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tine::matrix {

class InputFile {
 public:
  /// Takes over the descriptor. Throws FileError for what is no regular file.
  explicit InputFile(int descriptor);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  int descriptor() const { return fd_; }
  std::uint64_t size() const { return size_; }

  /// Throws FileError when the file ends before.
  void read(std::uint64_t offset, void* to, std::size_t bytes) const;
  /// As many as there are, up to `bytes`.
  std::size_t read_some(std::uint64_t offset, void* to, std::size_t bytes) const;

 private:
  int fd_;
  std::uint64_t size_ = 0;
};

/// The lines of a part of a file, one after another, without what ends them.
class Lines {
 public:
  /// Of the bytes [begin, end) of the file, at most.
  Lines(const InputFile& file, std::uint64_t begin, std::uint64_t end)
      : file_(file), next_(begin), end_(end) {}

  /// The next line that is not empty; false after the last one. It is valid until the next call. Throws
  /// FileError for a line that is longer than `longest_line`.
  bool next(std::string_view& line);
  /// Where the line begins that next() gave last.
  std::uint64_t offset() const { return offset_; }

 private:
  bool fill();

  const InputFile& file_;
  std::uint64_t next_, end_;  // of the file: what is not in the buffer yet
  std::vector<char> buffer_;
  std::size_t from_ = 0, to_ = 0;  // of the buffer: what is not given out yet
  std::uint64_t offset_ = 0;
};

inline constexpr std::size_t longest_line = std::size_t{256} << 20;

}  // namespace tine::matrix
