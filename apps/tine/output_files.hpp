// Outputs appear whole or not at all: a worker writes to a temporary file beside the target, and
// the master gives it the target's name when it is complete and on the disk.
#pragma once

#include <cstddef>
#include <set>
#include <string>

namespace tine::app {

/// Makes the names, and removes what is left over when it goes out of scope.
class OutputFiles {
 public:
  /// With `force`, existing files are replaced.
  explicit OutputFiles(bool force);
  ~OutputFiles();
  OutputFiles(const OutputFiles&) = delete;
  OutputFiles& operator=(const OutputFiles&) = delete;

  /// Makes the target's folder if need be, and returns the beginning of the name of its temporary
  /// files; each attempt appends an ending of its own (temporary_name), so that no two write the
  /// same file. Throws Failure when the target exists already or cannot be written.
  std::string prepare(const std::string& target);

  /// Makes the temporary file durable and gives it the target's name. Throws Failure.
  void publish(const std::string& temporary, const std::string& target) const;

 private:
  bool force_;
  std::string token_;
  std::size_t count_ = 0;
  std::set<std::string> folders_;
};

/// The temporary file of the process `pid`.
std::string temporary_name(const std::string& prefix, int pid);

}  // namespace tine::app
