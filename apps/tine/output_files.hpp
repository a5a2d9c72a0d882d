// Outputs appear whole or not at all: they are written to a file that has no name, or one of its
// own, and get the target's name when they are complete and on the disk.
#pragma once

#include <atomic>
#include <cstddef>
#include <set>
#include <string>

#include "descriptor.hpp"

namespace tine::app {

/// An output that is being written. It vanishes with this object, unless it was published.
class OutputFile {
 public:
  OutputFile(OutputFile&&) noexcept = default;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();

  int descriptor() const { return file_.get(); }

  /// Gives it the target's name. Who wrote it has seen to it that it is on the disk: workers wait for
  /// that side by side. Throws Failure.
  void publish();

 private:
  friend class OutputFiles;
  OutputFile() = default;
  int link_to_target();
  int rename_to_target();
  void discard();

  Descriptor file_;
  std::string target_;
  std::string spare_;   // a name beside the target that nobody has
  bool named_ = false;  // the file has it
  bool force_ = false;
};

class OutputFiles {
 public:
  /// With `force`, existing files are replaced. `advice` is for those who find one there.
  explicit OutputFiles(bool force, std::string advice = "--force replaces it");

  /// Makes the target's folder if need be. Throws Failure when the target exists already, and is not
  /// to be replaced, or cannot be written.
  void prepare(const std::string& target, bool replaces = false);

  /// What is no output yet.
  static OutputFile none() { return {}; }
  /// An empty file for a target that was prepared. Any thread may call it. Throws Failure.
  OutputFile open(const std::string& target, bool replaces = false) const;

 private:
  bool force_;
  std::string advice_, token_;
  mutable std::atomic<std::size_t> count_ = 0;
  std::set<std::string> folders_;
};

}  // namespace tine::app
