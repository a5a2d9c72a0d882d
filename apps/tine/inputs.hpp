// From the arguments of a command to the files it reads and writes.
#pragma once

#include <string>
#include <vector>

namespace tine::app {

/// One file to read and the one to write.
struct Task {
  std::string input;
  std::string output;
  int scratch = -1;     ///< instead of an output: an open file of the command's own
  std::string failure;  ///< why there is no output; empty while all is well
  std::string warning;
  bool written = false;
  bool replaces = false;      ///< an earlier output, which is stale
  bool kept = false;          ///< the output is there already, from an earlier run
  int columns = 0, rows = 0;  ///< of the output

  bool is_over() const { return written || kept || !failure.empty(); }
};

/// How outputs are named.
struct Naming {
  /// With {stem}, {ext} and {n}: the input's name without its extension, that, and its number.
  std::string pattern = "{stem}.{ext}";
  std::string format;  ///< extension of the outputs; empty: that of the input
};

/// Every `count`th of the inputs, from the `index`th on, counted from 1.
struct Shard {
  std::size_t index = 1, count = 1;
};

/// Expands files, folders and quoted globs, and decides where each result goes.
///
/// A folder stands for the images in it, with `recursive` for those in its subfolders too, which
/// keep their place below the output folder. `out` is a file for a single input file, otherwise a
/// folder; a single input goes into a folder when `out` is one already, ends with a slash, or has
/// no extension of an image. Inputs that are not there become tasks that have failed already.
///
/// The inputs are sorted out before the shard is taken, so the shards of all runs with the same inputs
/// are each other's complement.
///
/// Throws UsageError when two inputs would become the same output, when an output is one of the
/// inputs, or when `out` cannot be what it has to be.
std::vector<Task> plan_tasks(const std::vector<std::string>& arguments, const std::string& out,
                             bool recursive, const Naming& naming = {}, const Shard& shard = {});

}  // namespace tine::app
