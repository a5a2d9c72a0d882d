// From the arguments of a command to the files it reads and writes.
#pragma once

#include <string>
#include <vector>

namespace tine::app {

/// One file to read and the one to write.
struct Task {
  std::string input;
  std::string output;
  std::string failure;  ///< why there is no output; empty while all is well
  std::string warning;
  bool written = false;
  int columns = 0, rows = 0;  ///< of the output

  bool is_over() const { return written || !failure.empty(); }
};

/// Expands files, folders and quoted globs, and decides where each result goes.
///
/// A folder stands for the images in it, with `recursive` for those in its subfolders too, which
/// keep their place below the output folder. `out` is a file for a single input file, otherwise a
/// folder; a single input goes into a folder when `out` is one already, ends with a slash, or has
/// no extension of an image. Inputs that are not there become tasks that have failed already.
///
/// Throws UsageError when two inputs would become the same output, when an output is one of the
/// inputs, or when `out` cannot be what it has to be.
std::vector<Task> plan_tasks(const std::vector<std::string>& arguments, const std::string& out,
                             bool recursive);

}  // namespace tine::app
