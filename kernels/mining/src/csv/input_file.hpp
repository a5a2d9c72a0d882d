// Bytes of a file, in a worker.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tine/mining/csv.hpp>

namespace tine::mining {

class InputFile {
 public:
  /// Opens it. Throws FileError, also for what is no regular file.
  explicit InputFile(const FileSource& source);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  std::uint64_t size() const { return size_; }
  /// Throws FileError when the file ends before.
  void read(std::uint64_t offset, char* to, std::size_t bytes) const;

 private:
  int descriptor_;
  std::uint64_t size_ = 0;
};

}  // namespace tine::mining
