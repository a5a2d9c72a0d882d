// Jobs that read a file.
#pragma once

#include <optional>

#include <tine/for_each_slice.hpp>

#include "layout.hpp"

namespace tine::matrix {

/// What every slice of such a job gets, in shared memory.
struct FileTask {
  int (*open)(const char* name, std::size_t number);
  std::size_t number;
  char name[4096];
  Layout layout;
  FilePart part;  // lines.begin counts, and `within`
};
using FileTasks = std::span<const FileTask>;

/// Opens it, in a worker.
inline int open_input(const FileTask& task) {
  return task.open(task.name, task.number);
}

/// A bounded message about the file, in which nothing plays with a terminal.
inline FileError file_error(const std::string& name, std::string_view why) {
  std::string text = name + ": ";
  for (const char c : why) text += static_cast<unsigned char>(c) < ' ' || c == 127 ? '?' : c;
  return FileError(text);
}

/// Calls post(n), which runs a job on n units in slices of `grain`. What a kernel throws becomes a
/// FileError: that of the first slice that throws, whichever threw first.
template <class Post>
void run_file_job(const std::string& name, std::size_t n, std::size_t grain, Post post) {
  std::optional<std::string> why;
  for (std::size_t units = n;;) {
    try {
      post(units);
      if (!why) return;
      break;
    } catch (const KernelError& error) {
      why = error.message();
      units = error.slice() * grain;
      if (units == 0) break;
    }
  }
  throw file_error(name, *why);
}

}  // namespace tine::matrix
