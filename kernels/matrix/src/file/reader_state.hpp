// What a FileReader has.
#pragma once

#include "file_job.hpp"

namespace tine::matrix {

struct FileReader::State {
  std::string name;
  FileTask task;  // without a part
  FileInfo info;
  Array<std::uint64_t, 1> index;  // see LineIndex; of one element where there are no lines

  Array<FileTask, 1> share(Pool& pool, const FilePart& part) const {
    FileTask with_part = task;
    with_part.part = part;
    return pool.array_from(std::span<const FileTask>(&with_part, 1));
  }
  /// Lines in a slice: so many that opening the file costs little beside reading them.
  std::size_t grain(std::size_t lines, std::size_t line_bytes) const;
};

}  // namespace tine::matrix
